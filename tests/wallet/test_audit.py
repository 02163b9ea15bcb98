"""Each way in which accounts and transfers can be wrong is broken once, and named."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.wallet.ledger_table import LedgerTable
from tests.wallet.unguarded import sql, unguarded
from wallet import audit, operations, queries
from wallet.chart import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def table() -> LedgerTable:
    table = LedgerTable()
    table.check("""
        account   alice  100.00
        account   bob    100.00
        transfer  T1  alice > adjustment  20.00  code=adjustment reference=a        -> ok
        pending   P1  alice > funding     20.00  code=withdrawal reference=b        -> ok
        post      X1 of P1  alice > funding  15.00  code=withdrawal reference=b     -> ok
        pending   P2  alice > funding     10.00  code=withdrawal reference=c        -> ok
        void      X2 of P2  alice > funding  10.00  code=withdrawal reference=c     -> ok
        pending   P3  alice > funding     5.00   code=withdrawal reference=d        -> ok
        transfer  T2  adjustment > alice  7.00   code=adjustment reference=e        -> ok
    """)
    return table


def of(table: LedgerTable, lines: list[str]) -> list[str]:
    """The lines about this table (other tests' committed rows may be there as well)."""
    names = [f"account {account.pk}" for account in table.accounts.values()]
    return [line for line in lines if table.prefix in line or any(line.startswith(name) for name in names)]


BREAKS: dict[str, tuple[str, str]] = {
    "a balance changed": ("UPDATE wallet_account SET posted_minor = posted_minor + 1 WHERE id = {alice}", "balance 72"),
    "money set aside changed": ("UPDATE wallet_account SET held_minor = 0 WHERE id = {alice}", "0 set aside"),
    "a balance below zero": ("UPDATE wallet_account SET posted_minor = -1 WHERE id = {alice}", "below zero"),
    "a running balance below zero": (
        "UPDATE wallet_transfer SET debit_balance_minor = -1 WHERE id = '{p}:T1'",
        "{p}:T1: a balance below zero",
    ),
    "a running balance changed": (
        "UPDATE wallet_transfer SET debit_balance_minor = debit_balance_minor - 1 WHERE id = '{p}:P1'",
        "do not follow from one another",
    ),
    "a running balance lost": (
        "UPDATE wallet_transfer SET credit_balance_minor = NULL WHERE id = '{p}:T2'",
        "do not follow from one another",
    ),
    "an amount changed": ("UPDATE wallet_transfer SET amount_minor = 1 WHERE id = '{p}:T1'", "its transfers make"),
    "a transfer deleted": ("DELETE FROM wallet_transfer WHERE id = '{p}:T1'", "its transfers make"),
    "a resolution deleted": ("DELETE FROM wallet_transfer WHERE id = '{p}:X2'", "its pending transfers make"),
    "a transfer of nothing": ("UPDATE wallet_transfer SET amount_minor = 0 WHERE id = '{p}:T1'", "amount cannot be"),
    "a transfer in another book": ("UPDATE wallet_transfer SET book = 'EUR' WHERE id = '{p}:T1'", "its book EUR"),
    "more taken than set aside": (
        "UPDATE wallet_transfer SET amount_minor = 2001 WHERE id = '{p}:X1'",
        "{p}:X1: it does not resolve",
    ),
    "another amount given back": (
        "UPDATE wallet_transfer SET amount_minor = 999 WHERE id = '{p}:X2'",
        "{p}:X2: it does not resolve",
    ),
    "a resolution of what was not pending": (
        "UPDATE wallet_transfer SET pending_id = '{p}:T1' WHERE id = '{p}:X1'",
        "{p}:X1: it does not resolve",
    ),
    "a resolution of another's": (
        "UPDATE wallet_transfer SET debit_account_id = {bob} WHERE id = '{p}:X1'",
        "{p}:X1: it does not resolve",
    ),
    "two resolutions": (
        "UPDATE wallet_transfer SET pending_id = '{p}:P1' WHERE id = '{p}:X2'",
        "{p}:P1: resolved 2 times",
    ),
    "a stranger's code": ("UPDATE wallet_transfer SET code = 'gift' WHERE id = '{p}:T1'", "nothing explains a gift"),
    "a deposit that did not come from outside": (
        "UPDATE wallet_transfer SET code = 'deposit' WHERE id = '{p}:T2'",
        "nothing explains a deposit from adjustment to player",
    ),
    "demo money granted into a real account": (
        "UPDATE wallet_transfer SET code = 'grant' WHERE id = '{p}:T2'",
        "nothing explains a grant",
    ),
    "money from player to player": (
        "UPDATE wallet_transfer SET credit_account_id = {bob} WHERE id = '{p}:T1'",
        "nothing explains a adjustment from player to player",
    ),
    "an adjustment without a reason": (
        "UPDATE wallet_transfer SET reference = '' WHERE id = '{p}:T1'",
        "without a reference",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, table: LedgerTable, now: datetime) -> None:
    statement, expected = BREAKS[what]
    names = {"p": table.prefix, "alice": table.accounts["alice"].pk, "bob": table.accounts["bob"].pk}
    assert of(table, audit.findings(now)) == []
    with unguarded():
        sql(statement.format(**names))
        lines = of(table, audit.findings(now))
        assert any(expected.format(**names) in line for line in lines), lines
    assert of(table, audit.findings(now)) == []


def test_money_set_aside_for_a_day_is_named(table: LedgerTable) -> None:
    pending = f"transfer {table.prefix}:P3"
    assert not of(table, audit.book_findings(table.now + timedelta(hours=23)))
    (line,) = of(table, audit.book_findings(table.now + timedelta(hours=25)))
    assert line.startswith(f"{pending}: 500 set aside since 2026-03-01 12:00")


def test_many_findings_of_a_kind_are_counted(table: LedgerTable, now: datetime) -> None:
    lines = audit.capped(lambda: (f"line {i}" for i in range(120)))
    assert len(lines) == audit.LINES_PER_RULE + 1
    assert lines[-1] == "… and 70 more like: line 50"


def test_the_number_of_questions_does_not_depend_on_the_accounts(
    make_player: Callable[..., Any], now: datetime
) -> None:
    with CaptureQueriesContext(connection) as few:
        audit.findings(now)
    for _ in range(10):
        operations.open_account(make_player(real=100), is_demo=True, now=now)
    with CaptureQueriesContext(connection) as many:
        assert audit.findings(now) == []
    assert len(few) == len(many)


def test_the_totals_of_a_book_add_up_to_zero(make_player: Callable[..., Any], now: datetime) -> None:
    operations.open_account(make_player(real=100, currency="ADA"), is_demo=True, now=now)
    totals = {total.book: total for total in audit.totals()}
    assert {"ADA", "ADA.demo"} <= set(totals)
    for total in totals.values():
        assert total.players_minor + sum(total.house_minor.values()) == 0
        assert total.house_minor == {
            str(house): amount for house in House if (amount := queries.house_balance(house, total.book))
        }


def test_nothing_remains_of_what_a_test_broke(table: LedgerTable) -> None:
    """The guards come back: otherwise the tests after these would prove nothing."""
    with unguarded():
        sql("DELETE FROM wallet_transfer WHERE id = %s", f"{table.prefix}:T1")
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        sql("DELETE FROM wallet_transfer WHERE id = %s", f"{table.prefix}:T1")
