// The strip of last results above the scene, and the list of own bets; each opens its verification.
import { el } from "../crash/dom.js";
import { formatMinor, formatTime } from "../crash/format.js";
import { decimal, fraction } from "./exact.js";

const ON_STRIP = 24;

/** How many times the stake came back. */
function paidTimes({ stake, payout }) {
  return payout ? `${decimal(fraction(payout, stake), 2)}×` : "0×";
}

function band({ stake, payout }) {
  if (payout <= stake) return "none";
  return payout >= 10 * stake ? "high" : payout >= 2 * stake ? "mid" : "low";
}

export class History {
  #next = null;
  #loaded = false;
  #bets = [];

  constructor({ strip, panel, api, tell, onOpen }) {
    Object.assign(this, { strip, api, tell, onOpen });
    this.rows = panel.querySelector("tbody");
    this.empty = panel.querySelector("[data-mine=empty]");
    this.more = panel.querySelector("[data-mine=more]");
    this.more.querySelector("button").addEventListener("click", () => this.#older());
  }

  /** Anew, from the server: the player's money or sign-in may be another. */
  async load() {
    const { bets, next } = await this.api.history();
    this.#bets = bets;
    this.#next = next;
    this.#loaded = true;
    this.#draw();
  }

  async #older() {
    try {
      const { bets, next } = await this.api.history(this.#next);
      this.#bets.push(...bets);
      this.#next = next;
      this.#draw();
    } catch {
      // The button stays, for another try.
    }
  }

  add(bet) {
    if (!this.#loaded || this.#bets.some((known) => known.id === bet.id)) return;
    this.#bets.unshift(bet);
    this.#draw();
  }

  /** The bet that used this hash, among those known. */
  withHash(hash) {
    return this.#bets.find((bet) => bet.hash === hash) ?? null;
  }

  #draw() {
    this.strip.replaceChildren(...this.#bets.slice(0, ON_STRIP).map((bet) => this.#point(bet)));
    this.rows.replaceChildren(...this.#bets.map((bet) => this.#row(bet)));
    this.empty.hidden = this.#bets.length > 0;
    this.more.hidden = this.#next === null;
  }

  #point(bet) {
    const button = el("button", `point point-${band(bet)}`, paidTimes(bet));
    button.type = "button";
    button.setAttribute("aria-label", `${this.tell(bet)}, paid ${paidTimes(bet)}. Check this bet`);
    button.addEventListener("click", () => this.onOpen(bet.id));
    return button;
  }

  #row(bet) {
    const money = (minor) => formatMinor(minor, bet.denominator);
    const check = el("button", "link", "Check");
    check.type = "button";
    check.setAttribute("aria-label", `Check bet ${bet.id}`);
    check.addEventListener("click", () => this.onOpen(bet.id));
    const cells = [
      el("td", "num", formatTime(bet.playedAt)),
      el("td", "result", this.tell(bet)),
      el("td", "right num", money(bet.stake)),
      el("td", "right num", money(bet.payout)),
      el("td", "right num", `${bet.profit > 0 ? "+" : ""}${money(bet.profit)}`),
      el("td", "right", check),
    ];
    return el("tr", bet.profit > 0 ? "won" : "lost", ...cells);
  }
}
