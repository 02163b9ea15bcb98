// Short beeps, made on the spot. Off until switched on.
import { keep, recall } from "../../site/store.js";

const SOUNDS = {
  bet: [[520, 0, 0.07]],
  start: [[392, 0, 0.09], [523, 0.1, 0.12]],
  win: [[659, 0, 0.09], [784, 0.09, 0.09], [1047, 0.18, 0.2]],
  bonus: [[880, 0, 0.08], [1175, 0.08, 0.08], [1568, 0.16, 0.16]],
  crash: [[196, 0, 0.16], [131, 0.12, 0.3]],
};

let context = null;
let on = recall("sound") === "on";

export const soundIsOn = () => on;

export function switchSound(value) {
  on = value;
  keep("sound", on ? "on" : "off");
  if (on) play("bet");
}

export function play(name) {
  if (!on || document.hidden) return;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  for (const [frequency, delay, length] of SOUNDS[name]) {
    const at = context.currentTime + delay;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = "triangle";
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.012);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + length + 0.02);
  }
}
