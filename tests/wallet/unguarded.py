"""Changing what cannot be changed, to see whether the audit notices: the database's guards are off inside."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

BROKEN_ON_PURPOSE = (
    ("wallet_account", "account_never_below_zero"),
    ("wallet_transfer", "transfer_amount_positive"),
    ("crash_bet", "bet_status_and_payout_agree"),
    ("instant_instantbet", "instantbet_payout"),
    ("instant_instantbet", "instantbet_balances"),
    ("instant_instantbet", "instantbet_outcome"),
    ("psp_payment", "payment_concluded_when_final"),
    ("psp_suspensecase", "suspensecase_state"),
    ("psp_suspensecase", "suspensecase_resolved_by_two"),
)


@contextmanager
def unguarded() -> Iterator[None]:
    """Triggers, foreign keys and checks are off in here; on leaving, all that was done is undone, guards included."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET LOCAL session_replication_role = replica")
                for table, constraint in BROKEN_ON_PURPOSE:
                    cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            else:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
                cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute("DROP INDEX transfer_pending_resolved_once")
        try:
            yield
        finally:
            transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        assert cursor.rowcount != 0, "the statement broke nothing"
