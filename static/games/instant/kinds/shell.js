// Shell on the page: the player weighs the prizes and picks one of three shells.
import { el } from "../../crash/dom.js";
import { keep, recall } from "../../../site/store.js";
import { chance as shownChance, decimal, fraction, oneIn } from "../exact.js";
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
    this.trouble = find("trouble");
    for (const shell of this.shells) shell.addEventListener("click", () => this.#pick(Number(shell.dataset.shellAt)));
    find("row").addEventListener("keydown", (event) => this.#arrow(event));
    this.#editor(find("presets"), find("weights"));
    find("edit")?.addEventListener("click", () => {
      root.querySelector("#t-odds").click();
      this.#inputs[0].focus();
    });
    this.#render();
  }

  #editor(presets, rows) {
    const kept = JSON.parse(recall(KEY) ?? "null");
    const known = Array.isArray(kept) && kept.length === FIELDS.length - 1 ? kept.map(String) : PRESETS[1][1];
    this.presets = PRESETS.map(([title, weights]) => {
      const button = el("button", "", title);
      button.type = "button";
      button.addEventListener("click", () => {
        this.#inputs.forEach((input, i) => (input.value = weights[i]));
        this.#weighed();
      });
      return button;
    });
    presets?.replaceChildren(...this.presets);
    this.house = el("output", "num", "");
    this.#inputs = FIELDS.slice(1).map((field, i) => {
      const input = el("input", "");
      Object.assign(input, { type: "text", inputMode: "decimal", autocomplete: "off", maxLength: 14, value: known[i] });
      input.setAttribute("aria-label", `Weight of ${name(field)}`);
      input.addEventListener("input", () => this.#weighed());
      return input;
    });
    rows.replaceChildren(...FIELDS.map((field, i) => {
      const cells = { bar: el("i", "weight-bar"), chance: el("span", "num"), ways: el("td", "right num hide-small") };
      this.#cells[i] = cells;
      return el("tr", "", el("td", "weight-name", name(field)), el("td", "weight-field", i ? this.#inputs[i - 1] : this.house), el("td", "weight-share", cells.bar), el("td", "right", cells.chance), cells.ways);
    }));
  }

  /** The fields rest while a bet is on its way, or auto-play goes on. */
  hold(on) {
    for (const input of [...this.#inputs, ...this.presets, ...this.shells]) input.disabled = on;
  }

  #weighed() {
    keep(KEY, JSON.stringify(this.#inputs.map((input) => input.value.trim())));
    this.#render();
    this.changed();
  }

  #weights() {
    const typed = this.#inputs.map((input) => input.value.trim().replace(",", ".") || "0");
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
    this.presets.forEach((button, i) => button.setAttribute("aria-pressed", String(PRESETS[i][1].join() === typed)));
    const trouble = rules.problem(weights, this.#terms.rtp);
    const ways = trouble ? null : rules.waysOf(weights, this.#terms.rtp);
    this.house.textContent = trouble ? "–" : decimal(rules.weightOfNothing(weights, this.#terms.rtp), 4);
    this.trouble.textContent = trouble ?? "";
    this.trouble.hidden = !trouble;
    this.#cells.forEach(({ chance, bar, ways: many }, i) => {
      chance.textContent = ways ? (ways[i] ? `${shownChance(fraction(ways[i], SPACE))} %` : "never") : "–";
      chance.title = ways ? oneIn(ways[i], SPACE) : "";
      many.textContent = ways ? Number(ways[i]).toLocaleString("en") : "–";
      bar.style.setProperty("--share", ways && ways[i] ? String(Math.max(0.02, Math.sqrt(Number(ways[i]) / SPACE))) : "0");
    });
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
