"""
Brings operators what they are owed, and gives up stakes whose asker is gone. Any number of these may run.

An operator that hangs has at most `PER_OPERATOR` calls under way here and holds up no other.
"""

import asyncio
import logging
import random
from collections import Counter
from datetime import timedelta

from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from wallet.operators import operations
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall
from wallet.operators.protocol import Call, Confirmed, Verdict

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
PER_OPERATOR = 50
AT_ONCE = 200
SWEEP_EVERY = timedelta(seconds=5)

hands = Hands("operators", 4)


async def run_operators(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """Until `stop`. Whatever goes wrong is logged and tried again; a claim that came to nothing runs out."""
    swept = clock.now() - SWEEP_EVERY
    caller = Caller(clock=clock)
    messengers = Messengers(caller, clock)
    try:
        while not stop.is_set():
            found = 0
            try:
                if clock.now() - swept >= SWEEP_EVERY:
                    swept = clock.now()
                    await hands.do(lambda: operations.give_up_forgotten(now=clock.now()))
                found = await messengers.send_due()
            except Exception:
                logger.exception("operators could not be told what they are owed; tried again soon")
            if not found:
                await pause(stop, POLL_SECONDS)
        await messengers.finish()
    finally:
        await asyncio.get_running_loop().run_in_executor(None, caller.close)


class Messengers:
    """The calls under way, each a task of its own."""

    def __init__(self, caller: Caller, clock: Clock = system_clock) -> None:
        self.caller = caller
        self.clock = clock
        self.tasks: dict[asyncio.Task[None], int] = {}  # with the operator of each
        self.answering: set[int] = set()  # operators that we have heard of, and that have not fallen silent since

    async def send_due(self) -> int:
        """Take what is due, as far as there is room; how many there were."""
        busy = Counter(self.tasks.values())
        full = [operator for operator, count in busy.items() if count >= PER_OPERATOR]
        room = min(PER_OPERATOR, AT_ONCE - len(self.tasks))
        claimed = await hands.do(lambda: operations.claim(limit=room, now=self.clock.now(), full=full))
        for one in claimed:
            task = asyncio.create_task(self._tell(one))
            self.tasks[task] = one.operator_id
            task.add_done_callback(self.tasks.pop)
        return len(claimed)

    async def finish(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _tell(self, one: RemoteCall) -> None:
        try:
            if self.caller.is_silent(one.operator_id):
                self.answering.discard(one.operator_id)
            endpoint = operations.endpoint_of(one.operator)
            answer = self.caller.submit(endpoint, Call(one.kind), operations.body_of(one))
            verdict: Verdict = await asyncio.wrap_future(answer)
            chance = random.random()  # noqa: S311 spreads retries, hides nothing
            now = self.clock.now()
            await hands.do(lambda: operations.settle([(one, verdict)], now=now, chance=chance))
            if isinstance(verdict, Confirmed) and one.operator_id not in self.answering:
                self.answering.add(one.operator_id)
                await hands.do(lambda: operations.catch_up(one.operator_id, now=now))
        except Exception:
            logger.exception("a call to an operator came to no conclusion; tried again when its claim runs out")
