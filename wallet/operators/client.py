"""
Calls to operators' servers, from both worlds.

`OperatorClients` is for one event loop: a client per operator, its connections kept alive and bounded, HTTP/2 where
the operator speaks it. `Caller` is for threads and for code that has no loop of its own: one thread with a loop, which
also turns calls away at once while an operator does not answer (`breaker`) or has too many of them under way.
"""

import asyncio
import logging
import os
import ssl
import threading
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2

from casino.lib.clock import Clock, system_clock
from casino.ops import outgoing
from wallet.operators import protocol
from wallet.operators.breaker import Breaker
from wallet.operators.connections import Closing, Endpoint, Line, Raw
from wallet.operators.protocol import Call, Listed, Nonsense, Refused, Unknown, Verdict

PAGE_SECONDS = 15.0  # for a page of the list by day
CLOSING_SECONDS = 5.0
MOST_PAGES = 20_000

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class ListUnavailable(Exception):
    """The operator's list by day could not be read to its end; the message says why."""


class Closed(ListUnavailable):
    """The process is ending."""


class OperatorClients:
    """A client per operator, for one event loop. One whose address or limits have changed gets new connections."""

    def __init__(self, *, clock: Clock = system_clock, tls: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._lines: dict[int, Line] = {}
        self._closing = Closing()

    async def call(self, endpoint: Endpoint, call: Call, body: Mapping[str, Any]) -> Verdict:
        """One attempt. Never raises for what the operator does."""
        content = protocol.encode(body)
        signed = protocol.signed_headers(endpoint.secret, content, now=self._now())
        answer = await self.exchange(endpoint, "POST", f"/{call}", content, signed)
        if isinstance(answer, Unknown):
            return answer
        return protocol.read_answer(
            call, body, answer.status, answer.headers, answer.body, secret=endpoint.secret, now=self._now()
        )

    async def transactions(self, endpoint: Endpoint, day: date) -> AsyncIterator[Listed]:
        """What the operator has booked on a day (UTC), page after page. Raises ListUnavailable."""
        cursor: str | None = None
        seen: set[str | None] = set()
        while cursor not in seen and len(seen) < MOST_PAGES:
            seen.add(cursor)
            path = "/transactions?" + urlencode(protocol.day_query(day, cursor))
            signed = protocol.signed_headers(endpoint.secret, b"", now=self._now())
            answer = await self.exchange(
                endpoint, "GET", path, b"", signed, seconds=PAGE_SECONDS, largest=protocol.LARGEST_PAGE
            )
            if isinstance(answer, Unknown):
                raise ListUnavailable(answer.reason)
            try:
                rows, cursor = protocol.read_page(
                    answer.status, answer.headers, answer.body, secret=endpoint.secret, now=self._now()
                )
            except Nonsense as problem:
                raise ListUnavailable(str(problem)) from None
            for row in rows:
                yield row
            if cursor is None:
                return
        raise ListUnavailable("its pages have no end")

    async def exchange(
        self,
        endpoint: Endpoint,
        method: str,
        path: str,
        content: bytes,
        headers: Mapping[str, str],
        *,
        seconds: float | None = None,
        largest: int = protocol.LARGEST_ANSWER,
    ) -> Raw | Unknown:
        """A request and its answer, believed or not; Unknown where none came in time."""
        line = self._line(endpoint)
        line.under_way += 1
        try:
            async with asyncio.timeout(endpoint.timeout_s if seconds is None else seconds):
                return await line.exchange(method, path, content, headers, largest)
        except TimeoutError:
            return Unknown("no answer in time")
        except outgoing.NotAllowed as refusal:
            return Unknown(str(refusal))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            line.forget_address()
            return Unknown(f"{type(error).__name__}: {error}"[:200])
        except Exception as error:  # whatever a library trips over, the money may have moved
            logger.exception("a call to an operator failed in an unforeseen way")
            return Unknown(f"{type(error).__name__}: {error}"[:200])
        finally:
            line.under_way -= 1
            if line.replaced and not line.under_way:
                line.close()

    async def aclose(self) -> None:
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            line.close()
        await self._closing.finish()

    def _line(self, endpoint: Endpoint) -> Line:
        line = self._lines.get(endpoint.operator_id)
        if line is not None and line.endpoint.connects_like(endpoint):
            return line
        if line is not None:
            line.replaced = True
            if not line.under_way:
                line.close()
        self._lines[endpoint.operator_id] = made = Line(endpoint, self._tls, self._closing)
        return made

    def _now(self) -> float:
        return self._clock.now().timestamp()


@dataclass(slots=True)
class _Patience:
    """What is known of how an operator answers, and what it has not answered yet."""

    base_url: str
    breaker: Breaker = field(default_factory=Breaker)
    under_way: Counter[bool] = field(default_factory=Counter)  # what is owed (wins, refunds) apart from what may wait


class Caller:
    """
    A thread with an event loop of its own, started at first use; one per process (`caller()`).

    While an operator does not answer, bets and questions are refused at once. Wins and refunds are owed and have their
    own schedule: each goes out, and one that is answered ends the pause for all.
    """

    def __init__(self, *, clock: Clock = system_clock, tls: ssl.SSLContext | None = None) -> None:
        self._clock, self._tls = clock, tls
        self._patience: dict[int, _Patience] = {}
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._clients: OperatorClients | None = None
        self._closed = False

    def submit(self, endpoint: Endpoint, call: Call, body: Mapping[str, Any]) -> "Future[Verdict]":
        """The verdict, soon; never an exception."""
        try:
            return self._run(self._call(endpoint, call, body))
        except Closed:
            late: Future[Verdict] = Future()
            late.set_result(_turned_away(_is_owed(call), "the process is ending"))
            return late

    def transactions(self, endpoint: Endpoint, day: date) -> "Future[list[Listed]]":
        """The operator's whole list of a day; raises ListUnavailable."""
        return self._run(self._whole_day(endpoint, day))

    def turns_away(self, operator_id: int) -> bool:
        """Would a bet at this operator be refused at once? So that nothing is written down for it."""
        known, loop = self._patience.get(operator_id), self._loop
        return known is not None and loop is not None and known.breaker.turns_away(loop.time())

    def is_silent(self, operator_id: int) -> bool:
        """Has it left so many calls in a row unanswered that it is tried only now and then?"""
        known = self._patience.get(operator_id)
        return known is not None and known.breaker.is_open

    def close(self) -> None:
        """Calls under way become Unknown."""
        with self._starting:
            closed, self._closed = self._closed, True
            loop, thread = self._loop, self._thread
        if closed or loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _run(self, work: Coroutine[Any, Any, Answer]) -> "Future[Answer]":
        with self._starting:
            if self._closed:
                work.close()
                raise Closed
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="operators", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _call(self, endpoint: Endpoint, call: Call, body: Mapping[str, Any]) -> Verdict:
        clock = asyncio.get_running_loop().time
        known = self._patience_with(endpoint)
        owed = _is_owed(call)
        if known.under_way[owed] >= endpoint.most_under_way:
            return _turned_away(owed, "too many calls are under way")
        if not owed and not known.breaker.allows(clock()):
            return _turned_away(owed, "the operator does not answer", known.breaker.tries_at - clock())
        known.under_way[owed] += 1
        try:
            verdict = await self._with_clients().call(endpoint, call, body)
        except asyncio.CancelledError:
            if not self._closed:
                raise
            return Unknown("cancelled: the process is ending")
        finally:
            known.under_way[owed] -= 1
        known.breaker.record(not isinstance(verdict, Unknown), clock())
        return verdict

    async def _whole_day(self, endpoint: Endpoint, day: date) -> list[Listed]:
        return [row async for row in self._with_clients().transactions(endpoint, day)]

    def _patience_with(self, endpoint: Endpoint) -> _Patience:
        known = self._patience.get(endpoint.operator_id)
        if known is None or known.base_url != endpoint.base_url:
            self._patience[endpoint.operator_id] = known = _Patience(endpoint.base_url)
        return known

    def _with_clients(self) -> OperatorClients:
        if self._clients is None:
            self._clients = OperatorClients(clock=self._clock, tls=self._tls)
        return self._clients

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await asyncio.gather(*others, return_exceptions=True)
                if self._clients is not None:
                    await self._clients.aclose()


def _is_owed(call: Call) -> bool:
    return call in (Call.WIN, Call.REFUND)


def _turned_away(owed: bool, why: str, seconds: float | None = None) -> Verdict:
    """Nothing was sent."""
    wait = None if seconds is None else max(0.0, seconds)
    return Unknown(why, wait) if owed else Refused("operator_unavailable", f"Not sent: {why}.", retry_after=wait)


_shared: tuple[int, Caller] | None = None
_sharing = threading.Lock()


def caller() -> Caller:
    """The caller of this process; a forked child, which has none of its parent's threads, gets its own."""
    global _shared
    with _sharing:
        if _shared is None or _shared[0] != os.getpid():
            _shared = (os.getpid(), Caller())
        return _shared[1]
