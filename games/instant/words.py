"""Exact numbers as people read them. Pure; nothing is ever shown as more than it is."""

from fractions import Fraction


def percent(share: Fraction, places: int = 4) -> str:
    """`99/100` is `99`; what does not end within the places is cut off: `98.9958` is at least that."""
    scaled = share.numerator * 100 * 10**places // share.denominator
    whole, rest = divmod(scaled, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")


def ends_within(share: Fraction, places: int = 4) -> bool:
    """Whether `percent` shows all of it."""
    return 100 * 10**places % share.denominator == 0


def one_in(ways: int, outcomes: int) -> str:
    """`1 in 649,740`, with a decimal below a hundred; rounded up, so that no prize looks likelier than it is."""
    if not ways:
        return "never"
    tenths = -(-10 * outcomes // ways)
    return f"1 in {tenths // 10:,}.{tenths % 10}" if tenths < 1000 and tenths % 10 else f"1 in {-(-tenths // 10):,}"


def times(multiplier: Fraction) -> str:
    """`5/2` is `2.5×`; cut off after four places."""
    scaled = multiplier.numerator * 10_000 // multiplier.denominator
    whole, rest = divmod(scaled, 10_000)
    return f"{whole:,}.{rest:04d}".rstrip("0").rstrip(".") + "×"
