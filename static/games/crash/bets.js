// The live table: everyone's bets of the round, own rows first, then by stake; cashed-out rows in colour.
import { el } from "./dom.js";
import { formatMinor, formatMultiplier } from "./format.js";

const SHOWN = 100;
const LINGER_MS = 1800;

/** What the rows amount to, or null where they are in several currencies. */
function added(bets) {
  const [first, ...others] = bets.values();
  if (!first?.amount || others.some((bet) => bet.currency !== first.currency || !bet.amount)) return null;
  const amount = others.reduce((sum, bet) => sum + bet.amount, first.amount);
  return { amount, denominator: first.denominator, currency: first.currency };
}

export class BetsTable {
  #rows = new Map(); // bet id → {row, text}
  #waiting = false;
  #state = null;
  #later = null;

  constructor(root) {
    this.body = root.querySelector("tbody");
    this.count = root.querySelector('[data-bets="count"]');
    this.amount = root.querySelector('[data-bets="amount"]');
    this.empty = root.querySelector('[data-bets="empty"]');
  }

  update(state) {
    this.#state = state;
    // How the last round ended stays in view for a moment, unless somebody bets already.
    const rest = state.round.phase === "waiting" && !state.bets.size ? (state.round.crashedAt ?? 0) + LINGER_MS - performance.now() : 0;
    clearTimeout(this.#later);
    if (rest > 0) this.#later = setTimeout(() => this.update(this.#state), rest);
    if (rest > 0 || this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#draw(this.#state);
    });
  }

  #draw(state) {
    const { bets, mine, totals, round } = state;
    const own = (bet) => mine.has(bet.betID);
    const sorted = [...bets.values()].sort((a, b) => own(b) - own(a) || (b.amount ?? 0) / b.denominator - (a.amount ?? 0) / a.denominator);
    const shown = sorted.slice(0, SHOWN);
    const wanted = shown.map((bet) => this.#row(bet, own(bet), round.phase === "crashed"));
    wanted.forEach((row, index) => {
      if (this.body.children[index] !== row) this.body.insertBefore(row, this.body.children[index] ?? null);
    });
    while (this.body.children.length > wanted.length) this.body.lastElementChild.remove();
    const ids = new Set(shown.map((bet) => bet.betID));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    const number = Math.max(totals?.bets ?? 0, bets.size);
    const players = totals?.players ? `, ${totals.players} ${totals.players === 1 ? "player" : "players"}` : "";
    // Who came after the start has no totals of the server, only the rows: at most the largest hundred.
    const more = !totals && bets.size >= SHOWN ? "+" : "";
    const sum = totals?.amount ? totals : added(bets);
    this.count.textContent = `${number}${more} ${number === 1 ? "bet" : "bets"}${players}`;
    this.amount.textContent = sum && !more ? `${formatMinor(sum.amount, sum.denominator)} ${sum.currency}` : "";
    this.empty.hidden = bets.size > 0;
  }

  #row(bet, own, over) {
    const won = bet.multiplier !== undefined && bet.multiplier !== null;
    const text = JSON.stringify([bet.username, bet.amount, bet.multiplier, bet.winAmount, own, over]);
    const known = this.#rows.get(bet.betID);
    if (known?.text === text) return known.row;
    const name = el("td", "name", el("span", "who", own ? "You" : bet.username ?? ""), bet.isDemo && !own ? el("span", "badge badge-demo", "demo") : null);
    const stake = el("td", "right num", bet.amount ? `${formatMinor(bet.amount, bet.denominator)} ` : "", el("small", "muted", bet.currency));
    const at = el("td", "right num", won ? formatMultiplier(bet.multiplier) : over ? "✕" : "");
    const paid = el("td", "right num", won ? formatMinor(bet.winAmount, bet.denominator) : "");
    const row = known?.row ?? el("tr");
    row.replaceChildren(name, stake, at, paid);
    row.className = `${own ? "own" : ""} ${won ? "won" : over ? "lost" : ""}`.trim();
    this.#rows.set(bet.betID, { row, text });
    return row;
  }
}
