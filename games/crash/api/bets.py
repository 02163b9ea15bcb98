"""
Bets of a partner's players: reserve → confirm → ticket → cash-out or cancel.

Each call that moves money becomes a wish; wishes that arrive together share a transaction (`desks`), and the same
functions serve `multi`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.partners.models import ApiKey, PartnerPlayer
from accounts.partners.operations import PlayerBlocked
from casino.api.idempotency import Desk
from casino.api.problems import Problem
from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from games.crash import operations, partner_queries
from games.crash.api import shapes
from games.crash.errors import OperatorUnavailable
from games.crash.models import PartnerBet
from games.crash.operations import BetAction, BetRequest, ClosedBet, FromPartner, PlacedBet, remote
from games.crash.operations.remote import Wanted
from games.crash.partner_queries import SEATS, Name, Seat
from wallet.operators.operations import NoOperator
from wallet.operators.waiting import turn_to_wait

Shown = tuple[int, dict[str, Any]]
Find = Callable[[Name], Seat | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish of one call, and how its answer is shown."""

    verb: str
    wish: Any
    show: Callable[[Any], dict[str, Any]]
    created: bool = False

    def render(self, request_id: str) -> Callable[[Any], Shown]:
        def rendered(answer: Any) -> Shown:
            if isinstance(answer, DomainError):
                problem = Problem.of(answer)
                return problem.status, problem.body(request_id)
            return 201 if self.created else 200, self.show(answer)

        return rendered


# --- from a request to a wish -----------------------------------------------------------------------------------------
def to_place(key: ApiKey, data: dict[str, Any], find: Find = SEATS.look_up) -> Asked:
    """`find` looks the player up."""
    seat = find((key.partner_id, key.environment, data["user"]))
    if seat is None:
        raise Problem("not_found", "You have no player with this id.")
    if not seat.is_active:
        raise Problem.of(PlayerBlocked())
    if seat.account_id is None:
        raise Problem("not_found", "This player has no wallet.")
    if seat.operator_id is None and seat.wallet == PartnerPlayer.Wallet.SEAMLESS:
        raise Problem.of(NoOperator())
    reference = data["client_reference"]
    wish = BetRequest(
        game=data["game"],
        player_id=seat.player_id,
        username=seat.username,
        account_id=seat.account_id,
        currency=seat.currency,
        is_demo=seat.is_demo,
        stake_minor=data["amount"],
        identifier=data["identifier"],
        auto_cashout=data["auto_cashout"],
        reserve=not data["confirm"],
        partner=FromPartner(key.partner_id, key.environment, seat.partner_player_id, data["user"], reference),
        operator_id=seat.operator_id,
    )

    def show(answer: PlacedBet) -> dict[str, Any]:
        return shapes.placed(answer, game=wish.game, user=data["user"], client_reference=reference)

    return Asked("place", wish, show, created=True)


def with_stakes(asked: Sequence[Asked], origins: Sequence[str], clock: Clock) -> list[Asked]:
    """
    The same wishes; those of players whose money is at an operator with the stake that it took, or with why it did not.

    This thread waits for the operator, so only some may at a time: the others serve everybody else.
    """
    places = [i for i, one in enumerate(asked) if isinstance(one.wish, BetRequest) and one.wish.operator_id is not None]
    found = list(asked)
    if not places:
        return found
    with turn_to_wait() as mine:
        if mine:
            wishes = remote.with_debits([Wanted(asked[i].wish, origins[i]) for i in places], clock)
        else:
            unavailable = OperatorUnavailable("The bet could not be placed: too many wait for operators. Try again.")
            wishes = [replace(asked[i].wish, refused=unavailable) for i in places]
    for i, wish in zip(places, wishes, strict=True):
        found[i] = replace(asked[i], wish=wish)
    return found


def found(key: ApiKey, ticket: UUID) -> PartnerBet:
    row = partner_queries.partner_bets(key.partner_id, key.environment).filter(pk=ticket).first()
    if row is None:
        raise Problem("not_found", "You have no bet with this ticket_id.")
    return row


def to_confirm(key: ApiKey, ticket: UUID, received_at: datetime) -> Asked:
    row = found(key, ticket)
    if not User.objects.filter(pk=row.bet.player_id, is_active=True).exists():
        raise Problem.of(PlayerBlocked())

    def show(answer: PlacedBet) -> dict[str, Any]:
        user, reference = row.player.external_id, row.client_reference
        return shapes.placed(answer, game=row.bet.round.game_id, user=user, client_reference=reference)

    return Asked("confirm", _action(row, received_at), show)


def to_cancel(key: ApiKey, ticket: UUID, received_at: datetime) -> Asked:
    return _to_close("cancel", found(key, ticket), received_at)


def to_cash_out(key: ApiKey, ticket: UUID, received_at: datetime, cashout_at: int | None) -> Asked:
    return _to_close("cashout", found(key, ticket), received_at, cashout_at)


def _to_close(verb: str, row: PartnerBet, received_at: datetime, cashout_at: int | None = None) -> Asked:
    def show(answer: ClosedBet) -> dict[str, Any]:
        return shapes.closed(answer, row)

    return Asked(verb, _action(row, received_at, cashout_at), show)


def _action(row: PartnerBet, received_at: datetime, cashout_at: int | None = None) -> BetAction:
    return BetAction(row.bet.player_id, row.bet.account_id, row.bet_id, received_at, cashout_at)


# --- desks ------------------------------------------------------------------------------------------------------------
def place(wishes: Sequence[BetRequest], now: datetime) -> list[PlacedBet | DomainError]:
    """In order; bets of one game are one batch."""
    answers: list[PlacedBet | DomainError | None] = [None] * len(wishes)
    for game in dict.fromkeys(wish.game for wish in wishes):
        places = [i for i, wish in enumerate(wishes) if wish.game == game]
        batch = operations.place_bets(game, [wishes[i] for i in places], now=now)
        for i, answer in zip(places, batch, strict=True):
            answers[i] = answer
    return [answer for answer in answers if answer is not None]


def confirm(wishes: Sequence[BetAction], now: datetime) -> list[PlacedBet | DomainError]:
    return operations.confirm_bets(wishes, now=now)


def cancel(wishes: Sequence[BetAction], now: datetime) -> list[ClosedBet | DomainError]:
    return operations.cancel_bets(wishes, now=now)


def cash_out(wishes: Sequence[BetAction], now: datetime) -> list[ClosedBet | DomainError]:
    return operations.cash_outs(wishes, now=now)


VERBS: dict[str, Callable[[Sequence[Any], datetime], list[Any]]] = {
    "place": place,
    "confirm": confirm,
    "cancel": cancel,
    "cashout": cash_out,
}
DESKS: dict[str, Desk[Any]] = {verb: Desk(execute) for verb, execute in VERBS.items() if verb != "place"}
DESKS["place"] = Desk(place, first=operations.first_questions)
