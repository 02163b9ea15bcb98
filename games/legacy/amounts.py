"""
Amounts as the legacy APIs write them: whole units with the currency's own decimals, at least two. Pure, and exact: what
cannot be said in minor units is refused, never rounded.
"""

import re
from decimal import Decimal
from fractions import Fraction

LEAST_DECIMALS = 2
LONGEST = 40  # characters or digits of an amount
LARGEST = 10**15  # whole units
_WRITTEN = re.compile(r"\d{1,15}(?:\.\d{1,12})?", re.ASCII)


class NotAnAmount(ValueError):
    """Says what is wrong with it."""


def decimals_of(denominator: int) -> int:
    """2 for bits (100 to the unit), 8 for bitcoin."""
    return max(LEAST_DECIMALS, len(str(denominator)) - 1)


def shown(amount_minor: int, denominator: int) -> Decimal:
    """`12345, 100` is 123.45, whatever the decimals: never rounded."""
    decimals = decimals_of(denominator)
    scaled = abs(amount_minor) * 10**decimals // denominator
    return Decimal((int(amount_minor < 0), tuple(map(int, str(scaled))), -decimals))


def minor(value: object, denominator: int) -> int:
    """
    A wager in minor units, from a JSON number (`int`, or `Decimal` where it has a point) or from a text.

    Raises NotAnAmount for what is no number, not above zero, finer than the currency, or absurdly large.
    """
    exact = _exact(value)
    if exact <= 0:
        raise NotAnAmount("The wager must be above 0.")
    if exact > LARGEST:
        raise NotAnAmount("The wager is too large.")
    found = exact * denominator
    if found.denominator != 1:
        raise NotAnAmount(f"The wager has at most {len(str(denominator)) - 1} decimals.")
    return found.numerator


def _exact(value: object) -> Fraction:
    if isinstance(value, str) and _WRITTEN.fullmatch(value.strip()):
        return Fraction(value.strip())
    if isinstance(value, int) and not isinstance(value, bool):
        # A number of any length is compared before anything is done with it.
        return Fraction(value) if abs(value) <= LARGEST else Fraction(LARGEST + 1 if value > 0 else -1)
    if isinstance(value, Decimal) and value.is_finite():
        _, digits, exponent = value.as_tuple()
        # An exponent costs nothing to write and gigabytes to carry out.
        if len(digits) <= LONGEST and isinstance(exponent, int) and -LONGEST <= exponent <= LONGEST:
            return Fraction(value)
        if not value:
            return Fraction(0)
        if value.adjusted() >= LONGEST or value < 0:
            return Fraction(LARGEST + 1 if value > 0 else -1)
        raise NotAnAmount("The wager has too many decimals.")
    raise NotAnAmount("The wager must be a number.")
