"""
Who brings players, whom each of them has brought, and which share they get. How much that is, is the wallet's matter.

The database keeps by triggers that a player is credited once for ever and to nobody who is the player himself, and that
the history of shares is not rewritten.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.affiliates.rules import WHOLE


class Affiliate(models.Model):
    """
    `code` is what `X-Affiliate-ID` and links carry; it stays. `owner` is the player who gets the shares; without one
    they are owed to `name`. Not `active`: nobody new is credited; who was stays, and so does the share.
    """

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="affiliate_has_a_code"),
            models.CheckConstraint(condition=Q(owner__isnull=False) | ~Q(name=""), name="affiliate_is_somebody"),
        ]

    def __str__(self) -> str:
        return self.code


class ShareRate(models.Model):
    """
    From `from_day` on (UTC, whole days), an affiliate gets `share_bps` / 10,000 of the house's gain; the newest row
    that has begun holds. Append-only.
    """

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="rates", db_index=False)
    share_bps = models.PositiveIntegerField()
    from_day = models.DateField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["affiliate", "-from_day"])]
        constraints = [models.CheckConstraint(condition=Q(share_bps__lte=WHOLE), name="sharerate_part_of_a_whole")]

    def __str__(self) -> str:
        return f"{self.share_bps / 100:.2f} % from {self.from_day}"


class Referral(models.Model):
    """Who brought a player: one row per player, for ever. What the player did before `at` counts for nobody."""

    player = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="referrals")
    at = models.DateTimeField()
    via = models.CharField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.player_id} by {self.affiliate_id}"
