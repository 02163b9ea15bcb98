"""The rules alone: when a change holds, when periods begin, which limit stands in the way."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.protection import rules
from accounts.protection.rules import (
    PERMANENT,
    Ban,
    Exclusion,
    Invalid,
    Kind,
    LimitWish,
    Period,
    Setting,
    Standing,
    Tally,
    Wish,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday
DAY = timedelta(days=1)
SOON = NOW + timedelta(hours=1)
WAITING = Setting(100, 200, SOON)
RIPE = Setting(100, 200, NOW)
STAKE_A_DAY = (Kind.STAKE, Period.DAY)


@pytest.mark.parametrize(
    ("setting", "wanted", "after"),
    [
        (Setting(), 100, Setting(100)),  # none before: at once
        (Setting(), None, Setting()),
        (Setting(100), 99, Setting(99)),  # tighter: at once
        (Setting(100), 100, Setting(100)),
        (Setting(100), 101, Setting(100, 101, NOW + DAY)),  # looser: in a day
        (Setting(100), None, Setting(100, None, NOW + DAY)),  # lifted: in a day
        (WAITING, 200, WAITING),  # repeated: the day does not begin anew
        (WAITING, 300, Setting(100, 300, NOW + DAY)),
        (WAITING, 150, Setting(100, 150, NOW + DAY)),
        (WAITING, 100, Setting(100)),  # taken back
        (WAITING, 50, Setting(50)),
        (RIPE, 200, Setting(200)),  # what waited holds by now
        (RIPE, 150, Setting(150)),
        (RIPE, 300, Setting(200, 300, NOW + DAY)),
    ],
)
def test_tighter_holds_at_once_and_looser_in_a_day(setting: Setting, wanted: int | None, after: Setting) -> None:
    assert rules.changed(setting, wanted, kind=Kind.STAKE, now=NOW) == after


def test_a_reminder_is_changed_at_once_in_either_direction() -> None:
    assert rules.changed(Setting(30), 60, kind=Kind.REALITY_CHECK, now=NOW) == Setting(60)
    assert rules.changed(Setting(30), None, kind=Kind.REALITY_CHECK, now=NOW) == Setting()


def test_a_change_takes_effect_by_itself_at_its_moment() -> None:
    just_before = SOON - timedelta(microseconds=1)
    assert (WAITING.at(just_before), WAITING.at(SOON)) == (100, 200)
    assert (WAITING.waits(just_before), WAITING.waits(SOON)) == (True, False)


@pytest.mark.parametrize(
    ("now", "period", "start", "end"),
    [
        ("2026-03-01T12:00", Period.DAY, "2026-03-01", "2026-03-02"),
        ("2026-03-01T12:00", Period.WEEK, "2026-02-23", "2026-03-02"),
        ("2026-03-02T00:00", Period.WEEK, "2026-03-02", "2026-03-09"),
        ("2026-03-01T12:00", Period.MONTH, "2026-03-01", "2026-04-01"),
        ("2026-12-31T23:59", Period.MONTH, "2026-12-01", "2027-01-01"),
        ("2026-12-31T23:59", Period.DAY, "2026-12-31", "2027-01-01"),
        ("2026-12-31T23:59", Period.WEEK, "2026-12-28", "2027-01-04"),
        ("2028-02-29T05:00", Period.MONTH, "2028-02-01", "2028-03-01"),
    ],
)
def test_periods_are_the_calendars(now: str, period: Period, start: str, end: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert rules.starts(moment)[period].isoformat() == f"{start}T00:00:00+00:00"
    assert rules.resets_at(period, moment).isoformat() == f"{end}T00:00:00+00:00"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-03-01", 6, "2026-09-01"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-12-15", 12, "2027-12-15"),
        ("2026-12-31", 1, "2027-01-31"),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(day: str, months: int, then: str) -> None:
    assert rules.add_months(datetime.fromisoformat(day), months) == datetime.fromisoformat(then)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish((LimitWish(Kind.STAKE, Period.NONE, 1),)), "limits.0.period"),
        (Wish((LimitWish(Kind.SESSION, Period.DAY, 1),)), "limits.0.period"),
        (Wish((LimitWish(Kind.STAKE, Period.DAY, 0),)), "limits.0.amount"),
        (Wish((LimitWish(Kind.STAKE, Period.DAY, rules.MAX_AMOUNT + 1),)), "limits.0.amount"),
        (Wish((LimitWish(Kind.SESSION, Period.NONE, 0),)), "limits.0.minutes"),
        (Wish((LimitWish(Kind.SESSION, Period.NONE, 24 * 60 + 1),)), "limits.0.minutes"),
        (Wish((LimitWish(Kind.STAKE, Period.DAY, 1), LimitWish(Kind.STAKE, Period.DAY, 2))), "limits.1"),
        (Wish(cool_off_hours=23), "cool_off_hours"),
        (Wish(cool_off_hours=6 * 7 * 24 + 1), "cool_off_hours"),
        (Wish(exclusion_months=5), "self_exclusion_months"),
        (Wish(exclusion_months=1201), "self_exclusion_months"),
        (Wish(exclusion_months="ever"), "self_exclusion_months"),
    ],
)
def test_a_wish_that_cannot_be_names_the_field(wish: Wish, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        wish.check()
    assert refused.value.field == field


def test_the_outermost_wishes_can_be() -> None:
    Wish(cool_off_hours=24, exclusion_months=6).check()
    Wish(cool_off_hours=6 * 7 * 24, exclusion_months=PERMANENT).check()


def test_of_several_sources_the_tightest_holds_and_of_exclusions_the_longest() -> None:
    standing = Standing().with_limit(STAKE_A_DAY, 100).with_limit(STAKE_A_DAY, None).with_limit(STAKE_A_DAY, 50)
    assert standing.limits == {STAKE_A_DAY: 50}
    short, long = Exclusion(Ban.COOL_OFF, SOON), Exclusion(Ban.SELF_EXCLUSION, NOW + DAY)
    forever = Exclusion(Ban.SELF_EXCLUSION, None)
    for order in ([short, long], [long, short]):
        assert Standing().with_exclusion(order[0]).with_exclusion(order[1]).exclusion == long
    for order in ([forever, long], [long, forever]):
        assert Standing().with_exclusion(order[0]).with_exclusion(order[1]).exclusion == forever


def test_a_loss_is_never_below_zero() -> None:
    tally = Tally(staked={Period.DAY: 300}, won={Period.DAY: 1000})
    assert (tally.used(Kind.STAKE, Period.DAY), tally.used(Kind.LOSS, Period.DAY)) == (300, 0)
    standing = Standing({(Kind.LOSS, Period.DAY): 100})
    assert tally.crossed(standing, 100, Kind.LOSS, now=NOW) is None
    assert tally.crossed(standing, 101, Kind.LOSS, now=NOW) == ((Kind.LOSS, Period.DAY), 100)


def test_the_limit_that_stands_in_the_way_for_longest_is_named() -> None:
    standing = Standing({(Kind.STAKE, Period.MONTH): 10, STAKE_A_DAY: 5, (Kind.LOSS, Period.WEEK): 5})
    found = Tally().crossed(standing, 20, Kind.STAKE, Kind.LOSS, now=NOW)
    assert found == ((Kind.STAKE, Period.MONTH), 10)
