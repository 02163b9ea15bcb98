"""
(b) Durable bets per second, and (c) the settlement of 100,000 open bets.

Baseline: the same rows (balance, transfer, bet) written through the ORM in a transaction per bet, on the same database
in the same run.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.table import Row
from bench.world import Table, database, in_process, now, postgres_answers, seat_players

BATCHES = (1, 50, 200, 1000)


def orm_bet(round_: Any, player_id: int, account_id: int, house_id: int, identifier: int) -> Any:
    """A transaction per bet, as the tutorial writes it: lock, check, save, create, create. Gives the bet."""
    from django.db import transaction

    from casino.lib.ids import uuid7
    from games.crash.models import Bet
    from wallet.models import Account, Transfer

    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        assert account.posted_minor is not None
        assert account.posted_minor >= 100
        before = account.posted_minor
        account.posted_minor -= 100
        account.save(update_fields=["posted_minor"])
        bet_id, at = uuid7(), now()
        Transfer.objects.create(
            id=f"stake:{bet_id}",
            book="BRL",
            kind="posted",
            code="stake",
            debit_account_id=account_id,
            credit_account_id=house_id,
            amount_minor=100,
            reference=str(bet_id),
            debit_balance_minor=account.posted_minor,
            created_at=at,
        )
        return Bet.objects.create(
            id=bet_id,
            round=round_,
            player_id=player_id,
            account_id=account_id,
            config_id=round_.config_id,
            currency_id="BRL",
            is_demo=False,
            identifier=identifier,
            stake_minor=100,
            stake_reference_micros=160_000,
            balance_before_minor=before,
            placed_at=at,
        )


def measure_orm(table: Table, players: list[tuple[int, str, int]], threads: int, count: int) -> float:
    from django.db import connection

    from wallet.chart import House
    from wallet.queries import house_accounts

    round_ = table.open()
    house_id = house_accounts(House.CRASH, ["BRL"])["BRL"]
    share = count // threads

    def work(part: int) -> None:
        for i in range(share):
            player_id, _, account_id = players[part * share + i]
            orm_bet(round_, player_id, account_id, house_id, 1)
        connection.close()

    elapsed = timed(lambda: run_threads(work, threads))
    end_round(table, round_)
    return share * threads / elapsed


def measure_batches(table: Table, players: list[tuple[int, str, int]], size: int, count: int) -> float:
    from games.crash.operations import BetRequest, PlacedBet, place_bets

    round_ = table.open()
    requests = [
        BetRequest(table.slug, player_id, username, account_id, "BRL", False, 100, 1, None)
        for player_id, username, account_id in players[:count]
    ]

    def work() -> None:
        for start in range(0, count, size):
            answers = place_bets(table.slug, requests[start : start + size], now=now())
            assert all(isinstance(answer, PlacedBet) for answer in answers)

    elapsed = timed(work)
    end_round(table, round_)
    return count / elapsed


def measure_settlement(table: Table, players: list[tuple[int, str, int]], auto: Callable[[int], int | None]) -> Any:
    """Seconds and statements to settle a round in which each player has one open bet."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from games.crash.operations import BetRequest, place_bets, settle_round

    round_ = table.open_long() if auto(1) else table.open()
    for start in range(0, len(players), 2000):
        place_bets(
            table.slug,
            [
                BetRequest(table.slug, player_id, username, account_id, "BRL", False, 100, 1, auto(start + i))
                for i, (player_id, username, account_id) in enumerate(players[start : start + 2000])
            ],
            now=now(),
        )
    table.finish(round_)
    with CaptureQueriesContext(connection) as statements:
        elapsed = timed(lambda: settle_round(round_.pk, epoch=table.epoch, now=now()))
    return elapsed, len(statements)


def end_round(table: Table, round_: Any) -> None:
    from games.crash.operations import settle_round

    table.finish(round_)
    settle_round(round_.pk, epoch=table.epoch, now=now())


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(quick: bool) -> dict[str, Any]:
    """Everything on the database of this process."""
    import django

    django.setup()
    from django.db import connection

    from casino.ops.process import quiet_gc

    scale = 10 if quick else 1
    table = Table()
    players = seat_players(100_000 // scale)
    quiet_gc()  # as the serving processes and the engine do
    result: dict[str, Any] = {"orm": {}, "batch": {}, "settle": {}}
    for threads in (1, 8) if connection.vendor == "postgresql" else (1,):
        result["orm"][threads] = measure_orm(table, players, threads, 2_000 // scale)
    for size in BATCHES:
        result["batch"][size] = measure_batches(table, players, size, (1_000 if size == 1 else 20_000) // scale)
    result["settle"]["all lost"] = measure_settlement(table, players, lambda i: None)
    # Half of the bets have an auto cash-out of 1.01, in a round that gets there.
    result["settle"]["half due"] = measure_settlement(table, players, lambda i: 101 if i % 2 else None)
    return result


def run(quick: bool = False) -> list[Row]:
    rows: list[Row] = []
    for vendor in ("sqlite", "postgresql"):
        if vendor == "postgresql" and not postgres_answers():
            continue
        with database(vendor) as url:
            result = json.loads(in_process("bench.bets", url, *(["--quick"] if quick else [])))
        rows += _rows(vendor, result)
    return rows


def _rows(vendor: str, result: dict[str, Any]) -> list[Row]:
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[vendor]
    best = max(result["orm"].values())
    baseline = f"ORM, a transaction per bet, {name}"
    rows = [
        Row(f"bets, ORM per bet, {threads} thread{'s' if threads != '1' else ''}, {name}", rate, "bets/s")
        for threads, rate in result["orm"].items()
    ]
    for size, rate in result["batch"].items():
        wanted = 10.0 if vendor == "postgresql" and size == "1000" else None
        rows.append(
            Row(
                f"bets, place_bets in batches of {size}, {name}",
                rate,
                "bets/s",
                ratio=rate / best,
                baseline=baseline,
                target=None if wanted is None else f">= {wanted:g}x",
                ok=None if wanted is None else rate / best >= wanted,
            )
        )
    for kind, (seconds, statements) in result["settle"].items():
        rows.append(
            Row(
                f"settlement of 100,000 open bets, {kind}, {statements} statements, {name}",
                seconds,
                "s",
                target="< 3 s" if vendor == "postgresql" else None,
                ok=seconds < 3 if vendor == "postgresql" else None,
            )
        )
    return rows


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
