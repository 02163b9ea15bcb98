// Tells screen readers what matters, and nothing at every tick.
import { formatMinor, formatMultiplier } from "./format.js";

export class Announcer {
  constructor(node) {
    this.node = node;
  }

  say(text) {
    this.node.textContent = text;
  }

  heard(message, state) {
    const money = (minor) => `${formatMinor(minor, state.player?.denominator ?? 100)} ${state.player?.currency ?? ""}`;
    switch (message.messageType) {
      case "provablyFair": return this.say("Bets are open.");
      case "start": return this.say("The round has started.");
      case "bonus": return this.say(`Bonus: open bets earn ${message.boostPercent} percent more.`);
      case "bet": return this.say(`Bet of ${money(message.amount)} placed.`);
      case "bet_cancel": return this.say("Bet cancelled.");
      case "refund": return this.say("Your stake was returned.");
      case "crash": return this.say(`Crashed at ${formatMultiplier(state.round.crashPoint)}.`);
      default: return undefined;
    }
  }
}
