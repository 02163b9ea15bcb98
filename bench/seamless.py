"""
(e) Players whose money is at an operator, in one process: `Intake.place_bet`, as the sockets call it.

500 of them bet at the same moment against the reference operator (docs/examples), which takes 50 ms for an answer: all
are placed within the betting window, at one call each. Then players whose money is here bet at a steady pace, with and
without 50 others beside them whose operator takes calls and never answers: the wait of their slowest hundredth.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from bench.table import Row
from bench.world import ROOT, Table, database, now, postgres_answers, seat_players

PLAYERS, LATENCY_MS = 500, 50
WINDOW_SECONDS = 5.0
BESIDE, PACE, SECONDS, RUNS = 50, 100, 10.0, 9  # who hangs; bets a second of the others; for how long; how often each
WANTED_SLOWER = 1.2
SECRET = "bench"


@contextmanager
def operator(players: Sequence[str], *options: str) -> Iterator[str]:
    """The reference operator's address."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "docs/examples/operator_server.py", "--port", "0", "--secret", SECRET, *options]
        command += ["--db", f"{folder}/operator.sqlite3"]
        command += [part for name in players for part in ("--player", f"{name}:BRL:100:1000000")]
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None
        try:
            yield str(json.loads(running.stdout.readline())["url"])
        finally:
            running.kill()
            running.wait()


def seat(names: Sequence[str], url: str, game: str) -> list[Any]:
    """A partner whose players are at that operator; a bet that each wants."""
    from accounts.models import User
    from accounts.partners import operations as partners
    from accounts.partners.rules import Environment
    from games.crash.operations import BetRequest
    from wallet import operations as wallet
    from wallet.operators import operations as operators

    slug, at = f"bench-{uuid4().hex[:6]}", now()
    partner = partners.create_partner(slug, slug=slug, owner=User.objects.create(username=slug), now=at)
    found, _ = operators.connect(partner, Environment.LIVE, slug=slug, base_url=url, secret=SECRET, actor=None, now=at)
    bets = []
    for name in names:
        player, account, _ = wallet.seat_partner_player(
            partner, Environment.LIVE, name, currency="BRL", wallet="seamless", now=at
        )
        user = player.user
        own = (game, user.pk, user.username, account.pk, "BRL", False, 100)
        bets.append(lambda identifier, own=own: BetRequest(*own, identifier, None, operator_id=found.pk))
    return bets


async def all_at_once(intake: Any, bets: Sequence[Any]) -> float:
    from games.crash.operations import PlacedBet

    await asyncio.gather(*(intake.place_bet(bet(2)) for bet in bets[:20]))  # imports, connections
    started = time.perf_counter()
    answers = await asyncio.gather(*(intake.place_bet(bet(1)) for bet in bets))
    seconds = time.perf_counter() - started
    placed = sum(isinstance(answer, PlacedBet) for answer in answers)
    if placed != len(bets):
        raise RuntimeError(f"{placed} of {len(bets)} were placed; others: {Counter(map(repr, answers)).most_common(3)}")
    return seconds


async def paced(intake: Any, here: Sequence[Any], beside: Sequence[Any]) -> float:
    """The wait (ms) of the slowest hundredth of those whose money is here."""
    from games.crash.operations import PlacedBet

    stop, waited = asyncio.Event(), []

    async def hang(bet: Any) -> None:
        while not stop.is_set():
            await intake.place_bet(bet(1))
            await asyncio.sleep(0.5)  # impatient

    async def one(request: Any) -> None:
        started = time.perf_counter()
        answer = await intake.place_bet(request)
        assert isinstance(answer, PlacedBet), answer
        waited.append((time.perf_counter() - started) * 1000)

    others = [asyncio.create_task(hang(bet)) for bet in beside]
    started, tasks = time.perf_counter() + 0.5, []
    for n, request in enumerate(here):
        await asyncio.sleep(max(0.0, started + n / PACE - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request)))
    await asyncio.gather(*tasks)
    stop.set()
    for task in others:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return sorted(waited)[int(len(waited) * 0.99)]


def measure(quick: bool) -> dict[str, Any]:
    import django

    django.setup()
    from games.crash.intake import Intake
    from games.crash.operations import BetRequest
    from wallet.operators.models import RemoteCall

    players, runs, seconds = (100, 1, 2.0) if quick else (PLAYERS, RUNS, SECONDS)
    table = Table()
    table.open()
    names, each = [f"s-{n}" for n in range(players)], int(PACE * seconds)
    seated = iter(seat_players(each * (2 * runs + 1)))

    def wishes() -> list[Any]:
        return [BetRequest(table.slug, *next(seated), "BRL", False, 100, 1, None) for _ in range(each)]

    with (
        operator(names, "--latency-ms", str(LATENCY_MS)) as answers,
        operator(names[:BESIDE], "--fault", "timeout_before@bet") as hangs,
    ):
        there = seat(names, answers, table.slug)
        hanging = seat(names[:BESIDE], hangs, table.slug)
        found: dict[str, Any] = {"alone": [], "beside": []}

        async def play() -> None:
            intake = Intake()
            found["seconds"] = await all_at_once(intake, there)
            await paced(intake, wishes(), ())  # warm
            for _ in range(runs):
                found["alone"].append(await paced(intake, wishes(), ()))
                found["beside"].append(await paced(intake, wishes(), hanging))

        asyncio.run(play())
    calls = RemoteCall.objects.filter(kind="bet", state="confirmed")
    found["calls"] = sum(calls.values_list("attempts", flat=True)) / calls.count()
    return found


def run(quick: bool = False) -> list[Row]:
    if not postgres_answers():
        print("  PostgreSQL does not answer: no seamless figures", file=sys.stderr, flush=True)
        return []
    with database("postgresql") as url:
        settings = {"DATABASE_URL": url, "REDIS_URL": "", "DJANGO_SETTINGS_MODULE": "casino.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "bench.seamless", *(["--quick"] if quick else [])],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"bench.seamless failed:\n{done.stdout}\n{done.stderr}")
    return _rows(json.loads(done.stdout.splitlines()[-1]), quick=quick)


def _rows(found: dict[str, Any], *, quick: bool) -> list[Row]:
    alone, beside = statistics.median(found["alone"]), statistics.median(found["beside"])
    placed = f"{100 if quick else PLAYERS} bets at once, money at an operator that takes {LATENCY_MS} ms"
    window = (None, None) if quick else (f"< {WINDOW_SECONDS:g} s", found["seconds"] < WINDOW_SECONDS)
    slower = (None, None) if quick else (f"< {WANTED_SLOWER:g} ×", beside < WANTED_SLOWER * alone)
    steady = "p99 of a bet whose money is here"
    return [
        Row(f"{placed}: all placed after", found["seconds"], "s", None, None, *window),
        Row(f"{placed}: calls per bet", found["calls"], "", None, None, "1", found["calls"] == 1),
        Row(steady, alone, "ms"),
        Row(f"{steady}, beside {BESIDE} at an operator that hangs", beside, "ms", beside / alone, steady, *slower),
    ]


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
