"""What the workers share: steps in threads that hold no connection between them, and a pause that a stop ends."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


class Hands:
    """A worker's own threads, so that one with much to do keeps no other waiting."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def do(self, work: Callable[[], Answer]) -> Answer:
        """A step with the database. Its connection goes back to the pool: none is held while others take their time."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _with_connection, work)


def _with_connection(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    finally:
        connection.close()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
