"""What partners ask about the crash game. Of bets, each question goes through the partner who asks it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.core.cache import caches
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from casino.lib.clock import elapsed_ms
from games.crash.models import Bet, Game, PartnerBet, Round
from games.crash.queries import SHOWN_STATUSES
from games.crash.rules import CURVE, MIN_CRASH_POINT, tick_at
from games.crash.sealed import course_of

LARGE_ROUND = 2_000  # players from which on their number is not counted anew for every question
_KEPT = caches["process"]


@dataclass(frozen=True, slots=True)
class StateView:
    """Where a game is. `multiplier` in hundredths, never beyond what was reached."""

    game: str
    round_id: UUID
    state: str
    multiplier: int
    participants: int
    time_remaining_ms: int
    elapsed_ms: int
    hash: str


def is_game(slug: str) -> bool:
    """Is there such a game? Kept for some seconds: it is asked with every bet, and games come and go rarely."""
    slugs: set[str] | None = _KEPT.get("crash.slugs")
    if slugs is None or slug not in slugs:
        slugs = set(Game.objects.values_list("slug", flat=True))
        _KEPT.set("crash.slugs", slugs, timeout=10)
    return slug in slugs


def game_state(slug: str, *, now: datetime) -> StateView | None:
    """The live round, or the last one between two rounds; None before a game's first. Two queries."""
    rounds = Round.objects.filter(game_id=slug).order_by("-number")
    round_ = rounds.exclude(state=Round.State.VOIDED).first()
    if round_ is None:
        return None
    multiplier, elapsed = MIN_CRASH_POINT, 0
    if round_.state == Round.State.RUNNING and round_.started_at is not None:
        course = course_of(round_)
        elapsed = min(max(0, elapsed_ms(round_.started_at, now)), course.crash_ms - 1)
        multiplier = CURVE[tick_at(elapsed, round_.tick_ms)]
    elif round_.result_hundredths is not None and round_.started_at is not None and round_.crashed_at is not None:
        multiplier, elapsed = round_.result_hundredths, max(0, elapsed_ms(round_.started_at, round_.crashed_at))
    waits = round_.state == Round.State.WAITING
    return StateView(
        game=slug,
        round_id=round_.pk,
        state=round_.state,
        multiplier=multiplier,
        participants=_participants(round_),
        time_remaining_ms=max(0, -elapsed_ms(round_.starts_at, now)) if waits else 0,
        elapsed_ms=elapsed,
        hash=round_.hash,
    )


def _participants(round_: Round) -> int:
    """Players in the round. Of a large one the number is kept for a second, since counting it costs."""
    key = f"crash.participants.{round_.pk}"
    kept: int | None = _KEPT.get(key)
    if kept is not None:
        return kept
    seated = Bet.objects.filter(round=round_, status__in=SHOWN_STATUSES)
    count: int = seated.aggregate(players=Count("account_id", distinct=True))["players"]
    if count > LARGE_ROUND:
        _KEPT.set(key, count, timeout=1)
    return count


def rounds_of(game: str) -> QuerySet[Round]:
    """Newest first by number."""
    return Round.objects.select_related("config", "chain").filter(game_id=game)


def round_by_id(round_id: UUID) -> Round | None:
    return Round.objects.select_related("config", "chain").filter(pk=round_id).first()


def partner_bets(partner_id: int, environment: str) -> QuerySet[PartnerBet]:
    """The bets that a partner placed in an environment; nobody else's."""
    bets = PartnerBet.objects.select_related("bet__currency", "bet__round", "player")
    return bets.filter(partner_id=partner_id, environment=environment)


# --- reports ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Activity:
    """A day (UTC) of one game in one currency: settled bets only, minor units."""

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


def activity(partner_id: int, environment: str, *, first: date, last: date) -> list[Activity]:
    """Each day from `first` to `last`, both included, by the day on which the bets were placed."""
    since = datetime.combine(first, time.min, tzinfo=UTC)
    until = datetime.combine(last, time.min, tzinfo=UTC) + timedelta(days=1)
    bets = PartnerBet.objects.filter(
        partner_id=partner_id,
        environment=environment,
        bet__status__in=(Bet.Status.CASHED_OUT, Bet.Status.LOST),
        bet__placed_at__gte=since,
        bet__placed_at__lt=until,
    )
    grouped = (
        bets.values(
            day=TruncDate("bet__placed_at", tzinfo=UTC),
            game=F("bet__round__game_id"),
            currency=F("bet__currency_id"),
            denominator=F("bet__currency__denominator"),
        )
        .annotate(bets=Count("bet_id"), stake_minor=Sum("bet__stake_minor"), payout_minor=Sum("bet__payout_minor"))
        .order_by("day", "game", "currency")
    )
    return [Activity(**row) for row in grouped]
