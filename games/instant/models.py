"""
The instant games' rows: a game and the versions of its configuration, the next secret of each account, and bets.

A bet has no life: it is placed, decided and paid in one transaction, and its row is never changed.
"""

import json
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Mod

from games.instant.fairness import SPACE


class InstantGame(models.Model):
    slug = models.CharField(max_length=32, primary_key=True)
    title = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class InstantConfig(models.Model):
    """One version of a game's rules. Never changed: a change is a new version, and every bet carries its own."""

    game = models.ForeignKey(InstantGame, on_delete=models.PROTECT, related_name="configs")
    version = models.PositiveIntegerField()
    rtp_bps = models.PositiveIntegerField(help_text="return to player in 1/10,000: 9900 is 0.99")
    table = models.JSONField(default=dict, blank=True, help_text="the game's pay table")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["game", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["game", "version"], name="instantconfig_version_once"),
            models.CheckConstraint(condition=Q(rtp_bps__gte=7500, rtp_bps__lte=9999), name="instantconfig_rtp_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} v{self.version}"

    @property
    def rtp(self) -> Fraction:
        return Fraction(self.rtp_bps, 10_000)


class InstantLimit(models.Model):
    """Stakes of a configuration version in one currency, in minor units."""

    config = models.ForeignKey(InstantConfig, on_delete=models.PROTECT, related_name="limits")
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    min_stake_minor = models.BigIntegerField()
    max_stake_minor = models.BigIntegerField()
    default_stake_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["config", "currency"], name="instantlimit_currency_once"),
            models.CheckConstraint(
                condition=Q(min_stake_minor__gte=1)
                & Q(default_stake_minor__gte=F("min_stake_minor"))
                & Q(max_stake_minor__gte=F("default_stake_minor")),
                name="instantlimit_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.config_id} {self.currency_id}"


class Commitment(models.Model):
    """
    The secret that an account's next bet will use, encrypted, and its hash, which the player may see. One row for each
    account, changed under the account's lock; a secret that served moves to its bet.
    """

    account = models.OneToOneField("wallet.Account", on_delete=models.PROTECT, primary_key=True, related_name="+")
    sealed = models.CharField(max_length=300)
    hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the next secret of account {self.account_id}"


class InstantBet(models.Model):
    """A bet, with all that is needed to compute it anew. `key` names it in the books, `id` to its player."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    game = models.ForeignKey(InstantGame, on_delete=models.PROTECT, related_name="+")
    config = models.ForeignKey(InstantConfig, on_delete=models.PROTECT, related_name="+", db_index=False)
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False)
    is_demo = models.BooleanField()
    stake_minor = models.BigIntegerField()
    payout_minor = models.BigIntegerField(help_text="paid, stake included; 0 for a loss")
    most_payout_minor = models.BigIntegerField(null=True, help_text="what the payout was held to, where it could be")
    balance_before_minor = models.BigIntegerField()
    balance_after_minor = models.BigIntegerField()
    hash = models.CharField(max_length=64, unique=True)
    secret = models.BigIntegerField()
    salt = models.CharField(max_length=64)
    client_seed = models.BigIntegerField()
    outcome = models.BigIntegerField()
    choice_json = models.TextField(help_text="what the player chose")
    shown_json = models.TextField(help_text="what came of it")
    played_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="instantbet_account"),
            models.Index(fields=["account", "game", "-id"], name="instantbet_account_game"),
            models.Index(fields=["player", "-id"], name="instantbet_player"),
            models.Index(fields=["config", "is_demo"], name="instantbet_config"),
            models.Index(fields=["played_at"], name="instantbet_played_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stake_minor__gt=0), name="instantbet_stake"),
            models.CheckConstraint(
                condition=Q(payout_minor__gte=0)
                & (Q(most_payout_minor=None) | Q(payout_minor__lte=F("most_payout_minor"))),
                name="instantbet_payout",
            ),
            models.CheckConstraint(
                condition=Q(balance_after_minor=F("balance_before_minor") - F("stake_minor") + F("payout_minor")),
                name="instantbet_balances",
            ),
            models.CheckConstraint(
                condition=Q(secret__gte=0, secret__lt=SPACE, client_seed__gte=0, client_seed__lt=SPACE)
                & Q(outcome=Mod(F("secret") + F("client_seed"), SPACE)),
                name="instantbet_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.game_id} {self.pk}"

    @property
    def choice(self) -> dict[str, Any]:
        return dict(json.loads(self.choice_json))

    @property
    def shown(self) -> dict[str, Any]:
        return dict(json.loads(self.shown_json))

    @property
    def profit_minor(self) -> int:
        return self.payout_minor - self.stake_minor
