"""
Questions that staff and partners ask: takings by day, and whether the returns are what the rules say.

Money is integers. The watch over the return is statistics, in floats: it moves nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from math import sqrt
from operator import add
from typing import Any

from django.db.models import Count, F, FloatField, JSONField, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, Floor, Least

from games.instant.fairness import SPACE
from games.instant.models import InstantBet, InstantConfig
from games.instant.queries import InForce, newest_configs, under
from games.instant.shell.rules import FIELDS
from games.totals import Total, by_day, midnight, of_partner

# 2.576 standard errors hold 99 % of what chance does to a game whose return is right.
BAND_WIDTH = 2.576
WIDE = 1.0  # a band as wide as the return itself says nothing yet
RTP_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReturnWatch:
    """
    What one version has taken and paid in one currency (minor units), and its return so far, as ratios.

    `expected` is what these very bets return by the odds: below the configured return where the house's maximum win or
    a pay table takes some of it. `band` is what chance explains around it.
    """

    config: InstantConfig
    currency: str
    denominator: int
    bets: int
    stake_minor: int
    payout_minor: int
    expected: float
    band: float

    @property
    def configured(self) -> float:
        return self.config.rtp_bps / 10_000

    @property
    def actual(self) -> float:
        return self.payout_minor / self.stake_minor

    @property
    def alarm(self) -> bool:
        return abs(self.actual - self.expected) > self.band

    @property
    def state(self) -> str:
        if self.alarm:
            return "outside"
        return "within" if self.band < WIDE else "too few to tell"


def today(now: datetime) -> list[Total]:
    """Real money since midnight (UTC)."""
    return _totals(InstantBet.objects.filter(played_at__gte=midnight(now), is_demo=False))


def bets_last_minute(now: datetime) -> int:
    return InstantBet.objects.filter(played_at__gt=now - timedelta(minutes=1)).count()


def activity(partner_id: int, environment: str, *, first: date, last: date) -> list[Total]:
    """Of a partner's players, each day from `first` to `last`, both included."""
    whose = of_partner(partner_id, environment, first=first, last=last, placed="played_at")
    return _totals(InstantBet.objects.filter(whose))


def _totals(bets: QuerySet[InstantBet]) -> list[Total]:
    return by_day(bets, placed="played_at", game="game_id")


# --- the watch over the return ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Spread:
    """Expressions over a bet's row: what it returns on average, and the variance of that; minor units, floats."""

    expected: Any
    variance: Any


def watch_returns(now: datetime) -> list[ReturnWatch]:
    """Of every game's newest version, in each currency, over the real bets of the last 30 days."""
    configs = newest_configs().select_related("game").order_by("game")
    return [watch for config in configs for watch in watch_version(config, since=now - RTP_WINDOW)]


def watch_version(config: InstantConfig, *, since: datetime | None = None) -> list[ReturnWatch]:
    """
    A version in each currency, over all its real bets or those since then.

    The band is never a fixed tolerance: a bet's variance follows from its stake and from what was chosen, so a dice bet
    on a thin interval widens it more than a thousand on wide ones.
    """
    spread = _spread(under([config.pk])[config.pk])
    bets = InstantBet.objects.filter(config=config, is_demo=False)
    if since is not None:
        bets = bets.filter(played_at__gte=since)
    sums = (
        bets.values("currency_id", denominator=F("currency__denominator"))
        .annotate(
            bets=Count("pk"),
            stake=Sum("stake_minor"),
            payout=Sum("payout_minor"),
            expected=Sum(spread.expected, output_field=FloatField()),
            variance=Sum(spread.variance, output_field=FloatField()),
        )
        .order_by("currency_id")
    )
    return [
        ReturnWatch(
            config,
            row["currency_id"],
            row["denominator"],
            row["bets"],
            row["stake"],
            row["payout"],
            row["expected"] / row["stake"],
            BAND_WIDTH * sqrt(row["variance"]) / row["stake"],
        )
        for row in sums
    ]


def _spread(game: InForce) -> _Spread:
    make = SPREADS.get(game.rules.slug, _spread_of_odds)
    return make(game)


def _spread_of_odds(game: InForce) -> _Spread:
    """Of a game without choices, exactly; of another one by the widest of its examples."""
    stake = Cast("stake_minor", FloatField())
    odds = [game.rules.odds(choice, game.table, game.rtp) for choice in game.rules.examples()]
    least = min(one.rtp for one in odds)
    widest = max(one.variance() for one in odds)
    return _Spread(stake * float(least), stake * stake * float(widest))


def _spread_of_dice(game: InForce) -> _Spread:
    """A win has the chance p and pays stake × rtp / p, rounded down, or the most that the house pays."""
    stake, rtp = Cast("stake_minor", FloatField()), float(game.rtp)
    p = _number(KeyTextTransform("range", _choice())) / float(SPACE)
    uncapped = Floor(stake * rtp / p + 1e-6)  # a float may be a hair below the whole number that it stands for
    pays = Least(uncapped, Coalesce(Cast("most_payout_minor", FloatField()), uncapped))
    return _Spread(p * pays, p * (1.0 - p) * pays * pays)


def _spread_of_shell(game: InForce) -> _Spread:
    """
    The weight of nothing makes the mean rtp. With weights w and fields f, the mean square is rtp × Σ w f² / Σ w f.
    """
    stake, rtp = Cast("stake_minor", FloatField()), float(game.rtp)
    weights = KeyTransform("weights", _choice())
    heavy = [(_number(KeyTextTransform(i, weights)), float(field)) for i, field in enumerate(FIELDS) if field]
    square = _sum(weight * (field * field) for weight, field in heavy)
    mean = _sum(weight * field for weight, field in heavy)
    return _Spread(stake * rtp, stake * stake * (rtp * square / mean - rtp * rtp))


# A game whose return hangs on what was chosen, and is to be watched more closely than by its widest example.
SPREADS: dict[str, Callable[[InForce], _Spread]] = {"dice": _spread_of_dice, "shell": _spread_of_shell}


def _choice() -> Any:
    return Cast("choice_json", JSONField())


def _number(text: Any) -> Any:
    return Cast(text, FloatField())


def _sum(terms: Iterable[Any]) -> Any:
    return reduce(add, terms)
