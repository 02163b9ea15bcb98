// The page of an instant game: one bet, one answer. What is the game's own is in `kinds/`.
import { keep, recall } from "../../site/store.js";
import { formatDuration, formatMinor } from "../crash/format.js";
import { RealityCheck } from "../crash/reality.js";
import { setUpTabs } from "../crash/tabs.js";
import { Api, NoAnswer, Refused } from "./api.js";
import { AutoPlay } from "./autoplay-panel.js";
import { BetPanel } from "./bet-panel.js";
import { History } from "./history.js";
import { celebrate, setQuick } from "./motion.js";
import { BetDialog } from "./verify.js";

const RETRY_MS = 3000;
const root = document.querySelector("#main");
const scene = root.querySelector(".scene");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const terms = JSON.parse(document.querySelector("#rules-data").textContent);
const { create } = await import(`./kinds/${root.dataset.game}.js`);
const kind = create(root, terms, () => page?.changed());
let page = null;

class Page {
  #seat = null;
  #busy = false;
  #asks = 0; // bets that were asked for and answered, well or badly
  #offline = null; // the timer of the next try
  #checks = null;

  constructor() {
    this.api = new Api(root.dataset);
    const dialog = new BetDialog(document.querySelector("#bet-dialog"), this.api, kind);
    this.panel = new BetPanel(root.querySelector("[data-panel]"), kind, {
      play: () => this.#press(),
      newHash: () => this.#newHash(),
      isAuto: () => this.auto?.chosen ?? false,
    });
    this.auto = new AutoPlay(root.querySelector("[data-panel]"), {
      place: (stake) => this.#place(stake),
      seat: () => this.#seat,
      quick: () => part("quick").checked,
      changed: () => this.changed(),
      complain: (words, tone, stake) => {
        this.panel.stakeMinor = stake;
        this.panel.complain(words, tone);
      },
    });
    this.history = new History({
      strip: part("strip"),
      panel: root.querySelector("#tab-mine"),
      api: this.api,
      tell: (bet) => kind.tell(bet),
      onOpen: (id) => dialog.open(id),
    });
    this.reality = new RealityCheck(document.querySelector("#reality-dialog"), { onOpen: () => this.auto.stop("reality") });
    this.#modes();
    this.#switches();
    part("refill").addEventListener("click", () => this.#refill());
    setInterval(() => this.#clock(), 1000);
    addEventListener("pageshow", (event) => event.persisted && this.sit());
  }

  #modes() {
    const buttons = [...root.querySelectorAll("[data-mode-choice]")];
    const choose = (mode) => {
      this.api.mode = mode;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.modeChoice === mode));
    };
    const key = `mode:${root.dataset.user}`;
    choose(buttons.length ? (recall(key) ?? root.dataset.mode) : "demo");
    for (const button of buttons) {
      button.addEventListener("click", async () => {
        if (this.#busy || this.auto.running || button.dataset.modeChoice === this.api.mode) return;
        keep(key, button.dataset.modeChoice);
        choose(button.dataset.modeChoice);
        this.panel.complain(null);
        this.#rest(true); // what the panel still shows is the other money's hash and balance
        await this.sit();
        this.#rest(false);
      });
    }
  }

