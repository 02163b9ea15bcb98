"""
Is what was asked of operators, what is owed to them and what went through clearing the same? From the rows alone.

    bet      confirmed and placed: `operator_debit:<id>` of its amount; else no transfer, and a confirmed one goes back
    win      `operator_credit:<id>` of its amount, where it is not 0
    refund   the same where its bet was placed; none for a stake that never came here
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from wallet.audit import capped, rows
from wallet.operators.models import RemoteCall

OWED_FOR_LONG = timedelta(hours=24)


def findings(now: datetime) -> list[str]:
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        _transfers_without_call,
        _calls_without_transfer,
        _stakes_left_over,
        _money_left_behind,
        lambda: _owed_for_long(now),
    )
    return [line for rule in rules for line in capped(rule)]


def _transfers_without_call() -> Iterator[str]:
    sql = """
        SELECT t.id, t.amount_minor FROM wallet_transfer t
        LEFT JOIN operators_remotecall c ON c.id = t.reference AND t.id = t.code || ':' || c.id
        WHERE t.code IN ('operator_debit', 'operator_credit') AND (
            c.id IS NULL OR t.kind <> 'posted' OR t.amount_minor <> c.amount_minor
            OR (t.code = 'operator_debit' AND (
                c.kind <> 'bet' OR c.state NOT IN ('confirmed', 'refunded') OR t.credit_account_id <> c.wallet_id))
            OR (t.code = 'operator_credit' AND (c.kind = 'bet' OR t.debit_account_id <> c.wallet_id)))
        ORDER BY t.id
    """
    for transfer, amount in rows(sql):
        yield f"transfer {transfer} of {amount}: no call to an operator explains it"


def _calls_without_transfer() -> Iterator[str]:
    """What is owed of a bet that was placed left the books with it."""
    sql = """
        SELECT c.id, c.amount_minor FROM operators_remotecall c
        LEFT JOIN wallet_transfer t ON t.id = 'operator_credit:' || c.id
        LEFT JOIN operators_remotecall b ON b.bet_id = c.bet_id AND b.kind = 'bet'
        LEFT JOIN wallet_transfer s ON s.id = 'operator_debit:' || b.id
        WHERE c.kind IN ('win', 'refund') AND (
            b.id IS NULL OR (s.id IS NOT NULL AND c.amount_minor > 0 AND t.id IS NULL)
            OR (s.id IS NULL AND (t.id IS NOT NULL OR c.kind = 'win')))
        ORDER BY c.id
    """
    for call, amount in rows(sql):
        yield f"call {call} of {amount}: the books do not have what it tells the operator"


def _stakes_left_over() -> Iterator[str]:
    """An operator took it, or may have: then it is in the books, or it goes back."""
    sql = """
        SELECT c.id, c.state FROM operators_remotecall c
        LEFT JOIN wallet_transfer t ON t.id = 'operator_debit:' || c.id
        LEFT JOIN operators_remotecall r ON r.bet_id = c.bet_id AND r.kind = 'refund'
        WHERE c.kind = 'bet' AND t.id IS NULL AND r.id IS NULL AND c.state IN ('confirmed', 'unknown', 'refunded')
        ORDER BY c.id
    """
    for call, state in rows(sql):
        yield f"call {call} ({state}): no bet was placed with it, and it does not go back"


def _money_left_behind() -> Iterator[str]:
    """What passes through a player's account for an operator does not stay there."""
    sql = """
        SELECT a.id, SUM(CASE t.code WHEN 'operator_debit' THEN t.amount_minor
                WHEN 'operator_credit' THEN -t.amount_minor ELSE 0 END),
            SUM(CASE WHEN t.code IN ('stake', 'hold') AND t.kind <> 'pending' THEN t.amount_minor
                WHEN t.code IN ('payout', 'refund') THEN -t.amount_minor ELSE 0 END), a.held_minor
        FROM operators_remotewallet w JOIN wallet_account a ON a.id = w.account_id
        JOIN wallet_transfer t ON a.id IN (t.debit_account_id, t.credit_account_id)
        WHERE t.code IN ('operator_debit', 'operator_credit', 'stake', 'hold', 'payout', 'refund')
        GROUP BY a.id, a.held_minor ORDER BY a.id
    """
    for account, through, played, held in rows(sql):
        stayed = int(through) - int(played) - held  # came and did not go back, less what is at stake
        if stayed:
            yield f"account {account}: {stayed} of its operator's money stayed here"


def _owed_for_long(now: datetime) -> Iterator[str]:
    old = RemoteCall.objects.filter(state=RemoteCall.State.OWED, created_at__lt=now - OWED_FOR_LONG)
    for call in old.order_by("created_at"):
        since = f"{call.created_at:%Y-%m-%d %H:%M} UTC"
        yield f"call {call.pk}: {call.amount_minor} owed to the operator since {since} ({call.error or 'not said why'})"
