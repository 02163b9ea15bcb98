// The curve, exactly as the server has it: at tick k the multiplier is floor(100 × 1.01^k) hundredths, from k alone.

function table() {
  const values = [];
  let power = 1n;
  let scale = 1n;
  for (let k = 0; k <= 982; k += 1) {
    values.push(Number((100n * power) / scale));
    power *= 101n;
    scale *= 100n;
  }
  return Object.freeze(values);
}

export const CURVE = table();
export const LAST_TICK = CURVE.length - 1;

export function tickAt(elapsedMs, tickMs) {
  return Math.min(LAST_TICK, Math.max(0, Math.floor(elapsedMs / tickMs)));
}

/** Where the line is drawn between two ticks. For the eye only: what is shown and paid comes from CURVE. */
export function smoothAt(elapsedMs, tickMs) {
  return 1.01 ** (Math.max(0, elapsedMs) / tickMs);
}

/** The tick on which a round with this crash point ends: the first whose value is above it. */
export function crashTick(crashPoint) {
  const tick = CURVE.findIndex((value) => value > crashPoint);
  return tick < 0 ? LAST_TICK : tick;
}
