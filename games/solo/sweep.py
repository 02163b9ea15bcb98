"""
Ends rounds that nobody looks at: their players have gone, or the platform was away. Any number of processes may do it.

When a round ends is secret, so no query can ask for what is over. The sweep learns each running round once, opens it,
and remembers when it ends; from then on it asks only which rounds still run.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from casino.ops.bulk import AnyOf
from games.solo import operations
from games.solo.models import Round

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# Sockets end their rounds themselves and at once. Longer than an outage takes to be told from a slow moment.
AFTER = timedelta(seconds=4)
AT_ONCE = 200

hands = Hands("solo-sweep", 1)


class Sweep:
    def __init__(self) -> None:
        self._ends: dict[UUID, datetime] = {}

    def once(self, now: datetime) -> int:
        """End what was over for a while; how many rounds that were. A query where nothing runs."""
        started = Round.objects.filter(state=Round.State.RUNNING, started_at__lte=now - AFTER)
        running = list(started.values_list("pk", flat=True))
        known = {pk: end for pk in running if (end := self._ends.get(pk)) is not None}
        unknown = [pk for pk in running if pk not in known]
        for start in range(0, len(unknown), AT_ONCE):
            for round_ in Round.objects.filter(AnyOf(F("id"), unknown[start : start + AT_ONCE])):
                known[round_.pk] = operations.ends_at(round_)
        self._ends = known
        over = sorted(pk for pk, end in known.items() if end <= now - AFTER)
        return sum(
            operations.settle_rounds(over[start : start + AT_ONCE], now=now) for start in range(0, len(over), AT_ONCE)
        )


async def run_sweep(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    sweep = Sweep()
    while not stop.is_set():
        try:
            await hands.do(lambda: sweep.once(clock.now()))
        except Exception:
            logger.exception("solo rounds could not be swept; tried again soon")
        await pause(stop, EVERY_SECONDS)
