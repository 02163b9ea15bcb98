"""
Questions that staff ask: how play goes, what is owed, whether the return is what the rules say, is a round fair.

Money is integers. The watch over the return is statistics, in floats: it moves nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.db.models import Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast

from casino.lib.money import payout_minor
from games.crash import fairness
from games.crash.models import Bet, GameConfig, Round
from games.crash.queries import round_view
from games.crash.rules import CAPS
from games.totals import Total, by_day, midnight

SETTLED = (Bet.Status.CASHED_OUT, Bet.Status.LOST)
# 2.576 standard errors hold 99 % of what chance does to a game whose return is right.
BAND_WIDTH = 2.576
RTP_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Open bets of a live round in one currency, and what they would be paid if all cashed out now."""

    currency: str
    denominator: int
    bets: int
    stake_minor: int
    owed_now_minor: int


@dataclass(frozen=True, slots=True)
class LiveRound:
    game: str
    number: int
    round_id: str
    state: str
    multiplier_hundredths: int | None
    exposure: list[Exposure]


@dataclass(frozen=True, slots=True)
class ReturnWatch:
    """
    A version's return so far, as ratios: `returned` of all bets, `actual` of those with an auto cash-out.

    `band` is what chance explains around the configured return.
    """

    config: GameConfig
    bets: int
    rounds: int
    configured: float
    returned: float | None
    actual: float | None
    band: float | None

    @property
    def alarm(self) -> bool:
        return self.actual is not None and self.band is not None and abs(self.actual - self.configured) > self.band


@dataclass(frozen=True, slots=True)
class RoundCheck:
    """What a verifier finds: each line is a claim and whether it holds."""

    claims: list[tuple[str, bool]]

    @property
    def fair(self) -> bool:
        return all(holds for _, holds in self.claims)


def rounds_today(now: datetime) -> int:
    return Round.objects.filter(opened_at__gte=midnight(now)).exclude(state=Round.State.VOIDED).count()


def bets_last_minute(now: datetime) -> int:
    """Only rounds of the last few minutes can have taken them."""
    recent = Round.objects.filter(opened_at__gte=now - timedelta(minutes=5)).values("pk")
    return Bet.objects.filter(round__in=recent, placed_at__gt=now - timedelta(minutes=1)).count()


def today(now: datetime) -> list[Total]:
    """Real money in rounds opened since midnight (UTC); refunded and cancelled bets are left out."""
    opened = Round.objects.filter(opened_at__gte=midnight(now)).values("pk")
    bets = Bet.objects.filter(round__in=opened, is_demo=False, status__in=SETTLED)
    return by_day(bets, placed="round__opened_at", game="round__game_id")


def has_undecided(before: datetime, since: datetime) -> bool:
    """Is a round open that was opened before the first time, or was one settled after the second? Asked once a day."""
    opened = Round.objects.filter(opened_at__lt=before)
    if opened.filter(state__in=Round.LIVE).exists():
        return True
    return opened.filter(opened_at__gte=before - timedelta(days=1), settled_at__gt=since).exists()


def live_rounds(now: datetime) -> list[LiveRound]:
    """Each game's live round with the real money at stake in it."""
    rounds = Round.objects.select_related("config", "chain").filter(state__in=Round.LIVE).order_by("game_id")
    return [_live_round(round_, now) for round_ in rounds]


def _live_round(round_: Round, now: datetime) -> LiveRound:
    current = round_view(round_, now=now).get("multiplier")
    open_bets = Bet.objects.filter(round=round_, status=Bet.Status.OPEN, is_demo=False)
    totals = (
        open_bets.values("currency_id", denominator=F("currency__denominator"))
        .annotate(bets=Count("pk"), stake=Sum("stake_minor"))
        .order_by("currency_id")
    )
    running = round_.state == Round.State.RUNNING
    exposure = [
        Exposure(
            row["currency_id"],
            row["denominator"],
            row["bets"],
            row["stake"],
            payout_minor(row["stake"], current if running and current else 100),
        )
        for row in totals
    ]
    return LiveRound(round_.game_id, round_.number, str(round_.pk), round_.state, current, exposure)


