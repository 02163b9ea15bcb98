// Auto-play beside the bet: the fields that set it up, the line that says it runs, and the pause between two bets.
import { keep, recall } from "../../site/store.js";
import { formatMinor, parseMinor } from "../crash/format.js";
import { REASONS, begin, problem, settle } from "./autoplay.js";

const PAUSE_MS = 600;
const QUICK_PAUSE_MS = 300;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function shown() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", function look() {
    if (document.hidden) return;
    document.removeEventListener("visibilitychange", look);
    done();
  }));
}

export class AutoPlay {
  #run = null;
  #ending = null; // [reason, words]: it ends as soon as no bet is on its way
  #wake = () => {};

  /** `game` offers place(stake), seat(), quick(), changed() and complain(). */
  constructor(root, game) {
    this.game = game;
    const find = (name) => root.querySelector(`[data-autoplay="${name}"]`);
    this.form = find("form");
    this.line = find("line");
    this.text = find("text");
    this.error = find("error");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["onWin", "onLoss"]) this.form.elements[name].addEventListener("change", () => this.#percents());
    for (const button of root.querySelectorAll("[data-play]")) {
      button.addEventListener("click", () => this.#turn(root, button.dataset.play));
    }
    this.chosen = false;
    document.addEventListener("visibilitychange", () => this.#run && this.#show());
  }

  get running() {
    return this.#run !== null;
  }

  /** Take the player's currency: the plan they had last time, in it. */
  adopt() {
    const known = JSON.parse(recall(this.#key()) ?? "{}");
    for (const [name, value] of Object.entries(known)) if (this.form.elements[name]) this.form.elements[name].value = value;
    this.#percents();
  }

  #key() {
    const { currency, isDemo } = this.game.seat();
    return `autoplay:${currency}:${isDemo}`;
  }

  #turn(root, how) {
    if (this.#run) return;
    this.chosen = how === "auto";
    for (const button of root.querySelectorAll("[data-play]")) button.setAttribute("aria-pressed", String(button.dataset.play === how));
    this.form.hidden = !this.chosen;
    this.game.changed();
  }

  #percents() {
    for (const name of ["onWin", "onLoss"]) {
      this.form.elements[`${name}Percent`].closest("label").hidden = this.form.elements[name].value !== "change";
    }
  }

  #complain(trouble) {
    const [field, words] = trouble ?? [null, ""];
    this.error.textContent = words;
    this.error.hidden = !words;
    for (const input of this.form.elements) input.removeAttribute("aria-invalid");
    if (!field) return;
    const { elements } = this.form;
    const input = elements[field].value === "change" ? elements[`${field}Percent`] : elements[field];
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }

  /** The plan that the fields say, or [field, words] for the first that says nothing. */
  #plan(stake) {
    const { elements } = this.form;
    const { denominator } = this.game.seat();
    const typed = (name) => elements[name].value.trim();
    const plan = { stake, bets: parseMinor(typed("bets"), 1), stopProfit: null, stopLoss: null, stopWin: null };
    if (plan.bets === null) return ["bets", "How many bets? A whole number."];
    for (const name of ["stopProfit", "stopLoss", "stopWin"]) {
      if (!typed(name)) continue;
      plan[name] = parseMinor(typed(name), denominator);
      if (plan[name] === null) return [name, "This is not an amount."];
    }
    for (const name of ["onWin", "onLoss"]) {
      plan[name] = typed(name);
      if (plan[name] !== "change") continue;
      const text = typed(`${name}Percent`).replace("−", "-");
      if (!/^[+-]?\d{1,4}$/.test(text)) return [name, "The change is a whole number of percent, such as 100 or -50."];
      plan[name] = Number(text);
    }
    return plan;
  }

  /** Play until something stops it. */
  async start(stake) {
    if (this.#run) return;
    const plan = this.#plan(stake);
    const trouble = Array.isArray(plan) ? plan : problem(plan);
    this.#complain(trouble);
    if (trouble) return;
    keep(this.#key(), JSON.stringify(Object.fromEntries(new FormData(this.form))));
    this.#run = begin(plan);
    this.#ending = null;
    const stopped = new Promise((done) => (this.#wake = done));
    this.#show();
    for (;;) {
      if (this.#run.stake > this.game.seat().balance) this.#ending ??= ["balance"];
      if (this.#ending) break;
      const bet = await this.game.place(this.#run.stake);
      if (bet instanceof Error) {
        this.#ending = ["error", bet.message];
        break;
      }
      this.#run = settle(this.#run, bet, this.game.seat().limits);
      this.#show();
      if (this.#run.over) this.#ending ??= [this.#run.over];
      if (!this.#ending) await Promise.race([stopped, wait(this.game.quick() ? QUICK_PAUSE_MS : PAUSE_MS).then(shown)]);
    }
    this.#finish(...this.#ending);
  }

  /** End it. A bet that is on its way is still played and counted, and is the last. */
  stop(reason) {
    if (!this.#run) return;
    this.#ending ??= [reason];
    this.#wake();
  }

  #finish(reason, words = REASONS[reason]) {
    const { plan, net, played } = this.#run;
    this.#run = null;
    this.#show();
    const sum = net ? ` ${net > 0 ? "Won" : "Lost"} ${this.#money(Math.abs(net))}` : " Nothing won, nothing lost";
    this.game.complain(`Auto-play has ended. ${words}${sum} in ${played} ${played === 1 ? "bet" : "bets"}.`, "told", plan.stake);
  }

  #money(minor) {
    const { denominator, currency } = this.game.seat();
    return `${formatMinor(minor, denominator)} ${currency}`;
  }

  #show() {
    const run = this.#run;
    this.line.hidden = !run;
    for (const input of this.form.elements) input.disabled = Boolean(run);
    if (run) {
      const left = run.plan.bets - run.played;
      const resting = document.hidden ? "Paused: " : "";
      this.text.textContent = `${resting}${left} ${left === 1 ? "bet" : "bets"} left, ${run.net > 0 ? "+" : ""}${this.#money(run.net)}`;
    }
    this.game.changed();
  }
}
