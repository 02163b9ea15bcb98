// What the canvas shows: axes, the bamboo that grows along the curve, and the panda on its tip. Knows no game state:
// it is given a frame {elapsedMs, tickMs, phase, bonusMs, sinceCrashMs, still} and draws it.
import { smoothAt } from "./rules.js";

const JOINT_PX = 46; // from one joint of the bamboo to the next
const NICE = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

export function readPalette(probe) {
  const color = (name) => {
    probe.style.setProperty("color", `var(${name})`);
    return getComputedStyle(probe).color;
  };
  return {
    top: color("--stage-top"), bottom: color("--stage-bottom"), line: color("--line"), muted: color("--muted"),
    stalk: color("--accent"), joint: color("--stage-bottom"), gold: color("--cash"), danger: color("--danger"),
  };
}

function niceStep(range, most) {
  return NICE.find((step) => range / step <= most) ?? range / most;
}

/** Axis ranges that grow smoothly ahead of the curve. */
function ranges(frame) {
  const seconds = frame.elapsedMs / 1000;
  const value = smoothAt(frame.elapsedMs, frame.tickMs);
  return { x: Math.max(8, seconds * 1.18), y: Math.max(1.9, 1 + (value - 1) * 1.3) };
}

export class Scene {
  constructor(canvas, images) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.images = images;
    this.palette = null;
    this.resize();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.width = Math.max(1, box.width);
    this.height = Math.max(1, box.height);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const small = this.width < 520;
    this.thick = Math.min(20, Math.max(9, this.width / 85));
    this.rider = Math.min(112, Math.max(50, this.width / 9.5));
    this.plot = {
      left: (small ? 40 : 54) + this.rider * 0.25, right: this.width - this.rider * 0.72, top: this.rider * 0.98, bottom: this.height - (small ? 26 : 34),
    };
  }

  draw(frame) {
    const { context } = this;
    context.clearRect(0, 0, this.width, this.height);
    this.sky();
    const range = ranges(frame);
    this.axes(range);
    const points = this.points(frame, range);
    this.shade(points, frame);
    this.stalk(points, frame);
    this.panda(points, frame);
  }

  at(seconds, value, range) {
    const { left, right, top, bottom } = this.plot;
    return [left + (seconds / range.x) * (right - left), bottom - ((value - 1) / (range.y - 1)) * (bottom - top)];
  }

  sky() {
    const { context } = this;
    const sky = context.createLinearGradient(0, 0, 0, this.height);
    sky.addColorStop(0, this.palette.top);
    sky.addColorStop(1, this.palette.bottom);
    context.fillStyle = sky;
    context.fillRect(0, 0, this.width, this.height);
  }

  axes(range) {
    const { context, plot } = this;
    context.font = `500 ${this.width < 520 ? 10.5 : 12}px Inter, system-ui, sans-serif`;
    context.fillStyle = this.palette.muted;
    context.strokeStyle = this.palette.line;
    context.lineWidth = 1;
    const yStep = niceStep(range.y - 1, this.height < 300 ? 4 : 6);
    context.textAlign = "right";
    context.textBaseline = "middle";
    const first = yStep > 1 ? 0 : 1; // 1×, then whole multiples of the step
    for (let line = 0; ; line += 1) {
      const value = line === 0 ? 1 : first + line * yStep;
      if (value > range.y) break;
      const [, y] = this.at(0, value, range);
      if (y < 14) break;
      context.beginPath();
      context.moveTo(plot.left, Math.round(y) + 0.5);
      context.lineTo(this.width, Math.round(y) + 0.5);
      context.stroke();
      context.fillText(`${yStep < 1 ? value.toFixed(1) : Math.round(value)}×`, (this.width < 520 ? 34 : 46), y);
    }
    const xStep = niceStep(range.x, this.width < 520 ? 4 : 8);
    context.textAlign = "center";
    context.textBaseline = "top";
    for (let second = xStep; second <= range.x; second += xStep) {
      const [x] = this.at(second, 1, range);
      if (x > this.width - 16) break;
      context.fillText(`${Math.round(second)}s`, x, plot.bottom + 9);
    }
  }

  points(frame, range) {
    const count = Math.max(2, Math.min(160, Math.ceil(this.width / 7)));
    const points = [];
    for (let i = 0; i <= count; i += 1) {
      const elapsed = (frame.elapsedMs * i) / count;
      points.push(this.at(elapsed / 1000, smoothAt(elapsed, frame.tickMs), range));
    }
    return points;
  }

  path(points) {
    const { context } = this;
    context.beginPath();
    context.moveTo(points[0][0], points[0][1]);
    for (const [x, y] of points) context.lineTo(x, y);
  }

  shade(points, frame) {
    const { context, plot } = this;
    this.path(points);
    context.lineTo(points.at(-1)[0], plot.bottom);
    context.lineTo(points[0][0], plot.bottom);
    context.closePath();
    context.globalAlpha = 0.14;
    context.fillStyle = frame.phase === "crashed" ? this.palette.danger : this.palette.stalk;
    context.fill();
    context.globalAlpha = 1;
  }

  stalk(points, frame) {
    const { context, palette, thick } = this;
    const crashed = frame.phase === "crashed";
    const golden = frame.bonusMs !== null && !crashed;
    context.lineCap = "round";
    context.lineJoin = "round";
    if (golden) {
      context.save();
      context.shadowColor = palette.gold;
      context.shadowBlur = frame.still ? 16 : 16 + 8 * Math.sin(frame.bonusMs / 180);
    }
    this.path(points);
    context.strokeStyle = crashed ? palette.danger : golden ? palette.gold : palette.stalk;
    context.lineWidth = thick;
    context.stroke();
    if (golden) context.restore();
    // a lighter flank makes it round
    context.save();
    context.globalAlpha = 0.28;
    context.translate(0, -thick * 0.2);
    this.path(points);
    context.strokeStyle = "#ffffff";
    context.lineWidth = thick * 0.26;
    context.stroke();
    context.restore();
    this.joints(points, frame);
  }

  joints(points, frame) {
    const { context, palette, thick } = this;
    let walked = 0;
    let number = 0;
    for (let i = 1; i < points.length; i += 1) {
      const [x0, y0] = points[i - 1];
      const [x1, y1] = points[i];
      walked += Math.hypot(x1 - x0, y1 - y0);
      if (walked < JOINT_PX) continue;
      walked = 0;
      number += 1;
      const angle = Math.atan2(y1 - y0, x1 - x0);
      context.save();
      context.translate(x1, y1);
      context.rotate(angle);
      context.strokeStyle = palette.joint;
      context.lineWidth = 2.4;
      context.beginPath();
      context.moveTo(0, -thick * 0.5);
      context.lineTo(0, thick * 0.5);
      context.stroke();
      if (number % 3 === 2) this.leaf(number % 2 ? 1 : -1, frame);
      context.restore();
    }
  }

  leaf(side, frame) {
    const { context, palette, thick } = this;
    const length = thick * 2.1;
    context.fillStyle = frame.phase === "crashed" ? palette.danger : palette.stalk;
    context.beginPath();
    context.moveTo(0, side * thick * 0.4);
    context.quadraticCurveTo(length * 0.2, side * thick * 1.6, length, side * thick * 1.5);
    context.quadraticCurveTo(length * 0.8, side * thick * 0.5, 0, side * thick * 0.4);
    context.fill();
  }

  panda(points, frame) {
    const { context, rider } = this;
    const [x, y] = points.at(-1);
    const [px, py] = points.at(-3) ?? points[0];
    const falling = frame.phase === "crashed";
    const image = falling ? this.images.dizzy : this.images.panda;
    if (!image.complete || !image.naturalWidth) return;
    context.save();
    if (falling) {
      const t = frame.still ? 1 : Math.min(1, frame.sinceCrashMs / 900);
      const drop = frame.still ? 0 : (this.height - y + rider) * t * t;
      context.translate(x + 26 * t, y - rider * 0.42 + drop - (frame.still ? 0 : 34 * Math.sin(t * Math.PI)));
      context.rotate(frame.still ? 0.35 : t * 3.4);
    } else {
      const bob = frame.still || frame.phase !== "running" ? 0 : Math.sin(frame.elapsedMs / 150) * 2;
      const slope = frame.phase === "running" ? Math.atan2(y - py, Math.max(1, x - px)) : 0;
      context.translate(x, y - rider * 0.42 + bob);
      context.rotate(slope * 0.3);
    }
    context.drawImage(image, -rider / 2, -rider / 2, rider, rider);
    context.restore();
  }
}
