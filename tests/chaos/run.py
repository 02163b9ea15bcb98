"""One run: seats, a crowd, kills, and the verdict."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos import FUNDS
from tests.chaos.players import Crowd
from tests.operators.running import SECRET, RunningOperator, an_operator
from tests.servers import Site, embedded_site

SETTLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Found:
    problems: list[str]
    summary: str


def inside(site: Site, call: str) -> Any:
    """A function of `books`, in the platform; what it printed last."""
    done = site.manage("shell", "--no-imports", "-c", f"from tests.chaos import books; books.{call}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def chaos(
    folder: Path, seed: int, *, kills: int, players: int, say: Callable[[str], Any] = lambda text: None, **settings: str
) -> Found:
    chance = random.Random(seed)
    seamless, transfer = players * 2 // 5, players * 3 // 10
    own = players - seamless - transfer
    seats = [f"s-{n}" for n in range(seamless)]
    there = [part for name in seats for part in ("--player", f"{name}:BRL:100:{FUNDS}")]
    pace = {"CRASH_WAIT_MS": "1500", "CRASH_TICK_MS": "20", "CRASH_GRACE_MS": "50"}
    quiet = {"API_READ_PER_WINDOW": "1000000", "API_WRITE_PER_WINDOW": "1000000"}
    with (
        an_operator(folder, *there) as operator,
        embedded_site(folder, crash_between=(101, 300), **{**pace, **quiet, **settings}) as site,
    ):
        seated = inside(site, f"seat({operator.url!r}, {SECRET!r}, {seamless}, {transfer}, {own})")
        crowd = Crowd(site.url, seed, seated, [*seats, *(f"t-{n}" for n in range(transfer))])
        crowd.start()
        killed = _strike(site, operator, chance, kills, say)
        time.sleep(2)
        crowd.finish()
        problems = [*crowd.broken, *_wait_until_settled(site)]
        books = inside(site, f"verdict({str(folder / 'operator.sqlite3')!r})")
    summary = f"killed {dict(killed)}; players {dict(crowd.did)}; {books['bets']} bets; calls {books['calls']}"
    return Found([*problems, *books["problems"]], summary)


def _strike(
    site: Site, operator: RunningOperator, chance: random.Random, kills: int, say: Callable[[str], Any]
) -> Counter[str]:
    killed: Counter[str] = Counter()
    for n in range(kills):
        time.sleep(chance.uniform(0.1, 1.5))
        target = chance.choice(["platform", "operator", "both"])
        killed[target] += 1
        if target != "platform":
            operator.kill()
        if target != "operator":
            site.kill()
        time.sleep(chance.uniform(0, 0.5))
        if target != "operator":
            site.start()
        if target != "platform":
            operator.start()
        if n % 10 == 9:
            say(f"{n + 1} kills")
    return killed


def _wait_until_settled(site: Site) -> list[str]:
    deadline = time.monotonic() + SETTLE_SECONDS
    left: dict[str, int] = {}
    while time.monotonic() < deadline:
        left = inside(site, "still_owed()")
        if not any(left.values()):
            return []
        time.sleep(1)
    return [f"after {SETTLE_SECONDS} s there is still: {left}"]
