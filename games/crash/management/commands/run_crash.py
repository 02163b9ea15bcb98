"""Run crash games: an engine process. Start two of them, and one stands by for the other."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from casino.live.publisher import set_home_loop
from casino.ops.process import quiet_gc
from games.crash import queries
from games.crash.runner import run_all_tables, run_table


class Command(BaseCommand):
    help = "Run the engine of one crash game, or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--game", help="slug of one game (default: all)")

    def handle(self, *args: Any, game: str | None = None, **options: Any) -> None:
        if game is not None and queries.game_by_slug(game) is None:
            raise CommandError(f"there is no crash game {game!r}")
        quiet_gc()
        asyncio.run(self._run(game))

    async def _run(self, game: str | None) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        set_home_loop(loop)
        await (run_all_tables(stop) if game is None else run_table(game, stop))
