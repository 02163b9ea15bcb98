"""
A feed brings one topic's events from the channel layer to this process's hub: one message per process, not per socket.

Kinds of event (plain JSON types, see `publisher.publish`):
- event    {"epoch", "seq", "message": {"messageType", …}, "conflate"}    to every socket, with `seq`
- chat     {"message": {…}}                                              to every socket, with `chatSeq`
- delta    {"channel", "roundId", "items": […]}                          to those who opted in, one per tick, `deltaSeq`
- direct   {"to": {"<recipient>": [message, …]}, "channel": name | None}  to these parties only, no seq
- control  {"action": "close_sessions", "sessions": [id, …]}             closes these sessions' sockets
           {"action": "close_keys", "keys": [id, …]}                     and those that partners' keys opened
- aside    {…}                                                           to nobody here: for the callbacks

`seq` is strictly rising on a connection. The sender numbers its events within an epoch (one engine's tenure). A new
epoch continues where this process stopped (last + 1), whatever its sender counts from; events of an older epoch or
with a number already seen are dropped; one lost within an epoch leaves a gap that clients can see.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

from casino.lib.clock import Clock, iso, system_clock
from casino.live import publisher
from casino.live.hub import Hub, current_hub, encode

logger = logging.getLogger(__name__)

CONTROL_TOPIC = "control"

Event = dict[str, Any]
Message = dict[str, Any]

FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 5.0
READY_SECONDS = 5.0
# The in-memory layer forgets a group's members after a day (and the Redis core layer too): joined again well before.
REJOIN_SECONDS = 600.0
ITEMS_PER_DELTA = 500


class Sequence:
    """Outgoing numbers from the senders' (epoch, seq); see the module's docstring."""

    def __init__(self) -> None:
        self.last = 0
        self._epoch: int | None = None
        self._seen = 0
        self._offset = 0

    def next(self, epoch: int, seq: int) -> int | None:
        """The number to send an event under; None for an event that is not to be sent."""
        if self._epoch is None:
            self._epoch = epoch
        elif epoch < self._epoch or (epoch == self._epoch and seq <= self._seen):
            return None
        elif epoch > self._epoch:
            self._epoch = epoch
            self._offset = self.last + 1 - seq
        self._seen = seq
        self.last = seq + self._offset
        return self.last


class Deltas:
    """Items of one opt-in channel, sent as one message per tick at most, a message per round, none lost."""

    def __init__(self, hub: Hub, topic: str, channel: str, *, tick_ms: int, clock: Clock) -> None:
        self._hub = hub
        self._topic = topic
        self._channel = channel
        self._tick_seconds = tick_ms / 1000
        self._clock = clock
        self._waiting: deque[tuple[str, dict[str, Any], list[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._seq = 0

    def add(self, round_id: str, items: list[Any], extra: dict[str, Any]) -> None:
        if not self._hub.has_subscribers(self._topic, self._channel):
            return
        for start in range(0, len(items), ITEMS_PER_DELTA):
            part = items[start : start + ITEMS_PER_DELTA]
            last = self._waiting[-1] if self._waiting else None
            if last and last[0] == round_id and last[1] == extra and len(last[2]) + len(part) <= ITEMS_PER_DELTA:
                last[2].extend(part)
            else:
                self._waiting.append((round_id, extra, part))
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._not_before), self._flush)

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        round_id, extra, items = self._waiting.popleft()
        self._seq += 1
        self._not_before = loop.time() + self._tick_seconds
        self._timer = loop.call_at(self._not_before, self._flush) if self._waiting else None
        message = {
            "messageType": self._channel,
            "roundId": round_id,
            "deltaSeq": self._seq,
            "timestamp": iso(self._clock.now()),
            **extra,
            self._channel: items,
        }
        self._hub.broadcast(self._topic, encode(message), channel=self._channel)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Feed:
    """One topic in this process. `latest` has the last message of each type, for the snapshot of a new socket."""

    def __init__(self, hub: Hub, topic: str, *, tick_ms: int, clock: Clock = system_clock) -> None:
        self.hub = hub
        self.topic = topic
        self.latest: dict[str, Message] = {}
        self._sequence = Sequence()
        self._chat_seq = 0
        self._deltas: dict[str, Deltas] = {}
        self._tick_ms = tick_ms
        self._clock = clock
        self._callbacks: list[Callable[[Event], None]] = []
        self._subscribed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def last_seq(self) -> int:
        return self._sequence.last

    def on_event(self, callback: Callable[[Event], None]) -> None:
        """`callback(event)` for every event of the topic, before the sockets get it; `event["message"]` has its seq."""
        self._callbacks.append(callback)

    def start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def ready(self, seconds: float = READY_SECONDS) -> bool:
        """Wait until events arrive here; False when the channel layer does not answer (the feed goes on trying)."""
        if self._subscribed.is_set():
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), seconds)
        return self._subscribed.is_set()

    async def stop(self) -> None:
        for deltas in self._deltas.values():
            deltas.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._subscribed.clear()

    # --- from the channel layer ---------------------------------------------------------------------------------------
    async def _run(self) -> None:
        retry = FIRST_RETRY_SECONDS
        while True:
            try:
                await self._receive_all()
            except Exception:
                if self._subscribed.is_set():
                    retry = FIRST_RETRY_SECONDS
                    self._subscribed.clear()
                logger.exception("the feed of %s lost the channel layer, trying again in %.1f s", self.topic, retry)
            await asyncio.sleep(retry)
            retry = min(retry * 2, LAST_RETRY_SECONDS)

    async def _receive_all(self) -> None:
        layer = get_channel_layer()
        group = publisher.group_of(self.topic)
        channel = await layer.new_channel("live.")
        await layer.group_add(group, channel)
        rejoining = asyncio.create_task(self._rejoin(layer, group, channel))
        self._subscribed.set()
        try:
            while True:
                event = await layer.receive(channel)
                try:
                    self.handle(event)
                except Exception:
                    logger.exception("a live event of %s could not be handled", self.topic)
                # `receive` does not suspend while more is queued: let the sockets be written and read in between.
                await asyncio.sleep(0)
        finally:
            rejoining.cancel()
            with contextlib.suppress(Exception):
                await layer.group_discard(group, channel)

    async def _rejoin(self, layer: Any, group: str, channel: str) -> None:
        while True:
            await asyncio.sleep(REJOIN_SECONDS)
            with contextlib.suppress(Exception):  # a broken layer shows in `receive`
                await layer.group_add(group, channel)

    # --- to the hub ---------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """Take one event, as it comes from the channel layer."""
        kind = event.get("kind")
        if kind == "event":
            self._handle_event(event)
            return
        self._tell_callbacks(event)
        if kind == "chat":
            self._chat_seq += 1
            self.hub.broadcast(self.topic, encode({**event["message"], "chatSeq": self._chat_seq}))
        elif kind == "delta":
            self._handle_delta(event)
        elif kind == "direct":
            for recipient, messages in event["to"].items():
                for message in messages:
                    self.hub.to_recipient(self.topic, recipient, encode(message), channel=event.get("channel"))
        elif kind == "control" and event.get("action") == "close_sessions":
            self.hub.close_sessions(event["sessions"])
        elif kind == "control" and event.get("action") == "close_keys":
            self.hub.close_keys(event["keys"])
        elif kind != "aside":
            logger.error("a live event of %s of unknown kind %r was ignored", self.topic, kind)

    def _handle_event(self, event: Event) -> None:
        seq = self._sequence.next(event["epoch"], event["seq"])
        if seq is None:
            return
        message = event["message"] = {**event["message"], "seq": seq}
        kind = message["messageType"]
        self.latest[kind] = message
        self._tell_callbacks(event)
        self.hub.broadcast(self.topic, encode(message), conflate=kind if event.get("conflate") else None)

    def _handle_delta(self, event: Event) -> None:
        channel = event["channel"]
        deltas = self._deltas.get(channel)
        if deltas is None:
            deltas = Deltas(self.hub, self.topic, channel, tick_ms=self._tick_ms, clock=self._clock)
            self._deltas[channel] = deltas
        known = ("type", "topic", "kind", "channel", "roundId", "items")
        deltas.add(event["roundId"], event["items"], {key: event[key] for key in event if key not in known})

    def _tell_callbacks(self, event: Event) -> None:
        for callback in self._callbacks:
            try:
                callback(event)
            except Exception:
                logger.exception("a callback of the feed of %s failed", self.topic)


async def feed_of(topic: str, *, tick_ms: int | None = None) -> Feed:
    """This process's feed of a topic, started with the first call; from then on its events reach the hub."""
    hub = current_hub()
    feed = hub.feeds.get(topic)
    if feed is None:
        publisher.set_home_loop(asyncio.get_running_loop())
        feed = hub.feeds[topic] = Feed(hub, topic, tick_ms=settings.CRASH_TICK_MS if tick_ms is None else tick_ms)
        feed.start()
    await feed.ready()
    return feed


async def stop_feeds() -> None:
    """Let go of the channel layer, at the end of a process or a test."""
    hub = current_hub()
    feeds, hub.feeds = list(hub.feeds.values()), {}
    for feed in feeds:
        await feed.stop()
