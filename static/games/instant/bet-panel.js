// The bet panel: stake, client seed, the hash that the next bet is held to, what the bet comes to, and its button.
import { keep, recall } from "../../site/store.js";
import { el } from "../crash/dom.js";
import { formatMinor, parseMinor } from "../crash/format.js";
import { chance, isWhole, multiplier, percent } from "./exact.js";
import { SPACE, randomSeed } from "./fairness.js";
import { judge, mostStake } from "./odds.js";

const CHIPS = [1, 5, 10, 50];

export class BetPanel {
  #seat = null;
  #currency = null;
  #busy = false;
  #held = false;

  /** `kind` is the game: choice(), problem(), odds(choice, rules), verb. `acts` offers play() and newHash(). */
  constructor(root, kind, acts) {
    this.root = root;
    this.kind = kind;
    this.acts = acts;
    this.parts = {};
    for (const node of root.querySelectorAll("[data-bet]")) this.parts[node.dataset.bet] = node;
    this.stake = this.parts.stake;
    this.parts.action.addEventListener("click", () => this.press());
    this.parts["new-hash"].addEventListener("click", () => acts.newHash());
    root.addEventListener("click", (event) => this.#adjust(event.target.closest("[data-scale], [data-step], [data-chip]")));
    this.stake.addEventListener("input", () => this.render());
    this.stake.addEventListener("change", () => this.#remember());
    this.stake.addEventListener("keydown", (event) => event.key === "Enter" && this.press());
    this.parts["own-seed"].addEventListener("change", () => this.#seeds());
    this.parts.seed.addEventListener("input", () => this.complain(null));
  }

  press() {
    if (!this.parts.action.disabled) this.acts.play();
  }

  get stakeMinor() {
    return this.#seat ? parseMinor(this.stake.value, this.#seat.denominator) : null;
  }

  set stakeMinor(minor) {
    this.stake.value = formatMinor(minor, this.#seat.denominator, { group: false });
  }

  /** The seed of this bet, or null where the field has none. */
  get clientSeed() {
    if (!this.parts["own-seed"].checked) return randomSeed();
    const text = this.parts.seed.value.trim();
    return /^\d{1,10}$/.test(text) && Number(text) < SPACE ? Number(text) : null;
  }

  #seeds() {
    const own = this.parts["own-seed"].checked;
    this.parts["seed-field"].hidden = !own;
    this.parts["seed-words"].textContent = own ? "Used for every bet until you change it. With the hash already fixed, no seed is better than another." : "Your browser draws a new random one for each bet.";
    if (own && !this.parts.seed.value) this.parts.seed.value = String(randomSeed());
  }

  /** Take what the server says of the player, the limits and the rules. */
  take(seat) {
    this.#seat = seat;
    const { currency, denominator, isDemo, limits } = seat;
    this.parts.hash.textContent = seat.hash;
    const name = `${currency}:${isDemo}`;
    if (this.#currency !== name) {
      this.#currency = name;
      this.parts.currency.textContent = currency;
      const known = parseMinor(recall(`instant:${this.kind.slug}:${name}`) ?? "", denominator);
      this.stakeMinor = known && known >= limits.minimum && known <= limits.maximum ? known : limits.default;
      this.parts.chips.replaceChildren(...CHIPS.map((times) => times * limits.default).filter((amount) => amount <= limits.maximum).map((amount) => {
        const chip = el("button", "", formatMinor(amount, denominator).replace(/\.0+$/, ""));
        chip.type = "button";
        chip.dataset.chip = String(amount);
        chip.setAttribute("aria-label", `Stake ${formatMinor(amount, denominator)} ${currency}`);
        return chip;
      }));
    }
    this.render();
  }

  #remember() {
    keep(`instant:${this.kind.slug}:${this.#currency}`, this.stake.value);
  }

  #adjust(button) {
    const seat = this.#seat;
    if (!button || !seat || this.parts.fields.disabled) return;
    const { limits } = seat;
    const now = this.stakeMinor ?? limits.default;
    let next = now;
    if (button.dataset.chip) next = Number(button.dataset.chip);
    else if (button.dataset.scale === "half") next = Math.floor(now / 2);
    else if (button.dataset.scale === "double") next = now * 2;
    else if (button.dataset.scale === "max") next = Math.min(limits.maximum, seat.balance, this.#bearable());
    else if (button.dataset.step) next = now + Number(button.dataset.step) * 10 ** Math.max(0, String(now).length - 2);
    this.stakeMinor = Math.max(limits.minimum, Math.min(limits.maximum, next));
    this.#remember();
    this.complain(null);
  }

  /** The largest stake whose top prize the house still stands for. */
  #bearable() {
    const { rules, mostWin } = this.#seat;
    if (this.kind.problem(rules) || rules.isCapped) return Infinity;
    const most = mostStake(this.kind.odds(this.kind.choice(), rules), mostWin);
    return most === null ? Infinity : Number(most);
  }

  /** Say something below the button; it stays until the next bet. */
  complain(message, kind = "problem") {
    this.parts.note.textContent = message ?? "";
    this.parts.note.dataset.kind = message ? kind : "";
    this.stake.removeAttribute("aria-invalid");
    this.parts.seed.removeAttribute("aria-invalid");
    this.render();
  }

  /** Mark the field that an error is about. */
  blame(field) {
    const input = { stake: this.stake, clientseed: this.parts.seed }[field];
    input?.setAttribute("aria-invalid", "true");
  }

  /** What is wrong with the fields, as [field, words], or null. */
  problem() {
    const { limits, balance, rules } = this.#seat;
    const stake = this.stakeMinor;
    if (stake === null) return ["stake", "The stake is not an amount."];
    if (stake < limits.minimum) return ["stake", `The smallest stake is ${this.money(limits.minimum)}.`];
    if (stake > limits.maximum) return ["stake", `The largest stake is ${this.money(limits.maximum)}.`];
    const choice = this.kind.problem(rules);
    if (choice) return ["choice", choice];
    if (stake > balance) return ["stake", "The stake is more than your balance."];
    if (this.clientSeed === null) return ["clientseed", "A client seed is a whole number from 0 to 4,294,967,295."];
    return null;
  }

  money(minor) {
    return `${formatMinor(minor, this.#seat.denominator)} ${this.#seat.currency}`;
  }

  /** A bet is on its way (`busy`); auto-play has the panel (`held`). */
  rest({ busy, held }) {
    this.#busy = busy;
    this.#held = held;
    this.render();
  }

  render() {
    const seat = this.#seat;
    if (!seat) return;
    const { action, name, detail, fields } = this.parts;
    const stake = this.stakeMinor;
    const mode = !seat.enabled ? "paused" : this.#held ? "placed" : this.#busy ? "placing" : "bet";
    action.dataset.mode = mode;
    action.disabled = mode === "paused" || mode === "placing";
    const auto = this.acts.isAuto();
    name.textContent = { paused: "Game paused", placed: "Stop", placing: this.kind.busyVerb, bet: auto ? "Start auto-play" : this.kind.verb }[mode];
    detail.textContent = mode === "paused" ? "No bets at the moment" : mode === "placed" ? "after this bet" : stake === null ? "" : this.money(stake);
    fields.disabled = this.#busy || this.#held;
    this.#facts(stake);
  }

  #facts(stake) {
    const { rules, mostWin, limits } = this.#seat;
    const { facts, warning } = this.parts;
    const trouble = this.kind.problem(rules);
    facts.hidden = Boolean(trouble);
    warning.hidden = true;
    if (trouble) return;
    const odds = this.kind.odds(this.kind.choice(), rules);
    const found = judge(odds, stake && stake > 0 ? stake : limits.default, mostWin, rules.isCapped);
    const rows = [
      ["Any win", `${chance(found.chance)} %`],
      ["Best prize", multiplier(found.top)],
      ["Pays up to", this.money(String(found.largest))],
      ["Return of this bet", `${percent(found.rtpHere)} %`],
    ];
    facts.replaceChildren(...rows.map(([term, value]) => el("div", "", el("dt", "", term), el("dd", "num", value))));
    facts.lastElementChild.title = `exactly ${found.rtpHere.num} / ${found.rtpHere.den}${isWhole(found.rtpHere) ? "" : ", cut off here"}`;
    this.#warn(found, rules, mostWin, stake);
  }

  #warn(found, rules, mostWin, stake) {
    const { warning } = this.parts;
    let words = "";
    if (found.isTooMuch) {
      const most = mostStake(this.kind.odds(this.kind.choice(), rules), mostWin);
      words = `The house pays ${this.money(mostWin)} beyond the stake on one bet at most, and this one could win more. The largest stake for it is ${this.money(String(most))}.`;
    } else if (found.isHeld) {
      words = `A win here is held to ${this.money(String(found.largest))}, since the house pays ${this.money(mostWin)} beyond the stake on one bet at most. So this bet returns ${percent(found.rtpHere)} % and not ${percent(found.rtp)} %.`;
    } else if (stake && found.rtpHere.num * found.rtp.den * 200n < found.rtp.num * found.rtpHere.den * 199n) {
      words = `Payouts are rounded down to the smallest unit: at this stake the return is ${percent(found.rtpHere)} % instead of ${percent(found.rtp)} %. A larger stake loses less by it.`;
    }
    warning.textContent = words;
    warning.hidden = !words;
  }
}

