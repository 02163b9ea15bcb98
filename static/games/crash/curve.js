// The stage: drives the scene at the screen's pace while something moves, and shows multiplier, countdown and bonus.
import { band, formatMinor } from "./format.js";
import { crashTick } from "./rules.js";
import { Scene, readPalette } from "./scene.js";
import { shownMultiplier, shownTick } from "./state.js";

const LINGER_MS = 1800; // how long a crash stays in view while betting is open again (data-lingers: until the next start)
const RING = 2 * Math.PI * 52;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function loaded(url) {
  const image = new Image();
  image.src = url;
  return image;
}

export class Stage {
  #frame = null;
  #crash = null; // {elapsedMs, at}: kept while it lingers
  #shown = {};

  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector(`[data-stage="${name}"]`);
    this.parts = { value: find("value"), label: find("label"), ring: find("ring"), seconds: find("seconds"), arc: find("arc"), bonus: find("bonus") };
    const images = { panda: loaded(root.dataset.panda), dizzy: loaded(root.dataset.dizzy) };
    this.scene = new Scene(root.querySelector("canvas"), images);
    this.lingers = "lingers" in root.dataset;
    this.probe = find("probe");
    this.state = null;
    const repaint = () => this.#wake();
    for (const image of Object.values(images)) image.addEventListener("load", repaint);
    addEventListener("themechange", () => this.#repalette());
    calm.addEventListener("change", repaint);
    document.addEventListener("visibilitychange", repaint);
    new ResizeObserver(() => {
      this.scene.resize();
      if (this.state) this.#draw(performance.now());
    }).observe(root);
    this.#repalette();
  }

  /** Take the new state; frames follow by themselves while it moves. */
  update(state) {
    const before = this.state?.round;
    this.state = state;
    const { round } = state;
    if (round.phase === "crashed" && before?.phase !== "crashed") {
      const tick = crashTick(round.crashPoint);
      this.#crash = { elapsedMs: tick * round.tickMs, at: round.crashedAt, point: round.crashPoint, interrupted: round.interrupted };
      if (round.interrupted) this.#crash.elapsedMs = round.tick * round.tickMs;
    }
    if (round.phase === "running") this.#crash = null;
    this.#wake();
  }

  #repalette() {
    this.scene.palette = readPalette(this.probe);
    this.#wake();
  }

  #wake() {
    if (this.#frame === null && this.state && !document.hidden) {
      this.#frame = requestAnimationFrame((now) => this.#tick(now));
    }
  }

  #tick(now) {
    this.#frame = null;
    this.#draw(now);
    const { phase } = this.state.round;
    const falling = this.#crash && now - this.#crash.at < LINGER_MS;
    if (phase === "running" || (phase === "waiting" && !this.lingers) || falling) this.#wake();
  }

  #view(now) {
    const { round } = this.state;
    if (this.#crash && round.phase !== "running") {
      const linger = round.phase === "waiting" && !this.lingers ? Math.min(LINGER_MS, Math.max(400, round.waitMs / 3)) : Infinity;
      if (now - this.#crash.at < linger) return "crashed";
    }
    return round.phase;
  }

  #draw(now) {
    const { round } = this.state;
    const view = this.#view(now);
    let elapsedMs = 0;
    if (view === "crashed") elapsedMs = this.#crash ? this.#crash.elapsedMs : crashTick(round.crashPoint) * round.tickMs;
    else if (view === "running") elapsedMs = Math.min(now - round.startedAt, (shownTick(round, now) + 1) * round.tickMs);
    const bonusMs = view === "running" && round.bonus ? now : null;
    const sinceCrashMs = this.#crash ? now - this.#crash.at : 10_000;
    this.scene.draw({ elapsedMs: Math.max(0, elapsedMs), tickMs: round.tickMs, phase: view, bonusMs, sinceCrashMs, still: calm.matches });
    this.#texts(view, now);
  }

  #texts(view, now) {
    const { round, enabled } = this.state;
    const point = this.#crash?.point ?? round.crashPoint;
    const interrupted = this.#crash?.interrupted ?? round.interrupted;
    const hundredths = view === "crashed" ? point : shownMultiplier(round, now);
    this.#set("view", view, () => (this.root.dataset.view = view));
    const showsValue = view === "running" || view === "crashed";
    this.#set("value", showsValue ? `${formatMinor(hundredths, 100)}×` : "", (text) => (this.parts.value.textContent = text));
    this.#set("band", band(hundredths), (name) => (this.parts.value.dataset.band = name));
    let label = "";
    if (view === "crashed") label = interrupted ? "Interrupted: open stakes are returned" : "The bamboo snapped";
    else if (view === "waiting") label = enabled ? this.root.dataset.waiting ?? "Next round" : "Paused after this round";
    else if (view === "none") label = enabled ? "Waiting for the table" : "The game is paused";
    this.#set("label", label, (text) => (this.parts.label.textContent = text));
    this.#set("bonus", view === "running" && round.bonus ? `Bonus +${round.boostPercent} %` : "", (text) => {
      this.parts.bonus.textContent = text;
      this.parts.bonus.hidden = !text;
    });
    if (view === "waiting") this.#countdown(round, now);
  }

  #countdown(round, now) {
    const left = Math.max(0, (round.startsAt ?? now) - now);
    this.#set("seconds", (left / 1000).toFixed(1), (text) => (this.parts.seconds.textContent = text));
    const share = round.waitMs ? left / round.waitMs : 0;
    this.parts.arc.style.setProperty("stroke-dashoffset", String(RING * (1 - Math.min(1, share))));
  }

  /** Touch the document only when something has changed. */
  #set(name, value, apply) {
    if (this.#shown[name] === value) return;
    this.#shown[name] = value;
    apply(value);
  }
}

