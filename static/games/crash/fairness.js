// Recomputes a round from its published seeds with Web Crypto. The twin of the server's fairness module.
//
//   hash      sha256(previous result + salt + result), decimal texts; published before betting opened
//   X         first 52 bits of HMAC-SHA256(key = salt's 32 bytes, message = client seed)
//   result    max(100, floor(100 × r × 2^52 / (2^52 − X))), capped; r = rtp / (1 + p × boost)
//   chain     sha256 of the salt, chainIndex + 1 times, is the terminal hash, published before the client seed

const SPACE = 1n << 52n;
const BONUS_SPACE = 1n << 32n;
const BONUS_LAST_TICK = 110n;
const encoder = new TextEncoder();

export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function bytesOf(hex) {
  if (!/^([0-9a-f]{2})+$/.test(hex)) throw new Error("not hexadecimal");
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function roundHash(previousResult, salt, result) {
  return hexOf(await sha256(encoder.encode(`${previousResult}${salt}${result}`)));
}

async function hmac(keyBytes, text) {
  const key = await crypto.subtle.importKey("raw", keyBytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

function number(bytes) {
  return BigInt(`0x${hexOf(bytes)}`);
}

/** What the salt decides, given the published terms: X, the crash point, and the tick of the bonus or null. */
export async function decide(record) {
  const digest = await hmac(bytesOf(record.salt), record.clientSeed);
  const x = BigInt(`0x${hexOf(digest).slice(0, 13)}`);
  const rtp = { num: BigInt(record.rtp.num), den: BigInt(record.rtp.den) };
  const p = { num: BigInt(record.bonusProbability.num), den: BigInt(record.bonusProbability.den) };
  const boost = BigInt(record.boostPercent);
  // r = rtp / (1 + p × boost/100), as one fraction
  const num = rtp.num * p.den * 100n;
  const den = rtp.den * (p.den * 100n + p.num * boost);
  const raw = (100n * num * SPACE) / (den * (SPACE - x));
  const cap = BigInt(record.maxCrashPoint);
  const point = raw < 100n ? 100n : raw > cap ? cap : raw;
  const has = number(digest.slice(8, 12)) * p.den < p.num * BONUS_SPACE;
  const bonusTick = has ? Number(1n + (number(digest.slice(12, 16)) * BONUS_LAST_TICK) / BONUS_SPACE) : null;
  return { x, crashPoint: Number(point), bonusTick, rtpUsed: { num, den } };
}

/** Hash the salt forward `steps` times. `progress(done)` is called now and then; `stopped()` ends it early. */
export async function walkChain(salt, steps, { progress = () => {}, stopped = () => false } = {}) {
  let seed = bytesOf(salt);
  for (let done = 0; done < steps; done += 1) {
    if (done % 250 === 0) {
      progress(done);
      if (stopped()) return null;
    }
    seed = await sha256(seed);
  }
  return hexOf(seed);
}
