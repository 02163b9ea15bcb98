"""
What happens to payments by itself: withdrawals are handed over, early reports find their payment, old deposits end.

The embedded server hosts it in its own process; in production it is part of `manage.py run_worker`, any number of them.
"""

import asyncio
import logging
from datetime import timedelta

from django.conf import settings

from accounts.webhooks import delivery
from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from wallet.psp import operations
from wallet.psp.models import Handover

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
AT_ONCE = 20
LOOK_EVERY = timedelta(seconds=3)

hands = Hands("payments", 2)


async def run_payments(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """Until `stop`. Whatever goes wrong is logged and tried again; a claim that was not concluded runs out."""
    looked = clock.now() - LOOK_EVERY
    async with delivery.Clients() as clients:
        while not stop.is_set():
            found = 0
            try:
                if clock.now() - looked >= LOOK_EVERY:
                    looked = clock.now()
                    await hands.do(lambda: _look_after(clock))
                found = await hand_over_due(clients, clock)
            except Exception:
                logger.exception("payments could not be looked after; tried again soon")
            if not found:
                await pause(stop, POLL_SECONDS)


async def hand_over_due(clients: delivery.Clients, clock: Clock = system_clock) -> int:
    """Send what is due, side by side; how many there were."""
    claimed = await hands.do(lambda: operations.claim(limit=AT_ONCE, now=clock.now()))
    await asyncio.gather(*(_send(clients, one, clock) for one in claimed))
    return len(claimed)


async def _send(clients: delivery.Clients, one: Handover, clock: Clock) -> None:
    provider, now = one.payment.provider, clock.now()
    outcome = await delivery.post(
        clients,
        one.url,
        one.body.encode(),
        message_id=one.payment.reference,
        secrets=[provider.secret],
        now=now,
        # The bundled sandbox is on this very host; real providers are out there.
        allow_private=provider.is_on_this_host or settings.WEBHOOKS_ALLOW_PRIVATE,
    )
    if not outcome.delivered:
        logger.warning("withdrawal %s was not handed over: %s", one.payment.reference, outcome.error)
    await hands.do(lambda: operations.conclude(one, outcome, now=clock.now()))


def _look_after(clock: Clock) -> None:
    operations.match_waiting(now=clock.now())
    operations.give_up_deposits(now=clock.now())
