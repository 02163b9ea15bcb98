// Calls to this game's own addresses: JSON both ways, and refusals as errors with their code and field.
import { csrfToken } from "../crash/session.js";

/** What the server refuses; nothing has moved. `field` names the parameter at fault, `limit` what was missed. */
export class Refused extends Error {
  constructor(status, { code, message, field = null, limit = null }) {
    super(message);
    Object.assign(this, { status, code, field, limit });
  }
}

/** No answer came: what was asked for may have happened, or not. */
export class NoAnswer extends Error {
  constructor() {
    super("No answer from the server.");
  }
}

const WORDS = {
  401: "You are signed out. Sign in to play on.",
  403: "The page has expired. Reload it to play on.",
  429: "Too many requests at once. Try again in a moment.",
};

async function call(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch {
    throw new NoAnswer();
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  if (body?.error) throw new Refused(response.status, body.error);
  if (response.status >= 500 || response.ok) throw new NoAnswer();
  throw new Refused(response.status, { code: "refused", message: WORDS[response.status] ?? "The request was refused." });
}

export class Api {
  constructor({ seatUrl, betUrl, hashUrl, historyUrl, ownBetUrl, realityUrl, refillUrl, csrf }) {
    Object.assign(this, { seatUrl, betUrl, hashUrl, historyUrl, ownBetUrl, realityUrl, refillUrl, csrf });
    this.mode = "demo";
  }

  #post(url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken(this.csrf) };
    return call(url, { method: "POST", headers, body: JSON.stringify({ mode: this.mode, ...body }) });
  }

  seat(again = false) {
    return this.#post(this.seatUrl, again ? { again } : {});
  }

  bet(bet) {
    return this.#post(this.betUrl, bet);
  }

  newHash() {
    return this.#post(this.hashUrl, {});
  }

  refill() {
    return this.#post(this.refillUrl, {});
  }

  history(before = null) {
    return call(`${this.historyUrl}?mode=${this.mode}${before === null ? "" : `&before=${before}`}`);
  }

  reality() {
    return call(`${this.realityUrl}?mode=${this.mode}`);
  }

  ownBet(id) {
    return call(this.ownBetUrl.replace(/\/0\.json$/, `/${id}.json`));
  }
}
