"""
Where solo bets enter: as at the shared table, requests that arrive together in this process share a transaction, and
the threads are the shared table's.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings

from casino.lib.clock import Clock, system_clock
from casino.lib.errors import DomainError
from games.crash.consumers import current_intake
from games.crash.intake import Intake
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet
from games.crash.operations.remote import Wanted
from games.solo import operations, queries
from games.solo.models import Round
from games.solo.operations.locking import Place
from games.solo.queries import View
from wallet.operators.operations import StakeCall


class SoloIntake(Intake):
    def __init__(self, clock: Clock = system_clock, *, share: Intake | None = None) -> None:
        super().__init__(clock, share=share)
        self._advances = self._combiner(self._advance_batch)

    def _place_batch(self, game: str, batch: Sequence[BetRequest]) -> Sequence[PlacedBet | DomainError]:
        return operations.start_rounds(batch, now=self.clock.now())

    def _stake_batch(self, batch: Sequence[Wanted]) -> Sequence[StakeCall | DomainError]:
        return operations.ask_for_stakes(batch, now=self.clock.now())

    def _cash_out_batch(self, batch: Sequence[BetAction]) -> Sequence[ClosedBet | DomainError]:
        return operations.cash_outs(batch, now=self.clock.now())

    def _cancel_batch(self, batch: Sequence[BetAction]) -> Sequence[DomainError]:
        return [operations.refuse_cancel(action) for action in batch]

    def _advance_batch(self, batch: Sequence[Place]) -> Sequence[Round]:
        return operations.advance(batch, now=self.clock.now(), tick_ms=settings.CRASH_TICK_MS)

    async def advance(self, place: Place) -> View:
        """The account's round that waits or runs, opened where there is none; what was over is settled."""
        round_: Round = await self._advances.submit(place)
        return await self.view(round_.pk)

    async def live(self, place: Place) -> View:
        """The same; without a transaction, where there is one that is not over."""
        round_ = await self.read(lambda: queries.live_round(*place))
        if round_ is None or operations.is_over(round_, self.clock.now()):
            return await self.advance(place)
        return await self.view(round_.pk) if round_.state == Round.State.RUNNING else View(round_, None)

    async def view(self, round_id: UUID) -> View:
        return await self.read(lambda: queries.view(round_id))

    async def pay_due(self, round_id: UUID) -> View:
        """The round after its auto cash-out, if that was due, has been paid by us or by somebody else."""

        def pay() -> View:
            operations.pay_due(round_id, now=self.clock.now())
            return queries.view(round_id)

        return await self.read(pay)


_intakes: "WeakKeyDictionary[asyncio.AbstractEventLoop, SoloIntake]" = WeakKeyDictionary()


def current_solo_intake() -> SoloIntake:
    """The combiners of this loop: one set per serving process."""
    loop = asyncio.get_running_loop()
    if loop not in _intakes:
        _intakes[loop] = SoloIntake(share=current_intake())
    return _intakes[loop]
