"""
Where bets enter, from whatever interface: requests that arrive together in this process become one ledger transaction.

Sockets (and every asynchronous caller) await their own answer; `operations` decides. Reads go to a small pool of
threads of their own, so that a long history never keeps a cash-out waiting.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.db import connection

from casino.lib.clock import Clock, system_clock
from casino.lib.combiner import Combiner
from casino.lib.errors import DomainError
from games.crash import operations
from games.crash.errors import OperatorUnavailable
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet, remote
from games.crash.operations.remote import Wanted
from wallet.operators import operations as operators
from wallet.operators.client import caller
from wallet.operators.operations import StakeCall
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict

Answer = TypeVar("Answer")
Given = TypeVar("Given")


def with_connection(work: Callable[[Given], Answer], given: Given) -> Answer:
    """Run in a worker thread whose database connection is kept, and replaced when it breaks."""
    try:
        return work(given)
    except Exception:
        connection.close_if_unusable_or_obsolete()
        raise


class Intake:
    """The combiners of this process. Use it from one event loop. Games may `share` the threads of another's."""

    def __init__(self, clock: Clock = system_clock, *, max_batch: int = 500, share: "Intake | None" = None) -> None:
        self.clock = clock
        self.max_batch = max_batch
        self._bets: dict[str, Combiner[BetRequest, PlacedBet | DomainError]] = {}
        writers, readers = share.threads if share else (None, None)
        self._writers = writers or ThreadPoolExecutor(3, thread_name_prefix="intake")
        self._readers = readers or ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._cash_outs = self._combiner(self._cash_out_batch)
        self._cancels = self._combiner(self._cancel_batch)
        self._stakes = self._combiner(self._stake_batch)
        self._not_taken = self._combiner(self._not_taken_batch)

    @property
    def threads(self) -> tuple[ThreadPoolExecutor, ThreadPoolExecutor]:
        """Those that write and those that read."""
        return self._writers, self._readers

    def _combiner(self, handle: Callable[[Sequence[Any]], Sequence[Any]]) -> Combiner[Any, Any]:
        return Combiner(partial(with_connection, handle), executor=self._writers, max_batch=self.max_batch)

    def _cash_out_batch(self, batch: Sequence[BetAction]) -> Sequence[ClosedBet | DomainError]:
        return operations.cash_outs(batch, now=self.clock.now())

    def _cancel_batch(self, batch: Sequence[BetAction]) -> Sequence[ClosedBet | DomainError]:
        return operations.cancel_bets(batch, now=self.clock.now())

    def _stake_batch(self, batch: Sequence[Wanted]) -> Sequence[StakeCall | DomainError]:
        return remote.prepare(batch, now=self.clock.now())

    def _not_taken_batch(self, batch: Sequence[tuple[str, Refused | Unknown]]) -> Sequence[bool]:
        remote.not_taken(dict(batch), now=self.clock.now())
        return [True] * len(batch)

    def _place_batch(self, game: str, batch: Sequence[BetRequest]) -> Sequence[PlacedBet | DomainError]:
        return operations.place_bets(game, batch, now=self.clock.now())

    async def place_bet(self, request: BetRequest) -> PlacedBet | DomainError:
        if request.operator_id is not None:
            debited = await self._with_debit(request)
            if isinstance(debited, DomainError):
                return debited
            request = debited
        combiner = self._bets.get(request.game)
        if combiner is None:
            combiner = self._bets[request.game] = self._combiner(partial(self._place_batch, request.game))
        return await combiner.submit(request)

    async def _with_debit(self, request: BetRequest) -> BetRequest | DomainError:
        """
        Ask the operator for the stake. Nothing but this one bet waits for it. If we are gone before the answer (the
        player's socket closed), the stake is found and given back.
        """
        assert request.operator_id is not None
        if caller().turns_away(request.operator_id):
            return OperatorUnavailable()
        call: StakeCall | DomainError = await self._stakes.submit(Wanted(request))
        if isinstance(call, DomainError):
            return call
        verdict: Verdict = await asyncio.wrap_future(caller().submit(call.endpoint, Call.BET, call.body))
        if not isinstance(verdict, Confirmed):
            await self._not_taken.submit((call.transaction_id, verdict))
        return remote.with_debit(request, call, verdict)

    async def cash_out(self, action: BetAction) -> ClosedBet | DomainError:
        answer: ClosedBet | DomainError = await self._cash_outs.submit(action)
        return answer

    async def cancel_bet(self, action: BetAction) -> ClosedBet | DomainError:
        answer: ClosedBet | DomainError = await self._cancels.submit(action)
        return answer

    async def hear_balance(self, account_id: int) -> None:
        """Of a player whose money is at an operator; where that does not answer, what it told last stands."""
        question = await self.read(partial(operators.balance_question, account_id))
        if question is not None:
            verdict = await asyncio.wrap_future(caller().submit(*question))
            if isinstance(verdict, Confirmed):
                told = {account_id: verdict.balance_minor}
                await self.read(partial(operators.tell_balances, told, now=self.clock.now()))

    async def read(self, question: Callable[[], Answer]) -> Answer:
        """Answer a question of `queries`, or do a rare small write, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, with_connection, lambda _: question(), None)
