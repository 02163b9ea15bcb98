"""A player's statement names the game of each stake and win, whichever kind of game it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.instant.operations import ensure_games
from tests.games.instant.casino import Casino
from tests.games.solo.playing import Solo
from tests.wallet.crash_table import set_up
from wallet import queries
from wallet.psp import statement

pytestmark = pytest.mark.usefixtures("db")
Make = Callable[..., Any]


def lines(player: Any) -> list[str]:
    """What was played, newest first."""
    account = queries.player_account(player, is_demo=False)
    told = [line.what for line in statement.page(account, before=None).lines]
    assert {row[1] for row in statement.exported(account)} == {*told, "what"}, "the file says the same"
    return [what for what in told if "Deposit" not in what]


def test_of_instant_games(make_player: Make, now: datetime) -> None:
    ensure_games(now=now)
    casino = Casino(make_player, now)
    alice = casino.player("alice")
    casino.played("alice", outcome=0)
    casino.played("alice", "videopoker", outcome=2_000_000)
    assert lines(alice)[-3:] == ["Bet, Video Poker", "Win, Dice", "Bet, Dice"]


def test_of_the_crash_table(make_player: Make, now: datetime) -> None:
    alice = make_player("alice", real=1000_00)
    table = set_up(alice, now)
    table.play()
    words = ("Bet", "Win", "Stake given back")
    assert set(lines(alice)) == {f"{what}, {table.game}" for what in words}


def test_of_own_rounds(make_player: Make, now: datetime) -> None:
    alice = make_player("alice", real=100_00)
    solo = Solo.set_up(alice, now)
    solo.coming(300)
    solo.placed()
    (line,) = lines(alice)
    assert line.startswith("Bet, ")
    assert line.endswith(" solo")


def test_a_page_costs_as_many_questions_for_many_lines_as_for_one(make_player: Make, now: datetime) -> None:
    ensure_games(now=now)
    casino = Casino(make_player, now)
    alice = casino.player("alice")

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            lines(alice)
        return len(captured)

    casino.played("alice", stake=1_00)
    few = asked()
    for game in ("dice", "slots", "videopoker", "dice", "dice"):
        casino.played("alice", game, stake=1_00)
    assert asked() == few
