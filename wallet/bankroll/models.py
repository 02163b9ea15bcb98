"""What the house risks, a row per book, and the history of who decided it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from wallet.bankroll import rules
from wallet.bankroll.rules import WHOLE, Standing


class Bankroll(models.Model):
    """
    What staff have put at risk in a book, and what the house has gained there since.

    capital_minor  set by staff; the gain is counted anew from `since`, the moment at which it was set.
    max_win_bps    share of the bankroll that one bet may win, in 1/10,000.
    round_bps      share of it that the bets of one crash round may win together.
    gain_minor     a snapshot: what the transfers of the games' and the affiliates' accounts from `since` on and before
                   `counted_to` make. A worker brings it forward; no bet ever waits for this row.
    """

    book = models.CharField(max_length=16, primary_key=True)
    currency = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    is_demo = models.BooleanField()
    capital_minor = models.BigIntegerField(default=0)
    max_win_bps = models.PositiveIntegerField(default=100)
    round_bps = models.PositiveIntegerField(default=10_000)
    since = models.DateTimeField()
    gain_minor = models.BigIntegerField(default=0)
    counted_to = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(capital_minor__gte=0), name="bankroll_capital_not_negative"),
            models.CheckConstraint(
                condition=Q(max_win_bps__lte=WHOLE, round_bps__lte=WHOLE), name="bankroll_shares_of_a_whole"
            ),
            models.CheckConstraint(condition=Q(counted_to__gte=F("since")), name="bankroll_counted_forward"),
        ]

    def __str__(self) -> str:
        return self.book

    @property
    def standing(self) -> Standing:
        return rules.standing(
            capital_minor=self.capital_minor,
            gain_minor=self.gain_minor,
            max_win_bps=self.max_win_bps,
            round_bps=self.round_bps,
        )


class BankrollChange(models.Model):
    """
    What staff decided, and why. Append-only, also by database trigger.

    `left_minor` is the bankroll that was there when it was decided.
    """

    bankroll = models.ForeignKey(Bankroll, on_delete=models.PROTECT, related_name="changes", db_index=False)
    capital_minor = models.BigIntegerField()
    max_win_bps = models.PositiveIntegerField()
    round_bps = models.PositiveIntegerField()
    left_minor = models.BigIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["bankroll", "-at"])]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="bankrollchange_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.bankroll_id} {self.at:%Y-%m-%d %H:%M}"
