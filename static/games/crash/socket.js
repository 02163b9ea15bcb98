// The game's socket: connects, comes back with backoff and jitter, matches answers to requests, asks anew after a gap.
//
// Events: "message" (every message), "status" ({state, latency, problem}), "expired" (the session has ended), "lost" (an answer that will not come is rejected).

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 15_000;
const ANSWER_MS = 8_000;
const SILENCE_MS = 9_000; // a running game says something every second

export class Refused extends Error {
  constructor({ message, code, var: limit = null }) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}

export class GameSocket extends EventTarget {
  #url;
  #tokens;
  #socket = null;
  #pending = new Map();
  #lastId = 0;
  #attempt = 0;
  #retry = null;
  #silence = null;
  #seq = null;
  #stopped = true;
  #state = "connecting";
  #latency = null;

  #speaks;

  /**
   * `tokens.get()` gives a session token (or throws), `tokens.drop()` forgets one that the server refused; `speaks()`
   * says whether the server is expected to say something all the time.
   */
  constructor(url, tokens, { speaks = () => true } = {}) {
    super();
    this.#speaks = speaks;
    this.#url = url;
    this.#tokens = tokens;
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#abandon());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  get live() {
    return this.#state === "live";
  }

  open() {
    this.#stopped = false;
    this.#connect();
  }

  close() {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#socket?.close();
    this.#socket = null;
    this.#reject("The connection was closed.");
  }

  /** Send and resolve with the answer; rejects with Refused for an error, or when the connection is lost. */
  request(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Refused({ message: "Not connected. Reconnecting…", code: 0 }));
    }
    this.#lastId += 1;
    const requestId = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(requestId);
        reject(new Refused({ message: "The server did not answer in time.", code: 0 }));
        this.#abandon();
      }, ANSWER_MS);
      this.#pending.set(requestId, { resolve, reject, timer, sentAt: performance.now() });
      this.#socket.send(JSON.stringify({ ...message, requestId }));
    });
  }

  /** Ask for the whole state: on connecting, and whenever something was missed. */
  async resync() {
    const socket = this.#socket;
    try {
      await this.request({ messageType: "wallet" });
      if (socket !== this.#socket) return;
      this.#attempt = 0;
      this.#tell("live");
      await this.request({ messageType: "subscribe", channels: ["bets", "cashouts", "account"] });
    } catch (error) {
      if (error.code === 1000) this.#tokens.drop();
      if (socket === this.#socket) socket?.close();
    }
  }

  async #connect() {
    clearTimeout(this.#retry);
    this.#tell(this.#attempt ? "reconnecting" : "connecting");
    let token;
    try {
      token = await this.#tokens.get();
    } catch (error) {
      if (error.final) {
        this.#stopped = true;
        this.#tell("stopped", error.message);
      } else {
        this.#later();
      }
      return;
    }
    if (this.#stopped) return;
    const socket = new WebSocket(`${this.#url}?session=${encodeURIComponent(token)}`);
    this.#socket = socket;
    this.#seq = null;
    socket.addEventListener("open", () => socket === this.#socket && this.resync());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#receive(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#ended(event.code));
  }

  /** Give a connection up at once: without a network, a closing handshake takes as long as the browser is patient. */
  #abandon() {
    const socket = this.#socket;
    if (!socket) return;
    this.#ended(0);
    socket.close();
  }

  #ended(code) {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (code === 4401) {
      this.#tokens.drop();
      this.dispatchEvent(new Event("expired")); // who hears it may close for good
    }
    this.#reject("The connection was lost. Your bets are safe with the server.");
    if (!this.#stopped) this.#later();
  }

  #later() {
    this.#attempt += 1;
    this.#tell("reconnecting");
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), longest * (0.5 + Math.random() / 2));
  }

  #hurry() {
    if (this.#stopped || this.#socket || this.#state !== "reconnecting") return;
    this.#attempt = 1;
    this.#connect();
  }

  #receive(data) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#speaks() && this.resync(), SILENCE_MS);
    const message = JSON.parse(data);
    if (this.#missed(message)) this.resync();
    const pending = this.#pending.get(message.requestId);
    if (pending) {
      this.#pending.delete(message.requestId);
      clearTimeout(pending.timer);
      this.#latency = Math.round(performance.now() - pending.sentAt);
      if (this.#state === "live") this.#tell("live");
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (pending && message.messageType.startsWith("error")) pending.reject(new Refused(message.error));
    else pending?.resolve(message);
  }

  /** Ticks may be conflated, so a gap is a loss only before another kind of message. */
  #missed(message) {
    if (typeof message.seq !== "number") return false;
    const gap = this.#seq !== null && message.seq !== this.#seq + 1;
    this.#seq = message.seq;
    return gap && message.messageType !== "multiplier";
  }

  #reject(reason) {
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new Refused({ message: reason, code: 0 }));
    }
    this.#pending.clear();
  }

  #tell(state, problem = null) {
    this.#state = state;
    this.dispatchEvent(new CustomEvent("status", { detail: { state, latency: this.#latency, problem } }));
  }
}
