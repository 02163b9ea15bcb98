"""Payment providers, the payments made with them, their reports, and the cases where the two do not agree."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.partners.models import opened
from casino.lib.ids import uuid7
from wallet.models import Account, Currency
from wallet.psp.rules import FINAL, OPEN, Direction, Effect, Reason, Resolution, Status


def _choices(kind: type) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ")) for value in kind]  # type: ignore[attr-defined]


class Provider(models.Model):
    """A payment service provider. One that is switched off begins nothing new, and still reports what was begun."""

    slug = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=60)
    # An absolute https address, or a path of this very host (the bundled sandbox).
    base_url = models.CharField(max_length=300)
    secret_sealed = models.TextField()
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """Signs what we ask of the provider, and what it reports. Never logged."""
        return opened(self.secret_sealed)

    @property
    def is_on_this_host(self) -> bool:
        return self.base_url.startswith("/")


class CashierLimits(models.Model):
    """What a single payment may be, per currency. A currency without a row has no cashier."""

    currency = models.OneToOneField(Currency, on_delete=models.PROTECT, primary_key=True, related_name="+")
    min_deposit_minor = models.BigIntegerField()
    max_deposit_minor = models.BigIntegerField()
    min_withdrawal_minor = models.BigIntegerField()
    max_withdrawal_minor = models.BigIntegerField()
    # A withdrawal above this waits for staff.
    review_above_minor = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "cashier limits"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    min_deposit_minor__gt=0,
                    max_deposit_minor__gte=F("min_deposit_minor"),
                    min_withdrawal_minor__gt=0,
                    max_withdrawal_minor__gte=F("min_withdrawal_minor"),
                    review_above_minor__gte=0,
                ),
                name="cashierlimits_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.currency_id


class Payment(models.Model):
    """
    Money on its way between a player and a provider. See `rules` for its states; a trigger keeps what is final final,
    and who, what and how much as they were.

    `form_key` is the form's that asked for it, so that a form sent twice is one payment.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=64, unique=True)
    direction = models.CharField(max_length=10, choices=_choices(Direction))
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=_choices(Status))
    reason = models.CharField(max_length=120, blank=True)  # why it failed or was cancelled
    provider_reference = models.CharField(max_length=64, blank=True)
    form_key = models.UUIDField()
    created_at = models.DateTimeField()
    needs_approval = models.BooleanField(default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["player", "form_key"], name="payment_once_per_form"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(direction__in=[str(d) for d in Direction]), name="payment_direction"),
            models.CheckConstraint(
                condition=Q(status__in=[str(s) for s in OPEN], concluded_at__isnull=True)
                | Q(status__in=[str(s) for s in FINAL], concluded_at__isnull=False),
                name="payment_concluded_when_final",
            ),
            models.CheckConstraint(
                condition=Q(direction=Direction.WITHDRAWAL) | ~Q(status=Status.REQUESTED),
                name="payment_deposit_is_never_requested",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("player"))),
                name="payment_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(needs_approval=False)
                | Q(approved_by__isnull=False)
                | Q(status__in=[Status.REQUESTED, Status.CANCELLED]),
                name="payment_approved_before_it_leaves",
            ),
        ]
        indexes = [
            models.Index(fields=["player", "-created_at"]),
            models.Index(fields=["status", "created_at"]),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def transfer_id(self) -> str:
        """Of a deposit's transfer, and of the one that sets a withdrawal's money aside."""
        return f"{self.direction}:{self.reference}"

    @property
    def resolution_id(self) -> str:
        return f"{self.transfer_id}:end"


class Handover(models.Model):
    """A withdrawal on its way to the provider: tried until the provider says that it has it."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="handover", primary_key=True)
    url = models.CharField(max_length=400)
    body = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(delivered_at__isnull=True), name="handover_due")
        ]

    def __str__(self) -> str:
        return f"hand-over of {self.payment_id}"


class Report(models.Model):
    """What a provider said, once per `webhook-id`: the inbox."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    message_id = models.CharField(max_length=120)
    type = models.CharField(max_length=24)
    reference = models.CharField(max_length=64)
    provider_reference = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency_code = models.CharField(max_length=8)
    reported_at = models.DateTimeField()
    body = models.TextField()
    received_at = models.DateTimeField()
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="reports", null=True, blank=True)
    effect = models.CharField(max_length=10, choices=_choices(Effect))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "message_id"], name="report_once_per_message"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="report_amount_positive"),
        ]
        indexes = [
            models.Index(fields=["reference"], condition=Q(effect=Effect.WAITING), name="report_waiting"),
            models.Index(fields=["received_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.reference}"


class SuspenseCase(models.Model):
    """
    A report that fits no payment, for staff. Where it says that money moved, that is booked at once between `psp` and
    `suspense` (`suspense_minor`: what suspense has of it, negative for money that left); one person proposes how
    it ends, another one approves.
    """

    class State(models.TextChoices):
        OPEN = "open"
        PROPOSED = "proposed", "waits for approval"
        RESOLVED = "resolved"

    report = models.OneToOneField(Report, on_delete=models.PROTECT, related_name="case")
    reason = models.CharField(max_length=20, choices=_choices(Reason))
    book = models.CharField(max_length=16, blank=True)  # empty: nothing was booked
    suspense_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField()
    resolution = models.CharField(max_length=10, choices=_choices(Resolution), blank=True)
    player = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    note = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="suspensecase_second_person",
            ),
            models.CheckConstraint(
                condition=(Q(state="resolved", resolved_at__isnull=False) & ~Q(resolution=""))
                | (Q(state="proposed", resolved_at__isnull=True, proposed_by__isnull=False) & ~Q(resolution=""))
                | Q(state="open", resolved_at__isnull=True, resolution=""),
                name="suspensecase_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="resolved")
                | Q(resolution=Resolution.MATCHED)
                | Q(approved_by__isnull=False, proposed_by__isnull=False),
                name="suspensecase_resolved_by_two",
            ),
            models.CheckConstraint(
                condition=Q(book="", suspense_minor=0) | (~Q(book="") & ~Q(suspense_minor=0)),
                name="suspensecase_booked_or_not",
            ),
        ]
        indexes = [models.Index(fields=["state", "-created_at"])]

    def __str__(self) -> str:
        return f"case {self.pk}: {self.get_reason_display()}"

    @property
    def transfer_id(self) -> str:
        return f"suspense:{self.report_id}"

    @property
    def resolution_id(self) -> str:
        return f"{self.transfer_id}:end"
