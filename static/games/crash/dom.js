// Building elements. Text always goes in as text, never as markup.
export function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function pointButton(row, { label, bandOf, onOpen }) {
  const button = el("button", `point point-${bandOf(row.multiplier)}${row.bonus ? " point-bonus" : ""}`, label);
  button.type = "button";
  button.setAttribute("aria-label", `Crashed at ${label}. Check this round`);
  button.addEventListener("click", () => onOpen(row.roundId));
  return button;
}
