"""
How many requests of one player may be in work or waiting in this process at a time, of those that play: a handful. So a
bot that sends faster than it is answered is told so, and takes no thread from others.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from games.legacy.errors import RETRY_SECONDS, too_many

MOST = 6

_lock = Lock()
_waiting: Counter[int] = Counter()


@contextmanager
def place(player_id: int) -> Iterator[None]:
    """Raises a Refusal where there is none left."""
    with _lock:
        if _waiting[player_id] >= MOST:
            raise too_many(RETRY_SECONDS, f"{MOST} of your requests are waiting already.")
        _waiting[player_id] += 1
    try:
        yield
    finally:
        with _lock:
            _waiting[player_id] -= 1
            if not _waiting[player_id]:
                del _waiting[player_id]
