// The scheme of commit and reveal, recomputed with Web Crypto. The twin of the server's fairness module.
//
//   hash      sha256 of the text `secret|salt`, shown before the bet
//   outcome   (secret + client seed) mod 2^32
//   word n    the first four bytes of HMAC-SHA256(key = salt's text, message = `outcome:n`), for what needs more

export const SPACE = 2 ** 32;
const encoder = new TextEncoder();

function hexOf(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function hashOf(secret, salt) {
  return hexOf(await crypto.subtle.digest("SHA-256", encoder.encode(`${secret}|${salt}`)));
}

export function outcomeOf(secret, clientSeed) {
  return (secret + clientSeed) % SPACE; // both below 2^32: the sum is exact
}

export function randomSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

export class Roll {
  #salt;
  #drawn = 0;

  constructor(outcome, salt) {
    this.outcome = outcome;
    this.#salt = salt;
  }

  /** The next 32 bits after the outcome. */
  async word() {
    this.#drawn += 1;
    const key = await crypto.subtle.importKey("raw", encoder.encode(this.#salt), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const digest = await crypto.subtle.sign("HMAC", key, encoder.encode(`${this.outcome}:${this.#drawn}`));
    return new DataView(digest).getUint32(0);
  }

  /** How many words were needed beyond the outcome. */
  get drawn() {
    return this.#drawn;
  }

  /** A number from 0 to n-1; what falls into the incomplete last stretch is passed over for the next word. */
  async below(n) {
    const whole = SPACE - (SPACE % n);
    let value = this.outcome;
    while (value >= whole) value = await this.word();
    return value % n;
  }
}
