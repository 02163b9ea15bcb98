// The check of one bet, step by step, computed here from what the server has published about it.
import { el } from "../crash/dom.js";
import { formatMinor } from "../crash/format.js";
import { decimal, fraction, multiplier } from "./exact.js";
import { Roll, SPACE, hashOf, outcomeOf } from "./fairness.js";
import { payout } from "./odds.js";

const MARKS = { good: "✓", bad: "✕" };

function addStep(list, title, good, detail) {
  const mark = el("span", "check-mark", MARKS[good ? "good" : "bad"]);
  mark.setAttribute("aria-label", good ? "correct" : "wrong");
  const item = el("li", "check", mark, el("h3", "", title), el("p", "", detail));
  item.dataset.state = good ? "good" : "bad";
  list.append(item);
  return good;
}

/** Members in whatever order: two JSON values that say the same. */
function same(a, b) {
  if (typeof a !== "object" || a === null) return a === b;
  const [one, two] = [Object.keys(a), Object.keys(b ?? {})];
  return one.length === two.length && one.every((key) => same(a[key], b[key]));
}

/** Recompute `bet` with the rules of its game. Resolves to the steps as [title, good, words]. */
export async function check(bet, kind) {
  const hash = await hashOf(bet.secret, bet.salt);
  const outcome = outcomeOf(bet.secret, bet.clientSeed);
  const roll = new Roll(outcome, bet.salt);
  const { multiplier: times, shown } = await kind.rules.play(roll, bet.choice, bet.rules);
  const most = bet.mostPayout === null ? null : BigInt(bet.mostPayout);
  const paid = payout(BigInt(bet.stake), times, most);
  const money = (minor) => `${formatMinor(String(minor), bet.denominator)} ${bet.currency}`;
  const held = most !== null && paid === most ? ", held to the most that one bet pays" : "";
  return [
    ["The hash that you saw before fits the secret", hash === bet.hash, `sha256("${bet.secret}|${bet.salt}") = ${hash}`],
    ["Secret and client seed give the outcome", outcome === bet.outcome, `(${bet.secret} + ${bet.clientSeed}) mod ${SPACE} = ${outcome}`],
    ["The rules make this of the outcome", same(shown, bet.shown), kind.explain(bet, shown)],
    ["And it pays what you were paid", paid === BigInt(bet.payout), `${money(bet.stake)} × ${multiplier(times).slice(0, -1)}, rounded down${held} = ${money(paid)}`],
  ];
}

function seeds(bet) {
  const list = el("dl", "seeds");
  const rows = [
    ["Hash, before the bet", bet.hash],
    ["Secret, after it", String(bet.secret)],
    ["Salt", bet.salt],
    ["Client seed", String(bet.clientSeed)],
    ["Outcome", String(bet.outcome)],
    ...Object.entries(bet.choice).map(([name, value]) => [`Your ${name}`, Array.isArray(value) ? value.join(", ") : String(value)]),
    ["Rules", `version ${bet.rules.version}, return ${decimal(fraction(bet.rules.rtp.num * 100, bet.rules.rtp.den), 4)} %`],
    ["Balance before and after", `${formatMinor(bet.balanceBefore, bet.denominator)} → ${formatMinor(bet.balance, bet.denominator)} ${bet.currency}`],
    ["Played", `${bet.playedAt}${bet.isDemo ? ", with demo money" : ""}`],
    ["Bet", String(bet.id)],
  ];
  for (const [name, value] of rows) list.append(el("dt", "", name), el("dd", "", value));
  return list;
}

export class BetDialog {
  #run = 0;

  constructor(dialog, api, kind) {
    Object.assign(this, { dialog, api, kind });
    this.box = dialog.querySelector("[data-fair-body]");
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  async open(id) {
    this.#run += 1;
    const run = this.#run;
    this.box.replaceChildren("Loading the bet…");
    if (!this.dialog.open) this.dialog.showModal();
    let content;
    try {
      if (!globalThis.crypto?.subtle) throw new Error("Browsers compute hashes on secure (https) pages only.");
      content = await this.#content(await this.api.ownBet(id));
    } catch (error) {
      content = [error.message];
    }
    if (run === this.#run) this.box.replaceChildren(...content);
  }

  async #content(bet) {
    const steps = await check(bet, this.kind);
    const list = el("ol", "checks");
    const good = steps.map((step) => addStep(list, ...step)).every(Boolean);
    const verdict = el("span", "badge", good ? "✓ verified" : "✕ does not add up");
    verdict.dataset.verdict = good ? "good" : "bad";
    const head = el("p", "verdict", el("b", "", this.kind.tell(bet)), verdict, bet.isDemo ? el("span", "badge badge-demo", "Demo") : null);
    return [head, el("p", "muted small", "Computed in this browser, from the values below."), list, seeds(bet)];
  }
}
