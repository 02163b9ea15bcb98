"""
Reports of providers: each is remembered once, and does what `rules.judge` says.

Reports of one provider are taken one after another (its row is locked), so that no two decide on the same news.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from wallet import queries as wallet_queries
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.psp.errors import MessageDiffers
from wallet.psp.models import Payment, Provider, Report, SuspenseCase
from wallet.psp.operations.booking import end, locked, put
from wallet.psp.rules import (
    Direction,
    Effect,
    Reason,
    Resolution,
    Said,
    Standing,
    Status,
    Verdict,
    judge,
    read_report,
)

AT_ONCE = 100
LATE = timedelta(days=7)  # a payment that was not there by then will not come
State = SuspenseCase.State


@transaction.atomic
def receive(provider: Provider, *, message_id: str, body: str, said: Said, now: datetime) -> Report:
    """A report, with all that follows from it. The same message again changes nothing. Raises MessageDiffers."""
    _one_at_a_time(provider.pk)
    known = Report.objects.filter(provider=provider, message_id=message_id).first()
    if known is not None:
        if known.body != body:
            raise MessageDiffers
        return known
    report = Report.objects.create(
        provider=provider,
        message_id=message_id,
        type=said.type,
        reference=said.reference,
        provider_reference=said.provider_reference,
        amount_minor=said.amount_minor,
        currency_code=said.currency,
        reported_at=said.at,
        body=body,
        received_at=now,
        effect=Effect.WAITING,
    )
    payment = locked(provider=provider, reference=said.reference)
    verdict = judge(said, _standing(payment), known_case=_is_known_case(report))
    _carry_out(report, said, payment, verdict, now=now)
    return report


def match_waiting(*, now: datetime) -> int:
    """
    Reports that came before their payment was there find it now; answers how many.

    What was booked into suspense for such a one goes back first, so that the payment is booked like any other.
    """
    own = Payment.objects.filter(provider=OuterRef("provider"), reference=OuterRef("reference"))
    alone = Q(effect=Effect.WAITING) | Q(case__state=State.OPEN, case__reason=Reason.UNKNOWN_REFERENCE)
    unmatched = Report.objects.filter(alone, Exists(own), payment=None, received_at__gt=now - LATE)
    matched = 0
    for key, provider in list(unmatched.order_by("received_at").values_list("pk", "provider")[:AT_ONCE]):
        with transaction.atomic():
            _one_at_a_time(provider)
            matched += _match(key, now=now)
    return matched


def _match(report_id: UUID, *, now: datetime) -> bool:
    report = Report.objects.select_for_update(of=("self",)).get(pk=report_id)
    if report.payment_id is not None:  # another worker was first
        return False
    payment = locked(provider=report.provider_id, reference=report.reference)
    said = read_report(report.body.encode())
    verdict = judge(said, _standing(payment), known_case=False)
    case = SuspenseCase.objects.select_for_update().filter(report=report).first()
    if case is None:
        _carry_out(report, said, payment, verdict, now=now)
        return True
    if case.state != State.OPEN:  # staff are at it
        return False
    if verdict.effect is Effect.SUSPENDED and verdict.reason is not None:
        case.reason = verdict.reason
        case.save(update_fields=["reason"])
        Report.objects.filter(pk=report.pk).update(payment=payment)
        return True
    _give_back(case, now=now)
    _carry_out(report, said, payment, verdict, now=now)
    return True


def _one_at_a_time(provider_id: int) -> None:
    Provider.objects.select_for_update(no_key=True).get(pk=provider_id)


def _standing(payment: Payment | None) -> Standing | None:
    if payment is None:
        return None
    return Standing(
        payment.direction, payment.status, payment.amount_minor, payment.currency_id, payment.provider_reference
    )


def _is_known_case(report: Report) -> bool:
    """Was the same told before, under another message id, and is it a case already?"""
    same = Report.objects.filter(
        provider=report.provider_id,
        type=report.type,
        reference=report.reference,
        provider_reference=report.provider_reference,
        amount_minor=report.amount_minor,
        currency_code=report.currency_code,
        effect=Effect.SUSPENDED,
    )
    return same.exclude(pk=report.pk).exists()


def _carry_out(report: Report, said: Said, payment: Payment | None, verdict: Verdict, *, now: datetime) -> None:
    if verdict.effect is Effect.APPLIED:
        assert payment is not None
        status = Status.SUCCEEDED if said.succeeded else Status.FAILED
        reason = "" if said.succeeded else "declined by the provider"
        end(payment, status, now=now, reason=reason, provider_reference=said.provider_reference)
    elif verdict.effect is Effect.SUSPENDED:
        assert verdict.reason is not None
        _open_case(report, said, verdict.reason, now=now)
        _end_underpaid(payment, said, verdict.reason, now=now)
    report.effect, report.payment = verdict.effect, payment
    report.save(update_fields=["effect", "payment"])


def _end_underpaid(payment: Payment | None, said: Said, reason: Reason, *, now: datetime) -> None:
    """A deposit that was paid with something else ends: what came is the case's. A withdrawal keeps its hold."""
    other_money = reason in (Reason.OTHER_AMOUNT, Reason.OTHER_CURRENCY) and said.succeeded
    if payment is not None and other_money and payment.is_open and payment.direction == Direction.DEPOSIT:
        text = "another amount arrived; we look into it"
        end(payment, Status.FAILED, now=now, reason=text, provider_reference=said.provider_reference)


def _open_case(report: Report, said: Said, reason: Reason, *, now: datetime) -> SuspenseCase:
    """Where money moved out there, it moves here too: into suspense, or (what left) out of it."""
    book, delta = "", 0
    house = wallet_queries.house_accounts(House.SUSPENSE, [said.currency])
    if said.succeeded and house:  # of a currency that we do not have, nothing can be booked
        book = said.currency
        delta = said.amount_minor if said.direction is Direction.DEPOSIT else -said.amount_minor
    case = SuspenseCase.objects.create(report=report, reason=reason, book=book, suspense_minor=delta, created_at=now)
    if delta:
        put(_between(case, case.transfer_id, into=delta > 0), now=now)
    return case


def _give_back(case: SuspenseCase, *, now: datetime) -> None:
    if case.suspense_minor:
        put(_between(case, case.resolution_id, into=case.suspense_minor < 0), now=now)
    case.state, case.resolution, case.resolved_at = State.RESOLVED, Resolution.MATCHED, now
    case.save(update_fields=["state", "resolution", "resolved_at"])


def _between(case: SuspenseCase, transfer_id: str, *, into: bool) -> TransferRequest:
    """Between the provider and suspense, in the case's book."""
    psp, suspense = (
        wallet_queries.house_accounts(kind, [case.book])[case.book] for kind in (House.PSP, House.SUSPENSE)
    )
    debit, credit = (psp, suspense) if into else (suspense, psp)
    return TransferRequest(
        id=transfer_id,
        debit_account_id=debit,
        credit_account_id=credit,
        amount_minor=abs(case.suspense_minor),
        code=Code.SUSPENSE,
        reference=case.report.reference,
    )
