"""What agrees, what differs and what may still come, for two lists in any order."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from tests.reconciliation.lists import DAY, parse
from wallet.reconciliation.rules import Comparison, Days, StatementLine, compare
from wallet.reconciliation.sources import nearby

NEXT_MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
A_WEEK_LATER = NEXT_MORNING + timedelta(days=7)


def compared(ours: Days, theirs: Days, now: datetime = NEXT_MORNING) -> Comparison:
    return compare(
        ours,
        theirs,
        day=DAY,
        ours_named=lambda ids: nearby(ours, ids, DAY),
        now=now,
        in_flight=timedelta(minutes=10),
    )


CASES = {
    "agreement": ("a | bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00:02", 1, ""),
    "a user they do not tell": ("a | bet al 5.00 BRL 12:00 | bet - 5.00 BRL 12:00", 1, ""),
    "what they do not have": ("a | bet al 5.00 BRL 12:00 | -", 0, "a missing_there"),
    "what we do not have": ("a | - | bet al 5.00 BRL 12:00", 0, "a missing_here"),
    "another amount": ("a | bet al 5.00 BRL 12:00 | bet al 5.01 BRL 12:00", 0, "a amount"),
    "another currency": ("a | bet al 5.00 BRL 12:00 | bet al 5.00 EUR 12:00", 0, "a currency"),
    "another kind": ("a | bet al 5.00 BRL 12:00 | win al 5.00 BRL 12:00", 0, "a status"),
    "another user": ("a | bet al 5.00 BRL 12:00 | bet bo 5.00 BRL 12:00", 0, "a status"),
    "another end": ("a | deposit al 5.00 BRL 12:00 | deposit al 5.00 BRL 12:00 failed", 0, "a status"),
    "all of it": ("a | bet al 5.00 BRL 12:00 | win bo 6.00 EUR 12:00", 0, "a amount, a currency, a status"),
    "twice in their list, one after the other": (
        "a | bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00; bet al 5.00 BRL 12:00",
        1,
        "a status",
    ),
    "twice in their list before ours comes": (
        "b | bet al 1.00 BRL 11:00 | -\na | bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00; bet al 5.00 BRL 12:00",
        1,
        "a status, b missing_there",
    ),
    "the day before, there": ("a | bet al 5.00 BRL 00:00 | d-1 bet al 5.00 BRL 23:59:59", 1, ""),
    "the day after, there": ("a | bet al 5.00 BRL 23:59:59 | d+1 bet al 5.00 BRL 00:00", 1, ""),
    "the day before, here": ("a | d-1 bet al 5.00 BRL 23:59:59 | bet al 5.00 BRL 00:00", 1, ""),
    "the day after, here": ("a | d+1 bet al 5.00 BRL 00:00 | bet al 5.00 BRL 23:59:59", 1, ""),
    "another amount on the day after": ("a | bet al 5.00 BRL 23:59:59 | d+1 bet al 5.10 BRL 00:00", 0, "a amount"),
    "long on its way to them": ("a | until+3 win al 5.00 BRL 12:00 | d+3 win al 5.00 BRL 12:00", 1, ""),
    "longer on its way than we know of": (
        "a | until+1 win al 5.00 BRL 12:00 | d+3 win al 5.00 BRL 12:00",
        0,
        "a missing_there",
    ),
    "two days away": ("a | bet al 5.00 BRL 23:59:59 | d+2 bet al 5.00 BRL 00:00", 0, "a missing_there"),
    "of another day on both sides": ("a | d-1 bet al 5.00 BRL 12:00 | d-1 bet al 5.00 BRL 12:00", 0, ""),
    "a bet that may be missing, and is": ("a | ? bet al 5.00 BRL 12:00 | -", 0, ""),
    "a bet that may be missing, and is not": ("a | ? bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00", 1, ""),
    "taken back on both sides": (
        (
            "a | ? bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00\n"
            "r | ?a refund al 5.00 BRL 12:01 | refund al 5.00 BRL 12:01"
        ),
        2,
        "",
    ),
    "never there, so nothing to take back": (
        "a | ? bet al 5.00 BRL 12:00 | -\nr | ?a refund al 5.00 BRL 12:01 | -",
        0,
        "",
    ),
    "there, and not taken back there": (
        "a | ? bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00\nr | ?a refund al 5.00 BRL 12:01 | -",
        1,
        "r missing_there",
    ),
    "taken back, with another amount": (
        (
            "a | ? bet al 5.00 BRL 12:00 | bet al 5.00 BRL 12:00\n"
            "r | ?a refund al 5.00 BRL 12:01 | refund al 4.00 BRL 12:01"
        ),
        1,
        "r amount",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_of_two_lists(case: str) -> None:
    table, matched, expected = CASES[case]
    done = compared(*parse(table), now=A_WEEK_LATER)
    assert ", ".join(f"{each.id} {each.kind}" for each in done.differences) == expected
    assert (done.matched, done.pending) == (matched, 0)


@pytest.mark.parametrize(
    ("at", "pending"), [("05:49:59", False), ("05:50:00", False), ("05:50:01", True), ("06:00", True)]
)
def test_what_is_young_may_still_come(at: str, pending: bool) -> None:
    """On a day that is not over: the other side's line may be on its way, whichever side that is."""
    now = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    for table in (f"a | bet al 5.00 BRL {at} | -", f"a | - | bet al 5.00 BRL {at}"):
        done = compared(*parse(table), now=now)
        assert (done.pending, len(done.differences)) == (int(pending), int(not pending))


