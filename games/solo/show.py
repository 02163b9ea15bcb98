"""
What one socket is shown of its player's rounds: one task, which reads the row when a round begins and when it ends, and
between the two sends ticks from the clock alone. Nothing here decides anything.

    commitment (provablyFair) ──the bet, here or at another socket──> start ─ ticks ─ bonus? ─ win? ─ crash ──┐
        ^                                                                                                     │
        └─────────────────────────────────────────────────────────────────────────────────────────────────────┘
The answer to a bet or a cash-out goes out before what it brings about: while such a request is under way (`quiet`),
nothing new is read.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from casino.lib.clock import Clock, elapsed_ms, iso
from casino.live.feed import Feed
from games.crash import messages
from games.crash.messages import MULTIPLIER_DENOMINATOR, Message
from games.crash.rules import CURVE, Course, tick_at
from games.crash.sealed import course_of
from games.solo import operations, queries
from games.solo.intake import SoloIntake
from games.solo.models import Bet, Chain, Round
from games.solo.operations.locking import Place
from games.solo.queries import View

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class Show:
    """Of one socket. `tell(message, conflate)` sends to it."""

    def __init__(
        self, place: Place, intake: SoloIntake, clock: Clock, tell: Callable[[Message, str | None], None]
    ) -> None:
        self.place = place
        self._intake = intake
        self._clock = clock
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._answered = asyncio.Event()
        self._answered.set()
        self._under_way = 0
        self._seq = 0
        self._resumed: UUID | None = None  # a round that ran already when the socket came
        self._told_round: UUID | None = None  # whose commitment was told last
        self._told_start: UUID | None = None
        self._told_crash: UUID | None = None
        self._told_bet: UUID | None = None  # whose end was told last

    async def begin(self) -> None:
        """The commitment of the coming round, or where the running one is; then go on by itself."""
        chain = await self._intake.read(lambda: operations.announce_first(*self.place, now=self._clock.now()))
        if chain is not None:
            self.tell_seeds(chain)
        view = await self._intake.advance(self.place)
        if view.closed is not None:
            self._told_bet = view.closed.bet_id  # before this socket came
        if view.round.state == Round.State.RUNNING:
            self._resumed = view.round.pk
        self._tell_commitment(view.round, await self._announced(view.round))
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def wake(self) -> None:
        """Something may have happened in this account's rounds."""
        self._woken.set()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """While a request is answered whose consequences are to be told after the answer."""
        self._under_way += 1
        self._answered.clear()
        try:
            yield
        finally:
            # The answer is sent in this turn of the loop, without waiting: what is called soon comes after it.
            asyncio.get_running_loop().call_soon(self._end_quiet)

    def _end_quiet(self) -> None:
        self._under_way -= 1
        self._woken.set()
        if not self._under_way:
            self._answered.set()

    def end_was_told(self, bet_id: UUID) -> None:
        """By the answer to the cash-out."""
        self._told_bet = bet_id

    # --- the task -----------------------------------------------------------------------------------------------------
    async def _run(self) -> None:
        while True:
            try:
                await self._one_round()
            except Exception:
                logger.exception("a socket of account %s could not be shown its round; tried again", self.place[1])
                await asyncio.sleep(RETRY_SECONDS)

    async def _one_round(self) -> None:
        view = await self._live()
        if self._told_round != view.round.pk:
            await self._catch_up()
            self._tell_commitment(view.round, await self._announced(view.round))
        if view.round.state == Round.State.WAITING:
            await self._woken.wait()
            return
        self._tell_start(view)
        self._tell_end(view)
        view = await self._ticks(view, course_of(view.round))
        self._tell_end(view)
        self._tell_crash(view.round)

    async def _catch_up(self) -> None:
        """The round that was promised last is over already: it was short, or we were slow or had failed."""
        if self._told_round is None or self._told_crash == self._told_round:
            return
        view = await self._intake.view(self._told_round)
        if view.round.state == Round.State.SETTLED:
            self._tell_start(view)
            self._tell_end(view)
            self._tell_crash(view.round)

    async def _live(self) -> View:
        while True:
            await self._answered.wait()
            self._woken.clear()
            view = await self._intake.live(self.place)
            if self._answered.is_set():
                return view

    async def _announced(self, round_: Round) -> str | None:
        return await self._intake.read(lambda: queries.announced_hash(round_.chain))

    async def _ticks(self, view: View, course: Course) -> View:
        """Until the round is over; the round as it then is."""
        round_ = view.round
        assert round_.started_at is not None
        told = -1
        bonus_tick = course.shown_bonus_tick
        if round_.pk != self._resumed:
            told = 0  # with the start
        while True:
            elapsed = max(0, elapsed_ms(round_.started_at, self._clock.now()))
            if elapsed >= course.crash_ms:
                return await self._settled(round_.pk)
            tick = tick_at(elapsed, round_.tick_ms)
            if tick > told:
                self._tell_tick(round_, tick, elapsed)
                if bonus_tick is not None and told < bonus_tick <= tick:
                    self._tell_bonus(round_, bonus_tick, course.boost_percent)
                told = tick
            if self._woken.is_set() and self._answered.is_set():
                self._woken.clear()
                view = await self._intake.view(round_.pk)
                self._tell_end(view)
            if _is_due(view.bet, CURVE[tick]):
                view = await self._intake.pay_due(round_.pk)
                self._tell_end(view)
            due = round_.tick_ms * (tick + 1) - elapsed_ms(round_.started_at, self._clock.now())
            await asyncio.sleep(max(1, due) / 1000)

    async def _settled(self, round_id: UUID) -> View:
        await self._intake.advance(self.place)
        return await self._intake.view(round_id)

    # --- telling ------------------------------------------------------------------------------------------------------
    def tell_seeds(self, chain: Chain) -> None:
        fields = {
            "chainId": chain.pk,
            "terminalHash": chain.terminal_hash,
            "length": chain.length,
            "announcedAt": iso(chain.announced_at),
            "clientSeed": chain.client_seed,
        }
        self._send({"messageType": "seeds", **fields, "timestamp": iso(self._clock.now())})

    def _tell_commitment(self, round_: Round, announced: str | None) -> None:
        self._told_round = round_.pk
        seeds = {
            "terminalHash": round_.chain.terminal_hash,
            "clientSeed": round_.chain.client_seed,
            "chainIndex": round_.chain_index,
            "chainLength": round_.chain.length,
            "nextTerminalHash": announced,
        }
        self._broadcast("provablyFair", round_, provablyFair=messages.fairness(round_), seeds=seeds)

    def _tell_start(self, view: View) -> None:
        """Once, with its first tick, however late we are: only who comes in the middle of it is told where it is."""
        round_, bet = view.round, view.bet
        if self._told_start == round_.pk:
            return
        self._told_start = round_.pk
        progress = queries.running_view(round_, now=self._clock.now())
        whose = str(bet.pk) if bet is not None and bet.status == Bet.Status.OPEN else None
        tick = progress["tick"] if round_.pk == self._resumed else 0
        times = {"startedAt": progress["startedAt"], "elapsedMs": progress["elapsedMs"], "tickMs": round_.tick_ms}
        self._broadcast("start", round_, tick=tick, **times, betID=whose)
        if round_.pk != self._resumed:
            self._tell_tick(round_, 0, 0)

    def _tell_tick(self, round_: Round, tick: int, elapsed: int) -> None:
        fields = {"multiplier": CURVE[tick], "denominator": MULTIPLIER_DENOMINATOR, "elapsedMs": elapsed}
        self._broadcast("multiplier", round_, conflate="multiplier", tick=tick, **fields)

    def _tell_bonus(self, round_: Round, tick: int, boost: int) -> None:
        self._broadcast("bonus", round_, bonus=True, boostPercent=boost, multiplier=CURVE[tick])

    def _tell_end(self, view: View) -> None:
        """Of its bet, where that brought money and nobody has told it here."""
        closed = view.closed
        if closed is None or closed.bet_id == self._told_bet:
            return
        self._told_bet = closed.bet_id
        self._send(messages.closed("win" if closed.multiplier is not None else "refund", closed))

    def _tell_crash(self, round_: Round) -> None:
        self._told_crash = round_.pk
        self._broadcast(
            "crash",
            round_,
            provablyFair=messages.fairness(round_),
            multiplier=round_.result_hundredths,
            denominator=MULTIPLIER_DENOMINATOR,
            bonus=round_.had_bonus,
            interrupted=round_.interrupted,
            interruptedAt=None,
        )

    def _broadcast(self, kind: str, round_: Round, *, conflate: str | None = None, **fields: Any) -> None:
        self._seq += 1
        message = messages.broadcast(kind, round_, self._clock.now(), **fields)
        self._tell({**message, "seq": self._seq}, conflate)

    def _send(self, message: Message) -> None:
        self._tell(message, None)


def _is_due(bet: Bet | None, reached: int) -> bool:
    if bet is None or bet.status != Bet.Status.OPEN or bet.auto_cashout_hundredths is None:
        return False
    return bet.auto_cashout_hundredths <= reached


Shows = dict[int, set[Show]]  # by account
_watching: "WeakKeyDictionary[Feed, Shows]" = WeakKeyDictionary()


def shows_of(feed: Feed) -> Shows:
    """This process's shows by account, which the feed of their game wakes."""
    shows = _watching.get(feed)
    if shows is None:
        shows = _watching[feed] = {}

        def happened(event: dict[str, Any]) -> None:
            for show in list(shows.get(event.get("account", 0), ())):
                show.wake()

        feed.on_event(happened)
    return shows
