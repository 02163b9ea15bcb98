// Shell: the player weighs the fields, the house fills in the first weight so that the expected payout is the return.
// Field i takes floor(2^32 × its share) of the outcomes, the highest fields first; 0 takes the rest.
import { ZERO, floor, fraction, minus, of, over, parseFraction, plus, timesOf } from "../exact.js";
import { SPACE } from "../fairness.js";

export const FIELDS = [0, 2, 3, 5, 10, 25, 100, 1_000, 10_000];
export const SHELLS = 3;
const LARGEST = fraction(1_000_000);

const sum = (values) => values.reduce(plus, ZERO);

/** What stands at the first place, exactly: Σ weight × field / rtp - Σ weight. */
export function weightOfNothing(weights, rtp) {
  const others = weights.slice(1).map(parseFraction);
  const expected = sum(others.map((weight, i) => timesOf(weight, fraction(FIELDS[i + 1]))));
  return minus(over(expected, of(rtp)), sum(others));
}

/** How many of the 2^32 outcomes each field takes, as BigInts. */
export function waysOf(weights, rtp) {
  const others = weights.slice(1).map(parseFraction);
  const whole = plus(weightOfNothing(weights, rtp), sum(others));
  const ways = others.map((weight) => floor(timesOf(fraction(SPACE), over(weight, whole))));
  return [BigInt(SPACE) - ways.reduce((all, many) => all + many, 0n), ...ways];
}

/** What is wrong with the weights, in words, or null. */
export function problem(weights, rtp) {
  const others = weights.slice(1).map(parseFraction);
  const bad = others.findIndex((weight, i) => !weight || /[.,]\d{7,}$/.test(weights[i + 1].trim()) || minus(LARGEST, weight).num < 0n);
  if (bad >= 0) return `The weight of ${FIELDS[bad + 1].toLocaleString("en")}× is a number from 0 to 1,000,000, with six decimals at most.`;
  if (others.every((weight) => weight.num === 0n)) return "Weigh at least one of the prizes.";
  const lost = waysOf(weights, rtp).findIndex((many, i) => i > 0 && others[i - 1].num > 0n && many === 0n);
  return lost > 0 ? `The weight of ${FIELDS[lost].toLocaleString("en")}× is too small beside the others: it would never come.` : null;
}

function drawn(value, ways) {
  let left = BigInt(value);
  for (let i = FIELDS.length - 1; i >= 0; i -= 1) {
    if (left < ways[i]) return FIELDS[i];
    left -= ways[i];
  }
  throw new Error("the ways make up all of 2^32");
}

export async function play(roll, choice, rules) {
  const ways = waysOf(choice.weights, rules.rtp);
  const won = drawn(roll.outcome, ways);
  const payouts = [];
  for (let shell = 0; shell < SHELLS; shell += 1) payouts.push(shell === choice.picked ? won : drawn(await roll.word(), ways));
  return { multiplier: fraction(won), shown: { payouts } };
}

export function odds(choice, rules) {
  const ways = waysOf(choice.weights, rules.rtp);
  const prizes = FIELDS.map((field, i) => ({ name: `${field.toLocaleString("en")}×`, ways: ways[i], pays: fraction(field) }));
  return { outcomes: BigInt(SPACE), prizes: prizes.filter(({ pays, ways: many }) => pays.num && many).reverse() };
}
