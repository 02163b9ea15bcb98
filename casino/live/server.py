"""
Serving sockets (and the site beside them) with uvicorn: its settings, in one place.

- `websockets-sansio` without compression: the cheapest way measured; a deflate context costs 64 KiB a socket.
- Messages up to 64 KiB are let through to the socket, whose own limit is 8 KiB: so it can answer with an error.
- Idle sockets are pinged every 20 s and closed when no pong comes within 20 s.
- Forwarded headers are believed only from the proxies named in `settings.TRUSTED_PROXY_IPS`.
- On SIGTERM and SIGINT every socket is closed with 1012 (service restart), requests in work are finished (10 s).
"""

import asyncio
import contextlib
import gc
import resource
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import uvicorn
import uvloop
from django.conf import settings

from casino.live.feed import stop_feeds
from casino.live.hub import current_hub
from casino.live.publisher import drain, set_home_loop

BACKLOG = 4096
GRACE_SECONDS = 10

# Work of the same process beside the serving (an engine, a worker): runs until it is cancelled at shutdown.
Background = Callable[[], Awaitable[None]]


def make_config(app: Any, *, host: str, port: int, **overrides: Any) -> uvicorn.Config:
    proxies: list[str] = getattr(settings, "TRUSTED_PROXY_IPS", [])
    chosen: dict[str, Any] = {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "websockets-sansio",
        "ws_max_size": 65536,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
        "lifespan": "off",
        "access_log": False,
        "log_level": "warning",
        "log_config": None,
        "server_header": False,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies or None,
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(app, **{**chosen, **overrides})


class LiveServer(uvicorn.Server):
    """uvicorn's server, with the work that runs beside it and a shutdown that no stalled socket holds up."""

    def __init__(self, config: uvicorn.Config, *, background: Sequence[Background] = ()) -> None:
        super().__init__(config)
        self._background = background
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        set_home_loop(asyncio.get_running_loop())
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: no collection has to walk over it again
        self._tasks = [asyncio.ensure_future(work()) for work in self._background]

    async def main_loop(self) -> None:
        """Until told to stop, or until work beside it ends with an error: a server without it would only pretend."""
        serving = asyncio.ensure_future(super().main_loop())
        waiting: set[asyncio.Future[None]] = {serving, *self._tasks}
        while not serving.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task is not serving and not task.cancelled() and task.exception() for task in done):
                self.should_exit = True
        await serving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        current_hub().abort_busy()
        await super().shutdown(sockets)
        await drain()  # what the last requests had to tell other processes
        await stop_feeds()
        failed = [result for result in results if isinstance(result, Exception)]
        if failed:
            raise failed[0]


def serve(
    app: Any, *, host: str, port: int, background: Sequence[Background] = (), reuse_port: bool = False, **overrides: Any
) -> None:
    """Serve until stopped. With `reuse_port` several processes share the port, and the kernel spreads the sockets."""
    raise_file_limit()
    server = LiveServer(make_config(app, host=host, port=port, **overrides), background=background)
    sockets = [listening_socket(host, port)] if reuse_port else None
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has shut down already, and passes the signal on
        uvloop.run(server.serve(sockets=sockets))


def listening_socket(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(address)
    return listener


def raise_file_limit() -> None:
    """A socket is a file: allow as many as the machine lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
