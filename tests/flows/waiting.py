"""How the flows wait: for conditions, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0  # a whole round, the four seconds of a lease and a busy machine


def until(ask: Callable[[], T | None], what: str) -> T:
    """Ask again until there is an answer; a condition with a deadline, never a guessed pause."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"in vain: {what}")
