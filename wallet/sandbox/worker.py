"""Brings the sandbox provider's messages to the platform, over HTTP, until they are taken."""

import asyncio
import logging

from accounts.webhooks import delivery
from casino.lib.clock import Clock, system_clock
from casino.ops.background import Hands, pause
from wallet.sandbox import operations, rules
from wallet.sandbox.models import SandboxMessage

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.3
AT_ONCE = 20

hands = Hands("sandbox", 1)


async def run_sandbox(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    async with delivery.Clients() as clients:
        while not stop.is_set():
            found = 0
            try:
                found = await send_due(clients, clock)
            except Exception:
                logger.exception("the sandbox provider could not report; tried again soon")
            if not found:
                await pause(stop, POLL_SECONDS)


async def send_due(clients: delivery.Clients, clock: Clock = system_clock) -> int:
    claimed = await hands.do(lambda: operations.claim(limit=AT_ONCE, now=clock.now()))
    await asyncio.gather(*(_send(clients, message, clock) for message in claimed))
    return len(claimed)


async def _send(clients: delivery.Clients, message: SandboxMessage, clock: Clock) -> None:
    outcome = await delivery.post(
        clients,
        message.url,
        message.body.encode(),
        message_id=message.pk,
        secrets=[rules.secret()],
        now=clock.now(),
        allow_private=True,  # it reports to the host that it runs on
    )
    await hands.do(lambda: operations.conclude(message, outcome, now=clock.now()))
