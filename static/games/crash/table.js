// A crash page, the shared table's or a player's own: connects the socket's messages to the state, and the state to what
// is shown. What a page does not have (chat, everyone's bets) is left out.
import { keep, recall } from "../../site/store.js";
import { Announcer } from "./announcer.js";
import { AutoBet } from "./autobet-panel.js";
import { BetsTable } from "./bets.js";
import { Chat } from "./chat.js";
import { Stage } from "./curve.js";
import { FairDialog } from "./fair-dialog.js";
import { formatDuration, formatMinor } from "./format.js";
import { MyBets, Strip, TopWins } from "./history.js";
import { Mutes } from "./mutes.js";
import { Panel } from "./panels.js";
import { RealityCheck } from "./reality.js";
import { LaunchedSession, Sessions, csrfToken } from "./session.js";
import { GameSocket, Refused } from "./socket.js";
import { play, soundIsOn, switchSound } from "./sound.js";
import { initial, reduce } from "./state.js";
import { setUpTabs } from "./tabs.js";
import { watch } from "./watch.js";

const root = document.querySelector("#main");
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const dialog = new FairDialog(document.querySelector("#fair-dialog"), root.dataset.fairUrl);
const openRound = (roundId) => dialog.open(roundId);
const strip = new Strip(part("strip"), openRound);

let state = initial();
let connected = false;
let session = null; // of the socket: when it began and ends
let ahead = 0; // the server's clock before this one's, in milliseconds
const serverNow = () => Date.now() + ahead;

function explain(error) {
  const player = state.player;
  if (error instanceof Refused && player && error.limit !== null) {
    if (error.code === 1001) return `The smallest stake is ${formatMinor(error.limit, player.denominator)} ${player.currency}.`;
    if (error.code === 1002) return `The largest stake is ${formatMinor(error.limit, player.denominator)} ${player.currency}.`;
  }
  return error.message;
}

/** A part of the page that is not on each of them, or null. */
function optional(selector, make) {
  const node = document.querySelector(selector);
  return node && make(node);
}

function begin(more) {
  const mode = document.querySelector("[data-mode-choice]") ? (recall(`mode:${root.dataset.user}`) ?? root.dataset.mode) : "demo";
  const launched = "launched" in root.dataset;
  const sessions = launched
    ? new LaunchedSession()
    : new Sessions({ url: root.dataset.sessionUrl, csrf: root.dataset.csrf, user: root.dataset.user, mode });
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const solo = "solo" in root.dataset;
  const path = `/ws/${root.dataset.game}${solo ? "/solo" : ""}`;
  const speaks = () => !solo || state.round.phase === "running"; // between own rounds there is nothing to say
  const socket = new GameSocket(`${scheme}://${location.host}${path}`, sessions, { speaks });
  const stage = new Stage(document.querySelector(".stage"));
  const ask = async (message) => {
    try {
      return await socket.request(message);
    } catch (error) {
      error.message = explain(error);
      throw error;
    }
  };
  const game = {
    state: () => state,
    live: () => connected,
    bet: (bet) => ask({ messageType: "bet", ...bet }),
    cashOut: (bet) => ask({ messageType: "win", betID: bet.betID }),
    cancel: (bet) => ask({ messageType: "bet_cancel", betID: bet.betID }),
  };
  const panels = [...document.querySelectorAll("[data-panel]")].map((node) => new Panel(node, game));
  const autos = panels.map((panel) => new AutoBet(panel, game));
  const table = optional("#tab-bets", (node) => new BetsTable(node));
  const mine = new MyBets(document.querySelector("#tab-mine"), ask, openRound);
  const top = new TopWins(document.querySelector("#tab-top"), ask);
  const chat = optional("#chat", (node) => new Chat(node, ask, new Mutes(`muted:${root.dataset.user}`)));
  const others = more.map((make) => make(ask));
  const reality = new RealityCheck(document.querySelector("#reality-dialog"), {
    onOpen: () => autos.forEach((auto) => auto.stop("reality")),
  });
  const announcer = new Announcer(part("announcer"));
  const tab = setUpTabs(root, (name) => {
    if (name === "mine") mine.refresh();
    if (name === "top") top.refresh();
  });

  socket.addEventListener("message", ({ detail: message }) => {
    const before = state;
    state = reduce(state, message, performance.now());
    if (state !== before) {
      stage.update(state);
      table?.update(state);
      strip.update(state);
      chat?.update(state);
      showPlayer();
    }
    for (const panel of panels) panel.heard(message);
    for (const auto of autos) auto.heard(message);
    chat?.heard(message);
    for (const other of others) other.heard(message, state);
    reality.heard(message);
    if (message.session) {
      session = message.session;
      ahead = Date.parse(message.serverTime) - Date.now();
    }
    announcer.heard(message, state);
    sound(message);
    if (tab.current() === "mine" && ["bet", "win", "bet_cancel", "refund", "provablyFair"].includes(message.messageType)) mine.refresh();
    if (tab.current() === "top" && message.messageType === "provablyFair") top.refresh();
  });
  socket.addEventListener("expired", () => {
    if (!session?.limitMinutes || Date.parse(session.expiresAt) - serverNow() > 1000) return;
    socket.close();
    reality.over(session.limitMinutes, () => location.reload());
  });
  socket.addEventListener("status", ({ detail }) => {
    connected = detail.state === "live";
    showStatus(detail);
    for (const panel of panels) panel.render();
    for (const auto of autos) auto.connection(connected);
  });

  follow(panels);
  setUpModes(mode);
  setUpSwitches(panels);
  setUpRefill(() => socket.resync());
  setUpClock();
  part("check").addEventListener("click", () => openRound(state.round.id));
  addEventListener("pagehide", () => socket.close());
  addEventListener("pageshow", (event) => event.persisted && socket.open());
  socket.open();
}

