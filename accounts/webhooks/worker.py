"""
The worker: brings what is in the outbox to where it belongs, and tidies up. Any number of them may run.

The embedded server hosts one in its own process; in production it is `manage.py run_worker`.
"""

import asyncio
import logging
import random
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from accounts.partners.models import ApiKey
from accounts.webhooks import delivery, operations
from accounts.webhooks.models import Delivery, Event
from accounts.webhooks.operations import News, Outcome
from accounts.webhooks.rules import TEST_EVENT
from casino.api import idempotency
from casino.lib.clock import Clock, iso, system_clock
from casino.ops.background import Hands, pause
from casino.ops.locks import take_names

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
AT_ONCE = 100
TIDY_EVERY = timedelta(minutes=10)
WARN_BEFORE = (timedelta(days=7), timedelta(days=1))

hands = Hands("webhooks", 4)


async def run_worker(stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """Until `stop`. Whatever goes wrong is logged and tried again; a claim that was not concluded runs out."""
    tidied = clock.now() - TIDY_EVERY
    async with delivery.Clients() as clients:
        couriers = Couriers(clients, clock)
        while not stop.is_set():
            found = 0
            try:
                found = await couriers.send_due()
                if clock.now() - tidied >= TIDY_EVERY:
                    tidied = clock.now()
                    await hands.do(lambda: tidy(clock=clock))
            except Exception:
                logger.exception("webhooks could not be delivered; tried again soon")
            if not found:
                await pause(stop, POLL_SECONDS)
        await couriers.finish()


class Couriers:
    """The deliveries under way, each a task of its own: one that waits for its receiver holds up no other."""

    def __init__(self, clients: delivery.Clients, clock: Clock = system_clock) -> None:
        self.clients = clients
        self.clock = clock
        self.tasks: dict[asyncio.Task[None], int] = {}  # with the endpoint of each

    async def send_due(self) -> int:
        """Take what is due, as far as there is room; how many there were."""
        busy, room = Counter(self.tasks.values()), AT_ONCE - len(self.tasks)
        claimed = await hands.do(lambda: operations.claim(limit=room, now=self.clock.now(), busy=busy))
        for one in claimed:
            task = asyncio.create_task(self._deliver(one))
            self.tasks[task] = one.endpoint_id
            task.add_done_callback(self.tasks.pop)
        return len(claimed)

    async def finish(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _deliver(self, one: Delivery) -> None:
        try:
            outcome = await self._attempt(one)
            chance = random.random()  # noqa: S311 spreads retries, hides nothing
            now = self.clock.now()
            await hands.do(lambda: operations.conclude(one, outcome, now=now, chance=chance))
        except Exception:
            logger.exception("a delivery came to no conclusion; tried again when its claim runs out")

    async def _attempt(self, one: Delivery) -> Outcome:
        endpoint, event = one.endpoint, one.event
        if not endpoint.is_active and event.type != TEST_EVENT:
            return Outcome(None, "the endpoint is switched off", "", 0)
        now = self.clock.now()
        return await delivery.post(
            self.clients,
            endpoint.url,
            event.body.encode(),
            message_id=event.pk,
            secrets=operations.secrets_of(endpoint, now=now),
            now=now,
            allow_private=settings.WEBHOOKS_ALLOW_PRIVATE,
        )


def tidy(*, clock: Clock = system_clock) -> None:
    """What is done now and then: warnings about keys that run out, and letting go of what is old."""
    now = clock.now()
    warn_of_expiring_keys(clock=clock)
    operations.forget_old(now=now)
    idempotency.forget_old(now=now)


def warn_of_expiring_keys(*, clock: Clock = system_clock) -> int:
    """A `key.expiring` a week and a day before a key's end, each once, however many workers look."""
    now = clock.now()
    warned = 0
    soon = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=now + WARN_BEFORE[0])
    for key in soon:
        assert key.expires_at is not None
        mark = min(ahead for ahead in WARN_BEFORE if key.expires_at - now <= ahead)
        name = f"expiring_{key.pk}_{mark.days}"
        data = {"key_id": key.key_id, "label": key.label, "expires_at": iso(key.expires_at)}
        news = News(key.partner_id, key.environment, "key.expiring", data, name)
        with transaction.atomic():
            if take_names([name]) and not Event.objects.filter(pk=f"evt_{name}").exists():
                warned += operations.emit([news], now=now)
    return warned
