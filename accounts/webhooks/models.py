"""Endpoints that partners listen at, events to tell them, and each event's way to each endpoint."""

from django.db import models
from django.db.models import Q

from accounts.partners.models import ENVIRONMENTS, Partner
from casino.lib.ids import uuid7


class Endpoint(models.Model):
    """Where a partner wants to be told, and of what. Its secrets are stored encrypted."""

    endpoint_id = models.CharField(max_length=30, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="endpoints", db_index=False)
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    events = models.JSONField(default=list)
    secret_sealed = models.TextField()
    previous_secret_sealed = models.TextField(blank=True)  # signed with too, until:
    previous_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=120, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)  # its log stays

    class Meta:
        indexes = [models.Index(fields=["partner", "environment", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.url}"


class Event(models.Model):
    """Something that happened, as it is told: `body` is sent byte for byte, however often."""

    id = models.CharField(max_length=40, primary_key=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    type = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Delivery(models.Model):
    """An event on its way to an endpoint. `claimed_until` keeps other workers off while one is at it."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_endpoint")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.state}"


class Attempt(models.Model):
    """One try, and what came of it."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log", db_index=False)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # None: no answer
    error = models.CharField(max_length=200, blank=True)
    response = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["delivery", "number"])]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number} {self.status or self.error}"
