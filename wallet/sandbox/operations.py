"""What the sandbox provider does: takes payments, decides them, and tells the platform."""

import json
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.webhooks.operations import Outcome
from casino.lib.clock import iso
from casino.lib.ids import uuid7
from wallet.sandbox.models import SandboxMessage, SandboxPayment
from wallet.sandbox.rules import DECLINED, LEFT_WAITING, SLUG

CLAIM = timedelta(seconds=60)
RETRIES = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 60, 300))  # the last one repeats
KEPT_TRYING = 500
Kind, State = SandboxPayment.Kind, SandboxPayment.State


class Differs(Exception):
    """The reference was used for another amount or currency."""


@transaction.atomic
def take_withdrawal(reference: str, amount_minor: int, currency: str, *, origin: str, now: datetime) -> SandboxPayment:
    """Decided at once, by its amount; the same again changes nothing. Raises Differs."""
    payment, created = _ensure(Kind.WITHDRAWAL, reference, amount_minor, currency, now=now)
    digits = amount_minor % 100
    if created and digits != LEFT_WAITING:
        _conclude(payment, paid=digits != DECLINED, origin=origin, now=now)
    return payment


@transaction.atomic
def decide_deposit(
    reference: str, amount_minor: int, currency: str, *, paid: bool | None, origin: str, now: datetime
) -> SandboxPayment:
    """What the payer chose: paid, declined, or (None) to let it wait. The first choice counts. Raises Differs."""
    payment, _ = _ensure(Kind.DEPOSIT, reference, amount_minor, currency, now=now)
    if paid is not None:
        _conclude(payment, paid=paid, origin=origin, now=now)
    return payment


def _ensure(
    kind: SandboxPayment.Kind, reference: str, amount_minor: int, currency: str, *, now: datetime
) -> tuple[SandboxPayment, bool]:
    payment, created = SandboxPayment.objects.get_or_create(
        kind=kind,
        reference=reference,
        defaults={"amount_minor": amount_minor, "currency_code": currency, "created_at": now},
    )
    if (payment.amount_minor, payment.currency_code) != (amount_minor, currency):
        raise Differs
    return payment, created


def _conclude(payment: SandboxPayment, *, paid: bool, origin: str, now: datetime) -> None:
    state = State.SUCCEEDED if paid else State.FAILED
    if not SandboxPayment.objects.filter(pk=payment.pk, state=State.WAITING).update(state=state, concluded_at=now):
        return
    body = {
        "type": f"{payment.kind}.{state}",
        "data": {
            "reference": payment.reference,
            "provider_reference": payment.provider_reference,
            "amount": payment.amount_minor,
            "currency": payment.currency_code,
            "at": iso(now),
        },
    }
    SandboxMessage.objects.create(
        id=f"msg_{uuid7().hex}",
        payment=payment,
        url=f"{origin.rstrip('/')}/api/v1/psp/{SLUG}/webhook",
        body=json.dumps(body, separators=(",", ":")),
        next_attempt_at=now,
    )


def claim(*, limit: int, now: datetime) -> list[SandboxMessage]:
    """Messages that are due and that no other worker is at."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    due = SandboxMessage.objects.filter(
        free, delivered_at=None, next_attempt_at__lte=now, attempts__lt=KEPT_TRYING
    ).order_by("next_attempt_at")
    if not due.exists():
        return []
    with transaction.atomic():
        claimed = list(due.select_for_update(skip_locked=True)[:limit])
        keys = [message.pk for message in claimed]
        SandboxMessage.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM)
    return claimed


@transaction.atomic
def conclude(message: SandboxMessage, outcome: Outcome, *, now: datetime) -> None:
    """Taken (2xx), or tried again."""
    message = SandboxMessage.objects.select_for_update().get(pk=message.pk)
    message.attempts += 1
    message.claimed_until = None
    message.last_answer = (outcome.error or f"answered {outcome.status}")[:200]
    if outcome.delivered:
        message.delivered_at = now
    else:
        message.next_attempt_at = now + RETRIES[min(message.attempts, len(RETRIES)) - 1]
    message.save(update_fields=["attempts", "claimed_until", "last_answer", "delivered_at", "next_attempt_at"])
