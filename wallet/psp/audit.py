"""
Do payments and the ledger say the same, to the cent? Each rule is one statement over all rows, from the rows alone.

A withdrawal's hold may last as long as the payment is open, so `wallet.audit` leaves it to the rules here.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from wallet.audit import capped, rows

FINAL = "('succeeded', 'failed', 'cancelled')"


def findings(now: datetime) -> list[str]:
    rules = (_deposits_off, _withdrawals_off, _strangers, _cases_off, _case_strangers)
    return [line for rule in rules for line in capped(rule)]


def _deposits_off() -> Iterator[str]:
    sql = """
        SELECT p.reference, p.status, p.amount_minor, t.amount_minor FROM psp_payment p
        JOIN wallet_account a ON a.id = p.account_id
        LEFT JOIN wallet_transfer t ON t.id = 'deposit:' || p.reference AND t.code = 'deposit' AND t.kind = 'posted'
            AND t.credit_account_id = p.account_id AND t.reference = p.reference
        WHERE p.direction = 'deposit' AND (
            (p.status = 'succeeded' AND (t.id IS NULL OR t.amount_minor <> p.amount_minor))
            OR (p.status <> 'succeeded' AND t.id IS NOT NULL)
            OR a.owner_id <> p.player_id OR a.currency_id <> p.currency_id OR a.is_demo) ORDER BY p.id
    """
    for reference, status, asked, moved in rows(sql):
        yield f"payment {reference}: {status} with {asked}, the ledger has a deposit of {moved or 0}"


def _withdrawals_off() -> Iterator[str]:
    """Set aside as asked; resolved exactly when it has ended, whole, and in the way that it ended."""
    sql = f"""
        SELECT p.reference, p.status, p.amount_minor, h.amount_minor, r.kind FROM psp_payment p
        JOIN wallet_account a ON a.id = p.account_id
        LEFT JOIN wallet_transfer h ON h.id = 'withdrawal:' || p.reference AND h.code = 'withdrawal'
            AND h.kind = 'pending' AND h.debit_account_id = p.account_id AND h.reference = p.reference
        LEFT JOIN wallet_transfer r ON r.pending_id = h.id
        WHERE p.direction = 'withdrawal' AND (
            h.id IS NULL OR h.amount_minor <> p.amount_minor
            OR (p.status IN {FINAL}) <> (r.id IS NOT NULL)
            OR (r.id IS NOT NULL AND (
                r.amount_minor <> p.amount_minor OR (p.status = 'succeeded') <> (r.kind = 'post')))
            OR a.owner_id <> p.player_id OR a.currency_id <> p.currency_id OR a.is_demo) ORDER BY p.id
    """  # noqa: S608 constants of this module only
    for reference, status, asked, held, ended in rows(sql):
        yield f"payment {reference}: {status} with {asked}, the ledger set {held or 0} aside ({ended or 'not ended'})"


def _strangers() -> Iterator[str]:
    """What moved between players and providers without a payment."""
    sql = """
        SELECT t.id, t.code, t.amount_minor FROM wallet_transfer t
        JOIN wallet_account d ON d.id = t.debit_account_id JOIN wallet_account c ON c.id = t.credit_account_id
        LEFT JOIN psp_payment p ON p.reference = t.reference
            AND ((t.code = 'deposit' AND t.id = 'deposit:' || p.reference)
                OR (t.code = 'withdrawal' AND t.id IN (
                    'withdrawal:' || p.reference, 'withdrawal:' || p.reference || ':end')))
        WHERE t.code IN ('deposit', 'withdrawal') AND (d.kind = 'psp' OR c.kind = 'psp') AND p.id IS NULL
        ORDER BY t.id
    """
    for transfer, code, amount in rows(sql):
        yield f"transfer {transfer}: a {code} of {amount} with a provider, and no payment says so"


def _case_id() -> str:
    """The id of a case's first transfer, from its report's; SQLite keeps that without dashes."""
    if connection.vendor == "postgresql":
        return "'suspense:' || s.report_id::text"
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return "'suspense:' || " + " || '-' || ".join(f"substr(s.report_id, {start}, {length})" for start, length in parts)


def _cases_off() -> Iterator[str]:
    """Booked as the case says when it was opened, and taken out of suspense exactly when it was resolved."""
    through = """
        SELECT t.id, t.book, CASE WHEN c.kind = 'suspense' THEN t.amount_minor ELSE -t.amount_minor END AS minor
        FROM wallet_transfer t JOIN wallet_account d ON d.id = t.debit_account_id
        JOIN wallet_account c ON c.id = t.credit_account_id
        WHERE t.kind = 'posted' AND (d.kind = 'suspense' OR c.kind = 'suspense')
    """
    sql = f"""
        SELECT s.id, s.state, s.suspense_minor, COALESCE(m.minor, 0), COALESCE(e.minor, 0) FROM psp_suspensecase s
        LEFT JOIN ({through}) m ON m.id = {_case_id()} AND m.book = s.book
        LEFT JOIN ({through}) e ON e.id = {_case_id()} || ':end' AND e.book = s.book
        WHERE COALESCE(m.minor, 0) <> s.suspense_minor
            OR COALESCE(e.minor, 0) <> CASE WHEN s.state = 'resolved' THEN -s.suspense_minor ELSE 0 END ORDER BY s.id
    """  # noqa: S608 constants of this module only
    for case, state, told, booked, ended in rows(sql):
        yield f"case {case}: {state} with {told}, the ledger has {booked} in suspense for it and {ended} at its end"


def _case_strangers() -> Iterator[str]:
    sql = f"""
        SELECT t.id, t.amount_minor FROM wallet_transfer t
        LEFT JOIN psp_suspensecase s ON t.id = {_case_id()} OR t.id = {_case_id()} || ':end'
        WHERE t.code = 'suspense' AND s.id IS NULL ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, amount in rows(sql):
        yield f"transfer {transfer}: {amount} through suspense, and no case says why"
