// What has been: the strip of crash points, the player's own bets, and the top wins.
import { el, pointButton } from "./dom.js";
import { band, formatDay, formatMinor, formatMultiplier, formatTime } from "./format.js";

const STATUS = { open: "open", lost: "lost", cancelled: "cancelled", refunded: "returned", cashed_out: "won" };

export class Strip {
  #first = null;

  constructor(root, onOpen) {
    this.root = root;
    this.onOpen = onOpen;
    root.addEventListener("click", (event) => {
      const given = event.target.closest("[data-round]"); // those the server drew
      if (given) onOpen(given.dataset.round);
    });
  }

  update(state) {
    const first = state.history[0]?.roundId;
    if (!first || first === this.#first) return;
    this.#first = first;
    const buttons = state.history.map((row) => pointButton(row, { label: formatMultiplier(row.multiplier), bandOf: band, onOpen: this.onOpen }));
    this.root.replaceChildren(...buttons);
    this.root.scrollLeft = 0;
  }
}

function emptyRow(columns, text) {
  const cell = el("td", "empty muted", text);
  cell.colSpan = columns;
  return el("tr", "", cell);
}

/** A list that is asked for when it is looked at, and again after what changes it. */
class AskedList {
  #run = 0;

  constructor(root, ask) {
    this.body = root.querySelector("tbody");
    this.ask = ask;
  }

  async load(message, columns, draw) {
    this.#run += 1;
    const run = this.#run;
    try {
      const answer = await this.ask(message);
      if (run === this.#run) this.body.replaceChildren(...(answer.history.length ? answer.history.map(draw) : [emptyRow(columns, this.none)]));
    } catch (error) {
      if (run === this.#run) this.body.replaceChildren(emptyRow(columns, error.message));
    }
  }
}

export class MyBets extends AskedList {
  none = "No bets since yesterday. Place one: it will be listed here.";

  constructor(root, ask, onOpen) {
    super(root, ask);
    this.onOpen = onOpen;
  }

  refresh() {
    return this.load({ messageType: "bet_history" }, 5, (bet) => this.#row(bet));
  }

  #row(bet) {
    const won = bet.status === "cashed_out";
    const decided = bet.status !== "open";
    const outcome = won ? bet.withdrawMultiplier?.replace("x", "×") : STATUS[bet.status] ?? "";
    const change = !decided ? "" : bet.difference > 0 ? `+${formatMinor(bet.difference, bet.denominator)}` : formatMinor(bet.difference, bet.denominator);
    const proof = el("button", "link", "check");
    proof.type = "button";
    proof.setAttribute("aria-label", "Check the fairness of this round");
    proof.addEventListener("click", () => this.onOpen(bet.roundId));
    const row = el("tr", won ? "won" : bet.status === "lost" ? "lost" : "",
      el("td", "num", formatTime(bet.createdAt)),
      el("td", "right num", formatMinor(bet.amount, bet.denominator)),
      el("td", "right num", outcome),
      el("td", "right num", change),
      el("td", "right", proof));
    row.title = `${bet.createdAt} UTC, ${bet.currency}. Balance ${formatMinor(bet.balanceBeforeBet, bet.denominator)} → ${formatMinor(bet.balanceAfterBet, bet.denominator)}`;
    return row;
  }
}

export class TopWins extends AskedList {
  none = "No wins in this period yet. Demo wins are not listed.";

  constructor(root, ask) {
    super(root, ask);
    this.periods = [...root.querySelectorAll("[data-period]")];
    this.period = "day";
    for (const button of this.periods) {
      button.addEventListener("click", () => {
        this.period = button.dataset.period;
        for (const other of this.periods) other.setAttribute("aria-pressed", String(other === button));
        this.refresh();
      });
    }
  }

  refresh() {
    return this.load({ messageType: "top_win", time: this.period }, 4, (win) => el("tr", "",
      el("td", "name", el("span", "who", win.username), el("small", "muted", formatDay(win.date))),
      el("td", "right num", formatMinor(win.bet_amount, win.denominator)),
      el("td", "right num", formatMultiplier(win.value_cash_out)),
      el("td", "right num strong", `${formatMinor(win.winning_amount, win.denominator)} `, el("small", "muted", win.currency))));
  }
}
