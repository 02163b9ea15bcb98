"""A day of seamless play against the list of a real operator, which books rightly, wrongly, late or not at all."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casino.lib.clock import ManualClock
from tests.operators.running import RunningOperator, an_operator
from tests.operators.seamless import Seamless
from wallet.operators import client, operations
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall
from wallet.operators.protocol import Call
from wallet.reconciliation import queries, registry
from wallet.reconciliation.models import Run
from wallet.reconciliation.operations import Report, reconcile
from wallet.reconciliation.operators import OperatorSource
from wallet.reconciliation.sources import SourceUnavailable

pytestmark = pytest.mark.django_db
Compare = Callable[..., Report]


@pytest.fixture
def now() -> datetime:
    """The real time: what is signed is looked at by a real operator, and booked by its clock."""
    return datetime.now(UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningOperator]:
    """One of this test's own: everything in its list is this test's."""
    with an_operator(tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    made = Caller()
    monkeypatch.setattr(client, "_shared", (os.getpid(), made))
    yield made
    made.close()


@pytest.fixture
def seamless(server: RunningOperator, now: datetime) -> Seamless:
    return Seamless.set_up(server, now, ManualClock(now))


@pytest.fixture
def deliver(seamless: Seamless, caller: Caller, now: datetime) -> Callable[[], None]:
    """Everything that is owed now."""

    def deliver_() -> None:
        seamless.server.no_faults()
        seamless.deliver(now + timedelta(hours=2), caller)
        assert not RemoteCall.objects.filter(state="owed").exists()

    return deliver_


@pytest.fixture
def compare(seamless: Seamless, now: datetime) -> Compare:
    def compare_(*, after: timedelta = timedelta(hours=1)) -> Report:
        return reconcile(OperatorSource(seamless.operator), now.date(), clock=ManualClock(now + after))

    return compare_


def differing() -> list[tuple[str, str]]:
    return [(row.transaction_id.partition("_")[0], row.kind) for row in queries.open_differences()]


def in_their_books(server: RunningOperator, statement: str, *values: Any) -> None:
    """What they have, changed behind everybody's back."""
    with sqlite3.connect(server.folder / "operator.sqlite3") as db:
        db.execute("PRAGMA foreign_keys = OFF")
        assert db.execute(statement, values).rowcount == 1
    db.close()


def a_round(seamless: Seamless, *, crash_point: int = 300) -> Any:
    """One bet that wins and one that loses."""
    player = seamless.seat()
    seamless.play.open(crash_point=crash_point)
    winner = seamless.placed(player)
    seamless.placed(player, 2)
    seamless.play.launch()
    seamless.out(player, winner, 2000)
    seamless.play.finish()
    return player


def test_a_day_of_ordinary_play_agrees(seamless: Seamless, deliver: Callable[[], None], compare: Compare) -> None:
    a_round(seamless)
    deliver()
    run = compare().run
    assert (run.matched, run.pending, run.differences) == (4, 0, 0)
    assert run.totals["ours"] == run.totals["theirs"]
    assert run.totals["ours"]["amounts"] == {"bet BRL": [2, 2000], "win BRL": [2, 1100]}
    assert (run.source_kind, run.source_slug) == ("operator", seamless.operator.slug)


def test_what_is_still_owed_may_be_there_or_not(
    seamless: Seamless, deliver: Callable[[], None], compare: Compare
) -> None:
    a_round(seamless)
    assert (compare().run.matched, differing()) == (2, [])
    deliver()
    assert (compare().run.matched, differing()) == (4, [])


@pytest.mark.parametrize("fault", ["lost_answer", "error_500_after", "error_500_before"])
def test_a_stake_without_an_answer_agrees_once_it_is_given_back(
    fault: str, seamless: Seamless, deliver: Callable[[], None], compare: Compare
) -> None:
    """Whether they had booked it or not."""
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    seamless.server.fault(fault, calls=["bet"])
    seamless.bet(player)
    assert seamless.calls() == [("bet", "unknown", 1000), ("refund", "owed", 1000)]
    assert (compare().run.differences, differing()) == (0, [])
    deliver()
    assert (compare().run.differences, differing()) == (0, [])


