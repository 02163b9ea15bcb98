"""
The crash game's rows: a game and its configuration versions, seed chains, rounds, bets, and the engine's lease.

A round's life (each arrow one guarded write by the engine that holds the lease):

    waiting ──launch──> running ──crash──> crashed ──settle──> settled
       │ engine died       │ engine died
       └─> voided          └─> crashed (interrupted)
A bet's life:

    reserved ──> open (confirmed) | cancelled (by the player, or when betting ends)
    open ──> cashed_out | lost | cancelled (by the player, while waiting) | refunded (round voided or interrupted)
    lost ──> cashed_out: only for a cash-out that was received before the crash and committed after the settlement
"""

from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from casino.lib.ids import uuid7
from games.crash.exposure_rows import RoundExposure as RoundExposure


class Game(models.Model):
    """A crash table: everyone at it plays the same rounds."""

    class Interrupted(models.TextChoices):
        REFUND = "refund", "refund the stake"
        PAY = "pay", "pay at the last announced multiplier"

    slug = models.CharField(max_length=32, primary_key=True)
    title = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    display_currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    interrupted_bets = models.CharField(
        max_length=8,
        choices=Interrupted.choices,
        default=Interrupted.REFUND,
        help_text="what happens to open bets without a due auto cash-out when a running round is interrupted",
    )

    def __str__(self) -> str:
        return self.title


