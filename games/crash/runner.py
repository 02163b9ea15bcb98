"""
The engine's hands: takes the lease, asks `engine.next_step`, does that one step, tells everyone.

`Table.advance` is one small step and needs no event loop: tests and the simulator call it with a clock of their own.
`run_table` is the loop around it, used by `manage.py run_crash` and by the embedded server.

What is told is written down first (`operations.announce`), with the number it is told under, so that an engine that
takes over continues with numbers and multipliers at or above those that any player saw.
"""

import asyncio
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from casino.lib.clock import Clock, elapsed_ms, iso, system_clock
from casino.live.publisher import publish
from games.crash import engine, messages, operations, queries
from games.crash.engine import (
    Announce,
    AnnounceBonus,
    Countdown,
    Crash,
    Launch,
    OpenRound,
    RoundView,
    Settle,
    Sleep,
    Step,
    Timing,
)
from games.crash.errors import EngineFenced
from games.crash.feed_messages import TOLD
from games.crash.messages import Message
from games.crash.models import EngineLease, Round
from games.crash.publisher import topic_of
from games.crash.sealed import course_of

logger = logging.getLogger(__name__)

IDLE = timedelta(seconds=1)

Tell = Callable[[str, Message], None]
Pay = Callable[[UUID, int, int], None]


@dataclass(frozen=True, slots=True)
class Pace:
    wait_ms: int
    tick_ms: int
    grace_ms: int

    @classmethod
    def from_settings(cls) -> "Pace":
        return cls(settings.CRASH_WAIT_MS, settings.CRASH_TICK_MS, settings.CRASH_GRACE_MS)


def engine_name() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{os.urandom(3).hex()}"


