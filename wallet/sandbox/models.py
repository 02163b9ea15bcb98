"""The sandbox provider's own books: what it was asked for, and what it tells the platform."""

from django.db import models
from django.db.models import Q

from casino.lib.ids import uuid7


class SandboxPayment(models.Model):
    class Kind(models.TextChoices):
        DEPOSIT = "deposit"
        WITHDRAWAL = "withdrawal"

    class State(models.TextChoices):
        WAITING = "waiting"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reference = models.CharField(max_length=64)  # the merchant's
    amount_minor = models.BigIntegerField()
    currency_code = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="sandboxpayment_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="sandboxpayment_amount_positive"),
        ]
        indexes = [models.Index(fields=["concluded_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def provider_reference(self) -> str:
        return f"sbx_{self.pk.hex}"


class SandboxMessage(models.Model):
    """A webhook to the platform, sent until it is taken. Its id stays the same."""

    id = models.CharField(max_length=40, primary_key=True)
    payment = models.ForeignKey(SandboxPayment, on_delete=models.PROTECT, related_name="messages")
    url = models.CharField(max_length=400)
    body = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(delivered_at__isnull=True), name="sandboxmessage_due")
        ]

    def __str__(self) -> str:
        return self.id
