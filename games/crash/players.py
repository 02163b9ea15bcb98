"""
One player at one game, whatever the wire: requests in, answers out.

The socket gives it texts and takes texts; it makes one domain call per request and translates what comes back.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from accounts import queries as account_queries
from accounts.protection import queries as protection
from casino.lib.clock import iso
from casino.lib.combiner import Overloaded
from casino.lib.errors import DomainError
from games.crash import messages, queries
from games.crash.errors import BetNotFound
from games.crash.intake import Intake
from games.crash.messages import (
    CancelRequest,
    CashOutRequest,
    ChatRequest,
    HistoryRequest,
    InvalidValue,
    Message,
    MultipliersRequest,
    PlaceBetRequest,
    SubscribeRequest,
    TopWinRequest,
    Undecodable,
    WalletRequest,
)
from games.crash.operations import BetAction, BetRequest
from games.crash.publisher import topic_of
from games.social import operations as social
from wallet import operations as wallet
from wallet.operators import operations as operators

logger = logging.getLogger(__name__)

MULTIPLIERS = 27


class SessionOver(DomainError):
    code = "session_expired"
    status = 401
    socket_code = 1000
    message = "Session expired or not found."


class InternalError(DomainError):
    code = "internal_error"
    status = 500
    socket_code = 500
    message = "Internal server error."


class Busy(DomainError):
    code = "rate_limited"
    status = 503
    socket_code = 429
    message = "Too many requests at once. Try again."


@dataclass(slots=True)
class Seat:
    """Who sits at this socket. Taken from the session when it opens; expiry is kept here, without a query a message."""

    session_id: int
    player_id: int
    username: str
    account_id: int
    currency: str
    is_demo: bool
    operator_id: int | None  # that holds the player's money
    started_at: datetime
    expires_at: datetime
    was_seen_at: datetime  # when the session was last used before this socket
    last_seen_at: datetime
    session_minutes: int | None  # the limit of its length that the player has
    reality_check: timedelta | None  # time between two of them

    def is_over(self, now: datetime) -> bool:
        idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
        return now >= self.expires_at or now - self.last_seen_at >= idle


def take_seat(token: str, *, now: datetime) -> Seat:
    """The seat of a session token; SessionOver where it is unknown, revoked or has run out."""
    session = account_queries.session_by_token(token, now=now)
    if session is None:
        raise SessionOver
    player = session.player
    account = wallet.open_account(player, is_demo=session.is_demo, now=now)
    held = protection.standing(player.pk, now=now)
    return Seat(
        session_id=session.pk,
        player_id=player.pk,
        username=player.username,
        account_id=account.pk,
        currency=account.currency_id,
        is_demo=session.is_demo,
        operator_id=operators.operator_of(account.pk),
        started_at=session.created_at,
        expires_at=session.expires_at,
        was_seen_at=session.last_seen_at,
        last_seen_at=now,
        session_minutes=held.session_minutes,
        reality_check=protection.reality_check_every(held),
    )


class Player:
    """Answers the requests of one seat at one game. `subscribe` is how the socket takes up opt-in channels."""

    readers: messages.Readers = messages.READERS

    def __init__(self, seat: Seat, game: str, intake: Intake, subscribe: Callable[[set[str]], None]) -> None:
        self.seat = seat
        self.game = game
        self.intake = intake
        self.subscribe = subscribe
        self._handlers: dict[type, Callable[[Any, datetime], Awaitable[Message]]] = {
            WalletRequest: self._wallet,
            PlaceBetRequest: self._place,
            CashOutRequest: self._cash_out,
            CancelRequest: self._cancel,
            HistoryRequest: self._history,
            ChatRequest: self._chat,
            TopWinRequest: self._top_win,
            MultipliersRequest: self._multipliers,
            SubscribeRequest: self._subscribe,
        }

    async def answer(self, text: str, received_at: datetime) -> Message:
        """The answer or error to one message. SessionOver is raised: it ends the socket."""
        if self.seat.is_over(received_at):
            raise SessionOver
        self.seat.last_seen_at = received_at
        try:
            request, request_id = messages.decode(text, self.readers)
        except Undecodable as refusal:
            return self.refuse(refusal, refusal.request_id)
        try:
            answer = await self._handlers[type(request)](request, received_at)
        except DomainError as refusal:
            return self.refuse(refusal, request_id)
        except Overloaded:
            return self.refuse(Busy(), request_id)
        except Exception:
            logger.exception("a request of player %s failed", self.seat.player_id)
            return self.refuse(InternalError(), request_id)
        return messages.with_request_id(answer, request_id)

    def refuse(self, refusal: DomainError, request_id: str | int | None = None) -> Message:
        return messages.error(refusal, request_id=request_id)

    async def _place(self, request: PlaceBetRequest, received_at: datetime) -> Message:
        seat = self.seat
        placed = await self.intake.place_bet(
            BetRequest(
                game=self.game,
                player_id=seat.player_id,
                username=seat.username,
                account_id=seat.account_id,
                currency=seat.currency,
                is_demo=seat.is_demo,
                stake_minor=request.amount,
                identifier=request.identifier,
                auto_cashout=request.auto_cashout,
                operator_id=seat.operator_id,
            )
        )
        if isinstance(placed, DomainError):
            raise placed
        return messages.placed(placed)

    def _action(self, request: CashOutRequest | CancelRequest, received_at: datetime) -> BetAction:
        if request.bet_id is None:
            raise BetNotFound
        return BetAction(
            player_id=self.seat.player_id,
            account_id=self.seat.account_id,
            bet_id=request.bet_id,
            received_at=received_at,
            cashout_at=request.cashout_at if isinstance(request, CashOutRequest) else None,
        )

    async def _cash_out(self, request: CashOutRequest, received_at: datetime) -> Message:
        paid = await self.intake.cash_out(self._action(request, received_at))
        if isinstance(paid, DomainError):
            raise paid
        return messages.closed("win", paid)

    async def _cancel(self, request: CancelRequest, received_at: datetime) -> Message:
        cancelled = await self.intake.cancel_bet(self._action(request, received_at))
        if isinstance(cancelled, DomainError):
            raise cancelled
        return messages.closed("bet_cancel", cancelled)

    async def _wallet(self, request: WalletRequest, received_at: datetime) -> Message:
        if self.seat.operator_id is not None:
            await self.intake.hear_balance(self.seat.account_id)
        seat, message = self.seat, await self.intake.read(partial(self.wallet_message, received_at))
        message["session"] = {
            "startedAt": iso(seat.started_at),
            "expiresAt": iso(seat.expires_at),
            "limitMinutes": seat.session_minutes,
        }
        return message

    def wallet_message(self, now: datetime) -> Message:
        return queries.wallet_message(self.seat.account_id, self.game, now=now)

    async def _history(self, request: HistoryRequest, received_at: datetime) -> Message:
        question = partial(queries.bet_history, self.seat.account_id, self.game, now=received_at)
        history = await self.intake.read(question)
        return {"messageType": "bet_history", "username": self.seat.username, "history": history}

    async def _chat(self, request: ChatRequest, received_at: datetime) -> Message:
        await self.intake.read(
            partial(
                social.say,
                self.seat.player_id,
                request.text,
                game=self.game,
                topic=topic_of(self.game),
                now=received_at,
            )
        )
        return {"messageType": "chat", "status": "success", "statusCode": 200}

    async def _top_win(self, request: TopWinRequest, received_at: datetime) -> Message:
        period = request.period
        if period not in queries.TOP_WIN_PERIODS:
            raise InvalidValue("time is one of day, month, year.")
        history = await self.intake.read(partial(queries.top_wins, self.game, period, now=received_at))
        return {"messageType": "top_win", "time": period, "history": history, "statusCode": 200}

    async def _multipliers(self, request: MultipliersRequest, received_at: datetime) -> Message:
        points = await self.intake.read(partial(queries.crash_points, self.game, MULTIPLIERS))
        return {"messageType": "multipliers", "multiplierList": points[::-1]}

    async def _subscribe(self, request: SubscribeRequest, received_at: datetime) -> Message:
        self.subscribe(set(request.channels))
        return {"messageType": "subscribe", "channels": list(request.channels)}
