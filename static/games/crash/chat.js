// Chat. Refusals (links, too fast, muted) stand beside the field; what was typed stays in it.
import { el } from "./dom.js";
import { formatTime } from "./format.js";

const KEPT = 150;

export class Chat {
  #lines = new Map(); // message id → {item, username}
  #oldest = 0; // ids below were dropped to make room

  /** `mutes` knows whose messages are not shown here. */
  constructor(root, ask, mutes) {
    this.mutes = mutes;
    this.muted = root.querySelector("[data-chat-muted]");
    this.list = root.querySelector("[data-chat-list]");
    this.form = root.querySelector("form");
    this.input = this.form.elements.message;
    this.error = root.querySelector("[data-chat-error]");
    this.empty = root.querySelector("[data-chat-empty]");
    this.ask = ask;
    this.username = null;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.input.addEventListener("input", () => this.#complain(""));
    this.#show();
  }

  #complain(message) {
    this.error.textContent = message;
    this.error.hidden = !message;
    this.input.setAttribute("aria-invalid", String(Boolean(message)));
  }

  async #send() {
    const message = this.input.value.trim();
    if (!message) return;
    try {
      await this.ask({ messageType: "chat", message });
      if (this.input.value.trim() === message) this.input.value = "";
      this.#complain("");
    } catch (error) {
      this.#complain(error.message);
    }
  }

  update(state) {
    this.username = state.player?.username ?? null;
  }

  /** A message of a player (the answer to an own one has a status and is no such message), or the last ones of all. */
  heard(message) {
    if (message.messageType === "wallet") for (const line of message.chat ?? []) this.#add(line);
    else if (message.messageType === "chat" && message.message !== undefined) this.#add(message);
  }

  /** In the order of their ids, each once: after a reconnection the last messages come again. */
  #add(line) {
    if (this.#lines.has(line.id) || line.id < this.#oldest) return;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    const item = this.#item(line);
    const after = [...this.#lines.keys()].filter((id) => id > line.id);
    this.list.insertBefore(item, after.length ? this.#lines.get(Math.min(...after)).item : null);
    this.#lines.set(line.id, { item, username: line.username });
    while (this.#lines.size > KEPT) this.#dropOldest();
    this.#show();
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  #item(line) {
    const own = line.username === this.username;
    const item = el("li", own ? "own" : "",
      el("b", "", line.username), el("span", "text", line.message), el("time", "muted", formatTime(line.timestamp)));
    if (own) return item;
    const mute = el("button", "chat-mute", "Mute");
    mute.type = "button";
    mute.setAttribute("aria-label", `Mute ${line.username}`);
    mute.addEventListener("click", () => this.#mute(line.username, true));
    item.append(mute);
    return item;
  }

  #dropOldest() {
    const id = Math.min(...this.#lines.keys());
    this.#lines.get(id).item.remove();
    this.#lines.delete(id);
    this.#oldest = id + 1;
  }

  #mute(name, muted) {
    this.mutes.set(name, muted);
    this.#show();
    if (muted) this.input.focus();
    else this.muted.querySelector("summary").focus();
  }

  /** Hide what muted players said, and list them where they can be heard again. */
  #show() {
    const seen = [...this.#lines.values()].filter(({ item, username }) => !(item.hidden = this.mutes.has(username)));
    this.empty.hidden = seen.length > 0;
    this.list.hidden = !seen.length;
    const names = this.mutes.names();
    this.muted.hidden = !names.length;
    this.muted.querySelector("summary").textContent = `${names.length} muted`;
    this.muted.querySelector("ul").replaceChildren(...names.map((name) => {
      const button = el("button", "link", "Unmute");
      button.type = "button";
      button.setAttribute("aria-label", `Unmute ${name}`);
      button.addEventListener("click", () => this.#mute(name, false));
      return el("li", "", el("span", "break", name), button);
    }));
  }
}
