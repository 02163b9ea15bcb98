// Money and multipliers as text, and back. Integers only: a typed "0.1" never becomes a float.

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** How many decimals a denominator has: 100 gives 2. */
export function decimalsOf(denominator) {
  return String(denominator).length - 1;
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** `formatMinor(123456, 100)` is "1,234.56". */
export function formatMinor(minor, denominator, { group = true } = {}) {
  const decimals = decimalsOf(denominator);
  const value = BigInt(minor);
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const rest = decimals ? `.${digits.slice(-decimals)}` : "";
  return `${value < 0n ? "−" : ""}${group ? grouped(whole) : whole}${rest}`;
}

/** The integer of minor units that a person typed, or null when it is not such a number. Comma or point. */
export function parseMinor(text, denominator) {
  const decimals = decimalsOf(denominator);
  const match = /^(\d{1,15})(?:[.,](\d*))?$/.exec(String(text).trim());
  if (!match) return null;
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) return null;
  const value = BigInt(match[1]) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, "0") || "0");
  return value > MAX_SAFE ? null : Number(value);
}

/** `245` is "2.45×". */
export function formatMultiplier(hundredths) {
  return `${formatMinor(hundredths, 100)}×`;
}

/** The colour class of a crash point; the server's pages have the same borders. */
export function band(hundredths) {
  if (hundredths >= 1000) return "high";
  return hundredths >= 200 ? "mid" : "low";
}

/** What a winning stake pays: floor(stake × multiplier × (1 + boost)), rounded once, as the server does. */
export function payoutMinor(stake, hundredths, boostPercent = 0) {
  return Number((BigInt(stake) * BigInt(hundredths) * BigInt(100 + boostPercent)) / 10000n);
}

/** `3723` seconds are "1:02:03". */
export function formatDuration(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The time of day, in the visitor's zone. Servers' "2025-10-16 13:45:37" is UTC. */
export function formatTime(value) {
  const date = typeof value === "number" ? new Date(value * 1000) : new Date(value.includes("T") ? value : `${value.replace(" ", "T")}Z`);
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function formatDay(value) {
  return new Date(`${value.replace(" ", "T")}Z`).toLocaleDateString([], { day: "numeric", month: "short" });
}