def test_a_stake_that_was_taken_back_and_stands_there_all_the_same_is_found(
    seamless: Seamless, server: RunningOperator, deliver: Callable[[], None], compare: Compare, caller: Caller
) -> None:
    """They forget the refund of a bet that they had not seen, and then its packet comes after all."""
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    server.fault("error_500_before", calls=["bet"])
    seamless.bet(player)
    deliver()
    server.fault("no_tombstone", calls=["bet"])
    bet = RemoteCall.objects.get(kind="bet")
    late = {**operations.body_of(RemoteCall.objects.get(kind="refund")), "transaction_id": bet.pk}
    late.pop("bet_transaction_id", None)
    caller.submit(operations.endpoint_of(seamless.operator), Call.BET, late).result()
    compare()
    assert differing() == [("refund", "amount"), ("refund", "status")]


def test_a_bet_that_they_have_booked_twice_is_found(
    seamless: Seamless, server: RunningOperator, deliver: Callable[[], None], compare: Compare
) -> None:
    server.fault("duplicate", calls=["bet"], count=1)
    a_round(seamless)
    deliver()
    compare()
    assert differing() == [("bet", "status")]


BREAKS = {
    "a win that is gone": ("DELETE FROM movements WHERE kind = 'win' AND amount > 0", [("win", "missing_there")]),
    "another amount": ("UPDATE movements SET amount = 1 WHERE kind = 'win' AND amount > 0", [("win", "amount")]),
    "another currency": (
        "UPDATE movements SET currency = 'EUR' WHERE kind = 'win' AND amount > 0",
        [("win", "currency")],
    ),
    "another player": (
        "UPDATE movements SET player = 'x' WHERE kind = 'win' AND amount > 0",
        [("win", "status")],
    ),
    "another id": (
        "UPDATE movements SET id = 'win_0' WHERE kind = 'win' AND amount > 0",
        [("win", "missing_there"), ("win", "missing_here")],
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_they_have_otherwise_is_found_and_goes_when_they_mend_it(
    what: str, seamless: Seamless, server: RunningOperator, deliver: Callable[[], None], compare: Compare
) -> None:
    a_round(seamless)
    deliver()
    statement, expected = BREAKS[what]
    before = server.folder / "before.sqlite3"
    with sqlite3.connect(server.folder / "operator.sqlite3") as db, sqlite3.connect(before) as copy:
        db.backup(copy)
    in_their_books(server, statement)
    assert compare().new == len(expected)
    assert sorted(differing()) == sorted(expected)
    with sqlite3.connect(before) as copy, sqlite3.connect(server.folder / "operator.sqlite3") as db:
        copy.backup(db)
    report = compare()
    assert (report.new, report.closed, differing()) == (0, len(expected), [])


def test_a_win_that_reached_them_days_later_agrees_on_both_days(
    seamless: Seamless, server: RunningOperator, deliver: Callable[[], None], compare: Compare, now: datetime
) -> None:
    """By their clock it is of the day on which they heard of it; ours are of the days on which they were first said."""
    a_round(seamless)
    deliver()
    three_days_ago = now - timedelta(days=3)
    RemoteCall.objects.filter(kind="win").update(created_at=three_days_ago)
    source = OperatorSource(seamless.operator)
    for day in (three_days_ago.date(), now.date()):
        run = reconcile(source, day, clock=ManualClock(now + timedelta(hours=1))).run
        assert (run.differences, differing()) == (0, []), day


def test_an_operator_that_is_down_is_not_compared(
    seamless: Seamless, server: RunningOperator, deliver: Callable[[], None], compare: Compare
) -> None:
    a_round(seamless)
    deliver()
    server.kill()
    with pytest.raises(SourceUnavailable, match="Their list of"):
        compare()
    assert Run.objects.get().error
    assert differing() == []


def test_all_operators_that_are_on_or_are_owed_something_are_compared(seamless: Seamless, now: datetime) -> None:
    def compared() -> list[str]:
        return [source.slug for source in registry.all_sources() if source.kind == "operator"]

    a_round(seamless)
    assert compared() == [seamless.operator.slug]
    operations.switch(seamless.operator, active=False, actor=None, now=now)
    assert compared() == [seamless.operator.slug], "its wins are still to be brought"
    RemoteCall.objects.filter(state="owed").update(state="paid")
    assert compared() == []


def test_our_side_comes_in_pages_and_asks_no_more_for_many(
    seamless: Seamless, now: datetime, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    from wallet.reconciliation import operators

    a_round(seamless)
    source = OperatorSource(seamless.operator)
    whole = list(source.ours(now.date()))
    assert len(whole) == 4
    with django_assert_max_num_queries(3):
        list(source.ours(now.date()))
    monkeypatch.setattr(operators, "PAGE", 1)
    assert sorted(source.ours(now.date())) == sorted(whole)
