"""
Every action of both dialects, in one table. A read answers; a bet becomes a wish, which its caller hands in together
with its neighbours.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from games.instant import operations, queries
from games.instant.errors import NoSuchBet
from games.instant.intake import choice_of, desk
from games.instant.operations import PlayedBet, PlayRequest
from games.legacy import shapes
from games.legacy.amounts import NotAnAmount, minor
from games.legacy.dialects import Dialect
from games.legacy.door import Player
from games.legacy.errors import Refusal
from games.legacy.params import Params, as_list
from wallet.bankroll.queries import standing
from wallet.chart import book_of
from wallet.exchange import queries as exchange
from wallet.queries import balance

LAST_BETS = 50
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: in which dialect, by whom, and when."""

    dialect: Dialect
    player: Player | None
    clock: Clock
    now: datetime
    remembered: dict[str, Any] = field(default_factory=dict)  # answers that are the same throughout a request

    @property
    def guest(self) -> Player:
        """The player, where the action needs one."""
        if self.player is None:
            raise Refusal(401, "api_key")
        return self.player


@dataclass(frozen=True, slots=True)
class Wish:
    """A bet that is not played yet."""

    request: PlayRequest
    denominator: int

    def answer(self, played: PlayedBet | DomainError, dialect: Dialect) -> Any:
        """Raises a Refusal."""
        if not isinstance(played, DomainError):
            return shapes.played(played, dialect)
        limit = "" if played.var is None else f"{format_minor(played.var, self.denominator)} {self.request.currency}"
        raise Refusal.of(played, limit)


Run = Callable[[Visit, Params, Mapping[str, str]], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """`changes` something, then it goes by POST or with a key; `is_old` is of the first dialect as well."""

    path: re.Pattern[str]
    run: Run
    changes: bool = False
    is_old: bool = True


# --- what they do -----------------------------------------------------------------------------------------------------
def _user(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    player = visit.guest
    held = balance(player.user, is_demo=player.user.is_demo)
    next_hash = operations.next_hash(player.account.pk, now=visit.now)
    return shapes.user(player.user.username, held, next_hash, visit.dialect)


def _new_hash(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    return {"hash": operations.renew(visit.guest.account.pk, now=visit.now)}


def _bets(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    found = queries.last_bets(visit.guest.account.pk, limit=LAST_BETS)
    return shapes.bets(found, visit.dialect)


def _bet(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    found = queries.bet_of(visit.guest.account.pk, parts["game"], int(parts["id"]))
    if found is None:
        raise Refusal.of(NoSuchBet())
    return shapes.bet(found, visit.dialect)


def place(visit: Visit, params: Params, parts: Mapping[str, str]) -> Wish:
    player = visit.guest
    wish = {**params, "weights": as_list(params, "weights")} if "weights" in params else params
    choice, client_seed = choice_of(parts["game"], wish)
    try:
        stake_minor = minor(params.get("wager"), player.denominator)
    except NotAnAmount as wrong:
        raise Refusal(400, "wager", message=str(wrong)) from wrong
    seen = params.get("hash")
    if seen is not None and not (isinstance(seen, str) and _HASH.fullmatch(seen)):
        raise Refusal(400, "hash", message="hash is the one of /user or of the last answer: 64 hex digits.")
    request = PlayRequest(
        game=parts["game"],
        player_id=player.user.pk,
        account_id=player.account.pk,
        currency=player.currency,
        is_demo=player.user.is_demo,
        stake_minor=stake_minor,
        choice=choice,
        client_seed=client_seed,
        hash=seen,
        operator_id=player.operator_id,
    )
    return Wish(request, player.denominator)


def _currencies(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    return shapes.currencies(exchange.enabled_currencies().values())


def _exchange_rates(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    return shapes.exchange_rates(exchange.listing(visit.now), visit.dialect)


def _bankrolls(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
    currencies = exchange.enabled_currencies()
    books = standing((book_of(code, is_demo=False) for code in currencies), visit.now)
    real = [(currency, books[book_of(code, is_demo=False)]) for code, currency in currencies.items()]
    return shapes.bankrolls(real, visit.dialect)


def _once(run: Run) -> Run:
    """The house's figures are read once for all the actions of a request that ask for them."""

    def remembered(visit: Visit, params: Params, parts: Mapping[str, str]) -> Any:
        name = run.__name__
        if name not in visit.remembered:
            visit.remembered[name] = run(visit, params, parts)
        return visit.remembered[name]

    return remembered


_GAME = r"/games/(?P<game>[a-z0-9_-]{1,32})"
SITE = "/site/supported-currencies"
ACTIONS = (
    Action(re.compile("/user"), _user),
    Action(re.compile("/new_hash"), _new_hash, changes=True),
    Action(re.compile("/games/bets"), _bets),
    Action(re.compile(rf"{_GAME}/bets/(?P<id>[0-9]{{1,18}})", re.ASCII), _bet),
    Action(re.compile(rf"{_GAME}/bet"), place, changes=True),
    Action(re.compile(SITE), _once(_currencies), is_old=False),
    Action(re.compile(f"{SITE}/exchange-rates"), _once(_exchange_rates), is_old=False),
    Action(re.compile("/site/bankrolls"), _once(_bankrolls), is_old=False),
)


def found(path: str) -> tuple[Action, dict[str, str]]:
    """Raises a Refusal where there is none of this path."""
    for action in ACTIONS:
        match = action.path.fullmatch(path)
        if match is not None:
            return action, match.groupdict()
    raise Refusal(404)


def carry_out(visit: Visit, action: Action, params: Params, parts: Mapping[str, str]) -> Any:
    """A single action, bets included. Raises a Refusal or a DomainError."""
    answer = action.run(visit, params, parts)
    if not isinstance(answer, Wish):
        return answer
    (played,) = desk.submit([answer.request])
    return answer.answer(played, visit.dialect)
