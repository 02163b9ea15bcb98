"""
How much the bets of a round may win together, held against the house's bankroll before a bet is taken.

Counters by round and book, in shards: each thread adds to a row of its own, so no row is shared by all bets. They are
written with the bets, taken back with cancels and released reservations, and gone when the round is over. What a bet
adds is `rules.largest_win`: the worst that it can do to the house, whatever the round does.

A batch reads what is committed. Transactions that are under way at the same moment do not see each other, so each may
fill the same room: with T of them at once the bets of a round may win at most the limit and (T - 1) times the room that
was left when they began. A process has one batch of a game's socket bets and one of REST bets under way at a time, and
what a batch wants is usually far less than the room.
"""

import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Sum, UUIDField

from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from casino.ops.bulk import add_rows
from casino.ops.composed import Asked, Given, composed
from games.crash.errors import CannotPlace, RoundFull
from games.crash.models import ConfigLimit, GameConfig, Round, RoundExposure
from games.crash.operations.values import BetRequest, HeldBet
from games.crash.rules import CAPS, Terms, largest_stake, largest_win
from wallet.bankroll import queries as bankroll
from wallet.bankroll.models import Bankroll
from wallet.chart import book_of

SHARDS = 256
MOST_KEPT = 64
_kept: dict[UUID, Terms] = {}


class _Shard(threading.local):
    """A number of this thread's own; two that draw the same one only wait for each other."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(SHARDS)


_shard = _Shard()


class Room(NamedTuple):
    """Of one book: what the bets of a round may win together, and what those that are placed may."""

    limit_minor: int
    taken_minor: int


class Rooms:
    """What is left of a round's limits, while a batch goes through it bet by bet."""

    def __init__(self, terms: Terms, limits: Mapping[str, ConfigLimit], rooms: Mapping[str, Room]) -> None:
        self._terms = terms
        self._limits = limits
        self._rooms = rooms
        self._left = {book: room.limit_minor - room.taken_minor for book, room in rooms.items()}

    def take(self, request: BetRequest) -> DomainError | None:
        """Make room for the bet, or say why there is none and what would still be taken."""
        book = _book(request)
        room = self._rooms.get(book)
        if room is None or room.limit_minor <= 0:
            return CannotPlace("The bet could not be placed: the house takes no bets in this currency now.")
        left, auto = self._left[book], request.auto_cashout
        win = largest_win(request.stake_minor, auto, self._terms)
        if win <= left:
            self._left[book] = left - win
            return None
        largest = largest_stake(max(0, left), auto, self._terms)
        limit = self._limits[request.currency]
        still = "One with a lower auto cash-out may be taken."
        if largest >= limit.min_stake_minor:
            still = f"At most {format_minor(largest, limit.currency.denominator)} {request.currency} can be staked so."
        return RoundFull(f"{RoundFull.message} {still}")


def rooms(round_: Round, requests: Sequence[BetRequest], limits: Mapping[str, ConfigLimit]) -> Rooms:
    """For bets of this round, each in a currency that it has limits in. One query."""
    if not requests:
        return Rooms(Terms(0, 0), limits, {})
    found = {
        book: Room(bankroll.standing_of(terms).round_minor, int(taken or 0))
        for book, taken, *terms in asking(round_, requests).answer()
    }
    return Rooms(_terms(round_, limits[requests[0].currency].config), limits, found)


def asking(round_: Round, requests: Iterable[BetRequest]) -> Asked:
    """What `rooms` asks."""
    return _rooms.about(books=set(map(_book, requests)), round=round_.pk)


@composed
def _rooms() -> "QuerySet[Bankroll, tuple[Any, ...]]":
    counted = RoundExposure.objects.filter(round=Given("round", UUIDField()), book=OuterRef("book"))
    by_book = counted.order_by().values("book").annotate(total=Sum("amount_minor"))
    return bankroll.of_books(Given("books")).values_list("book", Subquery(by_book.values("total")), *bankroll.TERMS)


def count(round_: Round, placed: Sequence[BetRequest]) -> None:
    """These bets are placed, in this transaction."""
    if placed:
        terms = _terms(round_)
        _add((round_.pk, _book(bet), largest_win(bet.stake_minor, bet.auto_cashout, terms)) for bet in placed)


def give_back(bets: Sequence[HeldBet], rounds: Mapping[UUID, Round]) -> None:
    """These bets were placed or reserved, and are no more."""
    live = (Round.State.WAITING, Round.State.RUNNING)
    _add(
        (
            bet.round_id,
            _book(bet),
            -largest_win(bet.stake_minor, bet.auto_cashout, _terms(rounds[bet.round_id])),
        )
        for bet in bets
        if rounds[bet.round_id].state in live
    )


def forget(round_: Round) -> None:
    """The round is over, and so is what it could win."""
    RoundExposure.objects.filter(round=round_).delete()


def _book(bet: BetRequest | HeldBet) -> str:
    return book_of(bet.currency, is_demo=bet.is_demo)


def _add(amounts: Iterable[tuple[UUID, str, int]]) -> None:
    sums: dict[tuple[UUID, str], int] = {}
    for round_id, book, amount in amounts:
        sums[round_id, book] = sums.get((round_id, book), 0) + amount
    rows = [(round_id, book, _shard.number, amount) for (round_id, book), amount in sums.items() if amount]
    add_rows(RoundExposure, ("round", "book", "shard"), "amount_minor", rows)


def _terms(round_: Round, config: GameConfig | None = None) -> Terms:
    """Of a round; its rules never change, so this process keeps them."""
    terms = _kept.get(round_.pk)
    if terms is None:
        config = config or GameConfig.objects.get(pk=round_.config_id)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        terms = _kept[round_.pk] = terms_of(config)
    return terms


def terms_of(config: GameConfig) -> Terms:
    return Terms(CAPS[config.volatility], config.bonus_boost_percent if config.bonus_probability_bps else 0)
