// Auto bet at one panel: the dialog that sets it up, the line that says it is running, and the round it is in.
import { keep, recall } from "../../site/store.js";
import { LONGEST_HIDDEN_MS, REASONS, begin, hindrance, problem, settle } from "./autobet.js";
import { formatMinor, formatMultiplier, parseMinor } from "./format.js";
import { openBet, placesAfter } from "./state.js";

export class AutoBet {
  #run = null;
  #bet = null; // the bet of the round that is being played, with how it stands
  #round = null; // the last round a stake was tried in: one stake a round
  #hiddenSince = document.hidden ? performance.now() : null;

  /** `panel` offers place(), hold() and its fields; `game` offers state() and live(). */
  constructor(panel, game) {
    this.panel = panel;
    this.game = game;
    const find = (name) => panel.root.querySelector(`[data-autobet="${name}"]`);
    this.button = find("open");
    this.line = find("line");
    this.text = find("text");
    this.dialog = find("dialog");
    this.form = this.dialog.querySelector("form");
    this.summary = find("summary");
    this.error = find("error");
    this.button.addEventListener("click", () => (this.#run ? this.stop("stopped") : this.#open()));
    this.dialog.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    for (const name of ["onWin", "onLoss"]) this.form.elements[name].addEventListener("change", () => this.#factors());
    document.addEventListener("visibilitychange", () => {
      this.#hiddenSince = document.hidden ? performance.now() : null;
      if (document.hidden) setTimeout(() => this.#hidden() > LONGEST_HIDDEN_MS && this.stop("hidden"), LONGEST_HIDDEN_MS + 1000);
    });
  }

  #hidden() {
    return this.#hiddenSince === null ? 0 : performance.now() - this.#hiddenSince;
  }

  #money(minor) {
    const { player } = this.game.state();
    return `${formatMinor(minor, player.denominator)} ${player.currency}`;
  }

  #open() {
    const trouble = this.panel.problem();
    if (trouble) return this.panel.complain(trouble);
    const { elements } = this.form;
    const known = JSON.parse(recall(this.#key()) ?? "{}");
    for (const [name, value] of Object.entries(known)) if (elements[name]) elements[name].value = value;
    const auto = this.panel.autoHundredths;
    this.summary.textContent = `Begins with ${this.#money(this.panel.stakeMinor)}. ${auto ? `Cashed out at ${formatMultiplier(auto)}.` : "No auto cash-out is set: you cash out by hand, or lose."}`;
    this.#complain(null);
    this.#factors();
    this.dialog.showModal();
    return undefined;
  }

  #key() {
    const { player } = this.game.state();
    return `autobet:${player.currency}:${player.isDemo}:${this.panel.identifier}`;
  }

  #factors() {
    for (const name of ["onWin", "onLoss"]) {
      this.form.elements[`${name}Factor`].closest("label").hidden = this.form.elements[name].value !== "factor";
    }
  }

  #complain(trouble) {
    const [field, words] = trouble ?? [null, ""];
    this.error.textContent = words;
    this.error.hidden = !words;
    for (const input of this.form.elements) input.removeAttribute("aria-invalid");
    if (!field) return;
    const { elements } = this.form;
    const input = elements[`${field}Factor`] ?? elements[field];
    input?.setAttribute("aria-invalid", "true");
    input?.focus();
  }

