// The fairness dialog: a round, recomputed before the player's eyes.
import { loadRound, showVerification } from "./verify.js";

export class FairDialog {
  #run = 0;

  constructor(dialog, url) {
    this.dialog = dialog;
    this.box = dialog.querySelector("[data-fair-body]");
    this.link = dialog.querySelector("[data-fair-link]");
    this.url = url;
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => (this.#run += 1));
  }

  async open(roundId) {
    if (!roundId) return;
    this.#run += 1;
    const run = this.#run;
    const stopped = () => run !== this.#run;
    this.box.replaceChildren("Loading the round…");
    this.link.href = `${this.link.dataset.base}?round=${roundId}#verify`;
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const record = await loadRound(this.url.replace("00000000-0000-0000-0000-000000000000", roundId));
      if (!stopped()) await showVerification(this.box, record, { stopped });
    } catch (error) {
      if (!stopped()) this.box.replaceChildren(error.message);
    }
  }
}
