// Auto-play: what the next stake is and when to stop. Pure: amounts in minor units, changes in whole percents, no clock.
//
//   plan  {stake, bets, onWin, onLoss, stopProfit, stopLoss, stopWin}; the stops are null for "no limit"; onWin and
//         onLoss are "keep", "reset" or by how many percent the stake changes (100 doubles it)
//   run   {plan, stake, played, net, over}; `over` is null while it goes on, then why it ended

export const MOST_BETS = 10_000;
export const PERCENTS = { least: -99, most: 1_000 };

export const REASONS = {
  bets: "All bets are played.",
  profit: "Your profit is reached.",
  loss: "One more stake could lose more than you set.",
  win: "A single win was above what you set.",
  balance: "The next stake is more than your balance.",
  stopped: "You stopped it.",
  reality: "It was time for a look at the clock.",
};

export function begin(plan) {
  return { plan, stake: plan.stake, played: 0, net: 0, over: null };
}

/** What is wrong with a plan, as [field, words], or null. */
export function problem(plan) {
  if (plan.bets < 1 || plan.bets > MOST_BETS) return ["bets", `Number of bets: 1 to ${MOST_BETS.toLocaleString("en")}.`];
  for (const [field, words] of [["onWin", "after a win"], ["onLoss", "after a loss"]]) {
    const change = plan[field];
    if (typeof change === "number" && (change < PERCENTS.least || change > PERCENTS.most)) {
      return [field, `The change ${words} goes from ${PERCENTS.least} to ${PERCENTS.most} percent.`];
    }
  }
  if (plan.stopProfit !== null && plan.stopProfit < 1) return ["stopProfit", "The profit to stop at is more than nothing."];
  if (plan.stopLoss !== null && plan.stopLoss < plan.stake) return ["stopLoss", "The loss to stop at is at least one stake."];
  if (plan.stopWin !== null && plan.stopWin < 1) return ["stopWin", "The win to stop at is more than nothing."];
  return null;
}

function changed(run, change, limits) {
  if (change === "keep") return run.stake;
  const wanted = change === "reset" ? run.plan.stake : Number((BigInt(run.stake) * BigInt(100 + change)) / 100n);
  return Math.max(limits.minimum, Math.min(limits.maximum, wanted));
}

/** A bet is decided. A payout that only gives the stake back is neither a win nor a loss. */
export function settle(run, { stake, payout }, limits) {
  const profit = payout - stake;
  const change = profit > 0 ? run.plan.onWin : profit < 0 ? run.plan.onLoss : "keep";
  const next = { ...run, played: run.played + 1, net: run.net + profit, stake: changed(run, change, limits) };
  return { ...next, over: ending(next, profit) };
}

function ending({ plan, played, net, stake }, profit) {
  if (plan.stopWin !== null && profit > plan.stopWin) return "win";
  if (plan.stopProfit !== null && net >= plan.stopProfit) return "profit";
  if (played >= plan.bets) return "bets";
  if (plan.stopLoss !== null && net - stake < -plan.stopLoss) return "loss";
  return null;
}
