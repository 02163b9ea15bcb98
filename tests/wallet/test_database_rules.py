"""What the ledger refuses, the database refuses as well: through the ORM and through plain SQL, on both databases."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.wallet.ledger_table import LedgerTable
from wallet import queries
from wallet.chart import House
from wallet.models import Account, Currency, Transfer

pytestmark = pytest.mark.django_db
Change = Callable[[LedgerTable], object]


@pytest.fixture
def table() -> LedgerTable:
    """Alice has 100.00, of which 10.00 are set aside (P2); bob's currency is EUR; P1 is resolved by X1."""
    table = LedgerTable()
    table.check("""
        account   alice  100.00
        account   bob     50.00  EUR
        transfer  T1  alice > crash  20.00        -> ok
        pending   P1  alice > crash  20.00        -> ok
        post      X1 of P1  alice > crash  20.00  -> ok
        pending   P2  alice > crash  10.00        -> ok
    """)
    return table


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


@transaction.atomic
def attempt(change: Change, table: LedgerTable) -> None:
    change(table)
    connection.check_constraints()


def refused(change: Change, table: LedgerTable) -> None:
    """The change fails by the database's own rule, at the latest when its transaction would end."""
    before = list(Account.objects.order_by("pk").values()), list(Transfer.objects.order_by("pk").values())
    with pytest.raises(DatabaseError):
        attempt(change, table)
    assert before == (list(Account.objects.order_by("pk").values()), list(Transfer.objects.order_by("pk").values()))


def transfer_row(table: LedgerTable, **changes: Any) -> dict[str, Any]:
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]
    row = {
        "id": f"{table.prefix}:new",
        "book": "BRL",
        "kind": "posted",
        "code": "stake",
        "debit_account_id": table.accounts["alice"].pk,
        "credit_account_id": crash,
        "amount_minor": 100,
        "pending_id": None,
        "reference": "",
        "created_at": table.now,
    }
    return row | changes


def insert(row: dict[str, Any], verb: str = "INSERT INTO") -> None:
    marks = ", ".join(["%s"] * len(row))
    sql(f"{verb} wallet_transfer ({', '.join(row)}) VALUES ({marks})", *row.values())


def test_a_proper_row_would_pass(table: LedgerTable) -> None:
    insert(transfer_row(table))
    insert(transfer_row(table, id=f"{table.prefix}:void", kind="void", pending_id=f"{table.prefix}:P2"))
    connection.check_constraints()


