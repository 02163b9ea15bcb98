// Video poker on the page: five cards that are dealt and turned, and the pay table with the row that was won.
import { el } from "../../crash/dom.js";
import { formatMinor } from "../../crash/format.js";
import { multiplier, of, oneIn } from "../exact.js";
import { payout } from "../odds.js";
import { move, pause } from "../motion.js";
import { face, facesOf, says } from "../cards.js";
import * as rules from "../rules/videopoker.js";

export class VideoPoker {
  slug = "videopoker";
  verb = "Deal";
  busyVerb = "Dealing…";
  rules = rules;
  #slots;
  #rows = new Map();
  #down = Promise.resolve();

  constructor(root, terms, changed) {
    this.changed = changed;
    this.parts = {};
    for (const node of root.querySelectorAll("[data-poker]")) this.parts[node.dataset.poker] = node;
    this.#slots = Array.from({ length: 5 }, () => {
      const front = el("div", "face front");
      const card = el("div", "playing-card", el("div", "face back"), front);
      card.dataset.side = "back";
      return { card, front };
    });
    this.parts.hand.append(...this.#slots.map(({ card }) => el("div", "card-place", card)));
    this.take(terms);
    if (!root.dataset.user) this.#lay("AsKsQsJsTs", "Royal Flush");
  }

  take(terms) {
    this.#rows.clear();
    const { outcomes, prizes } = terms.odds;
    this.parts.pays.replaceChildren(...prizes.map(({ name, ways, pays }) => {
      const times = multiplier(of(pays));
      const row = el("div", "pay-row", el("span", "pay-name", name), el("span", "pay-chance", oneIn(ways, outcomes)), el("b", "num", times));
      row.setAttribute("role", "row");
      for (const cell of row.children) cell.setAttribute("role", "cell");
      this.#rows.set(name, { row, cell: row.lastElementChild, pays: of(pays), times });
      return row;
    }));
  }

  /** What each hand pays at this stake. */
  stake(minor, { denominator }) {
    for (const { cell, pays, times } of this.#rows.values()) {
      cell.textContent = minor ? formatMinor(String(payout(minor, pays)), denominator).replace(/\.0+$/, "") : times;
      cell.title = times;
    }
  }

  choice() {
    return {};
  }

  problem() {
    return null;
  }

  odds(choice, terms) {
    return rules.odds(choice, terms);
  }

  #lay(cards, name) {
    facesOf(cards).forEach((code, i) => {
      this.#slots[i].front.replaceChildren(face(code));
      this.#slots[i].card.dataset.side = "front";
    });
    this.parts.hand.setAttribute("aria-label", facesOf(cards).map(says).join(", "));
    this.parts.name.textContent = name;
  }

  begin() {
    for (const { row } of this.#rows.values()) row.classList.remove("is-won");
    this.parts.name.textContent = "Dealing";
    this.parts.paid.textContent = "\u00a0";
    this.parts.hand.dataset.result = "";
    this.#down = Promise.all(this.#slots.map(async ({ card }, i) => {
      await move(card.parentElement, [{ transform: "none", opacity: 1 }, { transform: "translate(-40px, -130%) rotate(-14deg)", opacity: 0 }], { duration: 200, delay: i * 25, easing: "ease-in", fill: "forwards" });
      card.dataset.side = "back";
    }));
  }

  fail() {
    for (const { card } of this.#slots) {
      card.dataset.side = "back";
      for (const animation of card.parentElement.getAnimations()) animation.cancel();
    }
    this.parts.name.textContent = "Not dealt";
  }

  async show(bet) {
    const { cards, name } = bet.shown;
    await this.#down;
    const codes = facesOf(cards);
    await Promise.all(this.#slots.map(({ card, front }, i) => {
      front.replaceChildren(face(codes[i]));
      const place = card.parentElement;
      for (const animation of place.getAnimations()) animation.cancel();
      return move(place, [{ transform: "translate(220%, -120%) rotate(28deg)", opacity: 0 }, { transform: "none", opacity: 1 }], { duration: 320, delay: i * 70, easing: "cubic-bezier(.2,.8,.3,1)", fill: "backwards" });
    }));
    for (const { card } of this.#slots) {
      card.dataset.side = "front";
      await pause(130);
    }
    await pause(240);
    this.parts.hand.setAttribute("aria-label", codes.map(says).join(", "));
    this.parts.hand.dataset.result = bet.payout ? "won" : "lost";
    this.parts.name.textContent = name;
    this.parts.paid.textContent = bet.payout ? `pays ${formatMinor(bet.payout, bet.denominator)} ${bet.currency}` : "pays nothing";
    this.#rows.get(name)?.row.classList.add("is-won");
    this.#light(codes, name);
  }

  /** Cards that make the hand stand out. */
  #light(codes, name) {
    const ranks = codes.map((code) => code[0]);
    const kinds = ["Jacks or Better", "Two Pair", "Three of a Kind", "Four of a Kind"].includes(name);
    this.#slots.forEach(({ card }, i) => {
      const part = kinds ? ranks.filter((rank) => rank === ranks[i]).length > 1 : this.#rows.has(name);
      card.classList.toggle("is-part", part);
    });
  }

  tell(bet) {
    return bet.shown.name;
  }

  explain(bet, { cards, name }) {
    return `${facesOf(cards).map(says).join(", ")}: ${name}.`;
  }
}

export const create = (...given) => new VideoPoker(...given);
