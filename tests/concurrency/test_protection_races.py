"""
Limits and exclusions at the same moment as bets, on real connections. The controls take the locks away and show that
the race is real; they need PostgreSQL, since on SQLite a write transaction is alone from its beginning.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import operations as accounts
from accounts.models import GameSession
from accounts.protection import operations as protection
from accounts.protection.errors import Excluded, LimitReached
from accounts.protection.models import Reached
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from games.crash.models import Bet
from games.crash.operations import PlacedBet, placing
from tests.games.crash.playing import Play, account_of, make_play
from tests.wallet.threads import at_once
from wallet import ledger
from wallet import operations as wallet
from wallet.protection import enforcement, queries, refuse_deposit

pytestmark = pytest.mark.usefixtures("committed_db")
needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=1000_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


def set_limit(player: Any, kind: Kind, value: int, now: datetime) -> None:
    wish = Wish((LimitWish(kind, Period.DAY, value),))
    protection.change(player, wish, source=Source.PLAYER, actor=player, now=now)


def staked(player: Any, now: datetime) -> int:
    account = account_of(player)
    return queries.tallies([account], now=now)[account].used(Kind.STAKE, Period.DAY)


def test_ten_bets_at_once_never_pass_the_limit_together(play: Play, alice: Any, now: datetime) -> None:
    set_limit(alice, Kind.STAKE, 30_00, now)
    play.open()
    results = at_once([lambda i=i: play.bet(alice, i, stake=10_00) for i in range(1, 11)])  # type: ignore[misc]
    assert sum(isinstance(result, PlacedBet) for result in results) == 3, results
    assert sum(isinstance(result, LimitReached) for result in results) == 7, results
    assert staked(alice, play.now) == 30_00
    assert Reached.objects.filter(player=alice).count() == 1


@needs_row_locks
def test_control_without_the_lock_two_bets_pass_the_limit_together(
    play: Play, alice: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(alice, Kind.STAKE, 10_00, now)
    play.open()
    meeting = threading.Barrier(2)
    refuse_bets = placing.refuse_bets

    def judged_together(batch: Any, at: datetime) -> Any:
        answers = refuse_bets(batch, at)
        meeting.wait(timeout=20)
        return answers

    monkeypatch.setattr(placing, "refuse_bets", judged_together)
    monkeypatch.setattr(placing, "_questions", lambda *_, **__: [])  # the lock is the first of them
    monkeypatch.setattr(placing.ledger, "lock", unlocked)
    at_once([lambda i=i: play.bet(alice, i, stake=10_00) for i in (1, 2)])  # type: ignore[misc]
    assert staked(alice, play.now) == 20_00


def unlocked(account_ids: Any, *, now: datetime) -> ledger.Locked:
    """In place of the ledger's lock: it locks for itself when it posts, which is too late for the limit."""
    return ledger.Locked({})


def bet_was_in_when_excluded(play: Play, alice: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A bet is judged, its player is excluded, the bet goes on: was it committed when the exclusion was answered?"""
    seen: list[bool] = []
    judged = threading.Event()
    excluded = threading.Event()
    refuse_bets = placing.refuse_bets

    def slow(batch: Any, at: datetime) -> Any:
        answers = refuse_bets(batch, at)
        judged.set()
        excluded.wait(timeout=2)  # with the lock it cannot come in here: the bet goes on, and the exclusion follows
        return answers

    def bet() -> None:
        assert isinstance(play.bet(alice, 1), PlacedBet)

    def exclude() -> None:
        assert judged.wait(timeout=20)
        wish = Wish(exclusion_months="permanent")
        protection.change(alice, wish, source=Source.PLAYER, actor=alice, now=play.now)
        seen.append(Bet.objects.filter(player=alice).exists())
        excluded.set()

    with monkeypatch.context() as patch:
        patch.setattr(placing, "refuse_bets", slow)
        assert at_once([bet, exclude]) == [None, None]
    return seen == [True]


@needs_row_locks
def test_no_bet_is_placed_once_an_exclusion_has_been_answered(
    play: Play, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.open()
    assert bet_was_in_when_excluded(play, alice, monkeypatch)
    assert isinstance(play.bet(alice, 2), Excluded)


@needs_row_locks
def test_control_without_the_accounts_lock_a_bet_follows_the_exclusion(
    play: Play, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.open()
    monkeypatch.setattr(protection, "still", [])
    assert not bet_was_in_when_excluded(play, alice, monkeypatch)


def test_deposits_at_once_never_pass_the_limit_together(alice: Any, now: datetime) -> None:
    set_limit(alice, Kind.DEPOSIT, 1030_00, now)  # 1000.00 were paid in already

    def deposit(i: int) -> None:
        with transaction.atomic():
            refuse_deposit(alice, 10_00, now=now)
            wallet.deposit(alice, 10_00, reference=f"race:{alice.pk}:{i}", now=now)

    results = at_once([lambda i=i: deposit(i) for i in range(6)])  # type: ignore[misc]
    assert sum(result is None for result in results) == 3, results
    assert sum(isinstance(result, LimitReached) for result in results) == 3, results


@needs_row_locks
def test_control_without_the_lock_deposits_pass_the_limit_together(
    alice: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(alice, Kind.DEPOSIT, 1010_00, now)
    meeting = threading.Barrier(2)
    monkeypatch.setattr(enforcement, "_lock", lambda account_ids: None)

    def deposit(i: int) -> None:
        with transaction.atomic():
            refuse_deposit(alice, 10_00, now=now)
            meeting.wait(timeout=20)
            wallet.deposit(alice, 10_00, reference=f"race:{alice.pk}:{i}", now=now)

    assert at_once([lambda i=i: deposit(i) for i in (1, 2)]) == [None, None]  # type: ignore[misc]
    with pytest.raises(LimitReached):
        refuse_deposit(alice, 1, now=now)


def test_no_session_opens_beside_an_exclusion(alice: Any, now: datetime) -> None:
    def exclude() -> None:
        wish = Wish(exclusion_months="permanent")
        protection.change(alice, wish, source=Source.PLAYER, actor=alice, now=now)

    opening = [lambda: accounts.open_session(alice, is_demo=False, now=now)] * 4
    results = at_once([*opening, exclude, *opening])
    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Excluded)], results
    assert not GameSession.objects.filter(player=alice, revoked_at=None).exists()
