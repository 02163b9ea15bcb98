"""
Real bets from a seed: many players, all games, all sorts of stakes, and requests that must be refused.

Players keep their own books from what they are told. In the end these are held against the ledger's, and every refused
request against the reason that it had to be refused for.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from accounts.models import User
from casino.lib.errors import DomainError
from games.instant.errors import AboveMaximumWin
from games.instant.fairness import SPACE
from games.instant.intake import MOST_BETS, choice_of
from games.instant.kinds import KINDS
from games.instant.operations import DEFAULT_LIMITS, PlayedBet, PlayRequest, ensure_games, play
from games.instant.queries import in_force
from games.instant.rules import payout_minor
from games.instant.shell.rules import FIELDS
from wallet import operations as wallet
from wallet import queries as wallet_queries

CURRENCIES = ("BRL", "BRL", "EUR", "BITS")  # of players, in turn
FUNDS = 2_000  # of the smallest stakes: enough for long, and to run out of
POOR = 100  # of them: who has fewer gets new funds
LONGEST_RUN = 20  # bets of one player in a row, as one call may bring them

Refusal = str  # the code that a request must be refused with


@dataclass(slots=True)
class Player:
    player_id: int
    account_id: int
    currency: str
    is_demo: bool
    told_minor: int  # the balance that follows from all answers
    next_hash: str | None = None


@dataclass(slots=True)
class Summary:
    seed: int
    players: int
    bets: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def line(self) -> str:
        refused = ", ".join(f"{many:,} {code}" for code, many in sorted(self.refused.items()))
        return f"seed {self.seed}: {self.bets:,} bets by {self.players} players; refused: {refused or 'none'}"


def simulate(
    seed: int, *, bets: int, players: int, now: datetime, told: Callable[[str], None] = lambda line: None
) -> Summary:
    """Play until so many bets were played. What does not hold is in the summary's findings."""
    ensure_games(now=now)
    source = Random(seed)  # noqa: S311 a simulation is to be repeated
    seats = [_seat(i, seed, now) for i in range(players)]
    summary = Summary(seed, players)
    next_line = bets // 10
    while summary.bets < bets and not summary.findings:
        now += timedelta(milliseconds=source.randrange(1, 2_000))
        _fund(seats, now)
        _batch(source, seats, summary, now)
        if summary.bets >= next_line:
            told(f"{summary.bets:,} bets")
            next_line += bets // 10
    for seat in seats:
        here = wallet_queries.balance(User.objects.get(pk=seat.player_id), is_demo=seat.is_demo).available_minor
        if here != seat.told_minor:
            summary.findings.append(f"account {seat.account_id} was told {seat.told_minor}, the ledger says {here}")
    return summary


def _seat(number: int, seed: int, now: datetime) -> Player:
    currency, is_demo = CURRENCIES[number % len(CURRENCIES)], number % 5 == 4
    user = User.objects.create(username=f"sim-{seed}-{number}", currency_code=currency, is_demo=is_demo)
    account = wallet.open_account(user, is_demo=is_demo, now=now)
    balance = wallet_queries.balance(user, is_demo=is_demo).available_minor
    return Player(user.pk, account.pk, currency, is_demo, balance)


def _fund(seats: list[Player], now: datetime) -> None:
    for seat in seats:
        least = DEFAULT_LIMITS[seat.currency].minimum
        if not seat.is_demo and seat.told_minor < least * POOR:
            user = User.objects.get(pk=seat.player_id)
            wallet.deposit(user, least * FUNDS, reference=f"sim:{user.pk}:{now.isoformat()}", now=now)
            seat.told_minor += least * FUNDS


