// The check of one round, shown step by step: on the fairness page and in the dialog of the crash page.
import { band, formatMultiplier } from "./format.js";
import { decide, roundHash, walkChain } from "./fairness.js";
import { CURVE, crashTick } from "./rules.js";

const MARKS = { busy: "…", good: "✓", bad: "✕", idle: "·" };

export async function loadRound(url) {
  if (!globalThis.crypto?.subtle) throw new Error("Browsers compute hashes on secure (https) pages only.");
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (response.status === 404) throw new Error("There is no such round.");
  if (!response.ok) throw new Error("The round could not be loaded. Try again in a moment.");
  return response.json();
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function addStep(list, title) {
  const item = element("li", "check");
  const mark = element("span", "check-mark", MARKS.busy);
  const text = element("p", "", "");
  item.append(mark, element("h3", "", title), text);
  item.dataset.state = "busy";
  list.append(item);
  return (state, detail) => {
    item.dataset.state = state;
    mark.textContent = MARKS[state];
    mark.setAttribute("aria-label", state === "good" ? "correct" : state === "bad" ? "wrong" : "");
    text.textContent = detail;
  };
}

function seedList(record) {
  const list = element("dl", "seeds");
  const rows = [
    ["Hash, before betting", record.hash],
    ["Salt, after the crash", record.salt ?? "still secret"],
    ["Previous result", String(record.previousResult)],
    ["Result", record.result === null ? "still secret" : String(record.result)],
    ["Client seed", record.clientSeed ?? "not drawn yet"],
    ["Terminal hash of the chain", record.terminalHash ?? ""],
    ["Round id", record.roundId],
  ];
  for (const [name, value] of rows) list.append(element("dt", "", name), element("dd", "", value));
  return list;
}

function heading(record) {
  const line = element("p", "verdict");
  if (record.result === null) {
    line.append(element("b", "", "?"), element("span", "muted", "not finished"));
    return line;
  }
  line.append(element("b", `point-text-${band(record.result)}`, formatMultiplier(record.result)));
  const verdict = element("span", "badge", "checking…");
  verdict.dataset.verdict = "busy";
  line.append(verdict);
  if (record.bonus) line.append(element("span", "badge", "bonus round"));
  if (record.interrupted) line.append(element("span", "badge", "interrupted"));
  return line;
}

async function steps(list, record, stopped) {
  const commitment = addStep(list, "The published hash fits the result");
  const hash = await roundHash(record.previousResult, record.salt, record.result);
  const good = { commitment: hash === record.hash && record.salt.length === 64 };
  commitment(good.commitment ? "good" : "bad", `sha256("${record.previousResult}" + salt + "${record.result}") = ${hash}`);

  const result = addStep(list, "The seeds give exactly this crash point");
  const decided = await decide(record);
  good.result = decided.crashPoint === record.result;
  result(good.result ? "good" : "bad", `X = ${decided.x} of 2^52, so the curve ends at ${formatMultiplier(decided.crashPoint)}`);

  if (record.bonusProbability.num > 0) {
    const bonus = addStep(list, "The bonus came from the seeds, too");
    const reached = decided.bonusTick !== null && decided.bonusTick < crashTick(decided.crashPoint);
    good.bonus = record.interrupted || reached === Boolean(record.bonus);
    const at = decided.bonusTick === null ? "" : formatMultiplier(CURVE[decided.bonusTick]);
    const told = decided.bonusTick === null ? "This round carries none." : reached ? `It was placed at ${at}.` : `It was placed at ${at}, after the crash.`;
    bonus(good.bonus ? "good" : "bad", told);
  }

  const chain = addStep(list, "The chain leads back to the public commitment");
  const count = record.chainIndex + 1;
  const progress = (done) => chain("busy", `hashing the salt ${done.toLocaleString("en")} of ${count.toLocaleString("en")} times…`);
  const end = await walkChain(record.salt, count, { progress, stopped });
  if (end === null) return null;
  good.chain = end === record.terminalHash;
  chain(good.chain ? "good" : "bad", `salt hashed ${count.toLocaleString("en")} ${count === 1 ? "time" : "times"} = ${end}`);
  return Object.values(good).every(Boolean);
}

/** Show `record` in `box` and check it. Resolves to true, false, or null when there is nothing to check yet. */
export async function showVerification(box, record, { stopped = () => false } = {}) {
  const head = heading(record);
  const list = element("ol", "checks");
  const about = element("p", "muted small", `Round ${record.number.toLocaleString("en")}. Computed in this browser, from the values below.`);
  box.replaceChildren(head, about, list, seedList(record));
  if (record.salt === null || record.result === null) {
    const voided = record.state === "voided";
    about.textContent = voided
      ? `Round ${record.number.toLocaleString("en")} was called off before it started and every stake was returned. Its seed is played in the next round.`
      : "Its salt and result are published when it crashes. The hash below already fixes them.";
    return null;
  }
  const good = await steps(list, record, stopped);
  const verdict = head.querySelector("[data-verdict]");
  if (good !== null) {
    verdict.dataset.verdict = good ? "good" : "bad";
    verdict.textContent = good ? "✓ verified" : "✕ does not add up";
  }
  return good;
}
