// Exact fractions of BigInt, and how people read them. Nothing is shown as more than it is.

function gcd(a, b) {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y) [x, y] = [y, x % y];
  return x;
}

/** `{num, den}` in lowest terms; numbers of JSON or BigInts. */
export function fraction(num, den = 1n) {
  const [n, d] = [BigInt(num), BigInt(den)];
  const by = gcd(n, d) || 1n;
  return { num: n / by, den: d / by };
}

export const ZERO = fraction(0);
export const of = ({ num, den }) => fraction(num, den);
export const plus = (a, b) => fraction(a.num * b.den + b.num * a.den, a.den * b.den);
export const minus = (a, b) => fraction(a.num * b.den - b.num * a.den, a.den * b.den);
export const timesOf = (a, b) => fraction(a.num * b.num, a.den * b.den);
export const over = (a, b) => fraction(a.num * b.den, a.den * b.num);
export const less = (a, b) => a.num * b.den < b.num * a.den;
export const floor = ({ num, den }) => num / den;

/** `0.5` as text is 1/2. Null where it is no plain decimal. */
export function parseFraction(text) {
  const match = /^(\d{1,15})(?:[.,](\d{0,12}))?$/.exec(String(text).trim());
  if (!match) return null;
  const rest = match[2] ?? "";
  return fraction(BigInt(match[1] + rest), 10n ** BigInt(rest.length));
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A decimal of at most so many places, cut off. */
export function decimal({ num, den }, places, { group = true } = {}) {
  const scale = 10n ** BigInt(places);
  const scaled = (num * scale) / den;
  const whole = String(scaled / scale);
  const rest = places ? String(scaled % scale).padStart(places, "0").replace(/0+$/, "") : "";
  return `${group ? grouped(whole) : whole}${rest ? `.${rest}` : ""}`;
}

/** `99/100` is "99"; more places where the share is tiny, so that it never reads as nothing. Cut off. */
export function percent(share, places = 4) {
  return decimal(timesOf(share, fraction(100)), telling(share, places));
}

/** A chance, to the nearest of the places: 2^32 has no exact tenth. A return is never rounded up; see `percent`. */
export function chance(share, places = 4) {
  const shown = telling(share, places);
  return decimal(plus(timesOf(share, fraction(100)), fraction(1, 2n * 10n ** BigInt(shown))), shown);
}

function telling(share, places) {
  let shown = places;
  while (shown < 12 && share.num > 0n && share.num * 100n * 10n ** BigInt(shown) < share.den * 10n) shown += 1;
  return shown;
}

/** Whether that is all of it. */
export function isWhole(share, places = 4) {
  return (share.num * 100n * 10n ** BigInt(places)) % share.den === 0n;
}

export function oneIn(ways, outcomes) {
  if (!BigInt(ways)) return "never";
  const tenths = -((-10n * BigInt(outcomes)) / BigInt(ways)) + ((10n * BigInt(outcomes)) % BigInt(ways) ? 1n : 0n);
  if (tenths < 1000n && tenths % 10n) return `1 in ${tenths / 10n}.${tenths % 10n}`;
  return `1 in ${grouped(String((tenths + 9n) / 10n))}`;
}

/** `5/2` is "2.5×". */
export function multiplier(value, places = 4) {
  return `${decimal(value, places)}×`;
}
