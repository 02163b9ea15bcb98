// The two bet panels: stake, auto cash-out, and one button whose meaning follows the round.
import { keep, recall } from "../../site/store.js";
import { formatMinor, formatMultiplier, parseMinor, payoutMinor } from "./format.js";
import { openBet, placesAfter, shownMultiplier } from "./state.js";

const CHIPS = [1, 5, 10, 50];
const MIN_CASHOUT = 101;
// A press meant for the button's last meaning must not do the next thing: a late cash-out is no new bet.
const GUARDS = { "cash-out": 600, cash: 600, settling: 600, placing: 300 };

function trimmed(minor, denominator) {
  const text = formatMinor(minor, denominator);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export class Panel {
  #queued = false;
  #pending = null; // "placing" | "cancel" | "cash" while an answer is awaited
  #currency = null;
  #result = null; // the last ending, shown until the next bet
  #shown = {};
  #guardedUntil = 0;
  #held = false; // auto bet has the panel: the fields rest, and the button only cashes out or takes back

  /** `game` offers bet(), cashOut(), cancel(), state() and live(). */
  constructor(root, game) {
    this.root = root;
    this.game = game;
    this.identifier = Number(root.dataset.panel);
    const find = (name) => root.querySelector(`[data-panel-part="${name}"]`);
    this.stake = find("stake");
    this.autoOn = find("auto-on");
    this.auto = find("auto");
    this.chips = find("chips");
    this.action = find("action");
    this.name = find("name");
    this.detail = find("detail");
    this.note = find("note");
    this.code = find("currency");
    this.fields = root.querySelector("fieldset");
    this.action.addEventListener("click", () => this.act());
    root.addEventListener("click", (event) => this.#adjust(event.target.closest("[data-scale], [data-step], [data-chip]")));
    for (const input of [this.stake, this.auto, this.autoOn]) input.addEventListener("change", () => this.#remember());
    for (const input of [this.stake, this.auto]) input.addEventListener("input", () => this.render());
    this.autoOn.addEventListener("change", () => this.render());
  }

  get stakeMinor() {
    return parseMinor(this.stake.value, this.game.state().player.denominator);
  }

  get autoHundredths() {
    return this.autoOn.checked ? parseMinor(this.auto.value, 100) : null;
  }

  /** Take the player's currency: his last stake in it, or the game's default. */
  #adopt(state) {
    const { player, limits } = state;
    const currency = `${player.currency}:${player.isDemo}`;
    if (this.#currency === currency) return;
    this.#currency = currency;
    this.code.textContent = player.currency;
    const known = recall(`panel:${currency}:${this.identifier}`)?.split("|") ?? [];
    this.stake.value = known[0] || formatMinor(limits.defaultBet, player.denominator, { group: false });
    this.auto.value = known[1] || "2.00";
    this.autoOn.checked = known[2] === "on";
    const amounts = CHIPS.map((times) => times * limits.defaultBet).filter((amount) => amount <= limits.maxBet);
    this.chips.replaceChildren(...amounts.map((amount) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.dataset.chip = String(amount);
      chip.textContent = trimmed(amount, player.denominator);
      chip.setAttribute("aria-label", `Stake ${formatMinor(amount, player.denominator)} ${player.currency}`);
      return chip;
    }));
  }

  #remember() {
    keep(`panel:${this.#currency}:${this.identifier}`, `${this.stake.value}|${this.auto.value}|${this.autoOn.checked ? "on" : "off"}`);
  }

  #adjust(button) {
    const { player, limits } = this.game.state();
    if (!button || !player || this.fields.disabled) return;
    const now = this.stakeMinor ?? limits.defaultBet;
    let next = now;
    if (button.dataset.chip) next = Number(button.dataset.chip);
    else if (button.dataset.scale === "half") next = Math.floor(now / 2);
    else if (button.dataset.scale === "double") next = now * 2;
    else if (button.dataset.scale === "max") next = Math.min(limits.maxBet, player.balance);
    else if (button.dataset.step) next = now + Number(button.dataset.step) * 10 ** Math.max(0, String(now).length - 2);
    next = Math.max(limits.minBet, Math.min(limits.maxBet, next));
    this.stake.value = formatMinor(next, player.denominator, { group: false });
    this.#remember();
    this.render();
  }

  /** Say something below the button; it stays until the next press. `kind` "told" is no fault of the fields. */
  complain(message, kind = "problem") {
    this.note.textContent = message ?? "";
    this.note.dataset.kind = message ? kind : "";
    this.#shown.note = null;
  }

  /** Give the fields to auto bet, or take them back with the stake they had. */
  hold(on, stake = null) {
    this.#held = on;
    this.#queued = false;
    if (on) this.complain(null);
    if (stake !== null) this.#type(stake);
    this.render();
  }

  #type(stake) {
    this.stake.value = formatMinor(stake, this.game.state().player.denominator, { group: false });
  }

  /** Auto bet's stake of this round: `{bet}` or `{error}`. */
  async place(stake) {
    this.#type(stake);
    return this.#place();
  }

  /** What is wrong with the fields, in words, or null. */
  problem() {
    const { player, limits } = this.game.state();
    const money = (minor) => `${formatMinor(minor, player.denominator)} ${player.currency}`;
    const stake = this.stakeMinor;
    if (stake === null) return "The stake is not an amount.";
    if (stake < limits.minBet) return `The smallest stake is ${money(limits.minBet)}.`;
    if (stake > limits.maxBet) return `The largest stake is ${money(limits.maxBet)}.`;
    if (this.autoOn.checked) {
      const auto = this.autoHundredths;
      if (auto === null) return "The auto cash-out is not a multiplier.";
      if (auto < limits.minAuto) return `Auto cash-out begins at ${formatMultiplier(limits.minAuto)}.`;
      if (auto > limits.maxAuto) return `Auto cash-out ends at ${formatMultiplier(limits.maxAuto)}.`;
    }
    return null;
  }

  #mode() {
    const state = this.game.state();
    if (!state.player || !this.game.live()) return "offline";
    if (this.#pending) return this.#pending;
    const bet = openBet(state, this.identifier);
    if (bet && state.round.phase === "running") return "cash-out";
    if (bet && state.round.phase === "waiting") return "placed";
    if (bet) return "settling";
    if (this.#held) return "auto";
    if (this.#queued) return "queued";
    if (state.round.phase === "waiting") return "bet";
    return state.enabled ? "queue" : "paused";
  }

  /** The button's press, by mouse, finger or key. */
  async act() {
    if (this.action.disabled) return;
    const mode = this.#mode();
    if (mode === "bet") await this.#place();
    else if (mode === "queue") this.#queue(true);
    else if (mode === "queued") this.#queue(false);
    else if (mode === "placed") await this.#ask("cancel", (bet) => this.game.cancel(bet));
    else if (mode === "cash-out") await this.#ask("cash", (bet) => this.game.cashOut(bet));
  }

  #queue(on) {
    const problem = on ? this.problem() : null;
    this.complain(problem);
    this.#queued = on && !problem;
    this.render();
  }

  async #place() {
    const problem = this.problem();
    this.complain(problem);
    if (problem) return { error: new Error(problem) };
    const auto = this.#held;
    this.#pending = "placing";
    this.#queued = false;
    this.render();
    try {
      const bet = await this.game.bet({ amount: this.stakeMinor, identifier: this.identifier, autoCashoutMultiplier: this.autoHundredths });
      this.#result = null;
      return { bet };
    } catch (error) {
      if (auto) return { error }; // auto bet says what it makes of it
      if (error.code === 1009) this.#queued = true; // a moment too late: it goes into the next round
      else this.complain(error.message);
      return { error };
    } finally {
      this.#pending = null;
      this.render();
    }
  }

  async #ask(kind, send) {
    const bet = openBet(this.game.state(), this.identifier);
    this.complain(null);
    this.#pending = kind;
    this.render();
    try {
      await send(bet);
    } catch (error) {
      if (error.code !== 1011) this.complain(error.message);
    } finally {
      this.#pending = null;
      this.render();
    }
  }

  /** Told of every message after the state has taken it. */
  heard(message) {
    const pause = this.#queued && !this.#pending ? placesAfter(message) : null;
    if (pause === 0) this.#place();
    else if (pause) setTimeout(() => this.#queued && !this.#pending && this.#place(), pause);
    const own = message.identifier === this.identifier || this.game.state().mine.get(message.betID)?.identifier === this.identifier;
    if (message.messageType === "win" && own) this.#result = message;
    if (message.messageType === "crash") {
      const lost = [...this.game.state().mine.values()].find((bet) => bet.identifier === this.identifier && bet.status === "lost");
      if (lost) this.#result = lost;
    }
    if (message.messageType === "start") this.#result = null;
    this.render();
  }

  /** The parts that follow the clock; cheap enough for every frame. */
  render() {
    const state = this.game.state();
    if (state.player) this.#adopt(state);
    const mode = this.#mode();
    const [name, detail] = this.#words(mode, state);
    this.#set("mode", mode, (value) => this.#turn(value));
    this.#set("name", name, (value) => (this.name.textContent = value));
    this.#set("detail", detail, (value) => (this.detail.textContent = value));
    const early = mode === "cash-out" && shownMultiplier(state.round, performance.now()) < MIN_CASHOUT;
    const guarded = mode !== "cash-out" && performance.now() < this.#guardedUntil;
    const still = guarded || ["offline", "settling", "paused", "auto"].includes(mode) || Boolean(this.#pending) || early;
    this.#set("disabled", still, (value) => (this.action.disabled = value));
    const held = this.#held || ["placed", "cash-out", "settling", "queued"].includes(mode) || Boolean(this.#pending) || !state.player;
    this.#set("held", held, (value) => (this.fields.disabled = value));
    this.#set("auto", this.autoOn.checked, (value) => (this.root.dataset.auto = value ? "on" : "off"));
    this.#outcome(state, mode);
  }

  #turn(mode) {
    const guard = GUARDS[this.action.dataset.mode];
    this.action.dataset.mode = mode;
    if (!guard) return;
    this.#guardedUntil = performance.now() + guard;
    setTimeout(() => this.render(), guard + 10);
  }

  #words(mode, state) {
    const { player, round } = state;
    if (!player) return ["Connecting…", ""];
    const money = (minor) => `${formatMinor(minor, player.denominator)} ${player.currency}`;
    const bet = openBet(state, this.identifier);
    const stake = this.stakeMinor;
    const typed = stake === null ? "" : money(stake);
    if (mode === "cash-out") {
      const value = shownMultiplier(round, performance.now());
      const boost = round.bonus ? round.boostPercent : 0;
      return value < MIN_CASHOUT ? ["Waiting", money(bet.amount)] : ["Cash out", money(payoutMinor(bet.amount, value, boost))];
    }
    return {
      offline: ["No connection", ""],
      paused: ["Game paused", "No bets at the moment"],
      bet: ["Bet", typed],
      placing: ["Placing…", typed],
      auto: ["Auto bet", `Next ${typed}`],
      queue: ["Bet next round", typed],
      queued: ["Cancel", `Queued ${typed}`],
      placed: ["Cancel bet", bet ? money(bet.amount) : ""],
      settling: ["Settling…", ""],
      cancel: ["Cancelling…", ""],
      cash: ["Cashing out…", ""],
    }[mode];
  }

  #outcome(state, mode) {
    let text = "";
    const bet = openBet(state, this.identifier);
    if (bet?.auto && mode !== "settling") text = `Auto cash-out at ${formatMultiplier(bet.auto)}`;
    else if (this.#result?.status === "lost" && state.player) text = `Lost ${formatMinor(this.#result.amount, state.player.denominator)}`;
    else if (this.#result && state.player) {
      const { multiplier, winAmount, bonus, auto } = this.#result;
      text = `${auto ? "Auto-cashed" : "Cashed"} out at ${formatMultiplier(multiplier)}: +${formatMinor(winAmount, state.player.denominator)}${bonus ? " with bonus" : ""}`;
    }
    if (["problem", "told"].includes(this.note.dataset.kind)) return;
    this.#set("note", text, (value) => {
      this.note.textContent = value;
      this.note.dataset.kind = !this.#result || bet?.auto ? "" : this.#result.status === "lost" ? "loss" : "win";
    });
  }

  #set(name, value, apply) {
    if (this.#shown[name] === value) return;
    this.#shown[name] = value;
    apply(value);
  }
}
