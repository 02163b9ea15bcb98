"""Rounds in whose time the platform was away: nobody loses by it, and nobody gains more than the rule says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from games.crash.errors import CannotCashOut
from games.crash.models import Game
from games.solo import operations
from games.solo.models import Outage, Pulse, Round
from games.solo.operations.pulse import BEAT, GAP, Away
from games.solo.sweep import AFTER, Sweep
from tests.games.solo.playing import Solo, fate, findings, ms_of, shown_at

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def solo(make_player: Callable[..., Any], now: datetime) -> Solo:
    return Solo.set_up(make_player("alice", real=100_00), now)


def there(solo: Solo, *, until_ms: int, since_ms: int = 0) -> None:
    """The platform beats every second."""
    moment = solo.at(since_ms)
    while moment <= solo.at(until_ms):
        operations.beat(now=moment)
        moment += BEAT


@pytest.mark.parametrize(
    ("dead_from", "back_at", "interrupted"),
    [
        (None, None, False),
        (3_000, 5_500, False),  # a slow moment: not longer than GAP
        (3_000, 6_001, True),
        (3_000, 3_600_000, True),  # nobody was there at its end, nor for an hour
    ],
)
def test_an_open_bet_is_lost_only_where_its_player_had_a_platform_to_come_to(
    solo: Solo, dead_from: int | None, back_at: int | None, interrupted: bool
) -> None:
    solo.coming(200)
    bet = solo.placed()
    end = solo.crash_ms()
    there(solo, until_ms=end + 1000 if dead_from is None else dead_from)
    if back_at is not None:
        there(solo, since_ms=back_at, until_ms=max(back_at, end + 1000))
    solo.after(max(end, back_at or 0))
    solo.advance()
    finished = Round.objects.exclude(state="waiting").get(bet=bet)
    assert finished.interrupted is interrupted
    assert fate(bet) == (("refunded", 1000, None) if interrupted else ("lost", 0, None))
    assert finished.result_hundredths == 200
    assert finished.salt is not None  # revealed in any case
    assert solo.money() == 100_00 - (0 if interrupted else 1000)
    assert findings(solo.now) == []


def test_a_reached_target_is_paid_and_a_cash_out_before_stays_paid_whatever_failed(solo: Solo) -> None:
    solo.coming(200)
    target = solo.placed(auto=190)
    there(solo, until_ms=1000)
    solo.after(3_600_000)
    operations.beat(now=solo.now)
    solo.advance()
    assert fate(target) == ("cashed_out", 1900, 190)
    solo.coming(200)
    by_hand = solo.placed()
    operations.beat(now=solo.now)
    solo.out(by_hand, ms_of(120))
    solo.after(3_600_000)
    solo.advance()
    assert fate(by_hand) == ("cashed_out", 1200, 120)
    assert not Round.objects.get(bet=by_hand).interrupted
    assert findings(solo.now) == []


def test_a_game_may_pay_what_the_bet_was_worth_at_the_last_sign_of_life(solo: Solo) -> None:
    Game.objects.filter(pk=solo.game).update(interrupted_bets="pay")
    solo.coming(400)
    bet = solo.placed()
    there(solo, until_ms=6_000)
    solo.after(600_000)
    solo.advance()
    assert fate(bet) == ("cashed_out", 10 * shown_at(6_000), shown_at(6_000))
    solo.coming(400)
    operations.beat(now=solo.now)
    early = solo.placed()
    solo.after(600_000)
    solo.advance()
    assert fate(early) == ("refunded", 1000, None)  # still at 1.00: the stake is better
    assert findings(solo.now) == []


def test_a_refunded_bet_cannot_be_cashed_out_any_more(solo: Solo) -> None:
    solo.coming(200)
    bet = solo.placed()
    there(solo, until_ms=1000)
    solo.after(60_000)
    solo.advance()
    assert isinstance(solo.out(bet, 5_000), CannotCashOut)
    assert solo.money() == 100_00


def test_the_sweep_waits_until_an_outage_can_be_told_from_a_slow_moment(solo: Solo) -> None:
    """All servers end while a worker lives on: what its sweep ends afterwards is not lost."""
    solo.coming(200)
    bet = solo.placed()
    there(solo, until_ms=solo.crash_ms() - 500)
    assert AFTER > GAP + BEAT / 2
    assert Sweep().once(solo.at(solo.crash_ms()) + AFTER) == 1
    assert fate(bet)[0] == "refunded"


def test_each_outage_is_written_once_and_only_from_the_first_beat_after_it(now: datetime) -> None:
    for milliseconds in (0, 1_000, 1_400, 2_000, 4_900, 60_000, 60_000, 59_000, 61_000):
        operations.beat(now=now + timedelta(milliseconds=milliseconds))
    assert list(Outage.objects.values_list("began_at", "ended_at")) == [
        (now + timedelta(milliseconds=4_900), now + timedelta(seconds=60))
    ]
    assert Pulse.objects.get().beat_at == now + timedelta(seconds=61)


def test_where_nobody_has_ever_beaten_nothing_is_an_outage(now: datetime) -> None:
    assert Away(since=now, now=now + timedelta(hours=1)).began(now, now + timedelta(minutes=1)) is None
