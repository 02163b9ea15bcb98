"""What a day brought: each game counts its own bets, in one shape for reports and the dashboard."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Concat, TruncDate

from accounts.partners.models import PartnerPlayer


@dataclass(frozen=True, slots=True)
class Total:
    """Settled bets of a day (UTC) of one game in one currency, minor units."""

    day: date
    game: str
    currency: str
    denominator: int
    bets: int
    stake_minor: int
    payout_minor: int

    @property
    def ggr_minor(self) -> int:
        """Gross gaming revenue: what was staked less what was paid."""
        return self.stake_minor - self.payout_minor


def midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def by_day(bets: QuerySet[Any], *, placed: str, game: str, suffix: str = "") -> list[Total]:
    """`placed` and `game` are the names of the bet's time and of its game's slug, to which the suffix is added."""
    named = {"day": TruncDate(placed, tzinfo=UTC), "slug": Concat(game, Value(suffix)) if suffix else F(game)}
    grouped = (
        bets.values("currency_id", denominator=F("currency__denominator"), **named)
        .annotate(bets=Count("pk"), stakes=Sum("stake_minor"), payouts=Sum("payout_minor"))
        .order_by("day", "slug", "currency_id")
    )
    order = ("day", "slug", "currency_id", "denominator", "bets", "stakes", "payouts")
    return [Total(*(row[name] for name in order)) for row in grouped]


def of_partner(partner_id: int, environment: str, *, first: date, last: date, placed: str) -> Q:
    """Bets of all players whom a partner brought, whoever placed them, each day from `first` to `last` included."""
    players = PartnerPlayer.objects.filter(partner_id=partner_id, environment=environment)
    since = datetime.combine(first, time.min, tzinfo=UTC)
    until = datetime.combine(last, time.min, tzinfo=UTC) + timedelta(days=1)
    days = {f"{placed}__gte": since, f"{placed}__lt": until}
    return Q(account__owner__in=players.values("user_id"), **days)
