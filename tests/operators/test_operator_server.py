"""The reference operator: its rules under load, under faults, and after a kill at any moment."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.operators.running import SCRIPT, RunningOperator, a_bet, an_operator, follow_up, listed, refusal, until
from tests.operators.test_client import with_clients
from wallet.operators.client import OperatorClients
from wallet.operators.protocol import Call, Confirmed, Unknown

KILLS = 4
ACTORS = 12


def test_a_blocked_player_may_not_bet_and_is_still_paid(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        alice, there = operator.player(100), operator.endpoint()
        won, undone = a_bet(alice), a_bet(alice)
        for bet in (won, undone):
            assert isinstance(await clients.call(there, Call.BET, bet), Confirmed)
        operator.steer("_players", user=alice, blocked=True)
        assert refusal(await clients.call(there, Call.BET, a_bet(alice))) == "player_blocked"
        assert await clients.call(there, Call.WIN, follow_up("win", won, amount=25)) == Confirmed(105)
        assert await clients.call(there, Call.REFUND, follow_up("refund", undone)) == Confirmed(115)

    with_clients(go)


def test_a_session_that_has_ended_opens_no_game(tmp_path: Path) -> None:
    async def go(clients: OperatorClients) -> None:
        who = {"user": "s-1", "currency": "BRL", "denominator": 100}
        there = running.endpoint()
        assert await clients.call(there, Call.AUTHENTICATE, {**who, "token": "tok"}) == Confirmed(50)
        assert refusal(await clients.call(there, Call.AUTHENTICATE, {**who, "token": "old"})) == "session_expired"

    with an_operator(tmp_path, "--player", "s-1:BRL:100:50:tok") as running:
        with_clients(go)


def test_its_database_refuses_what_its_code_would_have_to(tmp_path: Path) -> None:
    with an_operator(tmp_path, "--player", "s-1:BRL:100:50") as running:

        async def go(clients: OperatorClients) -> None:
            assert isinstance(await clients.call(running.endpoint(), Call.BET, a_bet("s-1")), Confirmed)

        with_clients(go)
    with sqlite3.connect(tmp_path / "operator.sqlite3") as db:
        again = "INSERT INTO movements SELECT 9, {}, player, 1, currency, 1, at, body, answer FROM movements"
        for wrong, name in (
            ("UPDATE players SET balance = -1", "balance"),
            (again.format("id, copy, 'win', 'x'"), "movements.id"),
            (again.format("'x', copy, kind, bet"), "movements.bet"),
        ):
            with pytest.raises(sqlite3.IntegrityError, match=name):
                db.execute(wrong)


def test_a_fault_happens_as_often_and_to_the_calls_that_were_asked_for(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        alice, there = operator.player(100), operator.endpoint()
        operator.fault("error_500_after", count=1, calls=["bet"])
        bet = a_bet(alice)
        assert isinstance(await clients.call(there, Call.BET, bet), Unknown)
        assert await clients.call(there, Call.REFUND, follow_up("refund", bet)) == Confirmed(100)
        assert await clients.call(there, Call.BET, a_bet(alice)) == Confirmed(90)
        operator.fault("error_500_before", probability=0)
        assert await clients.call(there, Call.BET, a_bet(alice)) == Confirmed(80)

    with_clients(go)


def test_a_fault_that_there_is_not_is_refused_at_the_start(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--db", str(tmp_path / "x"), "--secret", "s", "--fault", "bad_weather"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "The faults are slow, " in done.stderr


def test_whatever_is_booked_when_it_is_killed_is_booked_once_and_nothing_else(tmp_path: Path) -> None:
    """
    Actors play while the server is killed again and again. Every unknown bet is refunded and every unknown win and
    refund repeated until it is known: as the platform does it. Then the books must be exactly what the actors know.
    """
    kills = random.Random(7)
    start = 10_000

    async def until_known(clients: OperatorClients, call: Call, body: dict[str, Any]) -> Confirmed:
        while True:
            verdict = await clients.call(running.endpoint(), call, body)
            if isinstance(verdict, Confirmed):
                return verdict
            assert isinstance(verdict, Unknown), verdict
            await asyncio.sleep(0.05)

    async def play(clients: OperatorClients, actor: str) -> dict[str, tuple[str, int]]:
        """Their bets' ends: won or refunded, and what that changed."""
        ends: dict[str, tuple[str, int]] = {}
        while not over.is_set():
            bet = a_bet(actor)
            if isinstance(await clients.call(running.endpoint(), Call.BET, bet), Confirmed):
                await until_known(clients, Call.WIN, follow_up("win", bet, amount=13))
                ends[bet["transaction_id"]] = ("win", 3)
                won.append(actor)
            else:
                await until_known(clients, Call.REFUND, follow_up("refund", bet))
                ends[bet["transaction_id"]] = ("refund", 0)
        return ends

    async def go(clients: OperatorClients) -> None:
        began = datetime.now(UTC).date()
        playing = {actor: asyncio.create_task(play(clients, actor)) for actor in actors}
        for _ in range(KILLS):
            won.clear()
            await until(lambda: len(won) > ACTORS)  # all of them are at it
            await asyncio.sleep(kills.uniform(0, 0.2))
            await asyncio.to_thread(running.kill, signal.SIGKILL)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(running.start)
        over.set()
        rows = {}
        ends = {actor: await task for actor, task in playing.items()}
        for row in await listed(clients, running.endpoint(), *sorted({began, datetime.now(UTC).date()})):
            assert row.transaction_id not in rows
            rows[row.transaction_id] = row
        seen = set()
        for actor, known in ends.items():
            assert await running.balance(clients, actor) == start + sum(change for _, change in known.values())
            seen |= {end for end, _ in known.values()}
            for bet, (end, _) in known.items():
                of_bet = [row for row in rows.values() if row.bet_transaction_id == bet]
                assert [row.kind for row in of_bet] == [end]
                assert (bet in rows) == of_bet[0].booked  # a refund that found no bet has moved nothing
        assert seen == {"win", "refund"}

    over, won = asyncio.Event(), list[str]()
    actors = [f"s-{number}" for number in range(ACTORS)]
    options = [word for actor in actors for word in ("--player", f"{actor}:BRL:100:{start}")]
    with an_operator(tmp_path, *options) as running:
        with_clients(go)
