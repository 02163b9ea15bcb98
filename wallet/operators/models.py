"""Operators that hold their players' money themselves, and what was asked of them."""

from django.db import models
from django.db.models import Q

from accounts.partners.models import ENVIRONMENTS, opened

KINDS = ("bet", "win", "refund")


class Operator(models.Model):
    """Where a partner's seamless wallet is, in one environment. Calls and answers are signed with its secret."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    slug = models.SlugField(max_length=40, unique=True)
    base_url = models.URLField(max_length=300)
    secret_sealed = models.TextField()
    timeout_ms = models.PositiveIntegerField(default=2000)
    max_connections = models.PositiveIntegerField(default=100)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "environment"], name="operator_one_per_environment"),
            models.CheckConstraint(
                condition=Q(timeout_ms__gte=100, timeout_ms__lte=10_000), name="operator_timeout_range"
            ),
            models.CheckConstraint(
                condition=Q(max_connections__gte=1, max_connections__lte=1_000), name="operator_connections_range"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def secret(self) -> str:
        """What calls and answers are signed with. Never logged."""
        return opened(self.secret_sealed)


class RemoteWallet(models.Model):
    """
    That an account's money is at an operator, under the operator's own name of the player.

    The account itself holds nothing: a stake comes into it from the clearing account when the operator has taken it
    from the player, and leaves it at once; a payout passes through it the other way.
    """

    account = models.OneToOneField("wallet.Account", on_delete=models.PROTECT, primary_key=True, related_name="remote")
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+")
    user = models.CharField(max_length=64)
    balance_minor = models.BigIntegerField(null=True, blank=True)  # as the operator told it last; only to be shown
    told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.operator_id}"


class RemoteCall(models.Model):
    """
    Money asked of an operator, or owed to it. The id is the `transaction_id` of every attempt.

        bet             requested → confirmed | refused | unknown, and → refunded when its refund is acknowledged
        win, refund     owed → paid

    A bet is written down before it is asked for; a win or refund in the transaction in which it is owed. So whatever is
    killed when, the rows say what is still to be done.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        UNKNOWN = "unknown"
        REFUNDED = "refunded"
        OWED = "owed"
        PAID = "paid"

    id = models.CharField(max_length=60, primary_key=True)
    kind = models.CharField(max_length=6, choices=[(kind, kind) for kind in KINDS])
    state = models.CharField(max_length=9, choices=State.choices)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+", db_index=False)
    wallet = models.ForeignKey(RemoteWallet, on_delete=models.PROTECT, related_name="+", db_index=False)
    game = models.CharField(max_length=32)
    round_id = models.CharField(max_length=36, blank=True)  # as the operator is told it
    bet_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    multiplier_hundredths = models.PositiveIntegerField(null=True, blank=True)
    origin = models.CharField(max_length=80, null=True, blank=True)  # the call from outside that wants the bet
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)  # of what is owed; taken by a worker until then
    balance_minor = models.BigIntegerField(null=True, blank=True)  # the operator's answer
    error = models.CharField(max_length=200, blank=True)  # of the last attempt
    created_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="bet", state__in=["requested", "confirmed", "refused", "unknown", "refunded"])
                | Q(kind__in=["win", "refund"], state__in=["owed", "paid"]),
                name="remotecall_state_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) | Q(kind="win", amount_minor=0), name="remotecall_amount"
            ),
            models.CheckConstraint(
                condition=~Q(state="owed") | Q(next_attempt_at__isnull=False), name="remotecall_owed_is_due_sometime"
            ),
            models.UniqueConstraint(fields=["bet_id", "kind"], name="remotecall_one_of_a_kind_per_bet"),
            # A call from outside has one bet asked for at a time, whatever is repeated and where.
            models.UniqueConstraint(
                fields=["origin"], condition=Q(state="requested", origin__isnull=False), name="remotecall_origin_once"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(state="owed"), name="remotecall_due"),
            models.Index(fields=["created_at"], condition=Q(state="requested"), name="remotecall_requested"),
            # The bets of a round that are at operators: those that were lost are told so.
            models.Index(fields=["round_id"], condition=Q(kind="bet"), name="remotecall_of_round"),
            models.Index(fields=["operator", "-created_at"], name="remotecall_recent"),
            models.Index(fields=["wallet", "-created_at"], name="remotecall_of_wallet"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def debit_id(self) -> str:
        """The bet that a win or refund belongs to."""
        return transaction_id("bet", self.bet_id)


def transaction_id(kind: str, bet_id: object) -> str:
    """Chosen once by the bet: every attempt of every process has the same."""
    return f"{kind}_{bet_id}"
