"""
Closes days for affiliates soon after midnight (UTC), and those that were left out while nobody ran.

The embedded server hosts it in its own process; in production it is part of `manage.py run_worker`, any number of them.
"""

import asyncio
import logging

from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from wallet.affiliates import operations

logger = logging.getLogger(__name__)

EVERY_SECONDS = 300

hands = Hands("affiliates", 1)


async def run_affiliates(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """Until `stop`. Whatever goes wrong is logged and tried again."""
    while not stop.is_set():
        closed = None
        try:
            closed = await hands.do(lambda: operations.close_next_day(now=clock.now()))
        except Exception:
            logger.exception("a day could not be closed for affiliates; tried again soon")
        if closed is None:
            await pause(stop, EVERY_SECONDS)
