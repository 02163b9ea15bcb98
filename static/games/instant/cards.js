// Playing cards, drawn: number cards with their pips, and the pandas of the court.
const SVG = "http://www.w3.org/2000/svg";
const SUITS = { c: "clubs", d: "diamonds", h: "hearts", s: "spades" };
const NAMES = { A: "ace", K: "king", Q: "queen", J: "jack", T: "ten", 9: "nine", 8: "eight", 7: "seven", 6: "six", 5: "five", 4: "four", 3: "three", 2: "two" };
const [L, C, R] = [31, 50, 69];
const PIPS = {
  2: [[C, 32], [C, 108]],
  3: [[C, 32], [C, 70], [C, 108]],
  4: [[L, 32], [R, 32], [L, 108], [R, 108]],
  5: [[L, 32], [R, 32], [C, 70], [L, 108], [R, 108]],
  6: [[L, 32], [R, 32], [L, 70], [R, 70], [L, 108], [R, 108]],
  7: [[L, 32], [R, 32], [C, 51], [L, 70], [R, 70], [L, 108], [R, 108]],
  8: [[L, 32], [R, 32], [C, 51], [L, 70], [R, 70], [C, 89], [L, 108], [R, 108]],
  9: [[L, 30], [R, 30], [L, 57], [R, 57], [C, 70], [L, 83], [R, 83], [L, 110], [R, 110]],
  T: [[L, 30], [R, 30], [C, 43], [L, 57], [R, 57], [L, 83], [R, 83], [C, 97], [L, 110], [R, 110]],
};

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function use(id, x, y, width, height = width, more = {}) {
  return svg("use", { href: `#${id}`, x: x - width / 2, y: y - height / 2, width, height, ...more });
}

/** `As5hTdKsQc` as five codes. */
export function facesOf(cards) {
  return cards.match(/../g);
}

/** `Ks` is "king of spades". */
export function says(code) {
  return `${NAMES[code[0]]} of ${SUITS[code[1]]}`;
}

function corner(rank, suit, turned) {
  const text = svg("text", { x: 11.5, y: 21, class: "card-rank", "text-anchor": "middle" }, rank === "T" ? "10" : rank);
  return svg("g", turned ? { transform: "rotate(180 50 70)" } : {}, text, use(suit, 11.5, 32, 13));
}

/** The face of a card such as `Ks`. */
export function face(code) {
  const [rank, letter] = code;
  const suit = `suit-${letter}`;
  const card = svg("svg", { viewBox: "0 0 100 140", class: `card-face suit-${"dh".includes(letter) ? "red" : "black"}` }, corner(rank, suit, false), corner(rank, suit, true));
  if (PIPS[rank]) {
    for (const [x, y] of PIPS[rank]) card.append(use(suit, x, y, 18, 18, y > 70 ? { transform: `rotate(180 ${x} ${y})` } : {}));
  } else if (rank === "A") {
    card.append(use(suit, 50, 70, 46));
  } else {
    card.append(
      svg("rect", { x: 23, y: 18, width: 54, height: 104, rx: 5, class: "card-frame" }),
      use(suit, 33, 29, 13),
      use(suit, 67, 111, 13, 13, { transform: "rotate(180 67 111)" }),
      use("court", 50, 82, 48),
      use(`hat-${rank}`, 50, 58, 44, 22),
    );
  }
  return card;
}
