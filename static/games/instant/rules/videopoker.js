// Video poker: a number below 2,598,960 is a hand, in the combinatorial number system over the deck 2c 2d 2h 2s … As.
import { fraction, of } from "../exact.js";

export const RANKS = "23456789TJQKA";
export const SUITS = "cdhs";
export const HANDS = 2_598_960;
const JACK = RANKS.indexOf("J");

function choose(n, k) {
  let found = 1;
  for (let i = 0; i < k; i += 1) found = (found * (n - i)) / (i + 1);
  return n < k ? 0 : found;
}

/** Card numbers (rank × 4 + suit), highest first. */
export function handOf(number) {
  const cards = [];
  let left = number;
  let card = 52;
  for (let k = 5; k > 0; k -= 1) {
    do card -= 1; while (choose(card, k) > left);
    left -= choose(card, k);
    cards.push(card);
  }
  return cards;
}

export function written(cards) {
  return cards.map((card) => RANKS[Math.floor(card / 4)] + SUITS[card % 4]).join("");
}

export function nameOf(cards) {
  const ranks = cards.map((card) => Math.floor(card / 4));
  const counts = RANKS.split("").map((_, rank) => ranks.filter((other) => other === rank).length);
  const [first, second] = [...counts].sort((a, b) => b - a);
  if (first === 4) return "Four of a Kind";
  if (first === 3) return second === 2 ? "Full House" : "Three of a Kind";
  if (first === 2 && second === 2) return "Two Pair";
  if (first === 2) return counts.indexOf(2) >= JACK ? "Jacks or Better" : "Low Pair";
  const isFlush = new Set(cards.map((card) => card % 4)).size === 1;
  const isStraight = ranks.join() === "12,3,2,1,0" || ranks[0] - ranks[4] === 4;
  if (isStraight && isFlush) return ranks[4] === RANKS.indexOf("T") ? "Royal Flush" : "Straight Flush";
  return isFlush ? "Flush" : isStraight ? "Straight" : "High Card";
}

export async function play(roll, choice, rules) {
  const cards = handOf(await roll.below(HANDS));
  const name = nameOf(cards);
  return { multiplier: fraction(rules.table.pays[name] ?? 0, 100), shown: { cards: written(cards), name } };
}

export function odds(choice, rules) {
  const { outcomes, prizes } = rules.odds;
  return { outcomes: BigInt(outcomes), prizes: prizes.map((prize) => ({ name: prize.name, ways: BigInt(prize.ways), pays: of(prize.pays) })) };
}
