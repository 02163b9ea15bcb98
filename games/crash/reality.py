"""
Reality checks: every so many minutes of a game session its player is told how long they have played, and for how much.

A timer per socket and nothing between two of them. Checks fall on whole multiples of the interval since the session
began, so a reload moves none; one that fell due while the player was away comes when they are back.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from accounts.protection import queries as protection
from casino.lib.clock import Clock
from casino.live.feed import CONTROL_TOPIC, Feed, feed_of
from games.crash import messages
from games.crash.intake import Intake
from games.crash.messages import Message
from games.crash.players import Seat
from wallet.protection import queries as wallet

logger = logging.getLogger(__name__)


def interval_of(player_id: int, *, now: datetime) -> timedelta | None:
    return protection.reality_check_every(protection.standing(player_id, now=now))


def due_at(seat: Seat, every: timedelta, *, told: int) -> datetime:
    """When the check after the first `told` ones falls due."""
    return seat.started_at + (told + 1) * every


def check_of(seat: Seat, every: timedelta, *, now: datetime) -> Message:
    figures = wallet.figures_since(seat.account_id, since=seat.started_at)
    return messages.reality_check(
        minutes=every // timedelta(minutes=1),
        started_at=seat.started_at,
        staked_minor=figures.staked_minor,
        won_minor=figures.won_minor,
        currency=figures.currency,
        denominator=figures.denominator,
        is_demo=seat.is_demo,
        now=now,
    )


class RealityCheck:
    """Of one socket. `tell` sends a message to it."""

    def __init__(self, seat: Seat, intake: Intake, clock: Clock, tell: Callable[[Message], None]) -> None:
        self._seat = seat
        self._intake = intake
        self._clock = clock
        self._tell = tell
        self._every: timedelta | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    async def start(self) -> None:
        watch_changes(await feed_of(CONTROL_TOPIC)).setdefault(self._seat.player_id, set()).add(self)
        self._arm(self._seat.reality_check, seen_until=self._seat.was_seen_at)

    def stop(self) -> None:
        self._stopped = True
        if self._timer:
            self._timer.cancel()
        for watching in _watching.values():
            checks = watching.get(self._seat.player_id, set())
            checks.discard(self)
            if not checks:
                watching.pop(self._seat.player_id, None)

    def look_again(self) -> None:
        """The interval may be another one now."""
        self._run(self._ask_for_interval())

    def _arm(self, every: timedelta | None, *, seen_until: datetime) -> None:
        """Wait for the first check that is due after that moment."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._every = every
        if every is None or self._stopped:
            return
        told = max(0, (seen_until - self._seat.started_at) // every)
        wait = (due_at(self._seat, every, told=told) - self._clock.now()).total_seconds()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._fire)

    def _fire(self) -> None:
        self._run(self._check())

    def _run(self, work: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(work)

    async def _check(self) -> None:
        every, now = self._every, self._clock.now()
        if every is None:
            return
        try:
            message = await self._intake.read(partial(check_of, self._seat, every, now=now))
            if not self._stopped:
                self._tell(message)
        except Exception:
            logger.exception("a reality check of player %s failed", self._seat.player_id)
        self._arm(every, seen_until=now)

    async def _ask_for_interval(self) -> None:
        try:
            now = self._clock.now()
            every = await self._intake.read(partial(interval_of, self._seat.player_id, now=now))
            self._arm(every, seen_until=now)
        except Exception:
            logger.exception("the interval of player %s could not be asked for", self._seat.player_id)


_watching: "WeakKeyDictionary[Feed, dict[int, set[RealityCheck]]]" = WeakKeyDictionary()


def watch_changes(feed: Feed) -> dict[int, set[RealityCheck]]:
    """This process's checks by player, which hear from the feed of a player's change."""
    watching = _watching.get(feed)
    if watching is None:
        watching = _watching[feed] = {}

        def changed(event: dict[str, Any]) -> None:
            if event.get("action") == "protection_changed":
                for check in list(watching.get(event["player"], ())):
                    check.look_again()

        feed.on_event(changed)
    return watching
