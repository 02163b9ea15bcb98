"""
Limits and exclusions of players. The rules are in `rules`; the database keeps the two that matter most by triggers: a
limit grows looser only by a change that has waited, and an exclusion is never changed or deleted.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.protection import rules
from accounts.protection.rules import Ban, Kind, Period, Source


def _choices(of: type[Kind] | type[Period] | type[Source] | type[Ban]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ")) for word in of]


class Limit(models.Model):
    """
    A player's limit, as one source has set it: minor units of the player's currency, or minutes.

    `value` holds until `next_at`, if that is set, and `next_value` from then on; null is no limit.
    """

    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=_choices(Kind))
    period = models.CharField(max_length=8, choices=_choices(Period), blank=True)
    source = models.CharField(max_length=8, choices=_choices(Source))
    value = models.BigIntegerField(null=True, blank=True)
    next_value = models.BigIntegerField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["player", "kind", "period", "source"], name="limit_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[str(kind) for kind in rules.AMOUNTS], period__in=[str(p) for p in rules.PERIODS])
                | Q(kind__in=[Kind.SESSION.value, Kind.REALITY_CHECK.value], period=""),
                name="limit_period_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(value__gte=1, value__lte=rules.MAX_AMOUNT),
                name="limit_value_in_range",
            ),
            models.CheckConstraint(
                condition=Q(next_at__isnull=True, next_value__isnull=True)
                | Q(next_at__isnull=False, value__isnull=False, next_value__isnull=True)
                | Q(next_at__isnull=False, value__isnull=False, next_value__gt=F("value")),
                name="limit_only_looser_ones_wait",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} of {self.player_id}"

    @property
    def setting(self) -> rules.Setting:
        return rules.Setting(self.value, self.next_value, self.next_at)


class Exclusion(models.Model):
    """A time without play. Append-only: nobody ends one early, and a longer one may follow."""

    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ban = models.CharField(max_length=16, choices=_choices(Ban))
    source = models.CharField(max_length=8, choices=_choices(Source))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # null: never

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ban=Ban.COOL_OFF.value, ends_at__isnull=False) | Q(ban=Ban.SELF_EXCLUSION.value),
                name="exclusion_for_good_only_by_self_exclusion",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="exclusion_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ban} of {self.player_id}"


class Reached(models.Model):
    """A limit stood in the way of a player in the period that began then. Kept once, so that it is told once."""

    player = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=_choices(Kind))
    period = models.CharField(max_length=8, choices=_choices(Period))
    is_demo = models.BooleanField()
    since = models.DateTimeField()
    at = models.DateTimeField()
    limit_minor = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "reached limits"
        constraints = [
            models.UniqueConstraint(fields=["player", "since", "kind", "period", "is_demo"], name="reached_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} of {self.player_id} reached"
