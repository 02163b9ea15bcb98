"""The transfers of a payment. Each id follows from the payment's, so whatever is repeated is booked once."""

from datetime import datetime

from wallet import ledger, queries
from wallet.chart import Code, House, Kind
from wallet.ledger import Outcome, Result, TransferRequest
from wallet.models import Account
from wallet.operations import TransferRefused
from wallet.psp.errors import NotEnough
from wallet.psp.models import Payment
from wallet.psp.rules import OPEN, Direction, Status


def house(kind: House, book: str) -> int:
    return queries.house_accounts(kind, [book])[book]


def put(request: TransferRequest, *, now: datetime) -> Outcome:
    """One transfer, or a DomainError."""
    outcome = ledger.post([request], now=now)[0]
    if outcome.result is Result.INSUFFICIENT_FUNDS:
        raise NotEnough
    if not outcome.in_books:
        raise TransferRefused(outcome.result)
    return outcome


def set_aside(payment: Payment, account: Account, *, now: datetime) -> None:
    put(
        TransferRequest(
            id=payment.transfer_id,
            debit_account_id=account.pk,
            credit_account_id=house(House.PSP, account.book),
            amount_minor=payment.amount_minor,
            code=Code.WITHDRAWAL,
            kind=Kind.PENDING,
            reference=payment.reference,
        ),
        now=now,
    )


def end(payment: Payment, status: Status, *, now: datetime, reason: str = "", provider_reference: str = "") -> None:
    """The payment ends, with its money. The caller holds the payment's row lock and saw that it is open."""
    changed = Payment.objects.filter(pk=payment.pk, status__in=[str(s) for s in OPEN]).update(
        status=status, concluded_at=now, reason=reason[:120], provider_reference=provider_reference
    )
    assert changed == 1, "a payment ends once"
    book = payment.account.book
    if payment.direction == Direction.WITHDRAWAL:
        request = TransferRequest(
            id=payment.resolution_id,
            debit_account_id=payment.account_id,
            credit_account_id=house(House.PSP, book),
            amount_minor=payment.amount_minor,
            code=Code.WITHDRAWAL,
            kind=Kind.POST if status is Status.SUCCEEDED else Kind.VOID,
            pending_id=payment.transfer_id,
            reference=payment.reference,
        )
        put(request, now=now)
    elif status is Status.SUCCEEDED:
        request = TransferRequest(
            id=payment.transfer_id,
            debit_account_id=house(House.PSP, book),
            credit_account_id=payment.account_id,
            amount_minor=payment.amount_minor,
            code=Code.DEPOSIT,
            reference=payment.reference,
        )
        put(request, now=now)
    payment.refresh_from_db()


def locked(**which: object) -> Payment | None:
    """The payment, its row locked. Lock order: payment, then accounts (by the ledger)."""
    rows = Payment.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    return rows.filter(**which).first()
