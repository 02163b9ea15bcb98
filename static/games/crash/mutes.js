// Players whose chat this browser does not show. Nobody else is told; staff mute for everybody.
import { keep, recall } from "../../site/store.js";

const MOST = 200; // the longest silenced are heard again

export class Mutes {
  #names;

  constructor(key) {
    this.key = key;
    this.#names = new Set(this.#read());
  }

  /** Anything else than a list of names counts as none: what is stored may be of another time. */
  #read() {
    try {
      const names = JSON.parse(recall(this.key) ?? "[]");
      return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
    } catch {
      return [];
    }
  }

  has(name) {
    return this.#names.has(name);
  }

  names() {
    return [...this.#names].sort((a, b) => a.localeCompare(b));
  }

  set(name, muted) {
    this.#names.delete(name);
    if (muted) this.#names.add(name);
    this.#names = new Set([...this.#names].slice(-MOST));
    keep(this.key, JSON.stringify([...this.#names]));
  }
}
