"""How much a bet may win. Pure: integers of minor units, every share rounded down."""

from typing import NamedTuple

from casino.lib.money import mul_floor

WHOLE = 10_000  # basis points


class Standing(NamedTuple):
    """
    Of one book, in minor units: the bankroll, what a single bet may win of it (less its stake), and what the bets of
    one shared round may win together. A bankroll that is lost lets nobody win any more.
    """

    bankroll_minor: int
    max_win_minor: int
    round_minor: int


NOTHING = Standing(0, 0, 0)  # of a book that nobody has put anything at risk in


def standing(*, capital_minor: int, gain_minor: int, max_win_bps: int, round_bps: int) -> Standing:
    """Without capital nothing may be won, whatever the house has gained before."""
    bankroll_minor = capital_minor + gain_minor
    if capital_minor <= 0 or bankroll_minor <= 0:
        return Standing(bankroll_minor, 0, 0)
    return Standing(
        bankroll_minor, mul_floor(bankroll_minor, max_win_bps, WHOLE), mul_floor(bankroll_minor, round_bps, WHOLE)
    )
