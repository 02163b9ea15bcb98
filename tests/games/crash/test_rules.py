"""The pure rules: the curve, and when a cash-out is paid, against a slow model that walks the curve tick by tick."""

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casino.lib.money import payout_minor
from games.crash.rules import (
    CAPS,
    CURVE,
    Course,
    Payout,
    Refusal,
    crash_tick,
    largest_rounding_loss,
    reaching_tick,
    tick_at,
)


@pytest.mark.parametrize(
    ("tick", "value"),
    [
        (0, 100),
        (1, 101),
        (2, 102),
        (3, 103),
        (10, 110),
        (50, 164),
        (70, 200),
        (100, 270),
        (500, 14477),
        (982, 1752221),
    ],
)
def test_the_curve_has_the_values_of_the_contract(tick: int, value: int) -> None:
    assert CURVE[tick] == value


def test_the_curve_is_one_percent_a_tick_computed_from_the_tick_alone() -> None:
    getcontext().prec = 60
    assert list(CURVE) == [int(100 * Decimal("1.01") ** tick) for tick in range(len(CURVE))]


def test_a_round_crashes_on_the_first_tick_above_its_crash_point() -> None:
    assert crash_tick(100) == 1
    assert crash_tick(101) == 2
    for point in (100, 150, 933, 17_499_99, CAPS["high"]):
        tick = crash_tick(point)
        assert CURVE[tick - 1] <= point < CURVE[tick]


def test_a_target_is_reached_on_the_first_tick_at_or_above_it() -> None:
    assert [reaching_tick(m) for m in (100, 101, 102, 150)] == [0, 1, 2, 41]


def test_a_tick_begins_at_its_millisecond_and_time_before_the_start_is_tick_zero() -> None:
    assert [tick_at(ms, 200) for ms in (-5, 0, 199, 200, 399, 400)] == [0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize("minimum", [1, 7, 10, 20, 100, 250])
def test_no_payout_loses_more_to_rounding_than_is_told_and_one_loses_as_much(minimum: int) -> None:
    told = largest_rounding_loss(minimum)
    losses = [
        1 - Fraction(payout_minor(stake, multiplier) * 100, stake * multiplier)
        for stake in range(minimum, minimum + 350)
        for multiplier in range(101, 450, 1 if minimum < 20 else 7)
    ]
    assert max(losses) <= told
    if minimum < 20:  # there every multiplier was tried
        assert max(losses) == told


def test_from_a_hundred_units_on_rounding_takes_less_than_one_percent() -> None:
    assert largest_rounding_loss(100) < Fraction(1, 100) < largest_rounding_loss(50)


def slow_model(course: Course, elapsed: int, at: int | None, target: int | None) -> Payout | Refusal:
    """Tick by tick, as a player would see it."""
    bonus = False
    current = 100
    tick = 0
    while True:
        value = CURVE[tick]
        if value > course.crash_point:
            return Refusal.CRASHED
        if target is not None and value >= target:
            return Payout(target, course.boost_percent if bonus else 0, auto=True)
        if tick == course.bonus_tick:
            bonus = True
        current = value
        if elapsed < (tick + 1) * course.tick_ms:
            break
        tick += 1
    if current < 101:
        return Refusal.TOO_EARLY
    if at is not None and at < 101:
        return Refusal.AT_BELOW_MINIMUM
    if at is not None and at > current:
        return Refusal.AT_ABOVE_CURRENT
    return Payout(at or current, course.boost_percent if bonus else 0, auto=False)


@given(
    point=st.integers(100, 3_000),
    tick_ms=st.integers(1, 500),
    bonus=st.none() | st.integers(1, 110),
    boost=st.sampled_from([0, 10, 100]),
    ticks=st.integers(-1, 400),
    extra=st.integers(0, 499),
    at=st.none() | st.integers(-5, 4_000),
    target=st.none() | st.integers(101, 4_000),
)
def test_every_cash_out_is_decided_as_by_walking_the_curve(
    point: int, tick_ms: int, bonus: int | None, boost: int, ticks: int, extra: int, at: int | None, target: int | None
) -> None:
    course = Course(tick_ms, point, bonus, boost)
    elapsed = ticks * tick_ms + extra % tick_ms
    if elapsed >= course.crash_ms:
        expected: Payout | Refusal = Refusal.CRASHED
    else:
        expected = slow_model(course, elapsed, at, target)
    assert course.cash_out(elapsed_ms=elapsed, cashout_at=at, auto_target=target) == expected


@given(point=st.integers(100, 1_750_000), target=st.integers(101, 1_750_000))
def test_an_auto_cash_out_wins_exactly_when_the_crash_point_is_not_below_it(point: int, target: int) -> None:
    if target <= point:
        assert Course(200, point, None, 0).auto_payout(target) == Payout(target, 0, auto=True)
        assert crash_tick(point) >= reaching_tick(target)
    else:
        assert crash_tick(point) <= reaching_tick(target)
