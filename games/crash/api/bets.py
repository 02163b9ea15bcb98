"""
Bets of a partner's players: reserve → confirm → ticket → cash-out or cancel.

Each call that moves money becomes a wish; wishes that arrive together share a transaction (`desks`), and the same
functions serve `multi`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.partners import queries as partners
from accounts.partners.models import ApiKey
from accounts.partners.operations import PlayerBlocked
from casino.api.idempotency import Desk
from casino.api.problems import Problem
from casino.lib.errors import DomainError
from games.crash import operations, partner_queries
from games.crash.api import shapes
from games.crash.models import PartnerBet
from games.crash.operations import BetAction, BetRequest, ClosedBet, FromPartner, PlacedBet
from wallet.queries import player_account

Shown = tuple[int, dict[str, Any]]


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
def to_place(key: ApiKey, data: dict[str, Any]) -> Asked:
    player = partners.player(key.partner_id, key.environment, data["user"])
    if player is None:
        raise Problem("not_found", "You have no player with this id.")
    if not player.user.is_active:
        raise Problem.of(PlayerBlocked())
    account = player_account(player.user, is_demo=player.is_demo)
    if account is None:
        raise Problem("not_found", "This player has no wallet.")
    reference = data["client_reference"]
    wish = BetRequest(
        game=data["game"],
        player_id=player.user_id,
        username=player.user.username,
        account_id=account.pk,
        currency=account.currency_id,
        is_demo=account.is_demo,
        stake_minor=data["amount"],
        identifier=data["identifier"],
        auto_cashout=data["auto_cashout"],
        reserve=not data["confirm"],
        partner=FromPartner(key.partner_id, key.environment, player.pk, reference),
    )

    def show(answer: PlacedBet) -> dict[str, Any]:
        return shapes.placed(answer, game=wish.game, user=data["user"], client_reference=reference)

    return Asked("place", wish, show, created=True)


def found(key: ApiKey, ticket: UUID) -> PartnerBet:
    row = partner_queries.partner_bets(key.partner_id, key.environment).filter(pk=ticket).first()
    if row is None:
        raise Problem("not_found", "You have no bet with this ticket_id.")
    return row


def to_confirm(key: ApiKey, ticket: UUID, received_at: datetime) -> Asked:
    row = found(key, ticket)

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
DESKS: dict[str, Desk[Any]] = {verb: Desk(execute) for verb, execute in VERBS.items()}
