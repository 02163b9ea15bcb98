// Dice on the page: a mark on a scale from 0 to 100, and a roll that falls on one side of it.
import { el } from "../../crash/dom.js";
import { chance as shownChance, decimal, floor, fraction, multiplier, of, over, parseFraction, timesOf } from "../exact.js";
import { SPACE } from "../fairness.js";
import { easeOut, follow, move } from "../motion.js";
import * as rules from "../rules/dice.js";

const { HIGH, LOW } = rules;
const STEPS = 10_000; // of the slider
const EXAMPLES = ["95", "75", "50", "25", "10", "1", "0.01"];
const grouped = (value) => Number(value).toLocaleString("en");

/** The place on the scale of a 32-bit number, cut off. */
function place(number) {
  const [whole, rest = ""] = decimal(fraction(BigInt(number) * 100n, SPACE), 4).split(".");
  return `${whole}.${rest.padEnd(4, "0")}`;
}

const clamped = (range) => Math.max(1, Math.min(SPACE - 1, Number(range)));

export class Dice {
  slug = "dice";
  verb = "Roll";
  busyVerb = "Rolling…";
  rules = rules;
  #range = SPACE / 2;
  #target = LOW;
  #at = 50; // where the marker stands
  #terms;

  constructor(root, terms, changed) {
    this.#terms = terms;
    this.changed = changed;
    this.parts = {};
    for (const node of root.querySelectorAll("[data-dice]")) this.parts[node.dataset.dice] = node;
    this.rows = root.querySelector("[data-odds=rows]");
    const { slider, low, high, chance, pays } = this.parts;
    slider.addEventListener("input", () => {
      const share = this.#target === LOW ? Number(slider.value) : STEPS - Number(slider.value);
      this.#choose(floor(fraction(BigInt(SPACE) * BigInt(share), STEPS)), this.#target);
    });
    low?.addEventListener("click", () => this.#choose(this.#range, LOW));
    high?.addEventListener("click", () => this.#choose(this.#range, HIGH));
    chance?.addEventListener("change", () => {
      const share = parseFraction(chance.value);
      if (share) this.#choose(floor(timesOf(share, fraction(SPACE, 100))), this.#target);
      this.#render();
    });
    pays?.addEventListener("change", () => {
      const times = parseFraction(pays.value);
      if (times && times.num) this.#choose(floor(over(timesOf(of(this.#terms.rtp), fraction(SPACE)), times)), this.#target);
      this.#render();
    });
    this.#render();
  }

  take(terms) {
    this.#terms = terms;
    this.#render();
  }

  #choose(range, target) {
    this.#range = clamped(range);
    this.#target = target;
    this.#render();
    this.changed();
  }

  choice() {
    return { range: this.#range, target: this.#target };
  }

  problem() {
    return null;
  }

  hold(on) {
    this.parts.slider.disabled = on;
  }

  odds(choice, terms) {
    return rules.odds(choice, terms);
  }

  #render() {
    const { board, slider, zone, exact, label, low, high, chance, pays } = this.parts;
    const share = this.#range / SPACE;
    const isLow = this.#target === LOW;
    const mark = isLow ? share : 1 - share;
    board.dataset.target = String(this.#target);
    board.style.setProperty("--mark", `${mark * 100}%`);
    zone.hidden = false;
    slider.value = String(Math.round(mark * STEPS));
    const border = place(isLow ? this.#range : SPACE - this.#range);
    slider.setAttribute("aria-valuetext", `${border}, ${shownChance(fraction(this.#range, SPACE))} percent to win`);
    exact.textContent = `${isLow ? "Below" : "From"} ${border}: ${grouped(this.#range)} of ${grouped(SPACE)} numbers win`;
    if (!this.#rolled) label.textContent = `${isLow ? "Below" : "Above"} the mark wins`;
    if (!chance) {
      this.#examples();
      return;
    }
    low.setAttribute("aria-pressed", String(isLow));
    high.setAttribute("aria-pressed", String(!isLow));
    if (document.activeElement !== chance) chance.value = shownChance(fraction(this.#range, SPACE));
    if (document.activeElement !== pays) pays.value = decimal(rules.pays(this.choice(), this.#terms), 4, { group: false });
    this.#examples();
  }

  #rolled = false;

  #examples() {
    const row = (range, name = "") => {
      const times = multiplier(rules.pays({ range }, this.#terms));
      return el("tr", name, el("td", "", `${shownChance(fraction(range, SPACE))} %${name ? ", yours" : ""}`), el("td", "right", grouped(range)), el("td", "right", times));
    };
    const usual = EXAMPLES.map((text) => clamped(floor(timesOf(parseFraction(text), fraction(SPACE, 100)))));
    const all = [...new Set([...usual, this.#range])].sort((a, b) => b - a);
    this.rows.replaceChildren(...all.map((range) => row(range, range === this.#range ? "own-row" : "")));
  }

  begin() {
    const { value, label, gem } = this.parts;
    value.dataset.result = "rolling";
    label.textContent = "Rolling";
    move(gem, [{ transform: "rotate(0)" }, { transform: "rotate(360deg)" }], { duration: 500, easing: "linear" });
  }

  fail() {
    this.parts.value.dataset.result = "";
    this.parts.label.textContent = "Not rolled";
  }

  async show(bet) {
    const { value, label, marker, gem } = this.parts;
    const { result } = bet.shown;
    const end = (result / SPACE) * 100;
    const from = this.#at;
    this.#rolled = true;
    marker.hidden = false;
    marker.dataset.result = "rolling";
    const rolling = follow(850, (share) => {
      const at = from + (end - from) * easeOut(share);
      marker.style.setProperty("--at", `${at}%`);
      value.textContent = share < 1 ? at.toFixed(4) : place(result);
    });
    move(gem, [{ transform: "rotate(0) scale(1)" }, { transform: "rotate(540deg) scale(1.12)", offset: 0.6 }, { transform: "rotate(720deg) scale(1)" }], { duration: 850, easing: "cubic-bezier(.2,.7,.2,1)" });
    await rolling;
    this.#at = end;
    const won = bet.payout > 0;
    value.dataset.result = marker.dataset.result = gem.dataset.result = won ? "won" : "lost";
    label.textContent = won ? `Paid ${multiplier(rules.pays(bet.choice, this.#terms), 2)}` : "Not this time";
  }

  tell(bet) {
    return place(bet.shown.result);
  }

  explain(bet, { result }) {
    const { range, target } = bet.choice;
    const won = rules.wins(result, bet.choice);
    const border = target === LOW ? `below ${grouped(range)}` : `at or above 2^32 − ${grouped(range)} = ${grouped(SPACE - range)}`;
    return `The roll is the outcome, ${grouped(result)}. Numbers ${border} win, so this one ${won ? "does" : "does not"}.`;
  }
}

export const create = (...given) => new Dice(...given);