def test_no_list_is_asked_for_of_a_day_that_has_not_begun() -> None:
    asked: list[date] = []
    ours, theirs = parse("a | until+5 win al 5.00 BRL 12:00 | -")
    compared(ours, lambda day: asked.append(day) or theirs(day), now=NEXT_MORNING)  # type: ignore[func-returns-value]
    assert asked == [DAY, DAY - timedelta(days=1), DAY + timedelta(days=1)]


def test_the_totals_are_of_the_day_and_of_each_side() -> None:
    done = compared(
        *parse("""
            a | bet al 5.00 BRL 12:00     | bet al 5.00 BRL 12:00
            b | bet al 2.00 BRL 12:00     | -
            c | win al 9.00 EUR 12:00     | win al 9.50 EUR 12:00
            d | d-1 bet al 1.00 BRL 23:59 | bet al 1.00 BRL 00:00
        """)
    )
    assert (done.ours.lines, done.ours.amounts) == (3, {"bet BRL": [2, 700], "win EUR": [1, 900]})
    assert (done.theirs.lines, done.theirs.amounts) == (3, {"bet BRL": [2, 600], "win EUR": [1, 950]})


def line(number: int) -> StatementLine:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number)
    return StatementLine(f"t-{number}", "bet", "al", 100 + number, "BRL", at)


@settings(deadline=None)
@for_any(
    ours=st.sets(st.integers(0, 60)),
    theirs=st.sets(st.integers(0, 60)),
    wrong=st.sets(st.integers(0, 60)),
    seed=st.integers(0, 2**32),
)
def test_in_whatever_order_they_come_exactly_what_differs_is_told(
    ours: set[int], theirs: set[int], wrong: set[int], seed: int
) -> None:
    order = random.Random(seed)
    here, there = sorted(ours), sorted(theirs)
    order.shuffle(here)
    order.shuffle(there)
    our_lines = [line(number) for number in here]
    their_lines = [line(n)._replace(amount_minor=1) if n in wrong else line(n) for n in there]
    done = compared(
        lambda day: our_lines if day == DAY else [],
        lambda day: their_lines if day == DAY else [],
    )
    told = {(each.id, str(each.kind)) for each in done.differences}
    assert told == (
        {(f"t-{n}", "missing_there") for n in ours - theirs}
        | {(f"t-{n}", "missing_here") for n in theirs - ours}
        | {(f"t-{n}", "amount") for n in ours & theirs & wrong}
    )
    assert done.matched == len((ours & theirs) - wrong)


def test_lists_in_about_the_same_order_are_never_held_whole() -> None:
    """Lines wait only for their partner: read a hundred thousand, and hold a handful."""
    held = 0

    class Counted(str):
        """An id that knows how many of its kind are alive."""

        __slots__ = ()
        alive = 0

        def __new__(cls, text: str) -> "Counted":
            cls.alive += 1
            return super().__new__(cls, text)

        def __del__(self) -> None:
            type(self).alive -= 1

    def read(day: date, shift: int) -> Iterator[StatementLine]:
        nonlocal held
        start = line(0)
        for number in range(100_000 if day == DAY else 0):
            held = max(held, Counted.alive)
            yield start._replace(id=Counted(f"t-{number ^ shift}"))

    done = compared(lambda day: read(day, 0), lambda day: read(day, 7))
    assert (done.matched, done.differences) == (100_000, [])
    assert held < 100
