// What the page knows: a pure function of the server's messages, which are the truth. `at` is performance.now() on receipt.
//
//   round.phase   none → waiting → running → crashed → waiting …
//   bets          everyone's bets of the round, by id; mine: this player's, by id, also with how they ended
import { CURVE, tickAt } from "./rules.js";

const HISTORY = 27;
const TICKS_AHEAD = 3; // how far the clock here may run ahead of the last tick heard: never past a crash by much

const NO_ROUND = Object.freeze({
  id: null, number: null, phase: "none", hash: null, startsAt: null, waitMs: 0, startedAt: 0, tickMs: 200,
  tick: 0, bonus: false, bonusTick: null, boostPercent: 0, crashPoint: null, crashedAt: null, interrupted: false,
});

export function initial() {
  return {
    player: null, limits: null, rtp: null, volatility: null, fairness: null, enabled: true,
    round: NO_ROUND, bets: new Map(), totals: null, mine: new Map(), history: [],
  };
}

const PAUSE_MS = 1500;

/**
 * Does this message say that bets are taken? Then after how many milliseconds to place one that waited for it, else null.
 * At the shared table that is the countdown; a player's own round begins with the bet, so its end is left in view.
 */
export function placesAfter(message) {
  if (message.messageType === "wait" && message.time > 0) return 0;
  return message.messageType === "provablyFair" && message.seeds ? PAUSE_MS : null;
}

/** The tick that has begun by now, held near the last one heard. */
export function shownTick(round, now) {
  if (round.phase !== "running") return round.tick;
  return Math.min(tickAt(now - round.startedAt, round.tickMs), round.tick + TICKS_AHEAD);
}

export function shownMultiplier(round, now) {
  if (round.phase === "crashed") return round.crashPoint;
  return round.phase === "running" ? CURVE[shownTick(round, now)] : 100;
}

/** This player's open bet of the running or coming round under this identifier. */
export function openBet(state, identifier) {
  for (const bet of state.mine.values()) {
    if (bet.identifier === identifier && bet.status === "open" && bet.roundId === state.round.id) return bet;
  }
  return null;
}

function patched(map, id, change) {
  const known = map.get(id);
  return known ? new Map(map).set(id, { ...known, ...change }) : map;
}

function withBalance(state, message) {
  if (message.balance === undefined || !state.player || message.isDemo !== state.player.isDemo) return state;
  return { ...state, player: { ...state.player, balance: message.balance } };
}

function wallet(state, message, at) {
  const view = message.round;
  const sameRound = view.roundId === state.round.id;
  const phase = { waiting: "waiting", running: "running", crashed: "crashed", settled: "crashed" }[view.state] ?? "none";
  const base = sameRound ? state.round : NO_ROUND;
  const round = {
    ...base,
    id: view.roundId ?? null,
    number: view.number ?? null,
    phase,
    hash: view.hash ?? null,
    tickMs: view.tickMs ?? base.tickMs,
    boostPercent: view.boostPercent ?? 0,
    bonus: Boolean(view.bonus),
  };
  if (phase === "waiting") {
    round.startsAt = at + view.timeLeftMs;
    round.waitMs = Math.max(base.waitMs, view.timeLeftMs);
  } else if (phase === "running") {
    round.startedAt = at - view.elapsedMs;
    round.tick = view.tick;
  } else if (phase === "crashed") {
    round.crashPoint = view.multiplier;
    round.crashedAt = base.crashedAt ?? at - 10_000;
    round.tick = base.tick;
  }
  // Bets of the live round come from the server; what it no longer calls open has ended while we were away.
  const mine = new Map([...state.mine].filter(([, bet]) => sameRound && bet.status !== "open"));
  for (const bet of message.currentBets) {
    if (mine.has(bet.betID)) continue; // its end is known here already: this answer is older
    mine.set(bet.betID, { ...bet, auto: bet.autoCashoutMultiplier ?? null, status: "open" });
  }
  const bets = new Map(sameRound ? state.bets : []);
  for (const bet of message.bets ?? []) bets.set(bet.betID, { ...bets.get(bet.betID), ...bet });
  for (const bet of message.currentBets) bets.set(bet.betID, { ...bets.get(bet.betID), ...bet, username: message.username });
  return {
    ...state,
    player: {
      username: message.username, balance: message.balance, denominator: message.denominator,
      currency: message.currency, symbol: message.symbol ?? "", isDemo: message.isDemo,
    },
    limits: {
      minBet: message.minBet, maxBet: message.maxBet, defaultBet: message.defaultBet,
      minAuto: message.limitValues.minAutoCashout ?? 101, maxAuto: message.limitValues.MaxCrashPoint,
    },
    rtp: message.rtp,
    volatility: message.volatility,
    fairness: message.fairness ?? null,
    enabled: message.gameEnabled !== false,
    round,
    bets,
    totals: sameRound ? state.totals : null,
    mine,
    history: message.history ?? state.history,
  };
}

function newRound(state, message) {
  const round = {
    ...NO_ROUND, id: message.roundId, number: message.number ?? null, phase: "waiting",
    tickMs: state.round.tickMs, boostPercent: state.round.boostPercent,
    crashedAt: state.round.crashedAt, crashPoint: state.round.crashPoint,
  };
  return { ...state, round, bets: new Map(), totals: null, mine: new Map() };
}

