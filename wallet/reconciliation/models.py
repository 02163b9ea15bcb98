"""What was compared, and what did not agree. A difference is open until it is gone or somebody says why it may stay."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from wallet.reconciliation.rules import Kind


class Run(models.Model):
    """One comparison of a day with one outside party. A day may be compared as often as one likes."""

    class SourceKind(models.TextChoices):
        OPERATOR = "operator"
        PSP = "psp", "payment provider"
        LEDGER = "ledger"

    day = models.DateField()
    source_kind = models.CharField(max_length=10, choices=SourceKind.choices)
    source_slug = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, help_text="why there was nothing to compare")
    matched = models.PositiveIntegerField(default=0)
    pending = models.PositiveIntegerField(default=0)
    differences = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="of each side: lines, and by kind and currency count and sum")

    class Meta:
        indexes = [models.Index(fields=["-day", "source_kind", "source_slug"])]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_slug} {self.day}"


class Difference(models.Model):
    """
    A transaction on which two sides do not agree: `ours` and `theirs` are the lines, null where a side has none.

    open ──gone in a later run──> closed (nobody)
         └─resolved by staff────> closed (who, when, why); it does not come back while both lines stay as they are
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="found", help_text="the last that saw it")
    day = models.DateField()
    source_kind = models.CharField(max_length=10, choices=Run.SourceKind.choices)
    source_slug = models.CharField(max_length=40)
    kind = models.CharField(max_length=14, choices=[(str(kind), str(kind).replace("_", " ")) for kind in Kind])
    transaction_id = models.CharField(max_length=128)
    ours = models.JSONField(null=True, blank=True)
    theirs = models.JSONField(null=True, blank=True)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("resolve_difference", "Can resolve differences")]
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_slug", "day", "transaction_id", "kind"],
                condition=Q(resolved_at__isnull=True),
                name="difference_open_once",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True, reason="")
                | (Q(resolved_at__isnull=False) & ~Q(reason="")),
                name="difference_closed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(ours__isnull=False) | Q(theirs__isnull=False), name="difference_of_something"
            ),
        ]
        indexes = [models.Index(fields=["-day", "source_kind", "source_slug"])]

    def __str__(self) -> str:
        return f"{self.transaction_id}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
