"""Questions to the database that are asked together by all threads that have them at the same time."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.db import connection

from casino.lib.combiner import ThreadCombiner

Key = TypeVar("Key")
Found = TypeVar("Found")
GATHER_SECONDS = 0.002


def release_connection() -> None:
    """
    Give the thread's connection back to the pool, unless a transaction is under way.

    A thread that waits for another must not keep one: with all of them in the hands of those who wait, the one they
    wait for would get none.
    """
    if not connection.in_atomic_block:
        connection.close()


def together(find: Callable[[Sequence[Key]], Mapping[Key, Found]]) -> Callable[[Key], Found | None]:
    """
    A look-up whose concurrent askers share a query: `find` takes the different keys that are wanted now, and answers
    those it has. Nobody is given what was read before they asked. Answers are shared: look at them, and change nothing.
    """

    def find_batch(wanted: Sequence[Key]) -> Sequence[tuple[Found | None]]:
        found = find(list(dict.fromkeys(wanted)))
        return [(found.get(key),) for key in wanted]

    combiner: ThreadCombiner[Key, tuple[Found | None]] = ThreadCombiner(
        find_batch, gather_seconds=GATHER_SECONDS, before_waiting=release_connection
    )

    def ask(key: Key) -> Found | None:
        return combiner.submit(key)[0]

    return ask
