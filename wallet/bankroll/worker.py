"""
Brings the snapshot of what the house has gained forward, once a minute.

The embedded server hosts it in its own process; in production it is part of `manage.py run_worker`, any number of them.
"""

import asyncio
import logging

from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from wallet.bankroll import operations

logger = logging.getLogger(__name__)

EVERY_SECONDS = 60

hands = Hands("bankroll", 1)


async def run_bankrolls(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """Until `stop`. Whatever goes wrong is logged and tried again."""
    while not stop.is_set():
        more = False
        try:
            more = await hands.do(lambda: operations.bring_forward(now=clock.now()))
        except Exception:
            logger.exception("bankrolls could not be counted; tried again soon")
        if not more:
            await pause(stop, EVERY_SECONDS)