  /** The plan that the fields say, or [field, words] for the first that says nothing. */
  #plan() {
    const { elements } = this.form;
    const { denominator } = this.game.state().player;
    const typed = (name) => elements[name].value.trim();
    const plan = { stake: this.panel.stakeMinor, rounds: null, stopProfit: null, stopLoss: null };
    if (typed("rounds")) {
      plan.rounds = parseMinor(typed("rounds"), 1);
      if (plan.rounds === null) return ["rounds", "Rounds is a whole number, or empty."];
    }
    for (const name of ["stopProfit", "stopLoss"]) {
      if (!typed(name)) continue;
      plan[name] = parseMinor(typed(name), denominator);
      if (plan[name] === null) return [name, "This is not an amount."];
    }
    for (const name of ["onWin", "onLoss"]) {
      plan[name] = typed(name) === "factor" ? parseMinor(typed(`${name}Factor`), 100) : typed(name);
      if (plan[name] === null) return [name, "The factor is a number such as 2 or 1.5."];
    }
    return plan;
  }

  #start() {
    const plan = this.#plan();
    const trouble = Array.isArray(plan) ? plan : problem(plan, this.game.state().limits);
    this.#complain(trouble);
    if (trouble) return;
    keep(this.#key(), JSON.stringify(Object.fromEntries(new FormData(this.form))));
    this.dialog.close();
    this.#run = begin(plan);
    this.#bet = null;
    this.#round = null;
    this.panel.hold(true);
    this.#show();
    this.button.focus();
  }

  /** End it. The bet of this round stays as it is: cash it out, or let its auto cash-out do so. */
  stop(reason, words = REASONS[reason]) {
    if (!this.#run) return;
    const { plan, net } = this.#run;
    this.#run = null;
    this.#bet = null;
    this.panel.hold(false, plan.stake);
    this.#show();
    this.panel.complain(`Auto bet is off. ${words}${net ? ` ${net > 0 ? "Won" : "Lost"} ${this.#money(Math.abs(net))}.` : ""}`, "told");
  }

  /** Told whenever the connection changes. */
  connection(live) {
    this.button.disabled = !live && !this.#run;
    if (!live) this.stop("connection");
  }

  /** Told of every message after the state has taken it. */
  heard(message) {
    if (!this.#run) return;
    const state = this.game.state();
    if (this.#bet) {
      this.#bet = this.#seen(state);
      if (this.#bet.status === "cancelled") return this.stop("cancelled");
      // A bet counts when the next round opens: until then a win may still be told after the crash.
      if (state.round.id !== this.#bet.roundId) this.#count();
    }
    const pause = this.#run ? placesAfter(message) : null;
    if (pause === 0) this.#next(state);
    else if (pause) setTimeout(() => this.#run && this.#next(this.game.state()), pause);
    return undefined;
  }

  /** The bet as it is known now. After a gap the table may know its end where the own list does not. */
  #seen(state) {
    const bet = state.mine.get(this.#bet.betID);
    const row = bet ? null : state.bets.get(this.#bet.betID);
    return bet ?? (row?.winAmount ? { ...this.#bet, status: "cashed_out", winAmount: row.winAmount } : this.#bet);
  }

  #count() {
    const { status, amount, winAmount } = this.#bet;
    this.#bet = null;
    if (status === "refunded") return; // a round that was not played to its end
    if (status === "open") { // its end was missed: going on would be guessing
      this.stop("connection");
      return;
    }
    this.#run = settle(this.#run, { staked: amount, paid: status === "cashed_out" ? winAmount : 0 }, this.game.state().limits);
    this.#show();
    if (this.#run.over) this.stop(this.#run.over);
  }

  async #next(state) {
    if (this.#bet || this.#round === state.round.id || openBet(state, this.panel.identifier)) return;
    const reason = hindrance(this.#run, { balance: state.player.balance, hiddenMs: this.#hidden() });
    if (reason) return this.stop(reason);
    const run = this.#run;
    this.#round = state.round.id;
    const { bet, error } = await this.panel.place(run.stake);
    if (bet && this.#run) this.#bet = { ...bet, status: "open" };
    if (error && error.code !== 1009 && this.#run) this.stop("refused", error.message);
    return undefined;
  }

  #show() {
    const run = this.#run;
    this.button.textContent = run ? "Stop" : "Auto bet";
    this.button.classList.toggle("is-on", Boolean(run));
    this.button.setAttribute("aria-label", `${run ? "Stop auto bet" : "Set up auto bet"} of bet ${this.panel.identifier}`);
    this.line.hidden = !run;
    if (!run) return;
    const { plan, played, net } = run;
    const round = `round ${played + 1}${plan.rounds === null ? "" : ` of ${plan.rounds}`}`;
    this.text.textContent = `Auto bet: ${round}, ${net > 0 ? "+" : ""}${this.#money(net)}`;
  }
}
