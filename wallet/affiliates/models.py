"""Days that are closed, and what affiliates got of them. Append-only, also by database triggers."""

from django.db import models
from django.db.models import F, Q


class ClosedDay(models.Model):
    """All shares of this day (UTC) are booked. Days are closed in order, without gaps."""

    day = models.DateField(primary_key=True)
    shares = models.PositiveIntegerField()
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}"


class Share(models.Model):
    """
    What an affiliate's players did on a day in one book of real money, and what the affiliate got of it.

    staked_minor   less what was given back.
    begun_minor    what the month had still to make up before this day, zero or less; `carried_minor` after it.
    share_minor    booked as `affiliate:<id>:<book>:<day>` from the house to `account`: the owner's, or PAYABLE.
    """

    affiliate = models.ForeignKey("affiliates.Affiliate", on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+", db_index=False)
    book = models.CharField(max_length=16)
    day = models.DateField()
    players = models.PositiveIntegerField()
    staked_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()
    begun_minor = models.BigIntegerField()
    share_bps = models.PositiveIntegerField()
    share_minor = models.BigIntegerField()
    carried_minor = models.BigIntegerField()
    account = models.ForeignKey(
        "wallet.Account", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["affiliate", "book", "day"], name="share_once_per_affiliate_book_and_day"),
            models.CheckConstraint(
                condition=Q(share_minor=0, account__isnull=True) | Q(share_minor__gt=0, account__isnull=False),
                name="share_goes_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(begun_minor__lte=0, carried_minor__lte=0)
                & (Q(share_minor=0) | Q(carried_minor=0, share_minor__lte=F("staked_minor") - F("paid_minor"))),
                name="share_of_a_gain",
            ),
        ]
        indexes = [models.Index(fields=["affiliate", "-day"])]

    def __str__(self) -> str:
        return f"{self.affiliate_id} {self.book} {self.day}"

    @property
    def gain_minor(self) -> int:
        return self.staked_minor - self.paid_minor
