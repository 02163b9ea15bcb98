"""
What an affiliate gets of a day. Pure: integers of minor units.

The gain of a day is what the affiliate's players staked (less what was given back) minus what they won, in one book. A
day on which they won more than they staked brings nothing, and what is missing is made up by the following days of the
same month before there is a share again. With the month it is forgotten. What was booked is never taken back.
"""

from datetime import date
from typing import NamedTuple

from casino.lib.money import mul_floor

WHOLE = 10_000


class Day(NamedTuple):
    """`carried_minor` is zero or less: what the rest of the month has to make up."""

    share_minor: int
    carried_minor: int


def close(gain_minor: int, carried_minor: int, share_bps: int) -> Day:
    """The share is rounded down, toward the house."""
    rest = gain_minor + carried_minor
    return Day(0, rest) if rest <= 0 else Day(mul_floor(rest, share_bps, WHOLE), 0)


def carried_over(carried_minor: int, from_day: date, to_day: date) -> int:
    """What a day begins with, after the last one that had bets."""
    return carried_minor if (from_day.year, from_day.month) == (to_day.year, to_day.month) else 0


def transfer_id(affiliate_id: int, book: str, day: date) -> str:
    """The share's own transfer: once per affiliate, book and day."""
    return f"affiliate:{affiliate_id}:{book}:{day.isoformat()}"