class Table:
    """One game's engine. `tell` gets each event for everyone; `pay` is asked to pay the autos a tick has reached."""

    def __init__(self, game: str, *, clock: Clock, pace: Pace, tell: Tell = publish, pay: Pay | None = None) -> None:
        self.game = game
        self.clock = clock
        self.pace = pace
        self.tell = tell
        self.pay = pay or self.pay_now
        self.holder = engine_name()
        self.lease: EngineLease | None = None
        self.round: Round | None = None
        self.view: RoundView | None = None
        # Partners count the events of each of their channels, from 1 in every epoch.
        self.counts: Counter[str] = Counter()
        self.wins: list[messages.Message] | None = None

    def advance(self) -> Step:
        """Make at most one step, and say which. After a `Sleep` there is nothing to do before its time."""
        try:
            if self.lease is None and not self._take_over():
                return Sleep(self.clock.now() + IDLE)
            step = engine.next_step(self.view, now=self.clock.now(), timing=Timing(self.pace.grace_ms))
            return self._do(step)
        except EngineFenced:
            logger.warning("the lease of %s is held by another engine", self.game)
            self.forget()
            return Sleep(self.clock.now() + IDLE)

    def forget(self) -> None:
        """Drop what is remembered; the next step begins by taking the lease, and by recovery."""
        self.lease = self.round = self.view = None

    def stop(self) -> None:
        if self.lease is not None:
            operations.release_lease(self.game, epoch=self.lease.epoch, now=self.clock.now())
        self.forget()

    # --- taking over --------------------------------------------------------------------------------------------------
    def _take_over(self) -> bool:
        lease = operations.take_lease(self.game, holder=self.holder, now=self.clock.now())
        if lease is None:
            return False
        self.lease = lease
        self.counts.clear()
        round_ = operations.adopt_round(self.game, epoch=lease.epoch)
        if round_ is None:
            return True
        logger.warning("recovering %s, found %s", round_, round_.state)
        now = self.clock.now()
        if round_.state == Round.State.WAITING:
            operations.void_round(round_.pk, epoch=lease.epoch, now=now)
            return True
        if round_.state == Round.State.RUNNING:
            tick = lease.tick if lease.round_id == round_.pk else 0
            round_ = operations.interrupt_round(round_.pk, epoch=lease.epoch, announced_tick=tick, now=now)
        self._watch(round_)
        # Also of a round found crashed: the engine before may have died after writing the crash and before telling it.
        # Whoever was told already is told the same again, and knows it by its roundId.
        self._broadcast_crash(round_)
        return True

    # --- steps --------------------------------------------------------------------------------------------------------
    def _do(self, step: Step) -> Step:
        match step:
            case OpenRound():
                return self._open()
            case Countdown():
                self._countdown(step.time_ms)
            case Launch():
                self._launch()
            case Announce():
                self._announce(step)
            case AnnounceBonus():
                self._announce_bonus(step)
            case Crash():
                self._crash(step)
            case Settle():
                self._settle()
        return step

    @property
    def _epoch(self) -> int:
        assert self.lease is not None
        return self.lease.epoch

    def _held(self) -> tuple[Round, RoundView]:
        assert self.round is not None
        assert self.view is not None
        return self.round, self.view

    def _watch(self, round_: Round) -> None:
        """Take a round in view, keeping what was told of it already."""
        before = self.view if self.round is not None and self.round.pk == round_.pk else None
        self.round = round_
        self.view = RoundView(
            state=round_.state,
            opened_at=round_.opened_at,
            starts_at=round_.starts_at,
            course=course_of(round_),
            started_at=round_.started_at,
            crashed_at=round_.crashed_at,
            announced_wait_ms=before.announced_wait_ms if before else None,
            announced_tick=before.announced_tick if before else -1,
            announced_bonus=before.announced_bonus if before else False,
        )

    def _open(self) -> Step:
        now = self.clock.now()
        round_ = operations.open_round(
            self.game, epoch=self._epoch, now=now, wait_ms=self.pace.wait_ms, tick_ms=self.pace.tick_ms
        )
        if round_ is None:
            operations.renew_lease(self.game, epoch=self._epoch, now=now)
            return Sleep(now + IDLE)
        self._watch(round_)
        starts_at = iso(round_.starts_at)
        self._broadcast("provablyFair", provablyFair=messages.fairness(round_), startsAt=starts_at)
        return OpenRound()

    def _countdown(self, time_ms: int) -> None:
        round_, view = self._held()
        told = queries.waiting_bets(round_)
        self._broadcast("wait", time=time_ms, **told, multiplierHistory=queries.crash_points(self.game, 10))
        view.announced_wait_ms = time_ms

    def _launch(self) -> None:
        round_, _ = self._held()
        launched = operations.launch_round(round_.pk, epoch=self._epoch, now=self.clock.now())
        self._watch(launched)
        started_at = iso(launched.started_at) if launched.started_at else None
        self._broadcast("start", tick=0, startedAt=started_at, tickMs=launched.tick_ms)

    def _announce(self, step: Announce) -> None:
        round_, view = self._held()
        assert view.started_at is not None
        self._broadcast(
            "multiplier",
            tick=step.tick,
            conflate=True,
            multiplier=step.multiplier,
            denominator=messages.MULTIPLIER_DENOMINATOR,
            elapsedMs=elapsed_ms(view.started_at, self.clock.now()),
        )
        view.announced_tick = step.tick
        self.pay(round_.pk, self._epoch, step.tick)

    def _announce_bonus(self, step: AnnounceBonus) -> None:
        _, view = self._held()
        boost = view.course.boost_percent
        self._broadcast("bonus", bonus=True, boostPercent=boost, multiplier=step.multiplier)
        view.announced_bonus = True

    def _crash(self, step: Crash) -> None:
        round_, _ = self._held()
        crashed = operations.crash_round(round_.pk, epoch=self._epoch, at=step.at)
        self._watch(crashed)
        self._broadcast_crash(crashed)

    def _broadcast_crash(self, round_: Round) -> None:
        self._broadcast(
            "crash",
            provablyFair=messages.fairness(round_),
            multiplier=round_.result_hundredths,
            denominator=messages.MULTIPLIER_DENOMINATOR,
            bonus=round_.had_bonus,
            interrupted=round_.interrupted,
            interruptedAt=round_.interrupted_at_hundredths,
        )

    def _settle(self) -> None:
        round_, _ = self._held()
        now = self.clock.now()
        self._watch(operations.settle_round(round_.pk, epoch=self._epoch, now=now))
        self._tell_aside("settled")
        wins = queries.largest_wins(self.game, "day", now=now)
        if wins != self.wins:
            self.wins = wins
            self._tell_aside("leaderboard", period="day", results=wins)

    def pay_now(self, round_id: UUID, epoch: int, tick: int) -> None:
        operations.pay_due(round_id, epoch=epoch, tick=tick, now=self.clock.now())

    # --- telling ------------------------------------------------------------------------------------------------------
    def _broadcast(self, kind: str, *, tick: int | None = None, conflate: bool = False, **fields: object) -> None:
        assert self.lease is not None
        round_, _ = self._held()
        now = self.clock.now()
        seq = self.lease.seq + 1
        operations.announce(self.game, epoch=self._epoch, seq=seq, now=now, round_id=round_.pk, tick=tick)
        self.lease.seq = seq
        if tick is not None:
            fields["tick"] = tick
        message = messages.broadcast(kind, round_, now, **fields)
        event = {"kind": "event", "epoch": self._epoch, "seq": seq, "conflate": conflate, "message": message}
        self.tell(topic_of(self.game), event | self._counted(kind))

    def _tell_aside(self, kind: str, **fields: object) -> None:
        """What only partners' feeds are told."""
        round_, _ = self._held()
        message = messages.broadcast(kind, round_, self.clock.now(), **fields)
        self.tell(topic_of(self.game), {"kind": "aside", "message": message, **self._counted(kind)})

    def _counted(self, kind: str) -> dict[str, object]:
        """Where the partners' channels are with this event, so that every process counts the same."""
        self.counts.update(list(TOLD.get(kind, ())))
        return {"feed": {"epoch": str(self._epoch), "at": dict(self.counts)}}


