// Auto bet: what the next stake is and when to stop. Pure: amounts in minor units, factors in hundredths, no clock.
//
//   plan  {stake, rounds, onWin, onLoss, stopProfit, stopLoss}; rounds, stopProfit and stopLoss are null for "no limit";
//         onWin and onLoss are "keep", "reset" or a factor (200 doubles)
//   run   {plan, stake, played, net, over}; `over` is null while it goes on, then why it ended

/** Out of sight for longer than this, nobody is watching what is staked. */
export const LONGEST_HIDDEN_MS = 120_000;
export const MOST_ROUNDS = 10_000;
export const FACTORS = { least: 1, most: 10_000 };

export const REASONS = {
  rounds: "All rounds are played.",
  profit: "Your profit is reached.",
  loss: "One more stake could lose more than you set.",
  balance: "The next stake is more than your balance.",
  hidden: "The page was out of sight for too long.",
  connection: "The connection was lost.",
  cancelled: "You took the bet back.",
  stopped: "You stopped it.",
  reality: "It was time for a look at the clock.",
};

export function begin(plan) {
  return { plan, stake: plan.stake, played: 0, net: 0, over: null };
}

/** What is wrong with a plan, as [field, words], or null. `limits` has minBet and maxBet. */
export function problem(plan, limits) {
  if (plan.rounds !== null && (plan.rounds < 1 || plan.rounds > MOST_ROUNDS)) return ["rounds", `Rounds: 1 to ${MOST_ROUNDS}.`];
  for (const [field, words] of [["onWin", "after a win"], ["onLoss", "after a loss"]]) {
    const change = plan[field];
    if (typeof change === "number" && (change < FACTORS.least || change > FACTORS.most)) return [field, `The factor ${words} is 0.01 to 100.`];
  }
  if (plan.stopProfit !== null && plan.stopProfit < 1) return ["stopProfit", "The profit to stop at is more than nothing."];
  if (plan.stopLoss !== null && plan.stopLoss < plan.stake) return ["stopLoss", "The loss to stop at is at least one stake."];
  if (plan.stake < limits.minBet || plan.stake > limits.maxBet) return ["stake", "The stake is outside the limits."];
  return null;
}

function changed(run, change, limits) {
  if (change === "keep") return run.stake;
  const wanted = change === "reset" ? run.plan.stake : Number((BigInt(run.stake) * BigInt(change)) / 100n);
  return Math.max(limits.minBet, Math.min(limits.maxBet, wanted));
}

/** A round has ended: `paid` is 0 for a loss. A win that pays back less than the stake cannot be. */
export function settle(run, { staked, paid }, limits) {
  const won = paid > 0;
  const net = run.net + paid - staked;
  const next = { ...run, played: run.played + 1, net, stake: changed(run, won ? run.plan.onWin : run.plan.onLoss, limits) };
  return { ...next, over: run.over ?? ending(next) };
}

function ending({ plan, played, net, stake }) {
  if (plan.rounds !== null && played >= plan.rounds) return "rounds";
  if (plan.stopProfit !== null && net >= plan.stopProfit) return "profit";
  if (plan.stopLoss !== null && net - stake < -plan.stopLoss) return "loss";
  return null;
}

/** Before a stake is placed: why not, or null. */
export function hindrance(run, { balance, hiddenMs }) {
  if (run.over) return run.over;
  if (hiddenMs > LONGEST_HIDDEN_MS) return "hidden";
  return run.stake > balance ? "balance" : null;
}
