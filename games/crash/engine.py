"""
The engine's mind: given a round and the time, what is the next step? Pure; the hands are in `runner`.

    nothing live ── OpenRound
    waiting ─────── Countdown(ms) … Countdown(0), then Launch
    running ─────── Announce(tick) …, at most one AnnounceBonus, then Crash
    crashed ─────── Settle, after a grace for cash-outs received before the crash and still under way
    otherwise ───── Sleep(until)
"""

from dataclasses import dataclass
from datetime import datetime

from casino.lib.clock import MILLISECOND, elapsed_ms
from games.crash.rules import CURVE, Course, tick_at

COUNTDOWN_EVERY_MS = 1000


@dataclass(slots=True)
class RoundView:
    """What the engine knows of its round; `announced_*` remember what it has told."""

    state: str
    opened_at: datetime
    starts_at: datetime
    course: Course
    started_at: datetime | None = None
    crashed_at: datetime | None = None
    announced_wait_ms: int | None = None
    announced_tick: int = -1
    announced_bonus: bool = False


@dataclass(frozen=True, slots=True)
class OpenRound:
    pass


@dataclass(frozen=True, slots=True)
class Countdown:
    time_ms: int


@dataclass(frozen=True, slots=True)
class Launch:
    pass


@dataclass(frozen=True, slots=True)
class Announce:
    tick: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class AnnounceBonus:
    tick: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class Crash:
    at: datetime


@dataclass(frozen=True, slots=True)
class Settle:
    pass


@dataclass(frozen=True, slots=True)
class Sleep:
    until: datetime


Step = OpenRound | Countdown | Launch | Announce | AnnounceBonus | Crash | Settle | Sleep


@dataclass(frozen=True, slots=True)
class Timing:
    grace_ms: int = 300


def next_step(view: RoundView | None, *, now: datetime, timing: Timing) -> Step:
    if view is None or view.state in ("settled", "voided"):
        return OpenRound()
    if view.state == "waiting":
        return _waiting(view, now)
    assert view.started_at is not None
    if view.state == "running":
        return _running(view, view.started_at, now)
    settle_at = (view.crashed_at or crash_time(view)) + timing.grace_ms * MILLISECOND
    return Settle() if now >= settle_at else Sleep(settle_at)


def crash_time(view: RoundView) -> datetime:
    """The moment of the crash follows from the start: it does not depend on how late the engine notices it."""
    assert view.started_at is not None
    return view.started_at + view.course.crash_ms * MILLISECOND


def _waiting(view: RoundView, now: datetime) -> Step:
    if view.announced_wait_ms == 0:
        return Launch()
    whole = elapsed_ms(view.opened_at, view.starts_at)
    remaining = max(0, -elapsed_ms(view.starts_at, now))
    if view.announced_wait_ms is None:
        return Countdown(whole)
    # The next full second below what was told last; seconds that were missed are skipped, zero never is.
    due = (view.announced_wait_ms - 1) // COUNTDOWN_EVERY_MS * COUNTDOWN_EVERY_MS
    if remaining > due:
        return Sleep(view.starts_at - due * MILLISECOND)
    return Countdown(-(-remaining // COUNTDOWN_EVERY_MS) * COUNTDOWN_EVERY_MS)


def _running(view: RoundView, started_at: datetime, now: datetime) -> Step:
    course = view.course
    tick = tick_at(elapsed_ms(started_at, now), course.tick_ms)
    bonus = course.shown_bonus_tick
    if bonus is not None and tick >= bonus and view.announced_tick >= bonus and not view.announced_bonus:
        return AnnounceBonus(bonus, CURVE[bonus])
    last = min(tick, course.crash_tick - 1)
    if bonus is not None and view.announced_tick < bonus <= last:
        last = bonus  # the bonus is announced with its own tick, also by an engine that is late
    if last > view.announced_tick:
        return Announce(last, CURVE[last])
    if tick >= course.crash_tick:
        return Crash(crash_time(view))
    return Sleep(started_at + (view.announced_tick + 1) * course.tick_ms * MILLISECOND)
