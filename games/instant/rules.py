"""
What every instant game says of itself, and the arithmetic that they share. Pure.

A game's rules know no money: they make of a roll how many times the stake is paid, as an exact fraction. Amounts come
last and are rounded once, down.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from games.instant.fairness import SPACE, Roll

Choice = Mapping[str, Any]  # what the player chose, in plain JSON values, as it is kept with the bet
LEAST_RETURN = Fraction(3, 4)  # the return that rounding must leave at every stake, whatever is chosen
TABLE_TOLERANCE = Fraction(1, 1000)  # how far below the configured return a pay table may stay
_WHOLE = re.compile(r"-?[0-9]{1,19}")


class BadChoice(Exception):
    """What the player chose is not admissible; `field` is the parameter at fault."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class BadTable(Exception):
    """A pay table that staff wrote is not admissible."""


class Played(NamedTuple):
    """What the roll came to: how many times the stake is paid (0 for a loss), and what is shown of it."""

    multiplier: Fraction
    shown: dict[str, Any]


class Prize(NamedTuple):
    """One line of the odds: `ways` of the outcomes (of `Odds.outcomes`) pay `multiplier` times the stake."""

    name: str
    ways: int
    multiplier: Fraction


class Odds(NamedTuple):
    """Every prize of a game under one choice; the ways that are not listed pay nothing."""

    outcomes: int
    prizes: Sequence[Prize]

    @property
    def rtp(self) -> Fraction:
        """The exact return to the player, before amounts are rounded."""
        return sum((prize.ways * prize.multiplier for prize in self.prizes), Fraction()) / self.outcomes

    @property
    def top(self) -> Fraction:
        return max((prize.multiplier for prize in self.prizes if prize.ways), default=Fraction())

    def rtp_at(self, stake_minor: int, most_minor: int | None = None) -> Fraction:
        """The exact return at this stake: after each payout is rounded down, and held to `most_minor`."""
        paid = sum(prize.ways * payout_minor(stake_minor, prize.multiplier, most_minor) for prize in self.prizes)
        return Fraction(paid, self.outcomes * stake_minor)

    def least_rtp_from(self, stake_minor: int) -> Fraction:
        """
        The least return at this stake or a larger one, where all multipliers are whole hundredths.

        Which payouts have a fraction to lose repeats with every hundred minor units of stake, and what is lost weighs
        less at the larger one: so a hundred stakes stand for all.
        """
        return min(self.rtp_at(stake) for stake in range(stake_minor, stake_minor + 100))

    def variance(self) -> Fraction:
        """Of what one unit of stake is paid."""
        square = sum((prize.ways * prize.multiplier**2 for prize in self.prizes), Fraction()) / self.outcomes
        return square - self.rtp**2


class Rules(Protocol):
    """A game. `table` is its pay table as data, `rtp` the configured return; both are of a configuration version."""

    slug: str
    title: str
    fields: tuple[str, ...]  # the names of its parameters
    default_table: Mapping[str, Any]
    is_capped: bool  # payouts are held to the house's maximum win (otherwise a bet that could win more is refused)

    def choice(self, wish: Mapping[str, Any]) -> Choice:
        """What was asked for, in its one written form. Raises BadChoice."""
        ...

    def check_table(self, table: Mapping[str, Any]) -> None:
        """Raises BadTable."""
        ...

    def play(self, roll: Roll, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Played: ...

    def odds(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Odds: ...

    def top(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        """The largest multiplier that can come out; cheap, since it is asked before each bet."""
        ...

    def examples(self) -> Sequence[Choice]:
        """Choices that stand for all: the extremes, and some between."""
        ...

    def least_return(self, stake_minor: int, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        """The return that rounding leaves at this stake or a larger one, under the worst choice that there is."""
        ...


def payout_minor(stake_minor: int, multiplier: Fraction, most_minor: int | None = None) -> int:
    """`floor(stake × multiplier)`, stake included, at most `most_minor`."""
    paid = stake_minor * multiplier.numerator // multiplier.denominator
    return paid if most_minor is None else min(paid, most_minor)


def whole_number(wish: Mapping[str, Any], field: str, lowest: int, highest: int) -> int:
    """An integer parameter, from JSON or from a form. Raises BadChoice."""
    value = wish.get(field)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if type(value) is not int:
        raise BadChoice(field, f"{field} must be a whole number.")
    if not lowest <= value <= highest:
        raise BadChoice(field, f"{field} goes from {lowest} to {highest}.")
    return value


def client_seed(value: object) -> int:
    """A client seed, or -1 for a random one. Raises BadChoice."""
    return whole_number({"clientseed": value}, "clientseed", -1, SPACE - 1)


def check_fixed_table(odds: Odds, rtp: Fraction) -> None:
    """A pay table gives what is configured, or a little less; never more. Raises BadTable."""
    if not rtp - TABLE_TOLERANCE <= odds.rtp <= rtp:
        raise BadTable(
            f"This table returns {float(odds.rtp):.4%}; configured are {float(rtp):.2%}, "
            f"and it may stay below that by {float(TABLE_TOLERANCE):.2%} at most."
        )


def hundredths(value: object, what: str) -> int:
    """A multiplier of a pay table. Raises BadTable."""
    if type(value) is not int or not 0 < value <= 100_000_000:
        raise BadTable(f"{what} must pay a whole number of hundredths from 1 to 100,000,000.")
    return value