def recent_rounds(limit: int = 10) -> QuerySet[Round]:
    """The last rounds with their real-money bets counted and summed (in display units, across currencies)."""
    newest = list(Round.objects.order_by("-opened_at").values_list("pk", flat=True)[:limit])
    real = Q(bets__is_demo=False)
    return (
        Round.objects.filter(pk__in=newest)
        .select_related("game")
        .defer("sealed")
        .annotate(
            bet_count=Count("bets", filter=~Q(bets__status=Bet.Status.CANCELLED)),
            winners=Count("bets", filter=Q(bets__status=Bet.Status.CASHED_OUT)),
            staked_micros=Sum("bets__stake_reference_micros", filter=real & Q(bets__status__in=SETTLED)),
            paid_micros=Sum("bets__payout_reference_micros", filter=real & Q(bets__status__in=SETTLED)),
        )
        .order_by("-opened_at")
    )


def watch_returns(now: datetime, *, limit: int = 5) -> list[ReturnWatch]:
    """
    Configured against actual return of the newest rule versions, over the rounds of the last 30 days.

    Only bets with an auto cash-out are judged: their return does not hang on whether a hand was quick enough. (Money
    that was put on and never cashed out is lost at any configured return.) `returned` is over all bets, for reading.

    The band is never a fixed tolerance. A unit at target m with return R has the variance mR - R². Bets of one round
    share its crash point, so the sum over bets understates what a round can do; the sum of each round's own squared
    surprise does not, but before the first rare win it is too small. The wider of the two is taken.
    """
    configs = list(GameConfig.objects.select_related("game", "author").order_by("-created_at", "-pk")[:limit])
    since = now - RTP_WINDOW
    return [_watch(config, since) for config in configs]


def _watch(config: GameConfig, since: datetime) -> ReturnWatch:
    rounds = Round.objects.filter(config=config, opened_at__gte=since, interrupted=False).values("pk")
    bets = Bet.objects.filter(round__in=rounds, is_demo=False, status__in=SETTLED)
    stake = Cast("stake_reference_micros", FloatField())
    paid = Cast("payout_reference_micros", FloatField())
    target = Cast("auto_cashout_hundredths", FloatField()) / 100.0
    expected = config.rtp_bps / 10_000
    all_sums: dict[str, Any] = bets.aggregate(bets=Count("pk"), staked=Sum(stake), paid=Sum(paid))
    returned = all_sums["paid"] / all_sums["staked"] if all_sums["staked"] else None
    judged = bets.filter(auto_cashout_hundredths__isnull=False)
    sums: dict[str, Any] = judged.aggregate(
        staked=Sum(stake), paid=Sum(paid), variance=Sum(stake * stake * (target * expected - expected**2))
    )
    if not sums["staked"]:
        return ReturnWatch(config, all_sums["bets"], 0, expected, returned, None, None)
    by_round = judged.values("round").order_by().annotate(surprise=Sum(paid) - expected * Sum(stake))
    surprises = [row["surprise"] for row in by_round]
    variance = max(sums["variance"], sum(surprise**2 for surprise in surprises))
    return ReturnWatch(
        config=config,
        bets=all_sums["bets"],
        rounds=len(surprises),
        configured=expected,
        returned=returned,
        actual=sums["paid"] / sums["staked"],
        band=BAND_WIDTH * sqrt(variance) / sums["staked"],
    )


def check_round(round_: Round) -> RoundCheck | None:
    """Recompute a finished round from what it published; None while it keeps its secret."""
    if round_.salt is None or round_.result_hundredths is None:
        return None
    config, chain = round_.config, round_.chain
    seed = bytes.fromhex(round_.salt)
    result = fairness.result_of(
        seed,
        chain.client_seed or "",
        rtp=config.rtp,
        cap=CAPS[config.volatility],
        bonus_probability=config.bonus_probability,
        boost_percent=config.bonus_boost_percent,
    )
    before = (
        Round.objects.filter(chain=chain, chain_index=round_.chain_index - 1, salt__isnull=False)
        .values_list("salt", flat=True)
        .first()
    )
    link = hashlib.sha256(seed).hexdigest()
    announced = chain.terminal_hash if round_.chain_index == 0 else before
    committed = fairness.round_hash(round_.previous_result, round_.salt, round_.result_hundredths)
    return RoundCheck(
        [
            (
                "The seed's hash is what was known before: the announced hash or the seed of the round before",
                link == announced,
            ),
            ("The seed and the client seed give this crash point", result.crash_point == round_.result_hundredths),
            ("They give this bonus", result.bonus_hundredths == round_.bonus_hundredths),
            ("The hash shown before the bets is the hash of this result", committed == round_.hash),
        ]
    )