  #switches() {
    const keys = part("keys");
    keys.checked = recall("keys") === "on";
    keys.addEventListener("change", () => keep("keys", keys.checked ? "on" : "off"));
    const quick = part("quick");
    quick.checked = recall("quick-play") === "on";
    setQuick(quick.checked);
    quick.addEventListener("change", () => {
      keep("quick-play", quick.checked ? "on" : "off");
      setQuick(quick.checked);
    });
    document.addEventListener("keydown", (event) => {
      if (!keys.checked || event.code !== "Space" || event.repeat || event.target.closest("input, select, button, a, summary, dialog, [tabindex]")) return;
      event.preventDefault();
      this.panel.press();
    });
  }

  /** Ask the server how things stand: money, limits, rules, the next hash. */
  async sit() {
    try {
      this.#take(await this.#newest());
      await this.history.load();
      this.#online();
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** The seat as it is after every bet of this page: one read before a bet would bring its hash and balance back. */
  async #newest() {
    for (;;) {
      const asks = this.#asks;
      const seat = await this.api.seat();
      if (asks === this.#asks) return seat;
    }
  }

  #take(seat) {
    const before = this.#seat;
    this.#seat = seat;
    if (!before || before.rules.version !== seat.rules.version) kind.take(seat.rules);
    this.panel.take(seat);
    if (before?.currency !== seat.currency || before?.isDemo !== seat.isDemo) this.auto.adopt();
    this.#balance(seat.balance);
    part("currency").textContent = seat.currency;
    part("demo").hidden = !seat.isDemo;
    scene.dataset.demo = String(seat.isDemo);
    this.ahead = Date.parse(seat.sitting.now) - Date.now();
    this.#remind();
    this.changed();
  }

  #balance(minor) {
    const { denominator, isDemo, limits } = this.#seat;
    part("balance").textContent = formatMinor(minor, denominator);
    part("refill").hidden = !isDemo || this.#seat.balance >= limits.default * 10;
  }

  #rest(busy) {
    this.#busy = busy;
    this.changed();
  }

  changed() {
    if (!this.#seat) return;
    this.panel.rest({ busy: this.#busy, held: this.auto.running });
    kind.hold?.(this.#busy || this.auto.running);
    kind.stake?.(this.panel.stakeMinor, this.#seat);
  }

  // --- playing --------------------------------------------------------------------------------------------------------
  async #press() {
    if (this.auto.running) this.auto.stop("stopped");
    else if (this.auto.chosen) {
      const trouble = this.#check();
      if (!trouble) await this.auto.start(this.panel.stakeMinor);
    } else await this.#place(this.panel.stakeMinor);
  }

  #check() {
    const trouble = this.panel.problem();
    this.panel.complain(trouble ? trouble[1] : null);
    if (trouble) this.panel.blame(trouble[0]);
    return trouble;
  }

  /** One bet from its stake to its last frame: the bet, or an Error that says why there is none. */
  async #place(stake) {
    if (this.#busy) return new Error("A bet is on its way.");
    if (this.auto.running) this.panel.stakeMinor = stake;
    const trouble = this.#check();
    if (trouble) return new Error(trouble[1]);
    this.#rest(true);
    this.#balance(this.#seat.balance - stake);
    kind.begin();
    try {
      const bet = await this.#ask({ stake, hash: this.#seat.hash, version: this.#seat.rules.version, clientseed: this.panel.clientSeed, ...kind.choice() });
      await this.#played(bet);
      return bet;
    } catch (error) {
      kind.fail();
      this.#balance(this.#seat.balance);
      this.#trouble(error);
      return error;
    } finally {
      this.#rest(false);
    }
  }

  /** Where no answer came, find out whether the bet was played: nobody may bet twice for it, or lose sight of it. */
  async #ask(bet) {
    try {
      return await this.api.bet(bet);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    } finally {
      this.#asks += 1;
    }
    const seat = await this.api.seat();
    this.#take(seat);
    if (seat.hash === bet.hash) throw new Error("The answer was lost on its way. The bet was not played and nothing was taken.");
    await this.history.load();
    const found = this.history.withHash(bet.hash);
    if (!found) throw new Error("The answer was lost on its way. Look under “My bets” before you play on.");
    return { ...found, nextHash: seat.hash, balance: seat.balance };
  }

  async #played(bet) {
    this.#seat = { ...this.#seat, hash: bet.nextHash, balance: bet.balance };
    await kind.show(bet);
    this.#balance(bet.balance);
    this.panel.take(this.#seat);
    this.history.add(bet);
    const money = (minor) => `${formatMinor(minor, bet.denominator)} ${bet.currency}`;
    const words = bet.profit > 0 ? `Won ${money(bet.payout)}, ${money(bet.profit)} more than the stake` : bet.payout ? `Got ${money(bet.payout)} back` : `Lost ${money(bet.stake)}`;
    this.panel.complain(words, bet.profit > 0 ? "win" : "loss");
    part("announcer").textContent = `${kind.tell(bet)}. ${words}.`;
    celebrate(scene, bet.payout / bet.stake);
  }

  async #newHash() {
    if (this.#busy || this.auto.running || !this.#seat) return;
    try {
      const { hash } = await this.api.newHash();
      this.#seat = { ...this.#seat, hash };
      this.panel.take(this.#seat);
    } catch (error) {
      this.#trouble(error);
    }
  }

  async #refill() {
    try {
      await this.api.refill();
      await this.sit();
    } catch (error) {
      this.#trouble(error);
    }
  }

  // --- trouble --------------------------------------------------------------------------------------------------------
  #trouble(error) {
    if (error instanceof NoAnswer) {
      this.#notice("No connection to the server. Trying again; nothing is lost.");
      this.#offline ??= setTimeout(() => {
        this.#offline = null;
        this.sit();
      }, RETRY_MS);
      return;
    }
    if (!(error instanceof Refused)) {
      this.panel.complain(error.message);
      return;
    }
    if (error.code === "session_over") {
      this.reality.over(error.limit, async () => {
        await this.api.seat(true);
        location.reload();
      });
      return;
    }
    if (!this.#seat) this.#notice(error.message);
    this.panel.complain(this.#words(error));
    this.panel.blame(error.field);
    if (error.code === "hash_used" || error.code === "rules_changed") this.sit();
  }

  #words(error) {
    if (error.code === "hash_used") return "Another of your bets has used this hash, perhaps in another tab. Nothing was played now; the next hash is shown.";
    if (error.code === "rules_changed") return "The rules of this game have just changed. Nothing was played; its new odds are shown.";
    if (error.code === "amount_below_minimum") return `The smallest stake is ${this.panel.money(error.limit)}.`;
    if (error.code === "amount_above_maximum" && error.limit === this.#seat?.limits.maximum) return `The largest stake is ${this.panel.money(error.limit)}.`;
    return error.message;
  }

  #notice(words) {
    part("notice").textContent = words;
    part("notice").hidden = false;
  }

  #online() {
    clearTimeout(this.#offline);
    this.#offline = null;
    part("notice").hidden = true;
  }

  // --- time -----------------------------------------------------------------------------------------------------------
  #clock() {
    if (!this.#seat) return;
    const seconds = (Date.now() + this.ahead - Date.parse(this.#seat.sitting.since)) / 1000;
    part("clock").textContent = formatDuration(Math.max(0, Math.floor(seconds)));
  }

  /** Reality checks fall on whole multiples of their interval since the sitting began. */
  #remind() {
    clearTimeout(this.#checks);
    const { since, checkEverySeconds } = this.#seat.sitting;
    if (!checkEverySeconds) return;
    const every = checkEverySeconds * 1000;
    const left = every - ((Date.now() + this.ahead - Date.parse(since)) % every);
    this.#checks = setTimeout(async () => {
      try {
        this.reality.heard({ messageType: "reality_check", ...(await this.api.reality()) });
      } catch (error) {
        this.#trouble(error);
      }
      this.#remind();
    }, left);
  }
}

setUpTabs(root, () => {});
if (root.dataset.user) {
  page = new Page();
  await page.sit();
}
