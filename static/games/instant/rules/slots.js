// Slots: a number below the product of the reels' lengths is a stop of each reel, the first one its slowest digit.
import { ZERO, fraction, of } from "../exact.js";

export function stopsOf(number, strips) {
  const stops = [];
  let left = number;
  for (const strip of [...strips].reverse()) {
    stops.unshift(left % strip.length);
    left = Math.floor(left / strip.length);
  }
  return stops;
}

/** The first line that the symbols make, counted from 1; 0 for none. `null` in a line is any symbol. */
export function lineOf(row, lines) {
  return lines.findIndex(({ symbols }) => symbols.every((wanted, reel) => wanted === null || wanted === row[reel])) + 1;
}

export async function play(roll, choice, { table }) {
  const number = await roll.below(table.strips.reduce((all, strip) => all * strip.length, 1));
  const stops = stopsOf(number, table.strips);
  const row = stops.map((stop, reel) => table.strips[reel][stop]);
  const result = lineOf(row, table.lines);
  return { multiplier: result ? fraction(table.lines[result - 1].pays, 100) : ZERO, shown: { row, result, stops } };
}

export function odds(choice, rules) {
  const { outcomes, prizes } = rules.odds;
  return { outcomes: BigInt(outcomes), prizes: prizes.map((prize) => ({ name: prize.name, ways: BigInt(prize.ways), pays: of(prize.pays) })) };
}
