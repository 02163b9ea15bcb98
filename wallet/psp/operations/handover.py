"""
Withdrawals on their way to the provider. An order is sent until the provider has confirmed it or reported on it; it
carries the same reference and the same id each time, so a provider that has it already knows.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.webhooks.operations import Outcome
from wallet.psp.models import Handover, Payment
from wallet.psp.rules import OPEN, Status, next_delay

CLAIM = timedelta(seconds=60)  # far longer than an attempt may take


def claim(*, limit: int, now: datetime) -> list[Handover]:
    """
    Orders that are due and that no other worker is at; ours until `CLAIM` has passed.

    Their payments are `pending` from here on: what is about to be sent can no longer be cancelled.
    """
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    allowed = Q(payment__needs_approval=False) | Q(payment__approved_by__isnull=False)
    due = Handover.objects.filter(
        free, allowed, delivered_at=None, next_attempt_at__lte=now, payment__status__in=[str(s) for s in OPEN]
    )
    if limit <= 0 or not due.exists():  # asked without a lock: mostly there is nothing
        return []
    with transaction.atomic():
        rows = due.select_for_update(skip_locked=True, of=("self", "payment"))
        claimed = list(rows.select_related("payment__provider").order_by("next_attempt_at")[:limit])
        keys = [handover.pk for handover in claimed]
        Handover.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM)
        Payment.objects.filter(pk__in=keys, status=Status.REQUESTED).update(status=Status.PENDING)
    return claimed


@transaction.atomic
def conclude(handover: Handover, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of an attempt."""
    handover = Handover.objects.select_for_update().get(pk=handover.pk)
    handover.attempts += 1
    handover.claimed_until = None
    handover.last_answer = (outcome.error or f"answered {outcome.status}")[:200]
    if outcome.delivered:
        handover.delivered_at = now
    else:
        handover.next_attempt_at = now + next_delay(handover.attempts)
    handover.save(update_fields=["attempts", "claimed_until", "last_answer", "delivered_at", "next_attempt_at"])
