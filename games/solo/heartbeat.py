"""
The beat of a process that serves players (`operations.pulse` says what it is for). It begins with the process, or at
the latest with its first solo socket, whatever serves it.
"""

import asyncio
import logging
from weakref import WeakKeyDictionary

from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands
from games.solo import operations
from games.solo.operations.pulse import BEAT

logger = logging.getLogger(__name__)

hands = Hands("solo-pulse", 1)
_beating: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]]" = WeakKeyDictionary()


async def keep_beating(clock: Clock = system_clock) -> None:
    """Until it is cancelled."""
    while True:
        try:
            await hands.do(lambda: operations.beat(now=clock.now()))
        except Exception:
            logger.exception("the solo heartbeat could not be written; tried again in a second")
        await asyncio.sleep(BEAT.total_seconds())


def ensure_beating() -> None:
    """Of the running loop."""
    loop = asyncio.get_running_loop()
    task = _beating.get(loop)
    if task is None or task.done():
        _beating[loop] = loop.create_task(keep_beating())


async def beat_while_serving() -> None:
    """Beside a server."""
    ensure_beating()
    await _beating[asyncio.get_running_loop()]
