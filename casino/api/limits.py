"""
Rate limits: so many requests per key and class of endpoint in a minute, counted in Redis for all processes (or in this
process's memory, where there is no Redis). Told in the headers of draft-ietf-httpapi-ratelimit-headers and in the older
X-RateLimit-* ones.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string

from casino.lib.combiner import ThreadCombiner
from casino.ops.together import GATHER_SECONDS

logger = logging.getLogger(__name__)

_making = Lock()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key stands with one class of endpoint."""

    kind: str
    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        headers = {
            "RateLimit-Policy": f'"{self.kind}";q={self.quota};w={self.window_seconds}',
            "RateLimit": f'"{self.kind}";r={self.remaining};t={self.reset_seconds}',
            "X-RateLimit-Limit": str(self.quota),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_seconds),
        }
        if not self.allowed:
            headers["Retry-After"] = str(max(1, self.reset_seconds))
        return headers


@lru_cache(maxsize=1)
def _in_memory() -> Storage:
    return MemoryStorage()


def _storage() -> Storage:
    # The library finds its Redis driver on first use, and fails where two threads make that use at once.
    with _making:
        return _shared()


@lru_cache(maxsize=1)
def _shared() -> Storage:
    if not settings.REDIS_URLS:
        return _in_memory()
    return storage_from_string(
        settings.REDIS_URLS[0], key_prefix="casino.limits", wrap_exceptions=True, socket_timeout=2
    )  # type: ignore[return-value]


def take(kind: str, who: str) -> Standing:
    """Count a request of `who` against the limit of its class; `allowed` says whether it may go on."""
    return _counter.submit((kind, who))


def _count(asked: Sequence[tuple[str, str]]) -> list[Standing]:
    """Requests that come together are counted together, each with the place that it has among them."""
    counted: dict[tuple[str, str], Iterator[Standing]] = {}
    for (kind, who), number in Counter(asked).items():
        try:
            counted[kind, who] = iter(_take(_storage(), kind, who, number))
        except StorageError:  # Redis is away: each process counts for itself, and the API goes on
            logger.warning("rate limits are counted in this process only: Redis does not answer")
            counted[kind, who] = iter(_take(_in_memory(), kind, who, number))
    return [next(counted[one]) for one in asked]


def _take(storage: Storage, kind: str, who: str, number: int) -> list[Standing]:
    """Windows are fixed: one begins with the first request after the last has ended."""
    quota, window = settings.API_RATE_LIMITS[kind]
    item = RateLimitItemPerSecond(quota, window, namespace=kind)
    name = item.key_for(who)
    total = storage.incr(name, item.get_expiry(), amount=number)
    now = time.time()
    # When the window ends is asked once by each process and known from then on.
    ends = _ends.get(name, 0.0)
    if total == number or ends <= now:
        ends = _ends[name] = storage.get_expiry(name)
        if len(_ends) > 10_000:
            _ends.clear()
    reset = max(0, math.ceil(ends - now))
    places = range(total - number + 1, total + 1)
    return [Standing(kind, quota, window, max(0, quota - place), reset, place <= quota) for place in places]


_ends: dict[str, float] = {}
_counter: ThreadCombiner[tuple[str, str], Standing] = ThreadCombiner(_count, gather_seconds=GATHER_SECONDS)
