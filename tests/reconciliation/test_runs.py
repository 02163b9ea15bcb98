"""Real ledger rows against a provider's list: differences are found once, go by themselves, or are resolved."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEntry, User
from tests.reconciliation.conftest import NOON, Provider, move
from tests.reconciliation.lists import DAY
from wallet.chart import House, Kind
from wallet.models import Account
from wallet.reconciliation import audit, operations, queries
from wallet.reconciliation.models import Difference, Run
from wallet.reconciliation.operations import NotOpen, ReasonMissing
from wallet.reconciliation.rules import StatementLine
from wallet.reconciliation.sources import Lines, SourceUnavailable

pytestmark = pytest.mark.django_db


def open_ones() -> list[str]:
    return [f"{row.transaction_id} {row.kind}" for row in queries.open_differences()]


def test_a_day_that_agrees_leaves_a_run_with_its_totals(provider: Provider) -> None:
    report = provider.compare()
    run = Run.objects.get()
    assert (report.new, report.closed, run.matched, run.pending, run.differences) == (0, 0, 3, 0, 0)
    assert (run.day, run.source_kind, run.source_slug, run.error) == (DAY, "psp", "sandbox", "")
    same = {"lines": 3, "amounts": {"deposit BRL": [2, 150_00], "withdrawal BRL": [1, 30_00]}}
    assert run.totals == {"ours": same, "theirs": same}
    assert open_ones() == audit.findings(NOON) == []


def test_each_difference_is_written_down_with_both_lines(provider: Provider) -> None:
    provider.hears("1")
    provider.tell("2", "deposit", 50_01, NOON + timedelta(minutes=2))
    provider.tell("9", "deposit", 7_00, NOON)
    assert provider.compare().new == 3
    assert open_ones() == ["sandbox:1 missing_there", "sandbox:2 amount", "sandbox:9 missing_here"]
    missing, amount, _ = queries.open_differences()
    assert missing.theirs is None
    assert missing.ours == {
        "kind": "deposit",
        "user": "",
        "amount_minor": 100_00,
        "currency": "BRL",
        "status": "done",
        "at": "2026-03-01T12:01:00.000Z",
    }
    assert (amount.ours["amount_minor"], amount.theirs["amount_minor"]) == (50_00, 50_01)
    assert len(audit.findings(NOON)) == 3
    assert "sandbox:2 amount: ours 5000 BRL (deposit, done) and theirs 5001 BRL" in audit.findings(NOON)[1]


def test_comparing_again_doubles_nothing(provider: Provider) -> None:
    provider.hears("1")
    first = provider.compare()
    for _ in range(3):
        again = provider.compare()
        assert (again.new, again.closed, again.run.differences) == (0, 0, 1)
    assert Run.objects.count() == 4
    row = Difference.objects.get()
    assert (row.run, row.found_at) == (again.run, first.run.finished_at)


def test_what_has_vanished_is_closed_by_itself_and_comes_back_as_a_new_one(provider: Provider) -> None:
    line = provider.lists["sandbox:1"]
    provider.hears("1")
    provider.compare()
    provider.lists["sandbox:1"] = line
    report = provider.compare()
    assert (report.new, report.closed) == (0, 1)
    closed = Difference.objects.get()
    assert (closed.is_open, closed.resolved_by, closed.reason) == (False, None, f"gone in run {report.run.pk}")
    provider.hears("1")
    assert provider.compare().new == 1
    assert open_ones() == ["sandbox:1 missing_there"]
    assert Difference.objects.count() == 2


def test_a_difference_that_changes_its_kind_is_another_one(provider: Provider) -> None:
    provider.hears("1")
    provider.compare()
    provider.tell("1", "deposit", 99_00, NOON)
    report = provider.compare()
    assert (report.new, report.closed) == (1, 1)
    assert open_ones() == ["sandbox:1 amount"]


def test_an_open_difference_shows_the_lines_as_they_are_now(provider: Provider) -> None:
    for amount in (99_00, 98_00):
        provider.tell("1", "deposit", amount, NOON)
        provider.compare()
    row = Difference.objects.get()
    assert (row.theirs["amount_minor"], row.is_open) == (98_00, True)


def test_what_somebody_resolved_stays_so_while_both_lines_stay_as_they_are(
    provider: Provider, make_player: Callable[..., User]
) -> None:
    clerk, later = make_player("clerk"), NOON + timedelta(days=2)
    provider.tell("1", "deposit", 99_00, NOON)
    provider.compare()
    row = operations.resolve(Difference.objects.get(), actor=clerk, reason=" their fee, booked ", now=later)
    assert (row.resolved_by, row.resolved_at, row.reason) == (clerk, later, "their fee, booked")
    entry = AuditEntry.objects.get(action="difference.resolved", subject=f"difference:{row.pk}")
    assert (entry.actor, entry.details["reason"], entry.details["source"]) == (
        clerk,
        "their fee, booked",
        "psp sandbox",
    )
    assert provider.compare().new == 0
    assert open_ones() == []
    provider.tell("1", "deposit", 98_00, NOON)
    assert provider.compare().new == 1


def test_a_difference_is_resolved_once_and_for_a_reason(provider: Provider, make_player: Callable[..., User]) -> None:
    clerk = make_player("clerk")
    provider.hears("1")
    provider.compare()
    row = Difference.objects.get()
    with pytest.raises(ReasonMissing):
        operations.resolve(row, actor=clerk, reason="  ", now=NOON)
    operations.resolve(row, actor=clerk, reason="first", now=NOON)
    with pytest.raises(NotOpen):
        operations.resolve(row, actor=make_player("other"), reason="second", now=NOON)
    row.refresh_from_db()
    assert (row.resolved_by, row.reason) == (clerk, "first")


def test_other_days_and_other_sources_are_left_alone(provider: Provider, account: Account) -> None:
    provider.hears("1")
    provider.compare()
    other = Provider("another")
    other.tell("5", "deposit", 1_00, NOON)
    other.compare()
    provider.compare(day=DAY + timedelta(days=1), now=NOON + timedelta(days=2))
    assert open_ones() == ["another:5 missing_here", "sandbox:1 missing_there"]


def test_what_falls_on_the_neighbouring_day_there_agrees(provider: Provider, account: Account) -> None:
    late = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    move(account, "sandbox:late", 5_00, late)
    provider.tell("late", "deposit", 5_00, late + timedelta(seconds=2))
    for day in (DAY, DAY + timedelta(days=1)):
        assert provider.compare(day=day, now=NOON + timedelta(days=2)).run.differences == 0


def test_what_is_on_its_way_is_pending_until_it_has_had_its_time(
    provider: Provider, account: Account, settings: Any
) -> None:
    settings.RECONCILIATION_IN_FLIGHT_MINUTES = 10
    at = NOON + timedelta(hours=1)
    move(account, "sandbox:new", 5_00, at)
    early = provider.compare(now=at + timedelta(minutes=9))
    assert (early.run.pending, early.run.differences) == (1, 0)
    late = provider.compare(now=at + timedelta(minutes=10))
    assert (late.run.pending, late.run.differences) == (0, 1)


def test_money_that_is_only_set_aside_is_not_in_our_list(provider: Provider, account: Account) -> None:
    move(account, "sandbox:asked", 5_00, NOON + timedelta(hours=1), out=True, kind=Kind.PENDING)
    assert provider.compare().run.differences == 0


# --- lists that cannot be read ----------------------------------------------------------------------------------------
class Silent(Provider):
    def theirs(self, day: date) -> Lines:
        raise SourceUnavailable("They do not answer.")


def test_without_their_list_nothing_is_concluded(provider: Provider) -> None:
    provider.hears("1")
    provider.compare()
    with pytest.raises(SourceUnavailable):
        Silent("sandbox").compare()
    failed = Run.objects.latest("pk")
    assert (failed.error, failed.differences, failed.finished_at is None) == ("They do not answer.", 0, False)
    assert open_ones() == ["sandbox:1 missing_there"]


GOOD = StatementLine("x", "deposit", "al", 100, "BRL", NOON)
BAD_LINES = {
    "no id": GOOD._replace(id=""),
    "an id without end": GOOD._replace(id="x" * 129),
    "an id that no database keeps": GOOD._replace(id="a\x00b"),
    "a user that no database keeps": GOOD._replace(user="a\x00b"),
    "a currency without end": GOOD._replace(currency="X" * 129),
    "a time of nowhere": GOOD._replace(at=NOON.replace(tzinfo=None)),
    "an amount beyond all money": GOOD._replace(amount_minor=10**19),
}


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_list_with_a_line_that_cannot_be_is_no_list(bad: str, provider: Provider) -> None:
    provider.lists["bad"] = BAD_LINES[bad]
    with pytest.raises(SourceUnavailable):
        provider.compare()
    assert Run.objects.get().error
    assert open_ones() == []


def test_of_a_list_that_is_all_wrong_the_first_are_kept_and_none_is_taken_for_gone(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "KEPT", 2)
    provider.tell("99", "deposit", 1, NOON)
    provider.compare()
    assert open_ones() == ["sandbox:99 missing_here"]
    provider.lists = {}
    for number in range(3):
        provider.tell(f"0{number}", "deposit", 1, NOON)
    report = provider.compare()
    assert (report.run.differences, report.new, report.closed) == (6, 2, 0)
    assert open_ones() == ["sandbox:00 missing_here", "sandbox:01 missing_here", "sandbox:99 missing_here"]


# --- our side ---------------------------------------------------------------------------------------------------------
def test_our_rows_come_in_pages_also_where_many_have_the_same_time(account: Account) -> None:
    for number in range(7):
        move(account, f"sandbox:{number}", 1_00 + number, NOON)
    bob = account.owner
    assert bob is not None
    rows = queries.transfers_of(House.PSP, DAY)
    expected = [transfer.pk for transfer in rows]
    assert len(expected) == 7
    found = type(next(iter(queries.transfers_of(House.PSP, DAY)))).objects.order_by("created_at", "pk")
    for size in (1, 2, 3, 7, 8):
        assert [row.pk for row in queries.paged(found.filter(pk__in=expected), size=size)] == expected


def test_a_day_begins_and_ends_at_midnight_utc(account: Account) -> None:
    start, end = queries.bounds(DAY)
    moments = [start - timedelta(microseconds=1), start, end - timedelta(microseconds=1), end]
    for number, at in enumerate(moments):
        move(account, f"sandbox:{number}", 1_00, at)
    assert [line.id for line in queries.ledger_lines(House.PSP, DAY)] == ["sandbox:1", "sandbox:2"]


# --- what the database keeps ------------------------------------------------------------------------------------------
BAD_ROWS: dict[str, dict[str, Any]] = {
    "open twice": {"transaction_id": "sandbox:1"},
    "closed without a reason": {"resolved_at": NOON},
    "open with a reason": {"reason": "x"},
    "of nothing": {"ours": None},
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_the_database_refuses_a_difference(bad: str, provider: Provider) -> None:
    provider.hears("1")
    provider.compare()
    row = Difference.objects.values().get()
    del row["id"]
    Difference.objects.create(**(row | {"transaction_id": "proper"}))
    Difference.objects.create(**(row | {"resolved_at": NOON, "reason": "closed ones may be many"}))
    with pytest.raises(DatabaseError), transaction.atomic():
        Difference.objects.create(**(row | {"transaction_id": "new"} | BAD_ROWS[bad]))
