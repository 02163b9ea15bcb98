// The seeds that the player's rounds come from: what is promised for the coming round, and a client seed of one's own.

export class Seeds {
  #running = false;
  #busy = false;

  constructor(root, ask) {
    this.ask = ask;
    this.part = (name) => root.querySelector(`[data-seeds="${name}"]`);
    this.form = this.part("form");
    this.input = this.form.elements.clientSeed;
    this.button = this.form.querySelector("button");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#bring();
    });
    this.input.addEventListener("input", () => this.#render());
  }

  /** Told of every message after the state has taken it. */
  heard(message, state) {
    if (message.messageType === "provablyFair" && message.seeds) this.#show(message);
    this.#running = state.round.phase === "running";
    this.#render();
  }

  #show({ seeds, provablyFair }) {
    const { terminalHash, clientSeed, chainIndex, chainLength, nextTerminalHash } = seeds;
    this.part("place").textContent = `round ${(chainIndex + 1).toLocaleString("en")} of ${chainLength.toLocaleString("en")}`;
    this.part("terminal").textContent = terminalHash;
    this.part("client").textContent = clientSeed;
    this.part("hash").textContent = provablyFair.hash;
    this.part("next").textContent = nextTerminalHash ?? "not announced yet";
  }

  async #bring() {
    this.#busy = true;
    this.#render();
    try {
      await this.ask({ messageType: "client_seed", clientSeed: this.input.value.trim() });
      this.input.value = "";
      this.#say("Your rounds now come from a new chain and your words.", "told");
    } catch (error) {
      this.#say(error.message, "problem");
    } finally {
      this.#busy = false;
      this.#render();
    }
  }

  #say(text, kind) {
    const note = this.part("note");
    note.textContent = text;
    note.dataset.kind = kind;
    note.hidden = false;
  }

  #render() {
    this.button.disabled = this.#running || this.#busy || !this.input.value.trim();
  }
}
