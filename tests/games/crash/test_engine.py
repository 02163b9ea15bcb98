"""The engine's mind as tables: what is the next step of this round at this time?"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from games.crash import engine
from games.crash.engine import (
    Announce,
    AnnounceBonus,
    Countdown,
    Crash,
    Launch,
    OpenRound,
    RoundView,
    Settle,
    Sleep,
    Timing,
)
from games.crash.rules import CURVE, Course

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return T0 + timedelta(milliseconds=milliseconds)


def view(state: str, *, point: int = 150, bonus: int | None = None, wait_ms: int = 5000) -> RoundView:
    started = T0 if state != "waiting" else None
    return RoundView(state, T0, at(wait_ms), Course(200, point, bonus, 10), started_at=started)


def step(round_: RoundView | None, milliseconds: int) -> engine.Step:
    return engine.next_step(round_, now=at(milliseconds), timing=Timing(300))


@pytest.mark.parametrize("over", [None, view("settled"), view("voided")])
def test_a_round_is_opened_where_none_is_live(over: RoundView | None) -> None:
    assert step(over, 0) == OpenRound()


@pytest.mark.parametrize("wait_ms", [5000, 5500, 999, 1])
def test_the_countdown_begins_at_the_whole_wait_and_ends_at_exactly_zero(wait_ms: int) -> None:
    round_, now, told = view("waiting", wait_ms=wait_ms), 0, []
    while not isinstance(found := step(round_, now), Launch):
        if isinstance(found, Countdown):
            round_.announced_wait_ms = found.time_ms
            told.append((found.time_ms, now))
        elif isinstance(found, Sleep):
            now = round((found.until - T0).total_seconds() * 1000)
    assert told[0] == (wait_ms, 0)
    assert told[-1] == (0, wait_ms)
    assert all(time == wait_ms - now for time, now in told)
    assert all(earlier - later <= 1000 for (earlier, _), (later, _) in pairwise(told))


def test_a_late_engine_skips_seconds_but_never_zero() -> None:
    round_ = view("waiting")
    round_.announced_wait_ms = 5000
    assert step(round_, 2700) == Countdown(3000)
    round_.announced_wait_ms = 3000
    assert step(round_, 9000) == Countdown(0)
    round_.announced_wait_ms = 0
    assert step(round_, 9000) == Launch()


@pytest.mark.parametrize(
    ("announced", "now", "expected"),
    [
        (-1, 0, Announce(0, 100)),
        (0, 0, Sleep(at(200))),
        (0, 199, Sleep(at(200))),
        (0, 200, Announce(1, 101)),
        (1, 2_050, Announce(10, 110)),  # late: the ticks between are skipped
        (10, 60_000, Announce(40, CURVE[40])),  # later than the crash: the last tick before it comes first
        (40, 60_000, Crash(at(41 * 200))),
        (40, 41 * 200 - 1, Sleep(at(41 * 200))),
    ],
)
def test_a_running_round_announces_then_crashes(announced: int, now: int, expected: engine.Step) -> None:
    round_ = view("running", point=149)
    round_.announced_tick = announced
    assert step(round_, now) == expected


def test_a_round_of_one_crashes_on_its_first_tick() -> None:
    round_ = view("running", point=100)
    round_.announced_tick = 0
    assert step(round_, 199) == Sleep(at(200))
    assert step(round_, 200) == Crash(at(200))


@pytest.mark.parametrize("late_ms", [0, 1_500, 600_000])
def test_the_bonus_is_announced_once_and_right_after_its_own_tick(late_ms: int) -> None:
    round_, now, told = view("running", bonus=7), 0, []
    while not isinstance(found := step(round_, now), Crash):
        if isinstance(found, Announce):
            round_.announced_tick = found.tick
            told.append(str(found.tick))
            now += late_ms
        elif isinstance(found, AnnounceBonus):
            assert found == AnnounceBonus(7, CURVE[7])
            round_.announced_bonus = True
            told.append("bonus")
        elif isinstance(found, Sleep):
            now = max(now, round((found.until - T0).total_seconds() * 1000))
    assert told.count("bonus") == 1
    assert told[told.index("bonus") - 1] == "7"


def test_a_bonus_at_or_behind_the_crash_is_never_announced() -> None:
    round_ = view("running", point=105, bonus=6)
    round_.announced_tick = 5
    assert round_.course.crash_tick == 6
    assert step(round_, 60_000) == Crash(at(6 * 200))


def test_a_crashed_round_is_settled_after_the_grace() -> None:
    round_ = view("crashed")
    round_.crashed_at = at(1_000)
    assert step(round_, 1_299) == Sleep(at(1_300))
    assert step(round_, 1_300) == Settle()
