"""Runs of bets that wait together become transactions of a bounded size, and each answers for itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from casino.lib.clock import ManualClock
from games.instant import intake
from games.instant.intake import MOST_BETS, Desk
from games.instant.models import InstantBet
from games.instant.operations import PlayedBet, PlayRequest, ensure_games
from tests.games.instant.casino import Casino


@pytest.mark.parametrize(
    ("sizes", "transactions"),
    [
        ([1], [[1]]),
        ([1, 50, 50], [[1, 50, 50]]),
        ([MOST_BETS, 1], [[MOST_BETS], [1]]),
        ([50] * 9, [[50] * 4, [50] * 4, [50]]),
        ([MOST_BETS + 1, 1], [[MOST_BETS + 1], [1]]),
    ],
)
def test_runs_share_a_transaction_up_to_its_most_bets(sizes: list[int], transactions: list[list[int]]) -> None:
    runs: list[Any] = [[None] * size for size in sizes]
    assert [[len(run) for run in together] for together in intake._batches(runs)] == transactions


@pytest.mark.django_db
def test_the_games_are_there(now: datetime) -> None:
    """One test that asks for `db`, so that there is a test database for the next."""
    ensure_games(now=now)


def test_a_transaction_that_fails_is_answered_to_its_own_runs_alone(
    committed_db: None, make_player: Callable[..., Any], now: datetime
) -> None:
    ensure_games(now=now)
    casino = Casino(make_player, now)
    casino.player("alice", real=1_000_00)
    casino.player("bob", real=1_000_00)
    used = casino.played("bob", stake=1_00).key

    def run(name: str, many: int) -> list[PlayRequest]:
        wish = casino.wish(name, stake=1_00)
        return [replace(wish, key=uuid4()) for _ in range(many)]

    again = [replace(casino.wish("bob", stake=1_00), key=used)]  # the database keeps keys apart
    desk = Desk(ManualClock(casino.now))
    first, second, third = desk._play([run("alice", MOST_BETS), again, run("alice", MOST_BETS)])
    assert isinstance(first, list)
    assert isinstance(third, list)
    assert {type(answer) for answer in [*first, *third]} == {PlayedBet}
    assert isinstance(second, Exception)
    assert InstantBet.objects.filter(account_id=casino.account("alice")).count() == 2 * MOST_BETS
    assert InstantBet.objects.filter(account_id=casino.account("bob")).count() == 1
    with pytest.raises(type(second)):
        desk.submit(again)
