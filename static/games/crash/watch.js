// The crash page of a signed-out visitor: no socket, but the last crash points keep coming.
import { formatMultiplier } from "./format.js";

const EVERY_MS = 4000;

export function watch(url, strip, last) {
  const refresh = async () => {
    if (document.hidden) return;
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) return;
    const { points } = await response.json();
    if (!points.length) return;
    strip.update({ history: points });
    last.querySelector(".value").textContent = formatMultiplier(points[0].multiplier);
    last.hidden = false;
  };
  setInterval(refresh, EVERY_MS);
}
