"""
What an affiliate gets of a day. Pure: integers of minor units.

The gain of a day is what the affiliate's players staked on it (less what was given back) minus what they won with these
stakes, in one book. A day on which they won more than they staked brings nothing, and what is missing is made up by the
following days before there is a share again. It is never forgotten: whoever could begin anew each month would earn by
one large bet at the end of it, whichever way it goes. What was booked is never taken back.
"""

from datetime import date
from typing import NamedTuple

from casino.lib.money import mul_floor

WHOLE = 10_000


class Day(NamedTuple):
    """`carried_minor` is zero or less: what the days after it have to make up."""

    share_minor: int
    carried_minor: int


def close(gain_minor: int, carried_minor: int, share_bps: int) -> Day:
    """The share is rounded down, toward the house."""
    rest = gain_minor + carried_minor
    return Day(0, rest) if rest <= 0 else Day(mul_floor(rest, share_bps, WHOLE), 0)


def transfer_id(affiliate_id: int, book: str, day: date) -> str:
    """The share's own transfer: once per affiliate, book and day."""
    return f"affiliate:{affiliate_id}:{book}:{day.isoformat()}"
