"""
The connections to one operator's server.

They are kept alive in several small pools, HTTP/2 where the operator speaks it, and go to an address that was looked at
(`casino.ops.outgoing`). No redirects, no cookies, and no more of an answer is read than one may have.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from casino.ops import outgoing
from wallet.operators.protocol import Unknown

logger = logging.getLogger(__name__)

KEPT_ALIVE_SECONDS = 30
LOOKED_UP_SECONDS = 30  # that a host's address is used for before it is looked up again
ASKED_LATENCY = 0.1  # seconds; what operators are asked to answer within
# Each call looks through the connections of its pool: several small ones take a third less time than a large one.
POOL = 20
SILENT = 3  # calls in a row without an answer, after which a pool's connections are left


@dataclass(frozen=True, slots=True)
class Endpoint:
    operator_id: int
    base_url: str
    secret: str = field(repr=False)
    timeout_s: float = 2.0  # for the whole call, from looking up the host to the last byte
    max_connections: int = 100
    allow_private: bool = False

    @property
    def most_under_way(self) -> int:
        """As many as its connections can answer within the timeout, at the latency that operators are asked for."""
        return max(1, int(self.max_connections * self.timeout_s / ASKED_LATENCY))

    def connects_like(self, other: "Endpoint") -> bool:
        """The same connections serve both; secret and timeout belong to each call."""
        ours, theirs = ((each.base_url, each.max_connections, each.allow_private) for each in (self, other))
        return ours == theirs


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """The connections of one endpoint, and the address that its host has been found at."""

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext, closing: "Closing") -> None:
        self.endpoint = endpoint
        self.base = endpoint.base_url.rstrip("/")
        self.under_way = 0
        self.replaced = False
        sizes = [min(POOL, endpoint.max_connections - taken) for taken in range(0, endpoint.max_connections, POOL)]
        self._tls, self._closing = tls, closing
        self._pools = [_Pool(_client(size, tls), size) for size in sizes]
        self._left: list[_Pool] = []
        self._lookup: asyncio.Task[outgoing.Target] | None = None
        self._found_at = 0.0

    async def exchange(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str], largest: int
    ) -> Raw | Unknown:
        target = await self._target()
        pool = min(self._pools, key=lambda pool: pool.under_way)
        request = target.request(pool.client, method, self.base + path, content=content, headers=dict(headers))
        pool.under_way += 1
        try:
            answer = await self._send(pool.client, request, largest)
            pool.silent = 0
            return answer
        except asyncio.CancelledError:
            pool.silent += 1
            if pool.silent >= SILENT and pool in self._pools:
                self._leave(pool)
            raise
        finally:
            pool.under_way -= 1
            if pool in self._left and not pool.under_way:
                self._left.remove(pool)
                self._closing.soon(pool.client)

    async def _send(self, client: httpx2.AsyncClient, request: httpx2.Request, largest: int) -> Raw | Unknown:
        answer = await client.send(request, stream=True)
        try:
            parts, size = [], 0
            async for part in answer.aiter_raw():
                parts.append(part)
                size += len(part)
                if size > largest:
                    return Unknown(f"answered {answer.status_code}, with more than {largest // 1024} KiB")
        finally:
            await answer.aclose()
        return Raw(answer.status_code, answer.headers, b"".join(parts))

    def _leave(self, pool: "_Pool") -> None:
        """
        A connection of HTTP/2 outlives the calls that were given up on it. Where a router has forgotten it, no call
        would ever be answered on it, nor learn that it is dead: so others take its place.
        """
        self._pools[self._pools.index(pool)] = _Pool(_client(pool.size, self._tls), pool.size)
        self._left.append(pool)

    def close(self) -> None:
        for pool in (*self._pools, *self._left):
            self._closing.soon(pool.client)

    async def _target(self) -> outgoing.Target:
        """Looked up once for all that wait for it, so that a name server that hangs holds one thread of ours."""
        now = asyncio.get_running_loop().time()
        lookup = self._lookup
        if lookup is None or (lookup.done() and now - self._found_at > LOOKED_UP_SECONDS):
            found = outgoing.find(self.base, allow_private=self.endpoint.allow_private)
            self._lookup = lookup = asyncio.create_task(found)
            self._found_at = now
            lookup.add_done_callback(self._looked_up)
        return await asyncio.shield(lookup)

    def _looked_up(self, lookup: "asyncio.Task[outgoing.Target]") -> None:
        if lookup.cancelled() or lookup.exception() is not None:
            self.forget_address()

    def forget_address(self) -> None:
        if self._lookup is not None and self._lookup.done():
            self._lookup = None


@dataclass(slots=True, eq=False)
class _Pool:
    client: httpx2.AsyncClient
    size: int
    under_way: int = 0
    silent: int = 0  # calls in a row that were given up without an answer


def _client(connections: int, tls: ssl.SSLContext) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        http2=True,
        # The whole call has its time (asyncio.timeout), so that bytes that drip in do not stretch it; a second set of
        # times for each read and write would only cost.
        timeout=None,
        limits=httpx2.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=KEPT_ALIVE_SECONDS
        ),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        verify=tls,
        follow_redirects=False,
        trust_env=False,
        headers={"Content-Type": "application/json", "User-Agent": "casino-wallet/1", "Accept-Encoding": "identity"},
    )


class Closing:
    """Connections that nobody uses any more are closed while others go on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def soon(self, client: httpx2.AsyncClient) -> None:
        task = asyncio.create_task(client.aclose())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def finish(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("a connection to an operator did not end well: %s", task.exception())
