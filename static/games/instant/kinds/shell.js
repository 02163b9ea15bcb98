// Shell on the page: the player weighs the prizes and picks one of three shells.
import { el } from "../../crash/dom.js";
import { keep, recall } from "../../../site/store.js";
import { decimal, fraction, oneIn, percent } from "../exact.js";
import { SPACE } from "../fairness.js";
import { isStill, move, ms, pause } from "../motion.js";
import * as rules from "../rules/shell.js";

const { FIELDS } = rules;
const name = (field) => `${field.toLocaleString("en")}×`;
const PRESETS = [
  ["Calm", ["6", "3", "1", "0", "0", "0", "0", "0"]],
  ["Classic", ["1", "1", "1", "1", "0", "0", "0", "0"]],
  ["Bold", ["0", "4", "3", "2", "1", "0.2", "0", "0"]],
  ["Moonshot", ["0", "0", "0", "0", "10", "5", "1", "0.1"]],
];
const KEY = "shell:weights";

export class Shell {
  slug = "shell";
  verb = "Shuffle";
  busyVerb = "Shuffling…";
  rules = rules;
  #terms;
  #picked = 1;
  #inputs = [];
  #cells = [];
  #shuffling = Promise.resolve();

  constructor(root, terms, changed) {
    this.#terms = terms;
    this.changed = changed;
    const find = (part) => root.querySelector(`[data-shell=${part}]`);
    this.beach = find("beach");
    this.says = find("says");
    this.shells = [...root.querySelectorAll("[data-shell-at]")];
    this.rows = root.querySelector("[data-odds=rows]");
    for (const shell of this.shells) shell.addEventListener("click", () => this.#pick(Number(shell.dataset.shellAt)));
    find("row").addEventListener("keydown", (event) => this.#arrow(event));
    if (find("weights")) this.#editor(find("presets"), find("weights"));
    this.#render();
  }

  #editor(presets, box) {
    const kept = JSON.parse(recall(KEY) ?? "null");
    const known = Array.isArray(kept) && kept.length === FIELDS.length - 1 ? kept.map(String) : PRESETS[1][1];
    presets.replaceChildren(...PRESETS.map(([title, weights]) => {
      const button = el("button", "", title);
      button.type = "button";
      button.addEventListener("click", () => {
        this.#inputs.forEach((input, i) => (input.value = weights[i]));
        this.#weighed();
      });
      return button;
    }));
    this.presets = [...presets.children];
    const line = (field, input, i) => {
      const chance = el("span", "weight-chance num");
      const bar = el("i", "weight-bar");
      this.#cells[i] = { chance, bar };
      const row = el(input.tagName === "INPUT" ? "label" : "div", "weight", el("span", "weight-name", name(field)), input, bar, chance);
      return row;
    };
    this.house = el("output", "num", "");
    this.#inputs = FIELDS.slice(1).map((field, i) => {
      const input = el("input", "");
      Object.assign(input, { type: "text", inputMode: "decimal", autocomplete: "off", maxLength: 14, value: known[i] });
      input.setAttribute("aria-label", `Weight of ${name(field)}`);
      input.addEventListener("input", () => this.#weighed());
      return input;
    });
    box.replaceChildren(line(0, this.house, 0), ...FIELDS.slice(1).map((field, i) => line(field, this.#inputs[i], i + 1)));
    box.firstElementChild.title = "Filled in by the house, so that the return is what is stated";
  }

  #weighed() {
    keep(KEY, JSON.stringify(this.#inputs.map((input) => input.value.trim())));
    this.#render();
    this.changed();
  }

  #weights() {
    const typed = this.#inputs.length ? this.#inputs.map((input) => input.value.trim().replace(",", ".") || "0") : PRESETS[1][1];
    return ["0", ...typed];
  }

  #pick(at) {
    if (this.shells[at].disabled || this.beach.dataset.state === "busy") return;
    this.#picked = at;
    this.#clear();
    this.says.textContent = `Shell ${at + 1} is yours`;
    this.#render();
    this.changed();
  }

  #arrow(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#pick((this.#picked + step + 3) % 3);
    this.shells[this.#picked].focus();
  }

  take(terms) {
    this.#terms = terms;
    this.#render();
  }

  choice() {
    return { weights: this.#weights(), picked: this.#picked };
  }

  problem(terms) {
    return rules.problem(this.#weights(), terms.rtp);
  }

  odds(choice, terms) {
    return rules.odds(choice, terms);
  }

  #render() {
    this.shells.forEach((shell, i) => {
      shell.setAttribute("aria-checked", String(i === this.#picked));
      shell.tabIndex = i === this.#picked ? 0 : -1;
    });
    const weights = this.#weights();
    const typed = weights.slice(1).join();
    this.presets?.forEach((button, i) => button.setAttribute("aria-pressed", String(PRESETS[i][1].join() === typed)));
    const trouble = rules.problem(weights, this.#terms.rtp);
    const ways = trouble ? null : rules.waysOf(weights, this.#terms.rtp);
    if (this.house) {
      this.house.textContent = trouble ? "–" : decimal(rules.weightOfNothing(weights, this.#terms.rtp), 4);
      this.#cells.forEach(({ chance, bar }, i) => {
        chance.textContent = ways ? (ways[i] ? `${percent(fraction(ways[i], SPACE), 3)} %` : "never") : "–";
        bar.style.setProperty("--share", ways && ways[i] ? String(Math.max(0.02, Math.sqrt(Number(ways[i]) / SPACE))) : "0");
      });
    }
    const row = (field, i) => el("tr", "", el("td", "", name(field)), el("td", "right", i ? weights[i] : decimal(rules.weightOfNothing(weights, this.#terms.rtp), 4)), el("td", "right", oneIn(ways[i], SPACE)), el("td", "right hide-small", Number(ways[i]).toLocaleString("en")));
    this.rows.replaceChildren(...(ways ? FIELDS.map(row) : [el("tr", "", el("td", "", trouble))]));
  }

  #clear() {
    for (const shell of this.shells) {
      shell.dataset.open = "";
      shell.dataset.prize = "";
      shell.querySelector("[data-shell=prize]").textContent = "";
    }
  }

  begin() {
    this.beach.dataset.state = "busy";
    this.#clear();
    this.says.textContent = "Shuffling";
    this.#shuffling = this.#shuffle();
  }

  /** Three swaps that end where they began: they show that nothing is decided by where a shell stands. */
  async #shuffle() {
    if (isStill()) return;
    await pause(120);
    const step = this.shells[1].offsetLeft - this.shells[0].offsetLeft;
    const order = [[0, 1], [1, 2], [0, 2], [0, 1], [1, 2]];
    const places = [0, 1, 2];
    const at = (shell) => (places[shell] - shell) * step;
    for (const [a, b] of [...order, null].filter(Boolean)) {
      const first = places.indexOf(a);
      const second = places.indexOf(b);
      const before = [at(first), at(second)];
      [places[first], places[second]] = [b, a];
      await Promise.all([first, second].map((shell, i) => move(this.shells[shell], [
        { transform: `translateX(${before[i]}px)` },
        { transform: `translate(${(before[i] + at(shell)) / 2}px, ${i ? 16 : -16}px) scale(${i ? 1.06 : 0.94})`, offset: 0.5 },
        { transform: `translateX(${at(shell)}px)` },
      ], { duration: 170, easing: "ease-in-out", fill: "forwards" })));
    }
    await Promise.all(this.shells.map((shell, i) => move(shell, [{ transform: `translateX(${at(i)}px)` }, { transform: "none" }], { duration: 190, easing: "ease-in-out", fill: "forwards" })));
    for (const shell of this.shells) for (const animation of shell.getAnimations()) animation.cancel();
  }

  fail() {
    this.beach.dataset.state = "";
    this.says.textContent = "Not shuffled";
  }

  async show(bet) {
    await this.#shuffling;
    const { payouts } = bet.shown;
    const { picked } = bet.choice;
    const order = [picked, ...[0, 1, 2].filter((shell) => shell !== picked)];
    for (const [i, at] of order.entries()) {
      const shell = this.shells[at];
      shell.querySelector("[data-shell=prize]").textContent = payouts[at] ? name(payouts[at]) : "nothing";
      shell.dataset.prize = payouts[at] ? "some" : "none";
      shell.dataset.open = i ? "other" : "mine";
      if (ms(1)) await pause(i ? 140 : 420);
      if (!i) this.says.textContent = payouts[at] ? `${name(payouts[at])} under shell ${at + 1}` : `Nothing under shell ${at + 1}`;
    }
    this.beach.dataset.state = "";
  }

  tell(bet) {
    return bet.shown.payouts.map((payout, i) => (i === bet.choice.picked ? `[${name(payout)}]` : name(payout))).join(" ");
  }

  explain(bet, { payouts }) {
    const weight = rules.weightOfNothing(bet.choice.weights, bet.rules.rtp);
    return `Weight of nothing ${decimal(weight, 6)}. Shell ${bet.choice.picked + 1} had ${name(payouts[bet.choice.picked])}, by the outcome; the three shells: ${payouts.map(name).join(", ")}.`;
  }
}

export const create = (...given) => new Shell(...given);
