// What every page has: theme toggle, menus that close, and no game session left behind after signing out.
import { forgetAll } from "./store.js";

const root = document.documentElement;

function shownTheme() {
  if (root.dataset.theme) return root.dataset.theme;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.addEventListener("click", () => {
    const next = shownTheme() === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try {
      localStorage.setItem("theme", next);
    } catch {
      // Blocked storage: the choice lasts for this page.
    }
    dispatchEvent(new CustomEvent("themechange"));
  });
}
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => dispatchEvent(new CustomEvent("themechange")));

const menus = [...document.querySelectorAll("details.menu")];
document.addEventListener("click", (event) => {
  for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

if (!document.body.dataset.user) forgetAll("session:");
