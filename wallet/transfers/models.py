"""Money that partners move between themselves and their players' wallets here (transfer wallet)."""

from django.db import models
from django.db.models import Q

from accounts.partners.models import ENVIRONMENTS, Partner, PartnerPlayer
from casino.lib.ids import uuid7
from wallet.models import Account


class PartnerTransfer(models.Model):
    """
    One movement that a partner asked for, under the partner's own reference, which is unique for ever. It exists only
    together with its transfer in the ledger (`transfer_id`), which carries the balance after it.
    """

    class Direction(models.TextChoices):
        IN = "in", "in: from the partner to the player"
        OUT = "out", "out: from the player to the partner"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS)
    reference = models.CharField(max_length=64)
    player = models.ForeignKey(PartnerPlayer, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    amount_minor = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "environment", "reference"], name="partnertransfer_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="partnertransfer_amount_positive"),
            models.CheckConstraint(condition=Q(direction__in=["in", "out"]), name="partnertransfer_in_or_out"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.reference}"

    @property
    def transfer_id(self) -> str:
        return f"partner:{self.pk}"