class Payer:
    """Pays due autos in a thread of its own, so that a crowd of them delays no tick. Keeps the latest wish only."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="payer")
        self.wish: tuple[UUID, int, int] | None = None
        self.done: tuple[UUID, int] | None = None  # the round, and the tick up to which everything due is paid

    def __call__(self, round_id: UUID, epoch: int, tick: int) -> None:
        idle = self.wish is None
        self.wish = (round_id, epoch, tick)
        if idle:
            self.executor.submit(self._work)

    def _work(self) -> None:
        wish, self.wish = self.wish, None
        if wish is None:
            return
        round_id, epoch, tick = wish
        try:
            done = self.done[1] if self.done and self.done[0] == round_id else None
            operations.pay_due(round_id, epoch=epoch, tick=tick, now=self.clock.now(), done=done)
            self.done = (round_id, tick)
        except Exception:
            # Nothing is lost: the next tick tries again, and the settlement pays what is due in any case.
            logger.exception("auto cash-outs of round %s up to tick %s", round_id, tick)
            connection.close()


async def run_table(game: str, stop: asyncio.Event, *, clock: Clock = system_clock, pace: Pace | None = None) -> None:
    """Run the game until `stop`. Whatever goes wrong in a step is logged, and the engine recovers from the books."""
    loop = asyncio.get_running_loop()
    payer = Payer(clock)
    table = Table(game, clock=clock, pace=pace or Pace.from_settings(), pay=payer)
    hands = ThreadPoolExecutor(1, thread_name_prefix=f"engine-{game}")
    while not stop.is_set():
        try:
            step = await loop.run_in_executor(hands, table.advance)
        except Exception:
            logger.exception("engine of %s", game)
            await loop.run_in_executor(hands, _start_afresh, table)
            step = Sleep(clock.now() + IDLE)
        if isinstance(step, Sleep):
            seconds = (step.until - clock.now()).total_seconds()
            if seconds > 0:
                await _sleep_unless(stop, seconds)
    await loop.run_in_executor(hands, table.stop)
    hands.shutdown()
    payer.executor.shutdown()


def _start_afresh(table: Table) -> None:
    """After an error: give the lease back (where the database still answers) and forget, so that recovery runs."""
    try:
        connection.close()
        table.stop()
    except Exception:
        logger.exception("the lease of %s could not be given back; it runs out by itself", table.game)
        table.forget()


async def _sleep_unless(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def run_all_tables(stop: asyncio.Event) -> None:
    """Run every crash game there is. Where another engine holds one of them, this one stands by."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as executor:
        games = await loop.run_in_executor(executor, _slugs)
    await asyncio.gather(*(run_table(game, stop) for game in games))


def _slugs() -> list[str]:
    slugs = [game.slug for game in queries.games()]
    connection.close()
    return slugs
