// The lobby's card: the last crash points, while the page is looked at.
import { el } from "./dom.js";

const EVERY_MS = 5000;
const SHOWN = 12;
const strip = document.querySelector("[data-points]");
const last = document.querySelector("[data-last]");

async function refresh() {
  if (document.hidden) return;
  const response = await fetch(strip.dataset.url).catch(() => null);
  if (!response?.ok) return;
  const { points } = await response.json();
  if (!points.length) return;
  last.parentElement.hidden = false;
  last.textContent = points[0].text;
  strip.replaceChildren(...points.slice(0, SHOWN).map((point) => el("span", `point point-${point.band}`, point.text)));
}

if (strip) setInterval(refresh, EVERY_MS);