BAD_ROWS: dict[str, Callable[[LedgerTable], dict[str, Any]]] = {
    "amount zero": lambda t: {"amount_minor": 0},
    "amount negative": lambda t: {"amount_minor": -1},
    "no amount": lambda t: {"amount_minor": None},
    "to itself": lambda t: {"credit_account_id": t.accounts["alice"].pk},
    "into another book": lambda t: {"credit_account_id": t.accounts["bob"].pk},
    "out of another book": lambda t: {"debit_account_id": t.accounts["bob"].pk},
    "in a book of neither": lambda t: {"book": "EUR"},
    "demo money": lambda t: {"book": "BRL.demo"},
    "to nobody": lambda t: {"credit_account_id": 0},
    "from nobody": lambda t: {"debit_account_id": 0},
    "unknown kind": lambda t: {"kind": "loan"},
    "a posted one with a pending": lambda t: {"pending_id": f"{t.prefix}:P2"},
    "a post without a pending": lambda t: {"kind": "post"},
    "a void without a pending": lambda t: {"kind": "void"},
    "a post of nothing": lambda t: {"kind": "post", "pending_id": "nothing"},
    "a second resolution": lambda t: {"kind": "void", "pending_id": f"{t.prefix}:P1"},
    "an id again": lambda t: {"id": f"{t.prefix}:T1"},
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_the_database_refuses_a_transfer_with(bad: str, table: LedgerTable) -> None:
    refused(lambda t: insert(transfer_row(t, **BAD_ROWS[bad](t))), table)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has INSERT OR REPLACE")
def test_no_row_is_replaced_on_sqlite(table: LedgerTable) -> None:
    refused(lambda t: insert(transfer_row(t, id=f"{t.prefix}:T1", amount_minor=1), "INSERT OR REPLACE INTO"), table)


TRANSFER_CHANGES: dict[str, Change] = {
    "update": lambda t: Transfer.objects.filter(pk=f"{t.prefix}:T1").update(amount_minor=1),
    "update of a harmless column": lambda t: Transfer.objects.filter(pk=f"{t.prefix}:T1").update(reference="x"),
    "save": lambda t: Transfer.objects.get(pk=f"{t.prefix}:T1").save(),
    "delete": lambda t: Transfer.objects.filter(pk=f"{t.prefix}:T1").delete(),
    "delete of all": lambda t: Transfer.objects.all().delete(),
    "raw delete": lambda t: sql("DELETE FROM wallet_transfer WHERE id = %s", f"{t.prefix}:T1"),
    "raw delete of all": lambda t: sql("DELETE FROM wallet_transfer"),
    "raw update": lambda t: sql("UPDATE wallet_transfer SET amount_minor = 1 WHERE id = %s", f"{t.prefix}:T1"),
    "raw update of the id": lambda t: sql("UPDATE wallet_transfer SET id = 'x' WHERE id = %s", f"{t.prefix}:T1"),
}


@pytest.mark.parametrize("change", TRANSFER_CHANGES)
def test_the_database_keeps_transfers_from(change: str, table: LedgerTable) -> None:
    refused(TRANSFER_CHANGES[change], table)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no TRUNCATE; its DELETE of all is tested")
@pytest.mark.parametrize("target", ["wallet_transfer", "wallet_account CASCADE"])
def test_the_database_keeps_transfers_from_truncate(target: str, table: LedgerTable) -> None:
    refused(lambda t: sql(f"TRUNCATE {target}"), table)


def alice(table: LedgerTable) -> Any:
    return Account.objects.filter(pk=table.accounts["alice"].pk)


def new_account(table: LedgerTable, **changes: Any) -> Account:
    row = {"kind": "player", "owner_id": table.accounts["alice"].owner_id, "currency_id": "BRL", "is_demo": True}
    row |= {"book": "BRL.demo", "posted_minor": 0, "held_minor": 0, "created_at": table.now}
    return Account.objects.create(**(row | changes))


ACCOUNT_CHANGES: dict[str, Change] = {
    "a balance below zero": lambda t: alice(t).update(posted_minor=-1, held_minor=0),
    "less than is set aside": lambda t: alice(t).update(posted_minor=9_99),
    "a negative hold": lambda t: alice(t).update(held_minor=-1),
    "a hold above the balance": lambda t: alice(t).update(held_minor=60_01),
    "a balance below zero, raw": lambda t: sql(
        "UPDATE wallet_account SET posted_minor = posted_minor - 10000 WHERE id = %s", t.accounts["alice"].pk
    ),
    "no balance": lambda t: alice(t).update(posted_minor=None, held_minor=None),
    "another owner": lambda t: alice(t).update(owner_id=t.accounts["bob"].owner_id),
    "no owner": lambda t: alice(t).update(owner_id=None),
    "another book": lambda t: alice(t).update(book="BRL.demo"),
    "another currency": lambda t: alice(t).update(currency_id="EUR"),
    "demo turned real": lambda t: alice(t).update(is_demo=True),
    "another kind": lambda t: alice(t).update(kind="crash"),
    "its end": lambda t: alice(t).delete(),
    "its end, raw": lambda t: sql("DELETE FROM wallet_account WHERE id = %s", t.accounts["alice"].pk),
    "the house's end": lambda t: sql("DELETE FROM wallet_account WHERE kind = 'crash' AND book = 'BRL'"),
    "a house balance in a row": lambda t: Account.objects.filter(kind="crash").update(posted_minor=0, held_minor=0),
    "a second one in its book": lambda t: new_account(t, is_demo=False, book="BRL"),
    "a real one in a demo book": lambda t: new_account(t, is_demo=False),
    "a demo one in a real book": lambda t: new_account(t, owner_id=t.accounts["bob"].owner_id, book="BRL"),
    "one in another currency's book": lambda t: new_account(t, book="EUR.demo"),
    "a second house account": lambda t: new_account(t, kind="crash", owner_id=None, posted_minor=None, held_minor=None),
    "a player without an owner": lambda t: new_account(t, owner_id=None),
    "a house with an owner": lambda t: new_account(t, kind="crash"),
    "a currency without units": lambda t: Currency.objects.filter(code="BRL").update(denominator=0),
    "the end of a currency in use": lambda t: sql("DELETE FROM wallet_currency WHERE code = 'BRL'"),
}


@pytest.mark.parametrize("change", ACCOUNT_CHANGES)
def test_the_database_refuses_an_account(change: str, table: LedgerTable) -> None:
    refused(ACCOUNT_CHANGES[change], table)


def test_a_new_demo_account_would_pass(table: LedgerTable, now: datetime) -> None:
    assert new_account(table).pk
