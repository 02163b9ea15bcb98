"""What the tests of the live layer share: a client that can stop reading, a loop per test, a real server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from casino.live.connection import Connection
from casino.live.feed import stop_feeds
from casino.live.hub import Hub
from casino.live.server import LiveServer, make_config
from casino.live.socket import Identity, Refused, Scope, SocketBase


def run(main: Callable[[], Awaitable[None]], *, seconds: float = 30) -> None:
    """Run an async test on a loop of its own, and leave nothing of it behind in the channel layer."""

    async def whole() -> None:
        try:
            async with asyncio.timeout(seconds):
                await main()
        finally:
            await stop_feeds()

    asyncio.run(whole())


async def until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait for a condition, as long as it takes but not for ever."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        if loop.time() > deadline:
            raise AssertionError("what was waited for did not happen")
        await asyncio.sleep(0.005)


async def turns(count: int = 5) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


class Client:
    """The other end of an ASGI `send`: takes frames at once while it reads, suspends the sender while it does not."""

    def __init__(self) -> None:
        self.frames: list[Mapping[str, Any]] = []
        self.lost = False
        self._reading = asyncio.Event()
        self._reading.set()
        self.sips = False  # takes one frame each time it reads on

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self._reading.wait()
        if self.sips:
            self._reading.clear()
        if self.lost:
            raise OSError("the client has gone")
        self.frames.append(frame)

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    @property
    def texts(self) -> list[str]:
        return [frame["text"] for frame in self.frames if frame["type"] == "websocket.send"]

    @property
    def close_codes(self) -> list[int]:
        return [frame["code"] for frame in self.frames if frame["type"] == "websocket.close"]


def connect(hub: Hub, client: Client, topic: str = "game", **who: Any) -> Connection:
    connection = Connection(hub, client.send, **who)
    hub.add(connection)
    hub.join(connection, topic)
    return connection


class EchoSocket(SocketBase):
    """Answers with what it was sent. `/?session=N` is the session N of user N; a session above 900 is refused."""

    topic = "test.echo"
    slow_gate: asyncio.Event

    async def authenticate(self, scope: Scope) -> Identity:
        number = int(scope["query_string"].decode().partition("=")[2] or 1)
        if number > 900:
            raise Refused("session unknown")
        return Identity(user_id=number, session_id=number, recipient=f"player-{number}", topics=(self.topic,))

    async def handle(self, data: str | bytes, received_at: datetime) -> None:
        if isinstance(data, bytes):
            self.send("not text")
        elif data == "fail":
            raise RuntimeError("as asked")
        elif data == "wait":
            await self.slow_gate.wait()
            self.send("waited")
        elif data == "open":
            self.slow_gate.set()
            self.send("opened")
        elif data == "subscribe":
            self.subscribe("bets")
            self.send("subscribed")
        else:
            self.send(f"echo {data}")

    def limit_error(self, kind: str) -> str:
        return f"429 {kind}"

    def internal_error(self) -> str:
        return "500"

    def session_error(self) -> str:
        return "1000"


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[str, int]]:
    """A real server on the running loop, on a port of its own."""
    server = LiveServer(make_config(app, host="127.0.0.1", port=0, loop="none", timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield server.servers[0].sockets[0].getsockname()[:2]
    finally:
        server.should_exit = True
        await task
