"""One player at their own rounds: requests in, answers out. What solo play shares with the table is inherited."""

from datetime import datetime
from functools import partial

from django.conf import settings

from casino.lib.clock import iso
from casino.lib.errors import DomainError
from games.crash import queries as crash
from games.crash.messages import (
    CashOutRequest,
    ChatRequest,
    HistoryRequest,
    InvalidValue,
    Message,
    MultipliersRequest,
    PlaceBetRequest,
    TopWinRequest,
)
from games.crash.players import MULTIPLIERS, Player, Seat
from games.solo import messages as solo_messages
from games.solo import operations, queries
from games.solo.errors import NoChat
from games.solo.intake import SoloIntake
from games.solo.messages import SOLO_READERS, ClientSeedRequest
from games.solo.show import Show


class SoloPlayer(Player):
    readers = SOLO_READERS
    intake: SoloIntake

    def __init__(self, seat: Seat, game: str, intake: SoloIntake, show: Show) -> None:
        super().__init__(seat, game, intake, lambda channels: None)
        self.show = show
        self._handlers[ClientSeedRequest] = self._client_seed

    def refuse(self, refusal: DomainError, request_id: str | int | None = None) -> Message:
        return solo_messages.error(refusal, request_id=request_id)

    async def _place(self, request: PlaceBetRequest, received_at: datetime) -> Message:
        with self.show.quiet():
            return await super()._place(request, received_at)

    async def _cash_out(self, request: CashOutRequest, received_at: datetime) -> Message:
        with self.show.quiet():
            answer = await super()._cash_out(request, received_at)
            assert request.bet_id is not None, "nothing is paid to a bet without a name"
            self.show.end_was_told(request.bet_id)
            return answer

    async def _client_seed(self, request: ClientSeedRequest, received_at: datetime) -> Message:
        """The answer has the new chain; the commitment of its first round follows."""
        bring = partial(operations.bring_seed, self.game, self.seat.account_id, request.client_seed)
        with self.show.quiet():
            round_ = await self.intake.read(lambda: bring(now=received_at, tick_ms=settings.CRASH_TICK_MS))
            return {
                "messageType": "client_seed",
                "clientSeed": round_.chain.client_seed,
                "terminalHash": round_.chain.terminal_hash,
                "chainLength": round_.chain.length,
                "announcedAt": iso(round_.chain.announced_at),
            }

    def wallet_message(self, now: datetime) -> Message:
        return queries.wallet_message(self.seat.account_id, self.game, now=now)

    async def _history(self, request: HistoryRequest, received_at: datetime) -> Message:
        question = partial(queries.bet_history, self.seat.account_id, self.game, now=received_at)
        history = await self.intake.read(question)
        return {"messageType": "bet_history", "username": self.seat.username, "history": history}

    async def _chat(self, request: ChatRequest, received_at: datetime) -> Message:
        raise NoChat

    async def _top_win(self, request: TopWinRequest, received_at: datetime) -> Message:
        period = request.period
        if period not in crash.TOP_WIN_PERIODS:
            raise InvalidValue("time is one of day, month, year.")
        question = partial(queries.top_wins, self.seat.account_id, self.game, period, now=received_at)
        history = await self.intake.read(question)
        return {"messageType": "top_win", "time": period, "history": history, "statusCode": 200}

    async def _multipliers(self, request: MultipliersRequest, received_at: datetime) -> Message:
        question = partial(queries.recent_results, self.game, self.seat.account_id, MULTIPLIERS)
        results = await self.intake.read(question)
        return {"messageType": "multipliers", "multiplierList": [row["multiplier"] for row in reversed(results)]}
