"""
One socket of the hub: how frames are written to it, and how it ends.

Writing steps the ASGI `send` once by hand. Almost always that finishes at once (the frame is in the transport's buffer)
and costs no task and no turn of the loop. A `send` that suspends belongs to a client that reads too slowly: a task
finishes it, and until then the socket is *busy* and its frames queue up in its backlog:

    idle ──send suspends──► busy ──written, backlog empty──► idle
                             │  frames with a conflation key (ticks) replace the waiting one of the same key
                             └──backlog full, or nothing written for long──► closed with 4408, aborted after a while

Frames of one socket never overtake each other.
"""

import asyncio
import logging
import types
from collections import OrderedDict
from collections.abc import Coroutine, Generator, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from casino.live.wire import Send, Wire, wire_of

if TYPE_CHECKING:
    from casino.live.hub import Hub

logger = logging.getLogger(__name__)

SESSION_ENDED = 4401
TOO_SLOW = 4408
TOO_MANY = 4429
KEY_ENDED = 4501  # do not come back with it

Frame = Mapping[str, Any]


def text_frame(text: str) -> Frame:
    return {"type": "websocket.send", "text": text}


@dataclass(frozen=True, slots=True)
class Limits:
    backlog_frames: int = 256
    stalled_seconds: float = 10  # busy without a single frame written
    linger_seconds: float = 30  # from the close frame to the abort, for a client that may read it yet


DEFAULT_LIMITS = Limits()


@types.coroutine
def _rest_of(stepped: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was stepped once and then asked to wait for `waits_for`."""
    while True:
        error: BaseException | None = None
        try:
            answer = yield waits_for
        except BaseException as thrown:  # a cancellation, for instance: the coroutine has to see it too
            error = thrown
        try:
            waits_for = stepped.send(answer) if error is None else stepped.throw(error)
        except StopIteration:
            return


class Connection:
    """
    One socket. `recipient` is the address for messages to one party only (an account, a player: the game decides),
    `farewell` the text sent before the socket is closed because its session ended.
    """

    __slots__ = (
        "__weakref__",
        "_backlog",
        "_hub",
        "_linger",
        "_progress_at",
        "_send",
        "_watch",
        "_wire",
        "_writer",
        "app",
        "closed",
        "farewell",
        "key_id",
        "recipient",
        "seen_at",
        "session_id",
        "topics",
        "user_id",
    )

    def __init__(
        self,
        hub: "Hub",
        send: Send,
        *,
        user_id: int | None = None,
        session_id: int | None = None,
        recipient: str = "",
        farewell: str | None = None,
        app: "asyncio.Task[Any] | None" = None,
    ) -> None:
        self._hub = hub
        self._send: Any = send
        self._wire: Wire | None = wire_of(send)
        if self._wire:
            self._wire.tighten()
        self.user_id = user_id
        self.session_id = session_id
        self.recipient = recipient
        self.farewell = farewell
        self.key_id: int | None = None  # of a partner; see Hub.hold_key
        self.app = app
        self.seen_at: datetime | None = None
        self.topics: set[str] = set()
        self.closed = False
        self._writer: asyncio.Task[None] | None = None
        self._backlog: OrderedDict[Hashable, Frame] | None = None
        self._progress_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        return self._writer is not None

    def send(self, text: str, *, conflate: str | None = None) -> None:
        """Send one text, now or as soon as the client takes it; nothing once the socket is closed."""
        self.deliver(text_frame(text), conflate)

    def deliver(self, frame: Frame, conflate: str | None = None) -> None:
        if self.closed:
            return
        if self._writer is None:
            self._step(frame)
        elif conflate is not None:
            self._wait_in_line(frame, conflate)
        else:
            self._wait_in_line(frame, object())

    def close(self, code: int, *, text: str | None = None, reason: str = "") -> None:
        """Send `text` and the close frame behind what is already on its way; abort if they are not taken in time."""
        if self.closed:
            return
        if text is not None:
            self.deliver(text_frame(text))
        if self.closed:  # the text was one too many
            return
        self._retire()
        last = {"type": "websocket.close", "code": code, "reason": reason}
        if self._writer is None:
            self._step(last)
        elif self._backlog is not None:
            self._backlog[object()] = last
        self._abort_later()

    def gone(self) -> None:
        """The client has left (or the application is done): forget everything about this socket."""
        self._retire()
        self._stop_writing()
        if self._wire is not None and self._wire.holds_data():
            self._abort_later()
        elif self._linger is not None:
            self._linger.cancel()
            self._linger = None

    # --- writing ------------------------------------------------------------------------------------------------------
    def _step(self, frame: Frame) -> None:
        """One step of the server's `send`; a task for the rest, if there is any."""
        sending = self._send(frame)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:
            logger.debug("a socket went away while it was written to", exc_info=True)
            self.abort()
            return
        loop = asyncio.get_running_loop()
        self._backlog = OrderedDict()
        self._progress_at = loop.time()
        self._watch = loop.call_later(self._hub.limits.stalled_seconds, self._check_progress)
        self._writer = loop.create_task(self._write_on(sending, waits_for))
        self._hub.busy.add(self)

    async def _write_on(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        loop = asyncio.get_running_loop()
        try:
            await _rest_of(sending, waits_for)
            while self._backlog:
                self._progress_at = loop.time()
                _, frame = self._backlog.popitem(last=False)
                await self._send(frame)
        except Exception:
            logger.debug("a socket went away while it was written to", exc_info=True)
            self._writer = None
            self.abort()
            return
        self._writer = None
        self._stop_writing()

    def _wait_in_line(self, frame: Frame, key: Hashable) -> None:
        assert self._backlog is not None
        if self._backlog.pop(key, None) is not None:
            self._hub.conflated += 1  # the newer one goes to the end: order is kept
        elif len(self._backlog) >= self._hub.limits.backlog_frames:
            self._too_slow("its backlog is full")
            return
        self._backlog[key] = frame

    def _check_progress(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._progress_at + self._hub.limits.stalled_seconds - loop.time()
        if left <= 0:
            self._too_slow("it takes nothing")
        else:
            self._watch = loop.call_later(left, self._check_progress)

    def _too_slow(self, why: str) -> None:
        """What waits is thrown away; the close frame goes behind the full buffers, for a client that reads again."""
        if self.closed:
            self._end()
            return
        logger.info("closing a socket that does not read: %s (user %s)", why, self.user_id)
        self._hub.closed_slow += 1
        self._retire()
        self._stop_writing()
        self._abort_later()
        if self._wire is not None:
            self._wire.let_write()
        self._step({"type": "websocket.close", "code": TOO_SLOW, "reason": "not reading"})

    # --- ending -------------------------------------------------------------------------------------------------------
    def _retire(self) -> None:
        self.closed = True
        self._hub.remove(self)

    def _stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._backlog = None
        self._hub.busy.discard(self)

    def abort(self) -> None:
        """End it now: the connection is lost or broken, or is not worth waiting for."""
        self._retire()
        self._end()

    def _abort_later(self) -> None:
        if self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(self._hub.limits.linger_seconds, self._end)

    def _end(self) -> None:
        self._stop_writing()
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._wire is not None:
            self._wire.abort()  # the server then tells the application that the client has gone
        elif self.app is not None:
            self.app.cancel()
