"""The house's limits at the same moment, on real connections: nothing is lost, and what is too much is bounded."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F, QuerySet, Sum

from accounts.models import User
from casino.lib.clock import system_clock
from games.crash import audit, operations
from games.crash.errors import RoundFull
from games.crash.models import RoundExposure
from games.crash.operations import BetAction, PlacedBet, exposure
from tests.games.crash.playing import Play, account_of, make_play
from tests.wallet.threads import at_once
from wallet.bankroll import audit as bankroll_audit
from wallet.bankroll import operations as bankrolls
from wallet.bankroll.models import Bankroll

pytestmark = pytest.mark.usefixtures("committed_db")
needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)
CAPITAL = 10**12
THREADS = 6


@pytest.fixture
def players(make_player: Callable[..., Any]) -> list[Any]:
    return [make_player(f"player{i}", real=1000_00) for i in range(THREADS)]


@pytest.fixture
def play(players: list[Any], now: datetime) -> Play:
    return make_play(players[0], now)


@pytest.fixture
def small_bankroll(play: Play) -> Iterator[int]:
    """Room for four bets of 10.00 at 2.00x, until the test is over."""
    Bankroll.objects.filter(book="BRL").update(capital_minor=4000, gain_minor=0)
    yield 4000
    Bankroll.objects.filter(book="BRL").update(capital_minor=CAPITAL)


def counted(play: Play) -> int:
    assert play.round is not None
    shards = RoundExposure.objects.filter(round=play.round, book="BRL")
    return shards.aggregate(total=Sum("amount_minor"))["total"] or 0


def findings(play: Play) -> list[str]:
    assert play.round is not None
    return [line for line in audit.findings(play.now) if str(play.round.pk) in line]


def of_type(kind: type, answers: list[Any]) -> int:
    crashed = [a for a in answers if isinstance(a, Exception) and not isinstance(a, RoundFull)]
    assert not crashed, crashed
    return sum(isinstance(answer, kind) for answer in answers)


def test_bets_at_once_exceed_the_limit_by_no_more_than_what_is_under_way(
    play: Play, players: list[Any], small_bankroll: int
) -> None:
    """Each transaction alone stays within the room that it saw, so T of them fill it at most T times."""
    play.open()
    answers = at_once([lambda p=player: play.bet(p, auto=200) for player in players])
    placed = of_type(PlacedBet, answers)
    assert 4 <= placed <= THREADS
    assert counted(play) == 1000 * placed <= small_bankroll * THREADS
    assert findings(play) == []
    (late,) = operations.place_bets(play.game, [play.request(players[0], 2, auto=200)], now=play.now)
    assert isinstance(late, RoundFull), "whoever comes afterwards sees all of them"


@pytest.mark.parametrize("shared", [False, True], ids=["own counters", "all in one counter"])
def test_bets_and_cancels_at_once_leave_nothing_counted_and_nothing_lost(
    play: Play, players: list[Any], monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    if shared:  # two threads that drew the same shard only wait for each other
        monkeypatch.setattr(exposure, "_shard", SimpleNamespace(number=7))
    play.open()

    def back_and_forth(player: Any) -> int:
        done = 0
        for _ in range(3):
            bet = play.placed(player, auto=200)
            operations.cancel_bets([BetAction(player.pk, account_of(player), bet, play.now)], now=play.now)
            done += 1
        play.placed(player, auto=300)
        return done

    assert at_once([lambda p=player: back_and_forth(p) for player in players]) == [3] * THREADS
    assert counted(play) == THREADS * 2000
    assert findings(play) == []
    assert play.round is not None
    shards = RoundExposure.objects.filter(round=play.round).count()
    assert shards == 1 if shared else shards >= 1


# --- the count of the gain --------------------------------------------------------------------------------------------
@pytest.fixture
def staked(play: Play, make_player: Callable[..., Any], now: datetime) -> Iterator[datetime]:
    """A bet of 10.00 pounds in the books; a time at which it may be counted."""
    georgia = make_player("georgia", currency="GBP", real=1000_00)
    play.open()
    request = replace(play.request(georgia, auto=200), currency="GBP")
    assert isinstance(operations.place_bets(play.game, [request], now=now)[0], PlacedBet)
    Bankroll.objects.filter(book="GBP").update(since=now, gain_minor=0, counted_to=now)
    yield now + timedelta(hours=2)
    # Other tests of this database play at that time as well: nothing of it has been counted.
    Bankroll.objects.update(gain_minor=0, counted_to=F("since"))


def count(now: datetime) -> None:
    while bankrolls.bring_forward(now=now):
        pass


def off(book: str) -> list[str]:
    return [line for line in bankroll_audit.findings(system_clock.now()) if f"bankroll {book}" in line]


def test_counts_at_once_count_everything_once(staked: datetime) -> None:
    answers = at_once([lambda: count(staked)] * THREADS)
    assert answers == [None] * THREADS
    assert Bankroll.objects.get(pk="GBP").gain_minor >= 1000
    assert off("GBP") == []


def new_capital_during_a_count(staked: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff begin anew, when a count has read what there was and not yet written what it makes."""
    rita = User.objects.create(username=f"rita-{uuid4().hex[:8]}", is_staff=True)
    has_read, changed = Event(), Event()
    gained = bankrolls.gained

    def slowly(*arguments: Any, **options: Any) -> Any:
        found = gained(*arguments, **options)
        has_read.set()
        changed.wait(timeout=1)
        return found

    def change() -> None:
        has_read.wait(timeout=20)
        bankrolls.change("GBP", capital_minor=5_000, reason="fresh", actor=rita, now=staked - timedelta(hours=1))
        changed.set()

    monkeypatch.setattr(bankrolls, "gained", slowly)
    assert at_once([lambda: count(staked), change]) == [None, None]
    monkeypatch.setattr(bankrolls, "gained", gained)


def test_new_capital_waits_for_a_count_and_then_begins_anew(staked: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    new_capital_during_a_count(staked, monkeypatch)
    count(staked)
    row = Bankroll.objects.get(pk="GBP")
    assert (row.gain_minor, row.standing.bankroll_minor) == (0, 5_000)
    assert off("GBP") == []


@needs_row_locks
def test_control_without_the_lock_the_old_gain_comes_back(staked: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    count(staked - timedelta(minutes=30))
    with monkeypatch.context() as unlocked:
        unlocked.setattr(QuerySet, "select_for_update", lambda self, **options: self)
        new_capital_during_a_count(staked, unlocked)
    assert Bankroll.objects.get(pk="GBP").gain_minor >= 1000
    assert len(off("GBP")) == 1
