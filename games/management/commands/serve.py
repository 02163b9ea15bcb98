"""
Serve the platform with uvicorn.

By default everything in one process, engines included: the embedded server of `make run`. With `--sockets-only` the
process serves and nothing else runs beside it; several of them share a port (`--processes`), engines run elsewhere.
"""

import asyncio
import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from casino.live.server import Background, serve
from casino.ops.process import quiet_gc
from games.crash.consumers import sweep_sessions
from games.crash.feed_socket import sweep_keys
from games.management.demo_operator import start_demo_operator
from games.registry import Service, background_services
from games.solo.heartbeat import beat_while_serving


class Command(BaseCommand):
    help = "Serve site, REST, sockets and admin; and, unless --sockets-only, run the engines in the same process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--sockets-only", action="store_true", help="no engine in this process")
        parser.add_argument("--processes", type=int, default=1, help="with --sockets-only: how many share the port")

    def handle(self, *args: Any, host: str, port: int, sockets_only: bool, processes: int, **options: Any) -> None:
        if processes > 1:
            if not sockets_only or not settings.REDIS_URLS:
                raise CommandError("several processes need --sockets-only and REDIS_URL")
            self._supervise(host, port, processes)
            return
        services = [] if sockets_only else background_services()
        background: list[Background] = [
            sweep_sessions,
            sweep_keys,
            beat_while_serving,
            *(_until_cancelled(service) for service in services),
        ]
        if not sockets_only:
            start_demo_operator()
        quiet_gc()
        self.stdout.write(f"Serving on http://{host}:{port} (stop with Ctrl-C)")
        serve("casino.asgi:application", host=host, port=port, background=background, reuse_port=sockets_only)

    def _supervise(self, host: str, port: int, processes: int) -> None:
        command = [sys.executable, sys.argv[0], "serve", "--sockets-only", "--host", host, "--port", str(port)]
        children = [subprocess.Popen(command, env=os.environ.copy()) for _ in range(processes)]  # noqa: S603 ourselves

        def stop(*_: Any) -> None:
            for child in children:
                child.send_signal(signal.SIGTERM)

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        codes = [child.wait() for child in children]
        if any(codes):
            raise CommandError(f"serving processes ended with {codes}")


def _until_cancelled(service: Service) -> Background:
    """A service stops by its event, so that it can finish its step and give its lease back."""

    async def run() -> None:
        stop = asyncio.Event()
        work = asyncio.ensure_future(service(stop))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            await work
            raise

    return run