function provablyFair(state, message) {
  const next = message.roundId === state.round.id ? state : newRound(state, message);
  return { ...next, round: { ...next.round, hash: message.provablyFair.hash } };
}

function wait(state, message, at) {
  const next = message.roundId === state.round.id ? state : newRound(state, message);
  const round = {
    ...next.round, phase: "waiting", startsAt: at + message.time, waitMs: Math.max(next.round.waitMs, message.time),
  };
  const bets = new Map(message.bets.map((bet) => [bet.betID, bet]));
  for (const bet of next.mine.values()) {
    if (bet.status === "open" && !bets.has(bet.betID)) bets.set(bet.betID, { ...bet, username: next.player?.username });
  }
  const totals = {
    bets: message.totalBets ?? bets.size, players: message.players ?? null, amount: message.totalAmount ?? null,
    currency: message.totalCurrency, denominator: message.totalDenominator ?? 100,
  };
  return { ...next, round, bets, totals };
}

function start(state, message, at) {
  const round = {
    ...state.round, id: message.roundId ?? state.round.id, phase: "running", startsAt: null,
    startedAt: at - (message.elapsedMs ?? 0), tickMs: message.tickMs ?? state.round.tickMs, tick: message.tick ?? 0,
    crashPoint: null, crashedAt: null,
  };
  return { ...state, round };
}

function multiplier(state, message, at) {
  const tick = message.tick ?? CURVE.indexOf(message.multiplier);
  const elapsed = message.elapsedMs ?? tick * state.round.tickMs;
  // The message that travelled fastest tells best when the round began.
  const began = at - elapsed;
  const running = state.round.phase === "running";
  const startedAt = running ? Math.min(state.round.startedAt, began) : began;
  return { ...state, round: { ...state.round, phase: "running", startedAt, tick } };
}

function bonus(state, message) {
  const bonusTick = message.multiplier ? CURVE.indexOf(message.multiplier) : state.round.tick;
  const boostPercent = message.boostPercent ?? state.round.boostPercent;
  return { ...state, round: { ...state.round, bonus: true, bonusTick, boostPercent } };
}

function crash(state, message, at) {
  const point = message.multiplier ?? message.provablyFair.currentResult;
  const interrupted = Boolean(message.interrupted);
  const mine = new Map();
  for (const [id, bet] of state.mine) {
    mine.set(id, bet.status === "open" && !interrupted ? { ...bet, status: "lost" } : bet);
  }
  const result = { roundId: message.roundId, multiplier: point, bonus: state.round.bonus };
  const older = state.history.filter((row) => row.roundId !== message.roundId);
  const round = { ...state.round, phase: "crashed", crashPoint: point, crashedAt: at, interrupted };
  return { ...state, round, mine, history: [result, ...older].slice(0, HISTORY) };
}

function placed(state, message) {
  const bet = {
    betID: message.betID, identifier: message.identifier, amount: message.amount, roundId: message.roundId,
    auto: message.autoCashoutMultiplier ?? null, isDemo: message.isDemo, denominator: message.denominator,
    currency: message.currency, createdAt: message.createdAt, status: "open",
  };
  const mine = new Map(state.mine).set(bet.betID, bet);
  const bets = new Map(state.bets).set(bet.betID, { ...bet, username: message.username });
  return withBalance({ ...state, mine, bets }, message);
}

function closed(state, message, status) {
  const change = { status, multiplier: message.multiplier, winAmount: message.winAmount, bonus: message.bonus };
  const mine = patched(state.mine, message.betID, change);
  let bets = state.bets;
  if (status === "cancelled" || status === "refunded") {
    bets = new Map(bets);
    bets.delete(message.betID);
  } else {
    bets = patched(bets, message.betID, { multiplier: message.multiplier, winAmount: message.winAmount });
  }
  return withBalance({ ...state, mine, bets }, message);
}

function betDeltas(state, message) {
  if (message.roundId !== state.round.id) return state;
  const bets = new Map(state.bets);
  for (const bet of message.bets ?? []) {
    if (bet.cancelled) bets.delete(bet.betID);
    else bets.set(bet.betID, { ...bet, ...bets.get(bet.betID) });
  }
  return { ...state, bets };
}

function cashOutDeltas(state, message) {
  if (message.roundId && message.roundId !== state.round.id) return state;
  const bets = new Map(state.bets);
  for (const row of message.cashouts ?? []) {
    const known = bets.get(row.betID) ?? { betID: row.betID, username: row.username, currency: row.currency, denominator: row.denominator, isDemo: row.isDemo };
    bets.set(row.betID, { ...known, multiplier: row.multiplier, winAmount: row.winAmount });
  }
  return { ...state, bets };
}

const REDUCERS = {
  wallet, provablyFair, wait, start, multiplier, bonus, crash,
  bet: placed,
  win: (state, message) => closed(state, message, "cashed_out"),
  bet_cancel: (state, message) => closed(state, message, "cancelled"),
  refund: (state, message) => closed(state, message, "refunded"),
  bets: betDeltas,
  cashouts: cashOutDeltas,
  balance: withBalance,
};

export function reduce(state, message, at) {
  const reducer = REDUCERS[message.messageType];
  return reducer ? reducer(state, message, at) : state;
}
