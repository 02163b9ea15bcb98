"""
Telling every serving process that something happened: `publish(topic, event)`, from any thread, any process.

It never waits for the network and never raises: what it tells has already been committed, and a socket that missed it
sees a gap and asks again. Events leave in the order of the calls, through one queue of the process:
- with a home loop (a process that serves sockets), its task sends them to the channel layer;
- without one (WSGI, management commands), a thread with a loop of its own does, started with the first event. With the
  in-memory layer nobody outside this process could hear it, so then there is nothing to do.
"""

import asyncio
import atexit
import logging
import re
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Event = dict[str, Any]

SEND_SECONDS = 5
QUEUED_EVENTS = 50_000
_VALID_TOPIC = re.compile(r"[A-Za-z0-9_.-]{1,80}")


def group_of(topic: str) -> str:
    """The channel layer's group for a topic: letters, digits and `_.-`, at most 80."""
    if not _VALID_TOPIC.fullmatch(topic):
        raise ValueError(f"not a topic: {topic!r}")
    return f"live.{topic}"


class _Outgoing:
    """The queue of one loop. `put` may be called from any thread, everything else runs on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._events: deque[tuple[str, Event, Future[None] | None]] = deque()
        self._lock = threading.Lock()
        self._sending = False
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._dropped = 0
        self.empty = threading.Event()
        self.empty.set()

    def put(self, topic: str, event: Event, done: "Future[None] | None" = None) -> None:
        with self._lock:
            if len(self._events) >= QUEUED_EVENTS and done is None:
                self._dropped += 1
                return
            self._events.append((topic, event, done))
            self.empty.clear()
            if self._sending:
                return
            self._sending = True
        try:
            self.loop.call_soon_threadsafe(self._start)
        except RuntimeError:  # the loop was closed: its process is on its way out
            with self._lock:
                for _, _, waiting in self._events:
                    if waiting is not None:
                        waiting.cancel()
                self._events.clear()
                self._sending = False
                self.empty.set()

    def _start(self) -> None:
        self._task = self.loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        while True:
            with self._lock:
                if not self._events:
                    self._sending = False
                    self.empty.set()
                    return
                topic, event, done = self._events.popleft()
                dropped, self._dropped = self._dropped, 0
            if dropped:
                logger.error("%s live events were dropped: the channel layer does not keep up", dropped)
            await self._send(topic, event)
            if done is not None and done.set_running_or_notify_cancel():
                done.set_result(None)

    async def _send(self, topic: str, event: Event) -> None:
        try:
            layer = get_channel_layer()
            message = {**event, "type": "live.event", "topic": topic}
            await asyncio.wait_for(layer.group_send(group_of(topic), message), SEND_SECONDS)
        except Exception:
            if not self._failing:  # once per outage, not once per event
                logger.exception("a live event of %s could not be sent", topic)
            self._failing = True
        else:
            if self._failing:
                logger.warning("live events are sent again")
            self._failing = False


_home: _Outgoing | None = None
_abroad: _Outgoing | None = None
_starting = threading.Lock()


def set_home_loop(loop: asyncio.AbstractEventLoop) -> None:
    """From now on events leave from this loop. Called when a server starts, and by the first feed."""
    global _home
    with _starting:
        if _home is None or _home.loop is not loop:
            _home = _Outgoing(loop)


def _outgoing() -> _Outgoing | None:
    global _abroad
    if _home is not None and not _home.loop.is_closed():
        return _home
    if isinstance(get_channel_layer(), InMemoryChannelLayer):
        return None
    with _starting:
        if _abroad is None:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="live-publisher", daemon=True).start()
            _abroad = _Outgoing(loop)
            atexit.register(flush)
    return _abroad


def publish(topic: str, event: Event) -> None:
    """Tell every process that listens to `topic`; returns at once, never raises."""
    try:
        outgoing = _outgoing()
        if outgoing is not None:
            outgoing.put(topic, event)
    except Exception:
        logger.exception("a live event of %s could not be published", topic)


async def publish_async(topic: str, event: Event) -> None:
    """As `publish`, in the same order, but returns when the event has been handed to the channel layer."""
    if _home is None or _home.loop.is_closed():
        set_home_loop(asyncio.get_running_loop())
    outgoing = _outgoing()
    assert outgoing is not None
    done: Future[None] = Future()
    outgoing.put(topic, event, done)
    await asyncio.wrap_future(done)


async def drain(seconds: float = 2) -> bool:
    """`flush` for the end of a server: wait on its own loop until everything published so far has left."""
    outgoing = _outgoing()
    deadline = asyncio.get_running_loop().time() + seconds
    while outgoing is not None and not outgoing.empty.is_set():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def flush(timeout: float = 5) -> bool:
    """Wait until everything published so far has left (short-lived commands); False if it took too long."""
    outgoing = _outgoing()
    if outgoing is None:
        return True
    if _running_loop() is outgoing.loop:
        raise RuntimeError("flush() would wait for the loop it runs on; await publish_async() instead")
    return outgoing.empty.wait(timeout)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
