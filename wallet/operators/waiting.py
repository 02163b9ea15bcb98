"""
How many threads of a process may wait for operators at a time: fewer than it has, so that the others serve everybody
else, however slow an operator is and whatever is asked of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings

_turns = BoundedSemaphore(settings.OPERATOR_WAITING_THREADS)


@contextmanager
def turn_to_wait() -> Iterator[bool]:
    """May this thread wait for an operator's answer? If not, it has to do without; it never waits for its turn."""
    mine = _turns.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _turns.release()
