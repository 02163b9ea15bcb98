"""What partners ask about the crash game. Of bets, each question goes through the partner who asks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.cache import caches
from django.db.models import CharField, Count, QuerySet, UUIDField

from accounts.partners.rules import Environment
from casino.lib.clock import elapsed_ms
from casino.ops.bulk import any_of, texts
from casino.ops.composed import Given, Slot, composed, written
from casino.ops.remembered import Memory
from casino.ops.together import together
from games.crash import feed_messages
from games.crash.feed_messages import Message
from games.crash.models import Bet, Game, PartnerBet, Round
from games.crash.queries import SHOWN_STATUSES
from games.crash.rules import CURVE, MIN_CRASH_POINT, tick_at
from games.crash.sealed import course_of
from games.totals import Total, by_day, of_partner
from wallet.chart import book_of

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
    found = _shown_round(slug)
    if found is None:
        return None
    round_, participants = found
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
        participants=participants,
        time_remaining_ms=max(0, -elapsed_ms(round_.starts_at, now)) if waits else 0,
        elapsed_ms=elapsed,
        hash=round_.hash,
    )


@together
def _shown_round(slugs: Sequence[str]) -> dict[str, tuple[Round, int]]:
    """The round that a game shows, and how many play it: asked once for all who ask at the same time."""
    found = {}
    for slug in slugs:
        for round_ in _last_round(game=slug):
            found[slug] = (round_, _participants(round_))
    return found


@composed
def _last_round() -> QuerySet[Round]:
    rounds = Round.objects.filter(game=Given("game", CharField())).exclude(state=Round.State.VOIDED)
    return rounds.order_by("-number")[:1]


def _participants(round_: Round) -> int:
    """Players in the round. Of a large one the number is kept for a second, since counting it costs."""
    key = f"crash.participants.{round_.pk}"
    kept: int | None = _KEPT.get(key)
    if kept is not None:
        return kept
    count = next((players for (players,) in _players(round=round_.pk)), 0)
    if count > LARGE_ROUND:
        _KEPT.set(key, count, timeout=1)
    return count


@composed
def _players() -> "QuerySet[Bet, tuple[int]]":
    seated = Bet.objects.filter(round=Given("round", UUIDField()), status__in=SHOWN_STATUSES)
    counted = seated.order_by().values("round").annotate(players=Count("account_id", distinct=True))
    return counted.values_list("players")


class Seat(NamedTuple):
    """A partner's player, and where their money is (no account yet: None)."""

    partner_player_id: int
    player_id: int
    username: str
    is_active: bool
    wallet: str
    account_id: int | None
    currency: str
    operator_id: int | None  # that holds the player's money
    is_demo: bool


Name = tuple[int, str, str]  # partner, environment, the partner's own name of the player


_TEST, _DEMO = Environment.TEST.value, book_of("", is_demo=True)
_seats = written(
    lambda: (
        "SELECT p.partner_id, p.environment, p.external_id, p.id, u.id, u.username, u.is_active, p.wallet, a.id, "  # noqa: S608 constants of ours
        "u.currency_code, r.operator_id "
        "FROM partners_partnerplayer p JOIN accounts_user u ON u.id = p.user_id LEFT JOIN wallet_account a "
        f"ON a.owner_id = u.id AND a.book = CASE WHEN p.environment = '{_TEST}' THEN u.currency_code || '{_DEMO}' "
        "ELSE u.currency_code END LEFT JOIN operators_remotewallet r ON r.account_id = a.id "
        f"WHERE p.partner_id {any_of('bigint')} AND p.environment {any_of('varchar')} "
        f"AND p.external_id {any_of('varchar')}"
    ),
    Slot("partners", texts),
    Slot("environments", texts),
    Slot("names", texts),
)


def _ask_for_seats(wanted: Sequence[Name]) -> dict[str, list[Any]]:
    partners, environments, names = zip(*wanted, strict=True)
    return {"partners": sorted(set(partners)), "environments": sorted(set(environments)), "names": list(names)}


def _seat(row: tuple[Any, ...]) -> Seat:
    _, environment, _, pk, player, username, active, wallet, account, currency, operator = row
    is_demo = environment == Environment.TEST
    return Seat(pk, player, username, bool(active), wallet, account, currency, operator, is_demo)


SEATS: Memory[Name, Seat] = Memory(_seats, _ask_for_seats, of=lambda row: row[:3], make=_seat)


def rounds_of(game: str) -> QuerySet[Round]:
    """Newest first by number."""
    return Round.objects.select_related("config", "chain").filter(game_id=game)


def round_by_id(round_id: UUID) -> Round | None:
    return Round.objects.select_related("config", "chain").filter(pk=round_id).first()


def partner_bets(partner_id: int, environment: str) -> QuerySet[PartnerBet]:
    """The bets that a partner placed in an environment; nobody else's."""
    bets = PartnerBet.objects.select_related("bet__currency", "bet__round", "player")
    return bets.filter(partner_id=partner_id, environment=environment)


class _OpenBet(NamedTuple):
    bet_id: UUID
    round_id: UUID
    stake_minor: int
    identifier: int
    currency: str
    denominator: int
    is_demo: bool


def open_bets(partner_id: int, environment: str, game: str) -> list[Message]:
    """The partner's bets that play in the live round, or are set aside for it, as its feed tells of them."""
    live = Round.objects.filter(game_id=game, state__in=Round.LIVE)
    rows = PartnerBet.objects.filter(
        round__in=live,
        partner_id=partner_id,
        environment=environment,
        bet__status__in=(Bet.Status.OPEN, Bet.Status.RESERVED),
    )
    terms = ("stake_minor", "identifier", "currency_id", "currency__denominator", "is_demo")
    told = ("bet__status", "player__external_id", "client_reference")
    return [
        feed_messages.bet(game, _OpenBet(*row[:7]), status=row[7], user=row[8], client_reference=row[9])
        for row in rows.order_by("bet_id").values_list("bet_id", "round_id", *(f"bet__{t}" for t in terms), *told)
    ]


# --- reports ----------------------------------------------------------------------------------------------------------
def activity(partner_id: int, environment: str, *, first: date, last: date) -> list[Total]:
    """
    Of a partner's players, each day from `first` to `last`, both included: whether the partner placed the bets or the
    players did, at the table.
    """
    whose = of_partner(partner_id, environment, first=first, last=last, placed="placed_at")
    bets = Bet.objects.filter(whose, status__in=(Bet.Status.CASHED_OUT, Bet.Status.LOST))
    return by_day(bets, placed="placed_at", game="round__game_id")
