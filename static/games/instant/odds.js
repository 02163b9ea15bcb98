// What a bet comes to before it is made: its exact return at this stake, its chance, its largest win.
import { ZERO, floor, fraction, less, plus, timesOf } from "./exact.js";

/** `floor(stake × multiplier)`, at most `most`; BigInts. */
export function payout(stake, multiplier, most = null) {
  const paid = floor(timesOf(fraction(stake), multiplier));
  return most !== null && paid > most ? most : paid;
}

/**
 * Of a stake in minor units under these odds. `mostWin` is what the house pays beyond the stake on one bet: `isCapped`
 * games pay that at most, the others do not take a bet that could win more.
 */
export function judge({ outcomes, prizes }, stake, mostWin, isCapped) {
  const amount = BigInt(stake);
  const most = isCapped ? amount + BigInt(mostWin) : null;
  const won = prizes.filter((prize) => prize.ways > 0n);
  const top = won.reduce((best, prize) => (less(best, prize.pays) ? prize.pays : best), ZERO);
  const paid = won.map((prize) => payout(amount, prize.pays, most));
  const largest = paid.reduce((best, value) => (value > best ? value : best), 0n);
  const returned = won.reduce((all, prize, i) => all + prize.ways * paid[i], 0n);
  return {
    chance: fraction(won.reduce((all, prize) => all + prize.ways, 0n), outcomes),
    rtp: rtpOf(won, outcomes),
    rtpHere: fraction(returned, outcomes * amount),
    top,
    largest,
    isHeld: most !== null && floor(timesOf(fraction(amount), top)) > most,
    isTooMuch: !isCapped && largest - amount > BigInt(mostWin),
  };
}

function rtpOf(prizes, outcomes) {
  const sum = prizes.reduce((all, prize) => plus(all, timesOf(fraction(prize.ways), prize.pays)), ZERO);
  return timesOf(sum, fraction(1, outcomes));
}

/** The largest stake whose top prize is not above what the house pays: stake × (top − 1) ≤ mostWin. */
export function mostStake({ prizes }, mostWin) {
  const top = prizes.reduce((best, prize) => (prize.ways && less(best, prize.pays) ? prize.pays : best), ZERO);
  if (top.num <= top.den) return null;
  return (BigInt(mostWin) * top.den) / (top.num - top.den);
}
