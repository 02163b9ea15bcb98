"""Exchange rates, each one kept for ever, and the conversions made with them. Nothing here is changed once written."""

from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ExchangeRate(models.Model):
    """
    From `valid_from` on, one whole unit of `base` is worth `numerator / denominator` whole units of `quote`.

    The next row of the pair takes its place. A currency is quoted in one other, for good (also by database trigger).
    `is_fixed`: true by definition (a bit is 100 satoshi), so it never grows old.
    """

    base = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    quote = models.ForeignKey("wallet.Currency", on_delete=models.PROTECT, related_name="+")
    numerator = models.PositiveBigIntegerField()
    denominator = models.PositiveBigIntegerField()
    is_fixed = models.BooleanField(default=False)
    source = models.CharField(max_length=100, help_text="where it comes from")
    reason = models.CharField(max_length=200, blank=True)
    valid_from = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote", "valid_from"], name="exchangerate_one_at_a_time"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="exchangerate_of_two_currencies"),
            models.CheckConstraint(condition=Q(numerator__gte=1, denominator__gte=1), name="exchangerate_positive"),
            models.CheckConstraint(condition=~Q(source=""), name="exchangerate_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.base_id}/{self.quote_id} from {self.valid_from:%Y-%m-%d %H:%M}"

    @property
    def rate(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class Conversion(models.Model):
    """
    A player's money of one currency, turned into another.

    Its transfers are `exchange:<id>:paid` and `exchange:<id>:rest` out of the source account, to EXCHANGE and to
    ROUNDING, and `exchange:<id>:given` from EXCHANGE into the target account. `rate` (whole units) and `remainder` (the
    part of the target's smallest unit that was cut off) are exact, written `numerator/denominator`.
    """

    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=64)
    source_account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+")
    target_account = models.ForeignKey("wallet.Account", on_delete=models.PROTECT, related_name="+")
    source_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()
    rest_minor = models.BigIntegerField()
    given_minor = models.BigIntegerField()
    spread_bps = models.PositiveIntegerField()
    rate = models.CharField(max_length=200)
    remainder = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["player", "reference"], name="conversion_once_per_reference"),
            models.CheckConstraint(condition=~Q(source_account=F("target_account")), name="conversion_two_accounts"),
            models.CheckConstraint(
                condition=Q(paid_minor__gte=1, rest_minor__gte=0, given_minor__gte=1)
                & Q(source_minor=F("paid_minor") + F("rest_minor")),
                name="conversion_adds_up",
            ),
            models.CheckConstraint(condition=Q(spread_bps__lt=10_000), name="conversion_spread_sane"),
        ]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"conversion {self.pk}"


class ConversionStep(models.Model):
    """Which rates a conversion used, in order; `inverted` where one was taken against its direction."""

    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, related_name="+")
    inverted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversion", "position"], name="conversionstep_once_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.conversion_id}:{self.position}"
