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
  #bets = [];
  #asked = 0; // how many times the list was asked for: only the newest answer counts
  #meanwhile = null; // bets played while an answer is on its way, which may have been read before them

  constructor({ strip, panel, api, tell, onOpen }) {
    Object.assign(this, { strip, api, tell, onOpen });
    this.rows = panel.querySelector("tbody");
    this.empty = panel.querySelector("[data-mine=empty]");
    this.more = panel.querySelector("[data-mine=more]");
    this.more.querySelector("button").addEventListener("click", () => this.#older());
  }

  /** Anew, from the server: the player's money or sign-in may be another. */
  async load() {
    this.#asked += 1;
    const asked = this.#asked;
    this.#meanwhile = [];
    const { bets, next } = await this.api.history();
    if (asked !== this.#asked) return;
    const played = this.#meanwhile;
    this.#meanwhile = null;
    this.#bets = bets;
    this.#next = next;
    for (const bet of played) this.#put(bet);
    this.#draw();
  }

  async #older() {
    const asked = this.#asked;
    try {
      const { bets, next } = await this.api.history(this.#next);
      if (asked !== this.#asked) return;
      this.#bets.push(...bets);
      this.#next = next;
      this.#draw();
    } catch {
      // The button stays, for another try.
    }
  }

  add(bet) {
    this.#meanwhile?.push(bet);
    this.#put(bet);
    this.#draw();
  }

  #put(bet) {
    if (!this.#bets.some((known) => known.id === bet.id)) this.#bets.unshift(bet);
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
