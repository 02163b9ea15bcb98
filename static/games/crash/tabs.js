// The tabs beside the table. On phones chat is one of them; on wide screens it has a column of its own.

export function setUpTabs(root, onShow) {
  const tabs = [...root.querySelectorAll('[role="tab"]')];
  const show = (name) => {
    root.dataset.tab = name;
    for (const tab of tabs) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      if (panel.getAttribute("role") === "tabpanel") panel.hidden = !chosen;
    }
    onShow(name);
  };
  for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.tab));
  root.querySelector('[role="tablist"]').addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const seen = tabs.filter((tab) => tab.offsetParent !== null);
    const next = seen[(seen.indexOf(document.activeElement) + step + seen.length) % seen.length];
    next.focus();
    show(next.dataset.tab);
  });
  // A window that grows has its chat column back: the tab beside it must not be empty.
  matchMedia("(min-width: 761px)").addEventListener("change", (query) => {
    if (query.matches && tabs.find((tab) => tab.dataset.tab === root.dataset.tab)?.offsetParent === null) show(tabs[0].dataset.tab);
  });
  show(root.dataset.tab || tabs[0].dataset.tab);
  return { current: () => root.dataset.tab };
}
