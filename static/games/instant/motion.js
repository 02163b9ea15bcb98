// How fast things move: at once for those who asked for calm, shorter in quick play. Resolves when it is over.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let speed = 1;

export function setQuick(on) {
  speed = on ? 0.35 : 1;
}

export function isStill() {
  return calm.matches || document.hidden;
}

export function ms(duration) {
  return isStill() ? 0 : duration * speed;
}

export function pause(duration) {
  return ms(duration) ? new Promise((done) => setTimeout(done, ms(duration))) : Promise.resolve();
}

/** Animate to `frames` and leave the element as its own styles say. */
export async function move(node, frames, { duration, easing = "ease", delay = 0, fill = "none" }) {
  if (isStill()) return;
  try {
    await node.animate(frames, { duration: ms(duration), delay: ms(delay), easing, fill }).finished;
  } catch {
    // Cancelled: another animation has taken its place.
  }
}

/** Call `draw(share)` at the screen's pace, share from 0 to 1. */
export function follow(duration, draw) {
  const length = ms(duration);
  if (!length) {
    draw(1);
    return Promise.resolve();
  }
  return new Promise((done) => {
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - start) / length);
      draw(share);
      if (share < 1 && !document.hidden) requestAnimationFrame(step);
      else {
        if (share < 1) draw(1);
        done();
      }
    };
    requestAnimationFrame(step);
  });
}

export const easeOut = (share) => 1 - (1 - share) ** 3;

/** A few coins for a win worth telling; `times` is what it paid of the stake. */
export function celebrate(scene, times) {
  if (isStill() || times < 2) return;
  const layer = document.createElement("div");
  layer.className = "confetti";
  layer.setAttribute("aria-hidden", "true");
  scene.append(layer);
  const many = Math.min(46, 10 + Math.round(8 * Math.log2(times)));
  const falls = Array.from({ length: many }, (_, i) => {
    const piece = document.createElement("i");
    piece.className = `piece-${i % 4}`;
    layer.append(piece);
    const x = (Math.random() - 0.5) * scene.clientWidth * 0.8;
    const up = -60 - Math.random() * scene.clientHeight * 0.45;
    const turn = (Math.random() - 0.5) * 900;
    return piece.animate(
      [
        { transform: "translate(0, 0) rotate(0) scale(0.4)", opacity: 1 },
        { transform: `translate(${x * 0.7}px, ${up}px) rotate(${turn / 2}deg)`, opacity: 1, offset: 0.35, easing: "ease-in" },
        { transform: `translate(${x}px, ${scene.clientHeight * 0.6}px) rotate(${turn}deg)`, opacity: 0 },
      ],
      { duration: 1300 + Math.random() * 700, easing: "ease-out", fill: "forwards" },
    ).finished;
  });
  Promise.allSettled(falls).then(() => layer.remove());
}
