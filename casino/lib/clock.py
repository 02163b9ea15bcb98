"""
The only place that reads the clock. Everything else is given `now`.

Times are aware UTC datetimes; durations are integer milliseconds.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    """The system's clock, which within one process never steps back (a step is waited out instead)."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        now = datetime.now(UTC)
        if now < self._last:
            return self._last
        self._last = now
        return now


class ManualClock:
    """A clock that moves only when told: for tests and the simulator."""

    def __init__(self, start: datetime) -> None:
        self.current = start

    def now(self) -> datetime:
        return self.current

    def advance(self, milliseconds: int) -> datetime:
        self.current += milliseconds * MILLISECOND
        return self.current


system_clock = SystemClock()


def elapsed_ms(since: datetime, until: datetime) -> int:
    """Whole milliseconds from `since` to `until`, rounded down (negative when `until` is earlier)."""
    return (until - since) // MILLISECOND


def iso(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`: ISO 8601, UTC, milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
