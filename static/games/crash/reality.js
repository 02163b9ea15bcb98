// Reality checks, and the end of a session that is as long as its player wished: a dialog that stays until it is answered.
import { forgetForTab, keepForTab, recallForTab } from "../../site/store.js";
import { formatDuration, formatMinor } from "./format.js";

const KEY = "reality-check";

export class RealityCheck {
  #answered = true;
  #onGoOn = () => {};

  /** `onOpen()` is called whenever the dialog opens: what plays by itself should stop. */
  constructor(dialog, { onOpen }) {
    this.dialog = dialog;
    this.onOpen = onOpen;
    this.part = (name) => dialog.querySelector(`[data-${name}]`);
    this.part("go-on").addEventListener("click", () => this.#goOn());
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    // A second Escape closes it all the same in some browsers.
    dialog.addEventListener("close", () => !this.#answered && dialog.showModal());
    const waiting = recallForTab(KEY);
    if (waiting) this.#check(JSON.parse(waiting));
  }

  heard(message) {
    if (message.messageType !== "reality_check") return;
    keepForTab(KEY, JSON.stringify(message)); // a reload does not answer it
    this.#check(message);
  }

  /** The session has reached its limit; `onGoOn` begins a new one. */
  over(minutes, onGoOn) {
    this.part("title").textContent = "Your session is over";
    this.part("minutes").textContent = minutes;
    this.part("check").hidden = true;
    this.part("over").hidden = false;
    this.part("go-on").textContent = "Start a new session";
    this.#onGoOn = onGoOn;
    this.#open();
  }

  #check({ secondsPlayed, staked, won, net, denominator, currency }) {
    const money = (amount) => `${formatMinor(amount, denominator)} ${currency}`;
    this.part("time").textContent = formatDuration(secondsPlayed);
    this.part("staked").textContent = money(staked);
    this.part("won").textContent = money(won);
    this.part("net-name").textContent = net < 0 ? "Lost" : "Ahead by";
    this.part("net").textContent = money(Math.abs(net));
    this.#open();
  }

  #open() {
    this.#answered = false;
    for (const other of document.querySelectorAll("dialog[open]:not([data-stays])")) other.close();
    if (!this.dialog.open) this.dialog.showModal();
    this.onOpen();
  }

  #goOn() {
    this.#answered = true;
    forgetForTab(KEY);
    this.dialog.close();
    this.#onGoOn();
  }
}
