// Dice: the outcome is the roll. Target 0 wins below `range`, 1 from 2^32 - range on; a win pays rtp × 2^32 / range.
import { ZERO, fraction, of, timesOf } from "../exact.js";
import { SPACE } from "../fairness.js";

export const LOW = 0;
export const HIGH = 1;

export function pays({ range }, rules) {
  return timesOf(of(rules.rtp), fraction(SPACE, range));
}

export function wins(result, { range, target }) {
  return target === LOW ? result < range : result >= SPACE - range;
}

export async function play(roll, choice, rules) {
  const result = roll.outcome;
  return { multiplier: wins(result, choice) ? pays(choice, rules) : ZERO, shown: { result } };
}

export function odds(choice, rules) {
  return { outcomes: BigInt(SPACE), prizes: [{ name: "Win", ways: BigInt(choice.range), pays: pays(choice, rules) }] };
}