function sound(message) {
  const name = { bet: "bet", start: "start", win: "win", bonus: "bonus", crash: "crash" }[message.messageType];
  if (name) play(name);
}

function showPlayer() {
  const { player, rtp } = state;
  if (!player) return;
  part("balance").textContent = formatMinor(player.balance, player.denominator);
  part("currency").textContent = player.currency;
  part("demo").hidden = !player.isDemo;
  part("rtp").textContent = rtp ? `${(Number(rtp) * 100).toFixed(2).replace(/\.?0+$/, "")} %` : "";
  part("refill").hidden = !root.dataset.refillUrl || !player.isDemo || player.balance >= state.limits.defaultBet * 10;
  part("check").disabled = !state.round.id;
}

function showStatus({ state: name, latency, problem }) {
  const pill = part("status");
  pill.dataset.state = name;
  const text = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", stopped: "Offline" }[name];
  part("status-text").textContent = text;
  part("latency").textContent = name === "live" && latency !== null ? `${latency} ms` : "";
  part("notice").hidden = name !== "reconnecting" && name !== "stopped";
  part("notice").textContent = problem ?? "Connection lost. Reconnecting: your bets are safe, and auto cash-outs are paid by the server.";
}

/** Amounts on the buttons follow the curve while a round runs. */
function follow(panels) {
  let last = null;
  const step = () => {
    requestAnimationFrame(step);
    if (state.round.phase !== "running" && last === state.round.phase) return;
    last = state.round.phase;
    for (const panel of panels) panel.render();
  };
  requestAnimationFrame(step);
}

function setUpModes(mode) {
  for (const button of document.querySelectorAll("[data-mode-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.modeChoice === mode));
    button.addEventListener("click", () => {
      if (button.dataset.modeChoice === mode) return;
      keep(`mode:${root.dataset.user}`, button.dataset.modeChoice);
      location.reload();
    });
  }
}

function setUpSwitches(panels) {
  const soundButton = part("sound");
  soundButton.setAttribute("aria-pressed", String(soundIsOn()));
  soundButton.addEventListener("click", () => {
    switchSound(!soundIsOn());
    soundButton.setAttribute("aria-pressed", String(soundIsOn()));
  });
  const keys = part("keys");
  keys.checked = recall("keys") === "on";
  keys.addEventListener("change", () => keep("keys", keys.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, button, a, summary, dialog");
    if (!keys.checked || event.code !== "Space" || event.repeat || (typing && typing !== document.body)) return;
    event.preventDefault();
    panels[0].act();
  });
}

function setUpRefill(done) {
  part("refill").addEventListener("click", async () => {
    const headers = { "X-CSRFToken": csrfToken(root.dataset.csrf) };
    const response = await fetch(root.dataset.refillUrl, { method: "POST", headers, credentials: "same-origin" }).catch(() => null);
    if (response?.ok) done();
  });
}

/** How long the session has lasted, by the server's clock. */
function setUpClock() {
  const clocks = document.querySelectorAll("[data-part=clock]");
  setInterval(() => {
    if (!session) return;
    const text = formatDuration(Math.max(0, Math.floor((serverNow() - Date.parse(session.startedAt)) / 1000)));
    for (const clock of clocks) clock.textContent = text;
  }, 1000);
}

/** `more` are makers of further parts: called with `ask`, they give what wants to hear the messages. */
export function open(more = []) {
  if (root.dataset.user) begin(more);
  else watch(root.dataset.recentUrl, strip, part("last"));
}
