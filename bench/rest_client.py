"""
Plain HTTP/1.1 over kept connections, made of prepared bytes: as little client as possible, since it shares the machine.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Answers:
    statuses: Counter[int] = field(default_factory=Counter)
    waited_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds

    def waited(self, percent: float) -> float:
        ordered = sorted(self.waited_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
    return int(head[9:12])


async def as_fast_as_possible(port: int, requests: Iterator[bytes], *, connections: int, seconds: float = 0) -> Answers:
    """Each connection sends the next request when its last was answered, until none is left or the time is up."""
    found = Answers()
    started = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            at = time.perf_counter()
            found.statuses[await _ask(reader, writer, request)] += 1
            now = time.perf_counter()
            found.waited_ms.append((now - at) * 1000)
            if seconds and now - started >= seconds:
                break
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    found.seconds = time.perf_counter() - started
    return found


async def at_a_rate(port: int, requests: Sequence[bytes], *, connections: int, rate: float) -> Answers:
    """Requests are due at fixed times; the wait is counted from then on, so that a queue is not overlooked."""
    found = Answers()
    started = time.perf_counter() + 0.05

    async def one(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in range(first, len(requests), connections):
            due = started + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            found.statuses[await _ask(reader, writer, requests[n])] += 1
            found.waited_ms.append((time.perf_counter() - due) * 1000)
        writer.close()

    await asyncio.gather(*(one(n) for n in range(connections)))
    found.seconds = time.perf_counter() - started
    return found