class GameConfig(models.Model):
    """One version of a game's rules. Never changed: a change is a new version, and every bet carries its own."""

    class Volatility(models.TextChoices):
        LOW = "low", "low (up to 100x)"
        MEDIUM = "medium", "medium (up to 1000x)"
        HIGH = "high", "high (up to 17500x)"

    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="configs")
    version = models.PositiveIntegerField()
    rtp_bps = models.PositiveIntegerField(help_text="return to player in 1/10,000: 9500 is 0.95")
    volatility = models.CharField(max_length=8, choices=Volatility.choices)
    bonus_probability_bps = models.PositiveIntegerField(default=0)
    bonus_boost_percent = models.PositiveIntegerField(default=10)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["game", "version"], name="gameconfig_version_once"),
            models.CheckConstraint(condition=Q(rtp_bps__gte=5000, rtp_bps__lte=9999), name="gameconfig_rtp_sane"),
            models.CheckConstraint(condition=Q(bonus_probability_bps__lte=10_000), name="gameconfig_probability"),
            models.CheckConstraint(condition=Q(bonus_boost_percent__lte=100), name="gameconfig_boost_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} v{self.version}"

    @property
    def rtp(self) -> Fraction:
        return Fraction(self.rtp_bps, 10_000)

    @property
    def bonus_probability(self) -> Fraction:
        return Fraction(self.bonus_probability_bps, 10_000)

    @property
    def rtp_text(self) -> str:
        """`0.95`: as players and partners are told."""
        return f"{self.rtp_bps / 10_000:.4f}".rstrip("0")


class ConfigLimit(models.Model):
    """Stake limits of a configuration version in one currency. A currency without a row cannot be played."""

    config = models.ForeignKey(GameConfig, on_delete=models.PROTECT, related_name="limits")
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    min_stake_minor = models.BigIntegerField()
    max_stake_minor = models.BigIntegerField()
    default_stake_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["config", "currency"], name="configlimit_once_per_currency"),
            models.CheckConstraint(
                condition=Q(min_stake_minor__gte=1)
                & Q(default_stake_minor__gte=F("min_stake_minor"))
                & Q(max_stake_minor__gte=F("default_stake_minor")),
                name="configlimit_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.config_id} {self.currency_id}"


class SeedChain(models.Model):
    """
    A hash chain of round seeds: `seed_n = sha256(seed_{n+1})`, played from the end backwards.

    `terminal_hash` is the hash of the first seed to be played and is public before `client_seed` exists.
    The root, from which all seeds follow, is sealed (encrypted).
    """

    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="chains")
    length = models.PositiveIntegerField()
    terminal_hash = models.CharField(max_length=64, unique=True)
    root_sealed = models.TextField()
    announced_at = models.DateTimeField()
    client_seed = models.CharField(max_length=128, null=True, blank=True)
    client_seed_source = models.CharField(max_length=200, blank=True)
    client_seed_at = models.DateTimeField(null=True, blank=True)
    next_index = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(next_index__lte=F("length")), name="seedchain_not_overplayed"),
            models.CheckConstraint(
                condition=Q(client_seed__isnull=True, client_seed_at__isnull=True)
                | Q(client_seed_at__gte=F("announced_at")),
                name="seedchain_announced_before_client_seed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} chain {self.pk}"


class Round(models.Model):
    """One shared round. Its seed and result are sealed until the crash; `hash` is public before betting opens."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        CRASHED = "crashed"
        SETTLED = "settled"
        VOIDED = "voided"

    LIVE = (State.WAITING, State.RUNNING, State.CRASHED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveBigIntegerField()
    config = models.ForeignKey(GameConfig, on_delete=models.PROTECT, related_name="+")
    chain = models.ForeignKey(SeedChain, on_delete=models.PROTECT, related_name="+")
    chain_index = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    epoch = models.PositiveBigIntegerField()
    tick_ms = models.PositiveIntegerField()
    previous_result = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)
    sealed = models.TextField()  # the seed in hex, encrypted
    salt = models.CharField(max_length=64, null=True, blank=True)
    result_hundredths = models.PositiveIntegerField(null=True, blank=True)
    had_bonus = models.BooleanField(default=False)
    bonus_hundredths = models.PositiveIntegerField(null=True, blank=True)
    interrupted = models.BooleanField(default=False)
    interrupted_at_hundredths = models.PositiveIntegerField(null=True, blank=True)
    opened_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    crashed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["game", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["game"],
                condition=Q(state__in=["waiting", "running", "crashed"]),
                name="round_one_live_per_game",
            ),
            # A voided round gives its seed back: voiding cannot be used to skip a result that the house dislikes.
            models.UniqueConstraint(
                fields=["chain", "chain_index"], condition=~Q(state="voided"), name="round_seed_played_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["waiting", "running", "voided"], salt__isnull=True, result_hundredths__isnull=True
                )
                | Q(state__in=["crashed", "settled"], salt__isnull=False, result_hundredths__gte=100),
                name="round_secret_until_crash",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "voided"]) | Q(started_at__isnull=False),
                name="round_started_when_running",
            ),
        ]
        indexes = [
            models.Index(fields=["game", "-opened_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} #{self.number}"


class Bet(models.Model):
    """
    A stake in a round. Money moves by the transfers `stake:<id>`, `payout:<id>` and `refund:<id>`.

    A reservation sets it aside by `hold:<id>`, which `stake:<id>` then posts or `release:<id>` voids.

    No index names what a settlement changes (status, payout, times): on PostgreSQL the new version of a row then goes
    into the room its page keeps free, and no index is touched. So 100,000 bets settle in a second or two.
    """

    class Status(models.TextChoices):
        RESERVED = "reserved"
        OPEN = "open"
        CASHED_OUT = "cashed_out"
        LOST = "lost"
        CANCELLED = "cancelled"
        REFUNDED = "refunded"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="bets", db_index=False)
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    config = models.ForeignKey(
        GameConfig, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    currency = models.ForeignKey(
        "wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    is_demo = models.BooleanField()
    identifier = models.PositiveSmallIntegerField()
    stake_minor = models.BigIntegerField()
    # Stake and payout in millionths of a euro, roughly: the order of mixed-currency lists, never money.
    stake_reference_micros = models.BigIntegerField()
    payout_reference_micros = models.BigIntegerField(default=0)
    auto_cashout_hundredths = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    multiplier_hundredths = models.PositiveIntegerField(null=True, blank=True)
    boost_percent = models.PositiveSmallIntegerField(default=0)
    was_auto = models.BooleanField(default=False)
    payout_minor = models.BigIntegerField(default=0)
    balance_before_minor = models.BigIntegerField()
    was_reserved = models.BooleanField(default=False)
    placed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)  # of a reservation
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)  # frees its identifier for another bet

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stake_minor__gt=0), name="bet_stake_positive"),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | ~Q(status="cancelled") & Q(cancelled_at__isnull=True),
                name="bet_cancelled_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(was_reserved=False, confirmed_at__isnull=True) & ~Q(status="reserved")
                | Q(was_reserved=True, confirmed_at__isnull=False) & ~Q(status="reserved")
                | Q(was_reserved=True, confirmed_at__isnull=True, status__in=["reserved", "cancelled"]),
                name="bet_reservation_in_order",
            ),
            models.CheckConstraint(condition=Q(identifier__gte=1, identifier__lte=10), name="bet_identifier_range"),
            models.CheckConstraint(
                condition=Q(auto_cashout_hundredths__isnull=True) | Q(auto_cashout_hundredths__gte=101),
                name="bet_auto_cashout_range",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["reserved", "open"],
                    payout_minor=0,
                    multiplier_hundredths__isnull=True,
                    settled_at__isnull=True,
                )
                | Q(
                    status="cashed_out",
                    payout_minor__gte=F("stake_minor"),
                    multiplier_hundredths__gte=101,
                    settled_at__isnull=False,
                )
                | Q(status="lost", payout_minor=0, multiplier_hundredths__isnull=True, settled_at__isnull=False)
                | Q(
                    status__in=["cancelled", "refunded"],
                    payout_minor=F("stake_minor"),
                    multiplier_hundredths__isnull=True,
                    settled_at__isnull=False,
                ),
                name="bet_status_and_payout_agree",
            ),
            models.UniqueConstraint(
                fields=["round", "account", "identifier"],
                condition=Q(cancelled_at__isnull=True),
                name="bet_identifier_once_per_round",
            ),
        ]
        indexes = [
            # What the engine asks on every tick: the auto cash-outs that have become due since the last one.
            models.Index(
                fields=["round", "auto_cashout_hundredths"],
                condition=Q(auto_cashout_hundredths__isnull=False),
                name="bet_by_auto",
            ),
            # What the launch gives back.
            models.Index(fields=["round"], condition=Q(was_reserved=True), name="bet_reserved"),
            # The hundred largest bets of a round.
            models.Index(fields=["round", "-stake_reference_micros"], name="bet_round_by_stake"),
            models.Index(fields=["account", "-placed_at"], name="bet_account_recent"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class TopWin(models.Model):
    """
    A win that a leaderboard may show: of each paying transaction the twenty largest, so no list of twenty misses one.
    """

    bet = models.OneToOneField(Bet, on_delete=models.PROTECT, primary_key=True, related_name="top_win")
    game = models.ForeignKey(Game, on_delete=models.PROTECT, related_name="+", db_index=False)
    payout_reference_micros = models.BigIntegerField()
    won_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["game", "-payout_reference_micros"], name="topwin_largest"),
            models.Index(fields=["game", "-won_at"], name="topwin_recent"),
        ]

    def __str__(self) -> str:
        return str(self.bet_id)


class PartnerBet(models.Model):
    """
    That a bet came from a partner, for one of its players. `client_reference` is the partner's own name of the bet,
    unique for ever among its bets of that environment.
    """

    bet = models.OneToOneField(Bet, on_delete=models.PROTECT, primary_key=True, related_name="partner_bet")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )  # the bet's own; a settlement asks for a round's partner bets without reading all the others
    player = models.ForeignKey("partners.PartnerPlayer", on_delete=models.PROTECT, related_name="+", db_index=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = models.CharField(max_length=4)
    client_reference = models.CharField(max_length=64, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "environment", "client_reference"],
                condition=Q(client_reference__isnull=False),
                name="partnerbet_reference_once",
            )
        ]
        indexes = [
            # Ids rise with time: a partner's bets, and one player's, newest first.
            models.Index(fields=["partner", "environment", "-bet"], name="partnerbet_recent"),
            models.Index(fields=["player", "-bet"], name="partnerbet_of_player"),
            models.Index(fields=["round"], name="partnerbet_of_round"),
        ]

    def __str__(self) -> str:
        return str(self.bet_id)


class EngineLease(models.Model):
    """
    The right to run a game's rounds. `epoch` rises with every new holder; writes of an older epoch find nothing.

    `seq` and `tick` are written before what they announce is broadcast: after a crash of the engine they are at least
    what any player saw.
    """

    game = models.OneToOneField(Game, on_delete=models.PROTECT, primary_key=True, related_name="+")
    holder = models.CharField(max_length=64, blank=True)
    epoch = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField()
    seq = models.PositiveBigIntegerField(default=0)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    tick = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.game_id} epoch {self.epoch}"
