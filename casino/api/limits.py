"""
Rate limits: so many requests per key and class of endpoint in a minute, counted in Redis for all processes (or in this
process's memory, where there is no Redis). Told in the headers of draft-ietf-httpapi-ratelimit-headers and in the older
X-RateLimit-* ones.
"""

import logging
import math
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

logger = logging.getLogger(__name__)


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
def _in_memory() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


@lru_cache(maxsize=1)
def _shared() -> FixedWindowRateLimiter:
    if not settings.REDIS_URLS:
        return _in_memory()
    storage = storage_from_string(
        settings.REDIS_URLS[0], key_prefix="casino.limits", wrap_exceptions=True, socket_timeout=2
    )
    assert isinstance(storage, Storage)
    return FixedWindowRateLimiter(storage)


def take(kind: str, who: str, *, cost: int = 1) -> Standing:
    """Count a request of `who` against the limit of its class; `allowed` says whether it may go on."""
    quota, window = settings.API_RATE_LIMITS[kind]
    try:
        return _take(_shared(), kind, who, quota, window, cost)
    except StorageError:  # Redis is away: each process counts for itself, and the API goes on
        logger.warning("rate limits are counted in this process only: Redis does not answer")
        return _take(_in_memory(), kind, who, quota, window, cost)


def _take(limiter: FixedWindowRateLimiter, kind: str, who: str, quota: int, window: int, cost: int) -> Standing:
    item = RateLimitItemPerSecond(quota, window, namespace=kind)
    allowed = limiter.hit(item, who, cost=cost)
    resets_at, remaining = limiter.get_window_stats(item, who)
    return Standing(
        kind=kind,
        quota=quota,
        window_seconds=window,
        remaining=max(0, remaining) if allowed else 0,
        reset_seconds=max(0, math.ceil(resets_at - time.time())),
        allowed=allowed,
    )
