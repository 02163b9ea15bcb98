// Slots on the page: three reels that run over their published strips and stop where the outcome says.
import { el } from "../../crash/dom.js";
import { formatMinor } from "../../crash/format.js";
import { multiplier, of, oneIn } from "../exact.js";
import { isStill, ms } from "../motion.js";
import { payout } from "../odds.js";
import * as rules from "../rules/slots.js";

const SVG = "http://www.w3.org/2000/svg";
const TURNS = [2, 3, 4]; // of each reel, after which it stops

function symbol(number, className = "slot-symbol") {
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#slot-${number}`);
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", "0 0 100 100");
  node.setAttribute("class", className);
  node.setAttribute("aria-hidden", "true");
  node.append(use);
  return node;
}

class Reel {
  #strip;
  #at;
  #animation = null;

  constructor(node) {
    this.node = node;
    this.strip = node.querySelector(".reel-strip");
  }

  take(strip, at) {
    this.#strip = strip;
    this.#at = at;
    // As many copies as the longest run passes, and one more for the neighbours of its ends.
    this.strip.replaceChildren(...Array.from({ length: Math.max(...TURNS) + 2 }, () => strip).flat().map((number) => {
      const cell = el("div", "reel-cell", symbol(number));
      cell.dataset.symbol = String(number);
      return cell;
    }));
    this.#rest();
  }

  /** The transform that has the symbol at `index` of the copies on the line. */
  #transform(index) {
    return `translateY(${(-(index - 1) * 100) / this.strip.childElementCount}%)`;
  }

  #rest() {
    this.strip.style.transform = this.#transform(this.#strip.length + this.#at);
    this.line = this.strip.children[this.#strip.length + this.#at];
  }

  /** Run upwards from where it stands to `stop`, after so many whole turns. */
  async run(stop, turns, duration) {
    const length = this.#strip.length;
    const from = length * (turns + 1) + this.#at > this.strip.childElementCount - 2 ? length * turns + this.#at : length * (turns + 1) + this.#at;
    this.#at = stop;
    if (isStill()) {
      this.#rest();
      return;
    }
    const to = length + stop;
    this.node.classList.add("is-running");
    this.#animation = this.strip.animate(
      [{ transform: this.#transform(from) }, { transform: this.#transform(to - 0.12), offset: 0.92 }, { transform: this.#transform(to) }],
      { duration: ms(duration), easing: "cubic-bezier(.25,.6,.35,1)", fill: "forwards" },
    );
    this.#rest();
    await this.#animation.finished.catch(() => {});
    this.#animation.cancel();
    this.node.classList.remove("is-running");
  }
}

export class Slots {
  slug = "slots";
  verb = "Spin";
  busyVerb = "Spinning…";
  rules = rules;
  #terms;
  #rows = [];
  #stops = null;

  constructor(root, terms, changed) {
    this.changed = changed;
    const find = (part) => root.querySelector(`[data-slots=${part}]`);
    this.parts = { cabinet: find("cabinet"), window: find("window"), says: find("says"), pays: find("pays"), strips: find("strips") };
    this.reels = [...root.querySelectorAll("[data-reel]")].map((node) => new Reel(node));
    this.take(terms);
  }

  take(terms) {
    this.#terms = terms;
    const { strips, symbols, lines } = terms.table;
    // Before the first spin the reels show their rarest symbols.
    this.#stops ??= strips.map((strip) => strip.indexOf(Math.max(...strip)));
    strips.forEach((strip, i) => this.reels[i].take(strip, this.#stops[i]));
    this.#rows = lines.map((line, i) => {
      const signs = line.symbols.map((number) => (number === null ? el("span", "slot-any", "any") : symbol(number, "slot-mini")));
      const words = line.symbols.map((number) => (number === null ? "any" : symbols[number])).join(", ");
      const cell = el("b", "num", "");
      const row = el("div", "line-row", el("span", "line-signs", ...signs), el("span", "visually-hidden", words), cell);
      row.setAttribute("role", "row");
      row.title = `${words}: ${oneIn(terms.odds.prizes[i].ways, terms.odds.outcomes)}`;
      return { row, cell, pays: of(terms.odds.prizes[i].pays) };
    });
    this.parts.pays.replaceChildren(...this.#rows.map(({ row }) => row));
    this.stake(null, {});
    this.parts.strips.replaceChildren(...strips.map((strip, reel) => el("p", "strip-line", el("b", "", `Reel ${reel + 1}`), ...strip.map((number) => {
      const sign = symbol(number, "slot-mini");
      sign.removeAttribute("aria-hidden");
      sign.setAttribute("role", "img");
      sign.setAttribute("aria-label", symbols[number]);
      return sign;
    }))));
  }

  stake(minor, { denominator }) {
    for (const { cell, pays } of this.#rows) {
      cell.textContent = minor ? formatMinor(String(payout(minor, pays)), denominator).replace(/\.0+$/, "") : multiplier(pays);
      cell.title = multiplier(pays);
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

  begin() {
    for (const { row } of this.#rows) row.classList.remove("is-won");
    for (const { line } of this.reels) line.classList.remove("is-won");
    this.parts.cabinet.dataset.result = "";
    this.parts.says.textContent = "Good luck";
  }

  fail() {
    this.parts.says.textContent = "Not spun";
  }

  async show(bet) {
    const { stops, row, result } = bet.shown;
    this.#stops = stops;
    const { symbols } = this.#terms.table;
    this.parts.window.setAttribute("aria-label", row.map((number) => symbols[number]).join(", "));
    await Promise.all(this.reels.map((reel, i) => reel.run(stops[i], TURNS[i], 950 + 420 * i)));
    const line = result ? this.#terms.table.lines[result - 1] : null;
    this.parts.cabinet.dataset.result = result ? "won" : "lost";
    if (line) {
      this.#rows[result - 1].row.classList.add("is-won");
      this.reels.forEach((reel, i) => line.symbols[i] !== null && reel.line.classList.add("is-won"));
    }
    this.parts.says.textContent = result ? `${multiplier(this.#rows[result - 1].pays)}: ${formatMinor(bet.payout, bet.denominator)} ${bet.currency}` : "No line";
  }

  tell(bet) {
    return bet.shown.row.map((number) => this.#terms.table.symbols[number]).join(" ");
  }

  explain(bet, { stops, row, result }) {
    const { symbols } = bet.rules.table;
    return `Stops ${stops.join(", ")}: ${row.map((number) => symbols[number]).join(", ")}. ${result ? `That is line ${result} of the table.` : "No line of the table."}`;
  }
}

export const create = (...given) => new Slots(...given);
