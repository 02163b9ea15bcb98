"""Questions that staff and partners ask of solo play: its takings by day."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from games.solo.models import Bet, Round
from games.totals import Total, by_day, midnight, of_partner


def today(now: datetime) -> list[Total]:
    """Of real money placed since midnight (UTC); refunded bets are left out."""
    return _totals(Bet.objects.filter(placed_at__gte=midnight(now), is_demo=False))


def bets_last_minute(now: datetime) -> int:
    return Bet.objects.filter(placed_at__gt=now - timedelta(minutes=1)).count()


def has_undecided(before: datetime, since: datetime) -> bool:
    """Is a bet open that was placed before the first time, or was one decided after the second?"""
    if Round.objects.filter(state=Round.State.RUNNING, started_at__lt=before).exists():
        return True
    return Bet.objects.filter(
        placed_at__gte=before - timedelta(days=1), placed_at__lt=before, settled_at__gt=since
    ).exists()


def activity(partner_id: int, environment: str, *, first: date, last: date) -> list[Total]:
    """Of a partner's players, each day from `first` to `last`, both included."""
    whose = of_partner(partner_id, environment, first=first, last=last, placed="placed_at")
    return _totals(Bet.objects.filter(whose))


def _totals(bets: QuerySet[Bet]) -> list[Total]:
    """The game of these is `<game>/solo`."""
    settled = bets.filter(status__in=(Bet.Status.CASHED_OUT, Bet.Status.LOST))
    return by_day(settled, placed="placed_at", game="round__game_id", suffix="/solo")
