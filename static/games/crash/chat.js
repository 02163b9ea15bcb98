// Chat. Refusals (links, too fast, muted) stand beside the field; what was typed stays in it.
import { el } from "./dom.js";
import { formatTime } from "./format.js";

const KEPT = 150;

export class Chat {
  constructor(root, ask) {
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

  /** A message of a player; the answer to an own one has a status and is no such message. */
  heard(message) {
    if (message.messageType !== "chat" || message.message === undefined) return;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    const item = el("li", message.username === this.username ? "own" : "",
      el("b", "", message.username), el("span", "text", message.message), el("time", "muted", formatTime(message.timestamp)));
    this.list.append(item);
    this.empty.hidden = true;
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }
}
