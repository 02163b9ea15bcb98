"""
Money arithmetic: integers of minor units, multipliers in integer hundredths, rounding named.

Nothing here (and nothing anywhere in the platform) uses a float for money.
"""

import re

HUNDREDTHS = 100


def mul_floor(amount_minor: int, numerator: int, denominator: int) -> int:
    """`amount × numerator / denominator`, rounded down: toward the house when the amount is what a player gets."""
    return amount_minor * numerator // denominator


def payout_minor(stake_minor: int, multiplier_hundredths: int, boost_percent: int = 0) -> int:
    """What a winning bet pays, stake included: `floor(stake × multiplier × (1 + boost))`, rounded once."""
    return mul_floor(stake_minor, multiplier_hundredths * (100 + boost_percent), HUNDREDTHS * 100)


def format_minor(amount_minor: int, denominator: int) -> str:
    """`123456, 100` gives `1,234.56`: for people, never for arithmetic."""
    digits = len(str(denominator)) - 1
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), denominator)
    return f"{sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


_TYPED = re.compile(r"(\d{1,15})(?:[.,](\d{0,9}))?", re.ASCII)


def parse_minor(text: str, denominator: int) -> int | None:
    """
    What a person typed (`12`, `12.5`, `12,50`) in exact minor units; None where it is no such amount, or finer than
    the currency is.
    """
    found = _TYPED.fullmatch(text.strip())
    digits = len(str(denominator)) - 1
    if found is None or len(found[2] or "") > digits:
        return None
    return int(found[1]) * denominator + int((found[2] or "").ljust(digits, "0") or 0)
