"""
What operators are owed: wins, and stakes given back. Written down in the transaction in which it comes to be owed, and
said again until it is acknowledged.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accounts import audit
from accounts.models import User
from casino.ops.bulk import insert_rows, update_rows
from wallet.chart import Code, House, book_of
from wallet.ledger import TransferRequest
from wallet.operators import rules
from wallet.operators.models import RemoteCall, transaction_id
from wallet.operators.operations.rows import CALL_COLUMNS, State, body_for, held, tell_balances, why
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict
from wallet.queries import house_accounts

logger = logging.getLogger(__name__)

CLAIM = timedelta(seconds=30)  # longer than a call may take


class Credit(NamedTuple):
    """What an operator is to be told of a bet: a win (0: it was lost), or its stake given back."""

    kind: str
    bet_id: UUID
    account_id: int
    operator_id: int
    game: str
    round_id: str
    amount_minor: int
    multiplier: int | None
    due_at: datetime


def owe(credits: Sequence[Credit], *, now: datetime) -> None:
    """In the transaction in which it comes to be owed. One insert."""
    insert_rows(
        RemoteCall,
        CALL_COLUMNS,
        [
            (
                transaction_id(credit.kind, credit.bet_id),
                credit.kind,
                State.OWED.value,
                credit.operator_id,
                credit.account_id,
                credit.game,
                credit.round_id,
                credit.bet_id,
                credit.amount_minor,
                credit.multiplier,
                None,
                0,
                credit.due_at,
                "",
                now,
            )
            for credit in credits
        ],
    )


def raise_wins(credits: Sequence[Credit]) -> None:
    """Bets that were lost a moment ago were cashed out in time after all: what is owed for them is not yet told."""
    rows = [
        (transaction_id("win", credit.bet_id), credit.amount_minor, credit.multiplier, credit.due_at)
        for credit in credits
    ]
    columns = ("amount_minor", "multiplier_hundredths", "next_attempt_at")
    changed = update_rows(RemoteCall, "id", columns, rows, where="t.state = 'owed' AND t.attempts = 0")
    assert changed == len(rows), "a lost bet is told only when no cash-out of it can come any more"


def stake_transfer(
    account_id: int, stake_id: str, amount_minor: int, *, currency: str, is_demo: bool
) -> TransferRequest:
    """What the operator took from its player is here, for the stake that follows it."""
    return _through(account_id, stake_id, amount_minor, Code.OPERATOR_DEBIT, book_of(currency, is_demo=is_demo))


def credit_transfer(credit: Credit, *, currency: str, is_demo: bool) -> TransferRequest:
    """What was paid to the player here is owed to the operator, who holds it for them."""
    name = transaction_id(credit.kind, credit.bet_id)
    book = book_of(currency, is_demo=is_demo)
    return _through(credit.account_id, name, credit.amount_minor, Code.OPERATOR_CREDIT, book)


def _through(account_id: int, name: str, amount_minor: int, code: Code, book: str) -> TransferRequest:
    clearing = house_accounts(House.CLEARING, [book])[book]
    inward = code is Code.OPERATOR_DEBIT
    return TransferRequest(
        id=f"{code}:{name}",
        debit_account_id=clearing if inward else account_id,
        credit_account_id=account_id if inward else clearing,
        amount_minor=amount_minor,
        code=code,
        reference=name,
    )


def due(now: datetime) -> "QuerySet[RemoteCall]":
    return RemoteCall.objects.filter(state=State.OWED, next_attempt_at__lte=now).order_by("next_attempt_at")


def claim(*, limit: int, now: datetime, full: Sequence[int] = ()) -> list[RemoteCall]:
    """What is owed and due, of operators that are not in `full`; ours until `CLAIM` has passed."""
    calls = due(now).exclude(operator_id__in=list(full))
    if limit <= 0 or not calls.exists():  # asked without a lock: mostly there is nothing
        return []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            calls = calls.select_for_update(of=("self",), skip_locked=True, no_key=True)
        claimed = list(calls.select_related("operator", "wallet__account__currency")[:limit])
        ids = [call.pk for call in claimed]
        RemoteCall.objects.filter(pk__in=ids).update(next_attempt_at=now + CLAIM, attempts=F("attempts") + 1)
    return claimed


def body_of(call: RemoteCall) -> dict[str, Any]:
    """What the operator is told of something owed; the wallet, its account and currency are read with it."""
    account = call.wallet.account
    told = (call.game, call.round_id, call.bet_id, call.amount_minor)
    money = (account.currency_id, account.currency.denominator, account.is_demo)
    body = body_for(call.pk, call.wallet.user, *told, *money)
    body["bet_transaction_id"] = call.debit_id
    if call.kind == Call.WIN:
        body["multiplier"] = call.multiplier_hundredths
    return body


def settle(verdicts: Sequence[tuple[RemoteCall, Verdict]], *, now: datetime, chance: float) -> None:
    """What came of claimed calls: paid, or tried again later, for as long as it takes."""
    with transaction.atomic():
        acknowledged = {call.pk: verdict for call, verdict in verdicts if isinstance(verdict, Confirmed)}
        ours = held(acknowledged, State.OWED)
        update_rows(
            RemoteCall,
            "id",
            ("balance_minor",),
            [(name, acknowledged[name].balance_minor) for name in ours],
            same={"state": State.PAID.value, "concluded_at": now, "error": ""},
        )
        tell_balances({wallet: acknowledged[name].balance_minor for name, wallet in ours.items()}, now=now)
        refunded = [call.debit_id for call, _ in verdicts if call.pk in ours and call.kind == Call.REFUND]
        RemoteCall.objects.filter(pk__in=refunded, state__in=[State.UNKNOWN, State.CONFIRMED]).update(
            state=State.REFUNDED
        )
        later = [(call, verdict) for call, verdict in verdicts if isinstance(verdict, Refused | Unknown)]
        rows = []
        for call, verdict in later:
            wait = rules.next_delay(call.attempts + 1, chance=chance, asked=verdict.retry_after)
            rows.append((call.pk, now + wait, why(verdict)))
            if isinstance(verdict, Refused):
                logger.error("operator %s refuses %s: %s", call.operator_id, call.pk, why(verdict))
        update_rows(RemoteCall, "id", ("next_attempt_at", "error"), rows, where="t.state = 'owed'")


def catch_up(operator_id: int, *, now: datetime) -> int:
    """
    The operator answers again: what waits for a later try is tried now, instead of at the end of delays that had grown
    while it did not. How many calls that are. (Not those under way, nor what is not due for the first time yet.)
    """
    waiting = RemoteCall.objects.filter(operator_id=operator_id, state=State.OWED, attempts__gt=0)
    return waiting.filter(next_attempt_at__gt=now + CLAIM).update(next_attempt_at=now)


@transaction.atomic
def try_now(call: RemoteCall, *, actor: User, now: datetime) -> None:
    """
    Staff do not want to wait for the schedule. That a bet was lost is still not told before the last moment at which a
    cash-out of it may come.
    """
    lost = Q(kind="win", amount_minor=0, attempts=0, next_attempt_at__gt=now)
    if RemoteCall.objects.filter(~lost, pk=call.pk, state=State.OWED).update(next_attempt_at=now):
        audit.record("operator.call_repeated", f"operator:{call.operator_id}", actor=actor, now=now, call=call.pk)
