"""
(b) Bets end to end: from the frame a client sends to the answer it gets, for a bet that is committed by then.

Baseline: a Channels consumer that does a transaction per bet with the ORM (`bench.sockets_server`), as the tutorial
has it and, on PostgreSQL, also with eight threads; ratios are to the faster of them. Same uvicorn settings, database,
round and client; runs alternate between the servers, each with players of its own. After every run the books are
asked whether each acknowledged bet is there.
"""

import json
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench.fanout import Process, running
from bench.table import Row
from bench.world import Table, database, in_process, now, postgres_answers, seat_players

SOCKETS = 200
BETS = 10  # per socket: as many identifiers as a player has in a round
OUTSTANDING = 5
RUNS = {"sqlite": 2, "postgresql": 3}  # three where a target is judged by their median
KINDS = {"sqlite": ("ours", "tutorial"), "postgresql": ("ours", "tutorial", "threads")}
NAMES = {
    "ours": "our socket",
    "tutorial": "Channels consumer, ORM per bet",
    "threads": "Channels consumer, ORM per bet, 8 threads",
}
WANTED = 6.0

Seated = list[tuple[str, int]]  # (session token, account id)


@dataclass
class Measured:
    """The runs of one server."""

    rates: list[float] = field(default_factory=list)  # acknowledged bets per second, by run
    waited_ms: list[float] = field(default_factory=list)  # of every answer of every run

    def waited(self, percent: int) -> float:
        ordered = sorted(self.waited_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def seat_sessions(count: int) -> Seated:
    """Players with money and an open session each."""
    from accounts.models import GameSession
    from accounts.queries import hash_token

    at = now()
    seated = [(f"bench-{account_id}", player_id, account_id) for player_id, _, account_id in seat_players(count)]
    GameSession.objects.bulk_create(
        [
            GameSession(
                token_hash=hash_token(token),
                player_id=player_id,
                is_demo=False,
                created_at=at,
                last_seen_at=at,
                expires_at=at + timedelta(hours=1),
            )
            for token, player_id, _ in seated
        ],
        batch_size=500,
    )
    return [(token, account_id) for token, _, account_id in seated]


def play(client: Process, game: str, seated: Seated) -> dict[str, Any]:
    """One run; RuntimeError where a bet was refused, or acknowledged and is not in the books."""
    tokens = [token for token, _ in seated]
    result = client.ask(json.dumps({"game": game, "tokens": tokens, "bets": BETS, "outstanding": OUTSTANDING}))
    if result["refused"] or result["accepted"] != len(seated) * BETS:
        raise RuntimeError(f"{result['accepted']} of {len(seated) * BETS} bets: {result['refused']}")
    check_books([account_id for _, account_id in seated])
    return dict(result)


def check_books(account_ids: list[int]) -> None:
    """Every bet of these players has its row, its transfer and its money."""
    from django.db.models import Sum

    from games.crash.models import Bet
    from wallet.models import Account, Transfer

    wanted = len(account_ids) * BETS
    bets = Bet.objects.filter(account_id__in=account_ids).count()
    stakes = Transfer.objects.filter(debit_account_id__in=account_ids, code="stake").count()
    left = Account.objects.filter(pk__in=account_ids).aggregate(left=Sum("posted_minor"))["left"]
    paid = len(account_ids) * 1_000_000 - left
    if (bets, stakes, paid) != (wanted, wanted, wanted * 100):
        raise RuntimeError(f"{wanted} bets were acknowledged; found {bets} bets, {stakes} transfers, {paid} paid")


def measure(quick: bool) -> dict[str, Any]:
    """Everything on the database of this process."""
    import django

    django.setup()
    from django.db import connection

    kinds = KINDS[connection.vendor]
    sockets, runs = (SOCKETS // 10, 1) if quick else (SOCKETS, RUNS[connection.vendor])
    warming = sockets // 10
    table = Table()
    table.open()
    found = {kind: Measured() for kind in kinds}
    with ExitStack() as processes:
        # They start while the players are seated.
        servers = {kind: processes.enter_context(running("bench.sockets_server", kind)) for kind in kinds}
        seated = iter(seat_sessions(len(kinds) * (warming + sockets * runs)))
        clients = {}
        for kind in kinds:
            clients[kind] = processes.enter_context(running("bench.sockets_client", servers[kind].read()))
            # Not measured: imports, first connections, prepared plans.
            play(clients[kind], table.slug, [next(seated) for _ in range(warming)])
        for _ in range(runs):
            for kind in kinds:
                result = play(clients[kind], table.slug, [next(seated) for _ in range(sockets)])
                found[kind].rates.append(result["accepted"] / result["seconds"])
                found[kind].waited_ms += result["waited_ms"]
    return {
        kind: {"rates": one.rates, "p50": one.waited(50), "p99": one.waited(99), "sockets": sockets}
        for kind, one in found.items()
    }


def run(quick: bool = False) -> list[Row]:
    rows: list[Row] = []
    for vendor in ("sqlite", "postgresql"):
        if vendor == "postgresql" and not postgres_answers():
            print("  PostgreSQL does not answer: SQLite only", file=sys.stderr, flush=True)
            continue
        with database(vendor) as url:
            result = json.loads(in_process("bench.sockets", url, *(["--quick"] if quick else [])))
        rows += _rows(vendor, result, quick=quick)
    return rows


def _rows(vendor: str, result: dict[str, Any], *, quick: bool) -> list[Row]:
    database_name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[vendor]
    medians = {kind: statistics.median(one["rates"]) for kind, one in result.items()}
    rival = max((kind for kind in result if kind != "ours"), key=medians.__getitem__)
    rows = []
    for kind, one in result.items():
        name = f"bets end to end, {NAMES[kind]}, {one['sockets']} sockets, {database_name}"
        measured = f"{name}: median of {len(one['rates'])} (best {max(one['rates']):,.0f})"
        if kind == "ours":
            ratio = medians["ours"] / medians[rival]
            # A quick run is too short to judge by: its batches never grow.
            judged = vendor == "postgresql" and not quick
            rows.append(
                Row(
                    measured,
                    medians["ours"],
                    "bets/s",
                    ratio,
                    NAMES[rival],
                    f">= {WANTED:g} ×" if judged else None,
                    ratio >= WANTED if judged else None,
                )
            )
        else:
            rows.append(Row(measured, medians[kind], "bets/s"))
        rows += [Row(f"{name}: {percent} of the answer", one[percent], "ms") for percent in ("p50", "p99")]
    return rows


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
