"""
(a) Fan-out: one message to every socket. Server CPU per delivered message, and when the last socket has it.

Three servers, each in a process of its own, in one run: our hub (with publisher, channel layer and feed, as in
production), a Channels consumer with `group_send` on the same uvicorn and the same in-memory layer, and the floor: a
loop that writes a prebuilt frame to each transport. Then the hub with one client among many that does not read.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.table import Row

ROOT = Path(__file__).resolve().parent.parent
TICK_BYTES = 200
# How often each server is given a message (ms), by sockets: as fast as the slowest of its kind can follow.
INTERVALS = {"bare": {500: 50, 2000: 100}, "hub": {500: 50, 2000: 100}, "group_send": {500: 400, 2000: 1500}}


@dataclass(frozen=True, slots=True)
class Measured:
    cpu_us: float  # per delivered message
    lateness_ms: list[float]  # per message: from sending until the last socket has it
    memory_bytes: float  # per socket
    closed_slow: int

    def lateness(self, percent: int) -> float:
        ordered = sorted(self.lateness_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Process:
    """A child that answers each line with a line."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> Any:
        assert self._child.stdout is not None
        line = self._child.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{self._child.args!r} ended without an answer")
        return line if line == "ready" else json.loads(line)

    def ask(self, *words: object) -> Any:
        assert self._child.stdin is not None
        print(*words, file=self._child.stdin, flush=True)
        return self.read()

    def end(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(15)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


@contextmanager
def running(module: str, *arguments: object) -> Iterator[Process]:
    process = Process(module, *arguments)
    try:
        yield process
    finally:
        process.end()


def measure(
    kind: str, sockets: int, *, messages: int, interval_ms: int, size: int = TICK_BYTES, stalled: int = 0
) -> Measured:
    with running("bench.fanout_server", kind) as server:
        port = server.read()
        empty = server.ask("use")
        with running("bench.fanout_client", port, sockets, stalled) as clients:
            assert clients.read() == "ready"
            idle = server.ask("use")
            sent_at = server.ask("go", messages, interval_ms, size)
            result = clients.ask(messages)
            done = server.ask("use")
    delivered = result["frames"]
    if delivered != messages * sockets:
        raise RuntimeError(f"{kind}: {delivered} frames of {messages * sockets} arrived")
    return Measured(
        cpu_us=(done["cpu_us"] - idle["cpu_us"]) / delivered,
        lateness_ms=[(last - sent) / 1e6 for sent, last in zip(sent_at, result["last_at"], strict=True)],
        memory_bytes=(idle["memory_bytes"] - empty["memory_bytes"]) / sockets,
        closed_slow=done["closed_slow"],
    )


def compare(sockets: int, *, quick: bool) -> list[Row]:
    """The three servers with so many sockets."""
    share = 4 if quick else 1
    found = {
        kind: measure(
            kind, sockets, messages=(8 if kind == "group_send" else 80) // share, interval_ms=INTERVALS[kind][sockets]
        )
        for kind in ("bare", "hub", "group_send")
    }
    floor, ours, channels = found["bare"], found["hub"], found["group_send"]
    names = {
        kind: f"{text}, {sockets:,} sockets"
        for kind, text in {"bare": "bare write loop", "hub": "our hub", "group_send": "Channels group_send"}.items()
    }
    cost, cheaper = ours.cpu_us / floor.cpu_us, channels.cpu_us / ours.cpu_us
    cpu, late = "µs CPU a message", "ms until the last socket has it"
    rows = [
        Row(names["bare"], floor.cpu_us, cpu),
        Row(names["hub"], ours.cpu_us, cpu, cost, "bare write loop", "<= 2.5 ×", cost <= 2.5),
        Row(names["group_send"], channels.cpu_us, cpu, cheaper, "our hub", ">= 10 ×", cheaper >= 10),
        *(
            Row(names[kind], statistics.median(one.lateness_ms), late, _ratio(one, floor), "bare write loop")
            for kind, one in found.items()
        ),
    ]
    if sockets == max(INTERVALS["hub"]):
        per_socket = ours.memory_bytes / 1024
        rows.append(
            Row(
                f"memory of an idle socket, {sockets:,} sockets",
                per_socket,
                "KB",
                None,
                None,
                "< 60 KB",
                per_socket < 60,
            )
        )
    return rows


def _ratio(one: Measured, floor: Measured) -> float:
    return statistics.median(one.lateness_ms) / statistics.median(floor.lateness_ms)


def with_a_stalled_client(*, quick: bool) -> list[Row]:
    """Messages long and fast enough that its buffers fill, its backlog fills, and it is closed, all within the run."""
    plan = {"messages": 80 if quick else 400, "interval_ms": 20, "size": 2000}
    without = measure("hub", 500, **plan)
    beside = measure("hub", 500, **plan, stalled=1)
    if not quick and beside.closed_slow != 1:
        raise RuntimeError("the client that does not read was never found out: the figures say nothing")
    rows = []
    for name, percent in (("p99", 99), ("max", 100)):
        before, after = without.lateness(percent), beside.lateness(percent)
        rows.append(
            Row(
                f"one of 501 clients does not read: added to the {name} delay of the others",
                after - before,
                "ms",
                baseline=f"without it: {before:.1f} ms",
                target="<= 20 ms",
                ok=after - before <= 20,
            )
        )
    return rows


def run(quick: bool = False) -> list[Row]:
    rows = compare(500, quick=quick)
    rows += compare(2000, quick=quick)
    return rows + with_a_stalled_client(quick=quick)
