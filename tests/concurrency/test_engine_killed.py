"""
An engine process is killed (SIGKILL) in each phase of a round; a second one finds the round and ends it by the rules.

Nobody acts in between. Afterwards each bet has the fate that the rules give it, and the books agree.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from casino.lib.clock import system_clock
from games.crash import audit, operations
from games.crash.models import Bet, Round
from games.crash.operations import BetAction, ClosedBet
from games.crash.sealed import course_of
from tests.games.crash.playing import Play, account_of, make_play, money
from wallet import audit as wallet_audit

T = TypeVar("T")
DEADLINE = 45
LONG_ENOUGH = 60  # ticks: the round must still run when the engine is killed


def until(ask: Callable[[], T | None], what: str) -> T:
    """Ask again until there is an answer; a condition with a deadline, never a guessed pause."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


def database_url() -> str:
    """The test's own database, for another process."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    login = config["USER"] + (f":{config['PASSWORD']}" if config["PASSWORD"] else "")
    return f"postgres://{login}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


@contextmanager
def engine(game: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    pace = {"CRASH_WAIT_MS": "800", "CRASH_TICK_MS": "25", "CRASH_GRACE_MS": "100"}
    env = {**os.environ, **pace, **environment, "DATABASE_URL": database_url(), "REDIS_URL": ""}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_crash", "--game", game]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def round_in(game: str, *states: str, number: int = 0) -> Round | None:
    return Round.objects.filter(game_id=game, state__in=states, number__gte=number).order_by("number").first()


def a_long_round(game: str) -> Round:
    """One that takes bets, and that will run for long enough."""

    def ask() -> Round | None:
        found = round_in(game, "waiting")
        return found if found is not None and course_of(found).crash_tick >= LONG_ENOUGH else None

    return until(ask, "a long round")


@pytest.fixture
def alice(committed_db: None, make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    """The lease that `make_play` takes ran out long ago for an engine on today's clock."""
    return make_play(alice, now)


@pytest.mark.usefixtures("db")
def test_an_engine_refuses_a_game_that_does_not_exist() -> None:
    with pytest.raises(CommandError, match="there is no crash game"):
        call_command("run_crash", "--game", "Nowhere")


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("phase", ["waiting", "running", "cashed_out", "crashed"])
def test_after_a_kill_the_next_engine_ends_the_round_by_the_rules(play: Play, alice: Any, phase: str) -> None:
    slow_settlement = {"CRASH_GRACE_MS": "60000"} if phase == "crashed" else {}
    with engine(play.game, **slow_settlement) as first:
        # In the slow case the first round is the one: it is never settled by this engine.
        round_ = (
            until(lambda: round_in(play.game, "waiting"), "a round") if slow_settlement else a_long_round(play.game)
        )
        play.now = system_clock.now()
        bets = {
            "auto": play.placed(alice, 1, auto=101),
            "high": play.placed(alice, 2, auto=1_000_000),
            "hand": play.placed(alice, 3),
        }
        if phase in ("running", "cashed_out"):
            until(lambda: round_in(play.game, "running", number=round_.number), "the start")
        if phase == "cashed_out":

            def cash_out() -> ClosedBet | None:
                at = system_clock.now()
                (answer,) = operations.cash_outs([BetAction(alice.pk, account_of(alice), bets["hand"], at)], now=at)
                return answer if isinstance(answer, ClosedBet) else None

            until(cash_out, "a cash-out")
        if phase == "crashed":
            until(lambda: round_in(play.game, "crashed", number=round_.number), "the crash")
        first.kill()
        first.wait(timeout=20)
    assert not Round.objects.filter(pk=round_.pk, state__in=["settled", "voided"]).exists()
    with engine(play.game):
        ended = until(
            lambda: Round.objects.filter(pk=round_.pk, state__in=["settled", "voided"]).first(), "the recovery"
        )
    found = {name: Bet.objects.get(pk=bet) for name, bet in bets.items()}
    status = {name: bet.status for name, bet in found.items()}
    if phase == "waiting":
        assert ended.state == "voided"
        assert set(status.values()) == {"refunded"}
    elif phase == "crashed":
        assert (ended.state, ended.interrupted) == ("settled", False)
        won = (ended.result_hundredths or 0) >= 101
        assert status == {"auto": "cashed_out" if won else "lost", "high": "lost", "hand": "lost"}
    else:
        assert (ended.state, ended.interrupted) == ("settled", True)
        due = (ended.interrupted_at_hundredths or 0) >= 101
        assert status["high"] == "refunded"
        assert status["hand"] == ("cashed_out" if phase == "cashed_out" else "refunded")
        assert status["auto"] == "cashed_out" or not due
    assert money(alice) == 100_00 - 30_00 + sum(bet.payout_minor for bet in found.values())
    mine = [str(bet) for bet in bets.values()] + [f"account {account_of(alice)} "]
    lines = [*audit.findings(system_clock.now()), *wallet_audit.findings(system_clock.now())]
    assert [line for line in lines if any(name in line for name in mine)] == []
