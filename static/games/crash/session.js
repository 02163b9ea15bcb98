// The game session of this tab: kept over reloads, one for real and one for demo money, asked anew when it ends.
import { forgetForTab, keepForTab, recallForTab } from "../../site/store.js";

/** The token of now: signing in in another tab replaces the one this page was drawn with. */
export function csrfToken(drawn) {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? drawn;
}

/** What can only be mended by the player (signing in again, for instance) is final: no retries. */
class NoSession extends Error {
  constructor(message, final) {
    super(message);
    this.final = final;
  }
}

export class Sessions {
  constructor({ url, csrf, user, mode }) {
    Object.assign(this, { url, csrf, user, mode });
  }

  get #key() {
    return `session:${this.user}:${this.mode}`;
  }

  async get() {
    const known = recallForTab(this.#key);
    if (known) return known;
    let response;
    try {
      response = await fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(this.csrf) },
        body: JSON.stringify({ mode: this.mode }),
      });
    } catch {
      throw new NoSession("No connection.", false);
    }
    if (response.status === 401) throw new NoSession("You are signed out. Sign in to play on.", true);
    if (response.status === 403 || response.status === 400) {
      const body = await response.json().catch(() => null);
      throw new NoSession(body?.error?.message ?? "The page has expired. Reload it to play on.", true);
    }
    if (!response.ok) throw new NoSession("The server is busy.", false);
    const { token } = await response.json();
    keepForTab(this.#key, token);
    return token;
  }

  drop() {
    forgetForTab(this.#key);
  }
}

/** The session that a partner has opened for its player: in the address once, then kept for this tab. */
export class LaunchedSession {
  #key = "launched";

  constructor() {
    const token = new URLSearchParams(location.hash.slice(1)).get("session");
    if (!token) return;
    keepForTab(this.#key, token);
    history.replaceState(null, "", location.pathname);
  }

  async get() {
    const token = recallForTab(this.#key);
    if (!token) throw new NoSession("This session has ended. Open the game again where you came from.", true);
    return token;
  }

  drop() {
    forgetForTab(this.#key);
  }
}
