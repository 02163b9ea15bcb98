"""
What partners are told of one game in this process: numbered channels that they can resume.

The engine counts the events of `live_multiplier`, `round_updates` and `leaderboard` (its tenure is their epoch), so
every process gives the same event the same number, and a client may resume at any of them. `bets` tells each partner
of its own players' bets only; those come from every process at once, so each process counts them for itself, under an
epoch of its own: a client that resumes at another process is told so and gets a fresh snapshot.

Only what players have been told is passed on, so nothing here can give away how a round will end.
"""

import asyncio
import contextlib
import logging
import os
from typing import Any
from weakref import WeakKeyDictionary

from casino.lib.clock import Clock, iso, system_clock
from casino.live.channels import Channel
from casino.live.feed import Event, Feed, feed_of
from casino.live.hub import current_hub
from games.crash import feed_messages, partner_queries, queries
from games.crash.feed_messages import BETS, LEADERBOARD, MULTIPLIER, ROUNDS, TOLD, Message
from games.crash.intake import Intake
from games.crash.publisher import topic_of

logger = logging.getLogger(__name__)

FIRST_EVENT_SECONDS = 2.5
SHARED = (MULTIPLIER, ROUNDS, LEADERBOARD)

_games: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, "GameFeed"]] = WeakKeyDictionary()


class GameFeed:
    """The channels of one game, fed by the players' feed of this process. Sockets join the hub's topic `topic`."""

    def __init__(self, game: str, *, clock: Clock = system_clock) -> None:
        self.game = game
        self.topic = f"feed.{game}"
        self.channels = {name: Channel() for name in SHARED}
        self.snapshots: dict[str, Message] = {}
        self.bets: dict[str, Channel] = {}
        self._hub = current_hub()
        self._clock = clock
        self._own_epoch = os.urandom(6).hex()
        self._epoch = -1
        self._heard = asyncio.Event()
        self._seeded: asyncio.Task[None] | None = None

    async def ready(self, intake: Intake) -> None:
        """Wait until it is known where the channels are and what they say; an engine at work tells every second."""
        if self._seeded is None:
            self._seeded = asyncio.ensure_future(self._seed(intake))
        await asyncio.shield(self._seeded)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), FIRST_EVENT_SECONDS)

    async def _seed(self, intake: Intake) -> None:
        """From the database, for what no event has told yet."""
        now = self._clock.now()
        state = await intake.read(lambda: partner_queries.game_state(self.game, now=now))
        wins = await intake.read(lambda: queries.largest_wins(self.game, "day", now=now))
        self.snapshots.setdefault(LEADERBOARD, {"game": self.game, "period": "day", "results": wins})
        if state is None:
            return
        head = {"game": self.game, "round_id": str(state.round_id)}
        over = state.state in ("crashed", "settled")
        status = {"running": "active", "settled": "payout"}.get(state.state, state.state)
        self.snapshots.setdefault(ROUNDS, {**head, "status": status, "hash": state.hash})
        current = {"multiplier": state.multiplier, "current_multiplier": feed_messages.decimal(state.multiplier)}
        self.snapshots.setdefault(MULTIPLIER, {**head, **current, "elapsed_ms": state.elapsed_ms, "crashed": over})

    def channel(self, name: str, address: str) -> Channel:
        """A shared channel, or the partner's own `bets`."""
        if name != BETS:
            return self.channels[name]
        if address not in self.bets:
            self.bets[address] = Channel(self._own_epoch)
        return self.bets[address]

    # --- from the engine and from those who close bets ----------------------------------------------------------------
    def on_event(self, event: Event) -> None:
        counted = event.get("feed")
        if counted is not None:
            self._on_counted(event["message"], counted)
        for address, bets in event.get("partners", {}).items():
            self._on_bets(address, bets)

    def _on_counted(self, message: Message, counted: dict[str, Any]) -> None:
        epoch = str(counted["epoch"])
        if int(epoch) < self._epoch:
            return  # of an engine that has lost its lease meanwhile
        self._epoch = int(epoch)
        told = TOLD.get(message["messageType"], {})
        for name, channel in self.channels.items():
            seq = counted["at"].get(name, 0)
            if name not in told:
                channel.place(epoch, seq)
                continue
            kind = told[name]
            data = feed_messages.data_of(kind, {**message, "game": self.game})
            self._remember(name, data)
            at = message["timestamp"]
            text = feed_messages.event(name, kind, epoch=epoch, seq=seq, timestamp=at, data=data)
            if channel.add(epoch, seq, text):
                self._hub.broadcast(self.topic, text, channel=name)
        self._heard.set()

    def _remember(self, name: str, data: Message) -> None:
        """A round's snapshot is all that was told of it, the other channels' what was told last."""
        before = self.snapshots.get(name, {}) if name == ROUNDS else {}
        same = before.get("round_id") == data.get("round_id")
        self.snapshots[name] = {**before, **data} if same else data

    def _on_bets(self, address: str, bets: list[Message]) -> None:
        channel = self.bets.get(address)
        if channel is None:  # nobody of that partner has listened here yet
            return
        at = iso(self._clock.now())
        for bet in bets:
            kind = "bet.placed" if bet["status"] == "open" else f"bet.{bet['status']}"
            seq = channel.seq + 1
            text = feed_messages.event(BETS, kind, epoch=channel.epoch, seq=seq, timestamp=at, data=bet)
            channel.add(channel.epoch, seq, text)
            self._hub.to_recipient(self.topic, address, text, channel=BETS)


async def game_feed(game: str, intake: Intake) -> GameFeed:
    """This process's feed of a game, begun with the first partner who asks."""
    games = _games.setdefault(asyncio.get_running_loop(), {})
    found = games.get(game)
    if found is None:
        found = games[game] = GameFeed(game)
        feed: Feed = await feed_of(topic_of(game))
        feed.on_event(found.on_event)
    await found.ready(intake)
    return found
