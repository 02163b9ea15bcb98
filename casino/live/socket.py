"""
The base of our sockets: an ASGI application of our own, because a Channels consumer costs five times as much.

    class CrashSocket(SocketBase):
        async def authenticate(self, scope): ...       # → Identity, or raise Refused
        async def handle(self, data, received_at): ... # one call per message; answers with self.send(text)

    path("ws/<slug:game>", CrashSocket.as_asgi())      # in a Channels URLRouter

A socket's life: accepted → authenticated → joined to its topics → `joined()` → messages → `left()`.
Every message is stamped with its time of arrival before anything else. Messages of one socket are handled at the same
time, `CONCURRENT` at most, so that a slow query does not hold up a cash-out; they begin in the order of arrival, and
those that wait for the same combiner are answered in that order. A request that has arrived is carried out even when
the socket goes away meanwhile. Idle sockets are pinged by the server (see `casino.live.server`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from casino.lib.clock import Clock, system_clock
from casino.live.connection import SESSION_ENDED, TOO_MANY, Connection
from casino.live.feed import CONTROL_TOPIC, Feed, feed_of
from casino.live.hub import Hub, current_hub
from casino.live.wire import Send

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

INTERNAL_ERROR = 1011


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is at the other end. `recipient` is the address for `direct` events: whatever the publishers write there."""

    user_id: int | None
    session_id: int | None
    recipient: str
    topics: tuple[str, ...] = field(default=())


class Refused(Exception):
    """Not let in: `text` is sent, then the socket is closed with `close_code`."""

    def __init__(self, text: str, close_code: int = SESSION_ENDED) -> None:
        super().__init__(text)
        self.text = text
        self.close_code = close_code


