"""
The rules of the crash game. Pure: integers in, decisions out; no framework, no clock, no randomness.

Curve: at tick k the multiplier is floor(100 × 1.01^k) hundredths, from k alone. A round crashes on the first tick whose
value is above its crash point C, so a cash-out at m wins exactly when m <= C.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from casino.lib.money import payout_minor

MIN_CRASH_POINT = 100
MIN_CASHOUT = 101
MAX_IDENTIFIER = 10
CAPS = {"low": 100_00, "medium": 1_000_00, "high": 17_500_00}  # MaxCrashPoint by volatility, hundredths

# floor(100 × 1.01^k) exactly: 101^k / 100^(k-1), up to the first value above the highest cap.
CURVE: tuple[int, ...] = tuple(100 * 101**k // 100**k for k in range(983))
assert CURVE[-2] <= CAPS["high"] < CURVE[-1]


def tick_at(elapsed_ms: int, tick_ms: int) -> int:
    """The last tick that has begun."""
    return max(0, elapsed_ms) // tick_ms


def crash_tick(crash_point: int) -> int:
    """The first tick whose value is above the crash point."""
    return bisect_right(CURVE, crash_point)


def reaching_tick(multiplier: int) -> int:
    """The first tick whose value is at or above `multiplier`."""
    return bisect_left(CURVE, multiplier)


@lru_cache(maxsize=256)
def largest_rounding_loss(min_stake_minor: int) -> Fraction:
    """
    The largest part of a payout that rounding may take, over every stake from this one on and every multiplier.

    A payout is floor(stake × multiplier / 100): what is cut off depends on both modulo 100 alone, and weighs most
    where both are as small as they can be, so a hundred of each are all there is to try. (A bonus is left out: it only
    makes payouts larger.)
    """
    cut, whole = 0, 1
    for stake in range(min_stake_minor, min_stake_minor + 100):
        for multiplier in range(MIN_CASHOUT, MIN_CASHOUT + 100):
            exact = stake * multiplier
            if exact % 100 * whole > cut * exact:
                cut, whole = exact % 100, exact
    return Fraction(cut, whole)


class Terms(NamedTuple):
    """What bounds a round's payouts: its MaxCrashPoint, and the boost that a bonus may bring (0 where it cannot)."""

    cap: int
    boost_percent: int


def largest_win(stake_minor: int, auto: int | None, terms: Terms) -> int:
    """What a bet wins at most, less its stake: at its auto cash-out or at the cap, with a bonus on top."""
    return payout_minor(stake_minor, terms.cap if auto is None else auto, terms.boost_percent) - stake_minor


def largest_stake(win_minor: int, auto: int | None, terms: Terms) -> int:
    """The largest stake whose `largest_win` is at most `win_minor`: from floor(stake × gain / 10,000) <= win."""
    gain = (terms.cap if auto is None else auto) * (100 + terms.boost_percent) - 10_000
    return ((win_minor + 1) * 10_000 - 1) // gain


class Refusal(StrEnum):
    """Why a cash-out is not paid."""

    CRASHED = "crashed"  # received at or after the crash
    TOO_EARLY = "too_early"  # still at 1.00
    AT_ABOVE_CURRENT = "at_above_current"  # cashoutAt is above the current multiplier
    AT_BELOW_MINIMUM = "at_below_minimum"


class Payout(NamedTuple):
    """At what a bet is paid, and whether its auto cash-out did it."""

    multiplier: int
    boost_percent: int
    auto: bool


@dataclass(frozen=True, slots=True)
class Course:
    """How a round runs: its pace, its end, and where its bonus is. Secret until the crash."""

    tick_ms: int
    crash_point: int
    bonus_tick: int | None
    boost_percent: int

    @property
    def crash_tick(self) -> int:
        return crash_tick(self.crash_point)

    @property
    def crash_ms(self) -> int:
        """When it crashes, in milliseconds from its start."""
        return self.crash_tick * self.tick_ms

    @property
    def shown_bonus_tick(self) -> int | None:
        """The bonus's tick, if the curve gets there."""
        return self.bonus_tick if self.bonus_tick is not None and self.bonus_tick < self.crash_tick else None

    def auto_payout(self, target: int) -> Payout:
        """
        A bet that its auto cash-out closes at exactly its target.

        It is closed when the curve passes the target, so before a bonus on the tick that reaches it.
        """
        bonus = self.shown_bonus_tick
        boosted = bonus is not None and target > CURVE[bonus]
        return Payout(target, self.boost_percent if boosted else 0, auto=True)

    def cash_out(self, *, elapsed_ms: int, cashout_at: int | None, auto_target: int | None) -> Payout | Refusal:
        """
        A cash-out received `elapsed_ms` after the start.

        An auto cash-out that is due by then has closed the bet already: it comes first, at its own target.
        """
        if elapsed_ms >= self.crash_ms:
            return Refusal.CRASHED
        tick = tick_at(elapsed_ms, self.tick_ms)
        current = CURVE[tick]
        if auto_target is not None and auto_target <= current:
            return self.auto_payout(auto_target)
        if current < MIN_CASHOUT:
            return Refusal.TOO_EARLY
        if cashout_at is not None and cashout_at < MIN_CASHOUT:
            return Refusal.AT_BELOW_MINIMUM
        if cashout_at is not None and cashout_at > current:
            return Refusal.AT_ABOVE_CURRENT
        bonus = self.shown_bonus_tick
        boost = self.boost_percent if bonus is not None and tick >= bonus else 0
        return Payout(cashout_at if cashout_at is not None else current, boost, auto=False)
