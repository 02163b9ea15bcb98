"""Partners: who they are, who works for them, their keys, and the players they bring."""

from functools import lru_cache

from django.conf import settings
from django.db import models

from accounts.partners.rules import Environment, Role
from casino.lib.sealing import Sealer

ENVIRONMENTS = [(str(environment), str(environment)) for environment in Environment]


@lru_cache(maxsize=1)
def sealer() -> Sealer:
    return Sealer(settings.ENCRYPTION_KEYS)


@lru_cache(maxsize=1024)
def opened(sealed: str) -> str:
    """A sealed secret, kept in memory once it was opened: a request should not pay for that again."""
    return sealer().open(sealed)


class Partner(models.Model):
    """A company that builds on our API. Everything of a partner is seen and moved by that partner alone."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=40, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person who works for a partner, in the developer portal."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="members")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=[(str(role), str(role)) for role in Role])
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.partner_id}"


class ApiKey(models.Model):
    """
    A partner's key. The key itself is shown once and stored as SHA-256; its signing secret, which must be readable to
    verify a signature, is stored encrypted.

    A rotation makes a successor (`successor`) and lets this key live until `expires_at`.
    """

    key_id = models.CharField(max_length=24, unique=True)  # public name of the key, in lists and logs
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    label = models.CharField(max_length=60, blank=True)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    secret_sealed = models.TextField()
    scopes = models.JSONField(default=list)
    cidrs = models.JSONField(default=list, blank=True)
    only_signature_v2 = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    successor = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="predecessor", null=True, blank=True
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["partner", "environment", "-created_at"]),
            models.Index(fields=["expires_at"], condition=models.Q(revoked_at__isnull=True), name="apikey_expiring"),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} …{self.hint}"

    @property
    def is_test(self) -> bool:
        return self.environment == Environment.TEST

    @property
    def signing_secret(self) -> str:
        """What the key's requests are signed with. Never shown again and never logged."""
        return opened(self.secret_sealed)


class PartnerPlayer(models.Model):
    """
    A player whom a partner brings, under the partner's own id. In the test environment it is another player than in
    the live one, with demo money only.
    """

    class Wallet(models.TextChoices):
        TRANSFER = "transfer", "transfer: money is moved here before play"
        SEAMLESS = "seamless", "seamless: the operator holds the money"

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="players")
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    external_id = models.CharField(max_length=64)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wallet = models.CharField(max_length=8, choices=Wallet.choices, default=Wallet.TRANSFER)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "environment", "external_id"], name="partnerplayer_once"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="partnerplayer_has_an_id"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_demo(self) -> bool:
        return self.environment == Environment.TEST