def _batch(source: Random, seats: list[Player], summary: Summary, now: datetime) -> None:
    requests: list[tuple[Player, PlayRequest, Refusal | None]] = []
    while len(requests) < MOST_BETS:
        seat = source.choice(seats)
        run = source.choice((1, 1, 1, 2, 5, LONGEST_RUN))
        requests += [(seat, *_request(source, seat)) for _ in range(run)]
    answers = play([request for _, request, _ in requests], now=now)
    for (seat, request, refusal), answer in zip(requests, answers, strict=True):
        summary.findings += _note(seat, request, refusal, answer, summary)


def _request(source: Random, seat: Player) -> tuple[PlayRequest, Refusal | None]:
    """A bet, mostly; sometimes one that may not be."""
    slug = source.choice(list(KINDS))
    choice, seed = _choice(source, slug)
    limit = DEFAULT_LIMITS[seat.currency]
    stake = min(limit.minimum * source.choice((1, 1, 1, 2, 3, 10)) + source.choice((0, 0, 1, 7, 33)), limit.maximum)
    request = PlayRequest(slug, seat.player_id, seat.account_id, seat.currency, seat.is_demo, stake, choice, seed)
    match source.randrange(100):
        case 0:
            return replace(request, stake_minor=limit.minimum - 1), "amount_below_minimum"
        case 1:
            return replace(request, stake_minor=limit.maximum + 1), "amount_above_maximum"
        case 2:
            return replace(request, game="roulette"), "not_found"
        case 3:
            return replace(request, hash="0" * 64), "hash_used"
        case 4 if seat.next_hash:
            return replace(request, hash=seat.next_hash), None
        case 5 if limit.minimum <= seat.told_minor < limit.maximum:
            return replace(request, stake_minor=seat.told_minor + 1), None  # unless a bet before it has won
        case _:
            return request, None


def _choice(source: Random, slug: str) -> tuple[Any, int]:
    wish: dict[str, Any] = {"clientseed": source.choice((-1, 0, SPACE - 1, source.getrandbits(32)))}
    match slug:
        case "dice":
            wish |= {"range": 1 + int((SPACE - 2) ** source.uniform(0.5, 1)), "target": source.randrange(2)}
        case "shell":
            heavy = [source.choice((0, 0, 1, source.randrange(1, 1_000))) for _ in FIELDS]
            wish |= {"weights": [*heavy[:1], 1, *heavy[2:]], "picked": source.randrange(3)}
        case _:
            pass
    return choice_of(slug, wish)


def _could_win_too_much(request: PlayRequest, answer: DomainError) -> bool:
    if not isinstance(answer, AboveMaximumWin):
        return False
    game, _ = in_force([request.game])[request.game]
    top = payout_minor(request.stake_minor, game.rules.top(request.choice, game.table, game.rtp))
    return top - request.stake_minor > (answer.var or 0)


def _note(
    seat: Player, request: PlayRequest, refusal: Refusal | None, answer: PlayedBet | DomainError, summary: Summary
) -> Iterator[str]:
    if isinstance(answer, DomainError):
        summary.refused[answer.code] += 1
        poor = answer.code == "insufficient_funds" and seat.told_minor < request.stake_minor
        stale = answer.code == "hash_used" and request.hash is not None and request.hash != seat.next_hash
        if answer.code != refusal and not poor and not stale and not _could_win_too_much(request, answer):
            yield f"{request.game} of account {seat.account_id} was refused: {answer.code}, not {refusal}"
        return
    summary.bets += 1
    if refusal is not None:
        yield f"bet {answer.id} was taken; it had to be refused: {refusal}"
    if seat.next_hash not in (None, answer.hash):
        yield f"bet {answer.id} was held to another hash than the one that was told"
    if (answer.secret + answer.client_seed) % SPACE != answer.outcome:
        yield f"bet {answer.id}: its outcome is not the sum of its seeds"
    seat.next_hash = answer.next_hash
    seat.told_minor += answer.payout_minor - answer.stake_minor
    if answer.balance_minor != seat.told_minor:
        yield f"bet {answer.id} left {answer.balance_minor}, its player counts {seat.told_minor}"
