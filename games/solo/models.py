"""
Solo crash: a player's own rounds of a crash game. No engine drives them; a round's row says everything at any time.

A round's life (each arrow one write under the round's lock, by whoever comes first):

    waiting ──the player's bet──> running ──its time is over──> settled
       └─> voided: replaced unplayed (the rules changed, or the player has brought a seed of their own)

It has one bet, whose coming is its start:

    open ──> cashed_out | lost | refunded (the platform was away while the round ran)
    lost ──> cashed_out: only for a cash-out that was received before the crash and committed after the settlement

Seeds are chained per account: were a chain shared, one player's revealed seed would be the hash of another's live one.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from casino.lib.ids import uuid7


class Chain(models.Model):
    """
    A hash chain of one account's seeds (`games.crash.models.SeedChain` says how). The latest with a client seed is
    played; the one after it is always announced, so that the player knows its terminal hash long before it has one.
    """

    game = models.ForeignKey("crash.Game", on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    terminal_hash = models.CharField(max_length=64, unique=True)
    root_sealed = models.TextField()
    announced_at = models.DateTimeField()
    client_seed = models.CharField(max_length=128, null=True, blank=True)
    client_seed_source = models.CharField(max_length=200, blank=True)
    client_seed_at = models.DateTimeField(null=True, blank=True)
    next_index = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "solo seed chain"
        constraints = [
            models.UniqueConstraint(fields=["account", "game", "number"], name="solochain_number_once"),
            models.CheckConstraint(condition=Q(next_index__lte=F("length")), name="solochain_not_overplayed"),
            models.CheckConstraint(
                condition=Q(client_seed__isnull=True, client_seed_at__isnull=True, next_index=0)
                | Q(client_seed__isnull=False, client_seed_at__gte=F("announced_at")),
                name="solochain_announced_before_client_seed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} solo chain {self.pk}"


class Round(models.Model):
    """One player's own round. Its seed and result are sealed until it is over; `hash` is known before the bet."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        SETTLED = "settled"
        VOIDED = "voided"

    LIVE = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    game = models.ForeignKey("crash.Game", on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveBigIntegerField()
    config = models.ForeignKey("crash.GameConfig", on_delete=models.PROTECT, related_name="+", db_index=False)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="+", db_index=False)
    chain_index = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tick_ms = models.PositiveIntegerField()
    previous_result = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    sealed = models.TextField()  # the seed in hex, encrypted
    salt = models.CharField(max_length=64, null=True, blank=True)
    result_hundredths = models.PositiveIntegerField(null=True, blank=True)
    had_bonus = models.BooleanField(default=False)
    bonus_hundredths = models.PositiveIntegerField(null=True, blank=True)
    interrupted = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    crashed_at = models.DateTimeField(null=True, blank=True)  # by the curve, whenever that was written down
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "solo round"
        constraints = [
            models.UniqueConstraint(fields=["account", "game", "number"], name="soloround_number_once"),
            models.UniqueConstraint(
                fields=["account", "game"],
                condition=Q(state__in=["waiting", "running"]),
                name="soloround_one_live_per_account",
            ),
            models.UniqueConstraint(
                fields=["chain", "chain_index"], condition=~Q(state="voided"), name="soloround_seed_played_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["waiting", "running", "voided"],
                    salt__isnull=True,
                    result_hundredths__isnull=True,
                    crashed_at__isnull=True,
                )
                | Q(state="settled", salt__isnull=False, result_hundredths__gte=100, crashed_at__isnull=False),
                name="soloround_secret_until_crash",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "voided"], started_at__isnull=True)
                | Q(state__in=["running", "settled"], started_at__isnull=False),
                name="soloround_started_when_running",
            ),
        ]
        indexes = [
            # What the sweep looks through. Not when a round ends: that would tell its result to who reads the table.
            models.Index(fields=["started_at"], condition=Q(state="running"), name="soloround_running"),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} solo #{self.number}"

    @property
    def interrupted_at_hundredths(self) -> int | None:
        """Up to where auto cash-outs are due in an interrupted round: here all of them, since the curve went on."""
        return self.result_hundredths if self.interrupted else None


class Bet(models.Model):
    """A round's one stake. Money moves by the transfers `stake:solo:<id>`, `payout:solo:<id>`, `refund:solo:<id>`."""

    class Status(models.TextChoices):
        OPEN = "open"
        CASHED_OUT = "cashed_out"
        LOST = "lost"
        REFUNDED = "refunded"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="bet")
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    config = models.ForeignKey("crash.GameConfig", on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False)
    is_demo = models.BooleanField()
    identifier = models.PositiveSmallIntegerField()
    stake_minor = models.BigIntegerField()
    auto_cashout_hundredths = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    multiplier_hundredths = models.PositiveIntegerField(null=True, blank=True)
    boost_percent = models.PositiveSmallIntegerField(default=0)
    was_auto = models.BooleanField(default=False)
    payout_minor = models.BigIntegerField(default=0)
    balance_before_minor = models.BigIntegerField()
    placed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "solo bet"
        constraints = [
            models.CheckConstraint(condition=Q(stake_minor__gt=0), name="solobet_stake_positive"),
            models.CheckConstraint(condition=Q(identifier__gte=1, identifier__lte=10), name="solobet_identifier_range"),
            models.CheckConstraint(
                condition=Q(auto_cashout_hundredths__isnull=True) | Q(auto_cashout_hundredths__gte=101),
                name="solobet_auto_cashout_range",
            ),
            models.CheckConstraint(
                condition=Q(status="open", payout_minor=0, multiplier_hundredths__isnull=True, settled_at__isnull=True)
                | Q(
                    status="cashed_out",
                    payout_minor__gte=F("stake_minor"),
                    multiplier_hundredths__gte=101,
                    settled_at__isnull=False,
                )
                | Q(status="lost", payout_minor=0, multiplier_hundredths__isnull=True, settled_at__isnull=False)
                | Q(
                    status="refunded",
                    payout_minor=F("stake_minor"),
                    multiplier_hundredths__isnull=True,
                    settled_at__isnull=False,
                ),
                name="solobet_status_and_payout_agree",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-placed_at"], name="solobet_account_recent"),
            models.Index(fields=["placed_at"], name="solobet_placed_at"),
            models.Index(fields=["account", "-payout_minor"], condition=Q(status="cashed_out"), name="solobet_top"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Pulse(models.Model):
    """One row: when a process that serves players was last there. Written every second by whichever comes first."""

    ONLY = 1

    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"there at {self.beat_at}"


class Outage(models.Model):
    """A time in which no process served players, as the first one after it found out."""

    began_at = models.DateTimeField()  # the last sign of life before it
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gt=F("began_at")), name="outage_ends_after_it_began"),
        ]
        indexes = [models.Index(fields=["ended_at"], name="outage_recent")]

    def __str__(self) -> str:
        return f"{self.began_at} to {self.ended_at}"
