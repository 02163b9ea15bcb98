"""Does every partner's transfer have its movement in the ledger, to the cent, and the other way round?"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from wallet.audit import capped, rows


def findings(now: datetime) -> list[str]:
    return [line for rule in (_unmoved, _unasked) for line in capped(rule)]


def _id() -> str:
    """A transfer's id from its row's; SQLite keeps the id without dashes."""
    if connection.vendor == "postgresql":
        return "'partner:' || p.id::text"
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return "'partner:' || " + " || '-' || ".join(f"substr(p.id, {start}, {length})" for start, length in parts)


def _unmoved() -> Iterator[str]:
    sql = f"""
        SELECT p.id, p.reference, p.direction, p.amount_minor, t.amount_minor FROM transfers_partnertransfer p
        JOIN wallet_account a ON a.id = p.account_id
        LEFT JOIN wallet_transfer t ON t.id = {_id()} AND t.kind = 'posted' AND t.reference = p.reference
            AND ((p.direction = 'in' AND t.code = 'transfer_in' AND t.credit_account_id = p.account_id)
                OR (p.direction = 'out' AND t.code = 'transfer_out' AND t.debit_account_id = p.account_id))
        WHERE t.id IS NULL OR t.amount_minor <> p.amount_minor OR a.is_demo <> (p.environment = 'test') ORDER BY p.id
    """  # noqa: S608 constants of this module only
    for key, reference, direction, asked, moved in rows(sql):
        yield f"partner transfer {key} ({direction} {reference}): {asked} asked for, {moved or 0} moved as that"


def _unasked() -> Iterator[str]:
    sql = f"""
        SELECT t.id, t.code FROM wallet_transfer t LEFT JOIN transfers_partnertransfer p ON t.id = {_id()}
        WHERE t.code IN ('transfer_in', 'transfer_out') AND p.id IS NULL ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, code in rows(sql):
        yield f"transfer {transfer}: no partner asked for this {code}"