class RateLimit:
    """A token bucket. `refusals` counts since the bucket was last full."""

    __slots__ = ("_burst", "_per_second", "_then", "_tokens", "refusals")

    def __init__(self, per_second: float, burst: int, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = float(burst)
        self._then = now
        self.refusals = 0

    def take(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._per_second)
        self._then = now
        if self._tokens >= self._burst:
            self.refusals = 0
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class SocketBase:
    """One instance per socket. Subclasses give the texts, so that this knows no protocol."""

    MAX_MESSAGE_BYTES = 8192
    MESSAGES_PER_SECOND = 50
    BURST = 100
    REFUSALS = 100  # of one kind or the other, until the socket is closed with 4429
    SOCKETS_PER_USER: int | None = None  # of this process; one more is told `crowd_error` and closed with 4429
    CONCURRENT = 16
    WAITING = 128  # messages taken in while others are handled; above it, reading pauses
    FINISH_SECONDS = 30  # for what is still being handled when the socket has gone

    clock: Clock = system_clock
    hub: Hub
    connection: Connection
    identity: Identity
    feeds: dict[str, Feed]

    # --- for the subclass ---------------------------------------------------------------------------------------------
    async def authenticate(self, scope: Scope) -> Identity:
        """Who this is, or Refused. URL arguments are in `scope["url_route"]["kwargs"]`."""
        raise NotImplementedError

    async def joined(self) -> None:
        """The socket gets broadcasts from now on; what is sent here before the first `await` precedes them all."""

    async def handle(self, data: str | bytes, received_at: datetime) -> None:
        """One message; bytes for a binary frame. An exception is logged and answered with `internal_error`."""
        raise NotImplementedError

    async def left(self) -> None:
        """The socket has gone and its last request is done."""

    def limit_error(self, kind: Literal["rate", "size"]) -> str:
        """What a message over a limit is answered with."""
        raise NotImplementedError

    def crowd_error(self) -> str:
        """What is sent to a socket that is one too many of its user."""
        raise NotImplementedError

    def internal_error(self) -> str:
        raise NotImplementedError

    def session_error(self) -> str:
        """What is sent before the socket is closed because its session ended."""
        raise NotImplementedError

    # --- for everyone -------------------------------------------------------------------------------------------------
    @classmethod
    def as_asgi(cls) -> Application:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await cls().run(scope, receive, send)

        return application

    def send(self, text: str, *, conflate: str | None = None) -> None:
        self.connection.send(text, conflate=conflate)

    def subscribe(self, *channels: str) -> None:
        for topic in self.identity.topics:
            self.hub.subscribe(self.connection, topic, channels)

    def close(self, code: int, *, text: str | None = None) -> None:
        self.connection.close(code, text=text)

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        opening = await receive()
        if opening["type"] != "websocket.connect":
            return
        try:
            await send({"type": "websocket.accept"})
            if not await self._enter(scope, send):
                return
        except OSError:  # the client has left already
            return
        running: set[asyncio.Task[None]] = set()
        try:
            await self.joined()
            await self._receive_all(receive, running)
        except asyncio.CancelledError:
            if not self.connection.closed:  # the server is stopping; else the hub has ended this socket
                raise
        except Exception:
            logger.exception("a socket of user %s failed", self.identity.user_id)
            self.connection.close(INTERNAL_ERROR, text=self.internal_error())
        finally:
            self.connection.gone()
            if running:
                await asyncio.wait(running, timeout=self.FINISH_SECONDS)
            await self.left()

    # --- steps --------------------------------------------------------------------------------------------------------
    async def _enter(self, scope: Scope, send: Send) -> bool:
        self.hub = current_hub()
        await feed_of(CONTROL_TOPIC)  # first, so that no end of a session is missed
        try:
            self.identity = await self.authenticate(scope)
            self.feeds = {topic: await feed_of(topic) for topic in self.identity.topics}
        except Refused as refusal:
            await _turn_away(send, refusal.text, refusal.close_code)
            return False
        except OSError:
            raise
        except Exception:
            logger.exception("a socket could not be opened")
            await _turn_away(send, self.internal_error(), INTERNAL_ERROR)
            return False
        if self._is_one_too_many():  # from here to the hub nothing waits: those that come at once are counted each
            await _turn_away(send, self.crowd_error(), TOO_MANY)
            return False
        self.connection = Connection(
            self.hub,
            send,
            user_id=self.identity.user_id,
            session_id=self.identity.session_id,
            recipient=self.identity.recipient,
            farewell=self.session_error(),
            app=asyncio.current_task(),
        )
        self.hub.add(self.connection)
        for topic in self.identity.topics:
            self.hub.join(self.connection, topic)
        return True

    def _is_one_too_many(self) -> bool:
        user_id, most = self.identity.user_id, self.SOCKETS_PER_USER
        return user_id is not None and most is not None and self.hub.sockets_of_user(user_id) >= most

    async def _receive_all(self, receive: Receive, running: set[asyncio.Task[None]]) -> None:
        loop = asyncio.get_running_loop()
        limit = RateLimit(self.MESSAGES_PER_SECOND, self.BURST, loop.time())
        turns = asyncio.Semaphore(self.CONCURRENT)
        while True:
            event = await receive()
            received_at = self.clock.now()
            if event["type"] != "websocket.receive":
                return
            if self.connection.closed:
                continue  # until the server tells that the client has gone
            text = event.get("text")
            data: str | bytes = event.get("bytes") or b"" if text is None else text
            in_time = limit.take(loop.time())
            if not in_time or self._is_too_long(data):
                self._refuse(limit, "size" if in_time else "rate")
                continue
            self.hub.note_seen(self.connection, received_at)
            if len(running) >= self.WAITING:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            task = loop.create_task(self._handle_in_turn(data, received_at, turns))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _handle_in_turn(self, data: str | bytes, received_at: datetime, turns: asyncio.Semaphore) -> None:
        async with turns:
            try:
                await self.handle(data, received_at)
            except Exception:
                logger.exception("a message of user %s could not be handled", self.identity.user_id)
                self.send(self.internal_error())

    def _is_too_long(self, data: str | bytes) -> bool:
        if len(data) > self.MAX_MESSAGE_BYTES:
            return True
        if isinstance(data, bytes) or data.isascii():
            return False
        return len(data.encode(errors="surrogatepass")) > self.MAX_MESSAGE_BYTES

    def _refuse(self, limit: RateLimit, kind: Literal["rate", "size"]) -> None:
        limit.refusals += 1
        text = self.limit_error(kind)
        if limit.refusals > self.REFUSALS:
            self.connection.close(TOO_MANY, text=text)
        else:
            self.connection.send(text)


async def _turn_away(send: Send, text: str, code: int) -> None:
    """For a socket that the hub never got; one that does not take even this is left to the server."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await send({"type": "websocket.send", "text": text})
            await send({"type": "websocket.close", "code": code})
