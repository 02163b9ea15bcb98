import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from games.registry import workers


class Command(BaseCommand):
    help = "Deliver webhooks, bring operators what they are owed, and tidy up, until stopped. Any number may run."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(_until_stopped())


async def _until_stopped() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await asyncio.gather(*(work(stop) for work in workers()))
