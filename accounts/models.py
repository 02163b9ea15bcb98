"""Who: players and staff, their game sessions and keys, and the audit trail of what was done to them."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """
    A person who signs in. A player's currency is fixed when the account is made.

    `is_demo`: plays with demo money only; such a player never has a real balance.
    """

    currency_code = models.CharField(max_length=8, default="BRL")
    is_demo = models.BooleanField(default=False)
    chat_muted_until = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [models.CheckConstraint(condition=~models.Q(username=""), name="user_has_a_name")]


class GameSession(models.Model):
    """A token a game client plays with: idle 30 minutes, at most 24 hours, revocable. Only its SHA-256 is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_demo = models.BooleanField()
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    # The partner's key that opened it, with which it ends; none where the player opened it.
    partner_key = models.ForeignKey(
        "partners.ApiKey", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["player", "-created_at"]),
            # What a revoked key opened and is not over yet: few of the many.
            models.Index(
                fields=["partner_key", "expires_at"],
                condition=models.Q(partner_key__isnull=False),
                name="session_of_a_partner_key",
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.pk} of {self.player_id}"


class PlayerKey(models.Model):
    """A player's own API key (may bet, may not withdraw). Shown once, stored as SHA-256."""

    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)  # the last characters, to tell keys apart
    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["player", "-created_at"])]

    def __str__(self) -> str:
        return f"key …{self.hint}"


class AuditEntry(models.Model):
    """Who did what to whom, when. Append-only, also by database trigger."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=128)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["subject", "-at"])]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
