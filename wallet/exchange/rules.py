"""
The arithmetic of currencies. Pure: exact rationals in, integers of minor units out, rounded once, toward the house.

Rates form trees: a currency is quoted in at most one other (BITS in BTC, BTC in EUR, BRL in EUR). So there is one way
from a currency to another, and no round trip over a third one gains anything, whatever the rates are.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple

BASIS_POINTS = 10_000
MAX_PART = 10**18  # of a rate's numerator and denominator: they are 64-bit integers in the database
LARGE_JUMP = Fraction(1, 5)
MAX_DEPTH = 2  # from a currency to the root of its tree
_RATE = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_RATIO = re.compile(r"(\d{1,18})/(\d{1,18})", re.ASCII)


class Step(NamedTuple):
    """From `base` to `quote` by the stored rate of that pair, or against it."""

    base: str
    quote: str
    inverted: bool


class Exchanged(NamedTuple):
    """
    What becomes of an amount: `paid` buys `given` (both in minor units of their own currency), `rest` buys nothing.

    `remainder` is what the target's smallest unit cut off, as a part of that unit: 0 <= remainder < 1.
    """

    paid_minor: int
    rest_minor: int
    given_minor: int
    remainder: Fraction


def parse_rate(text: str) -> Fraction | None:
    """`0.16` or `4/25` as an exact positive rational; None for anything else."""
    text = text.strip()
    ratio = _RATIO.fullmatch(text)
    if ratio is not None and int(ratio[2]):
        rate = Fraction(int(ratio[1]), int(ratio[2]))
    elif _RATE.fullmatch(text):
        rate = Fraction(Decimal(text))
    else:
        return None
    return rate if rate > 0 and is_storable(rate) else None


def is_storable(rate: Fraction) -> bool:
    return 0 < rate.numerator <= MAX_PART and rate.denominator <= MAX_PART


def shown(rate: Fraction) -> str:
    """Twelve significant digits, for people: `0.16`, `0.0000125`."""
    text = f"{Decimal(rate.numerator) / Decimal(rate.denominator):.12g}"
    plain = f"{Decimal(text):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def jump(before: Fraction, after: Fraction) -> Fraction:
    """How far a rate moves, as a share of the smaller of the two: doubling and halving are the same distance."""
    return max(before, after) / min(before, after) - 1


def price(rate: Fraction, *, source_denominator: int, target_denominator: int, spread_bps: int = 0) -> Fraction:
    """Minor units of the target for one minor unit of the source, the house's margin taken off."""
    assert 0 <= spread_bps < BASIS_POINTS
    return rate * Fraction(target_denominator, source_denominator) * Fraction(BASIS_POINTS - spread_bps, BASIS_POINTS)


def exchange(source_minor: int, price_minor: Fraction) -> Exchanged:
    """
    The target gets the floor of what the amount is worth; what that costs is rounded up, and the rest is told apart.

    So nobody gets more than the exact value, and `paid + rest` is the amount to the last unit.
    """
    exact = source_minor * price_minor
    given = floor(exact)
    paid = ceil(given / price_minor)
    return Exchanged(paid, source_minor - paid, given, exact - given)


def route(quotes: Mapping[str, str], source: str, target: str) -> list[Step] | None:
    """The steps from one currency to another, where `quotes` says in what each one is quoted; None without a way."""
    up, down = _upwards(quotes, source), _upwards(quotes, target)
    shared = next((code for code in up if code in down), None)
    if shared is None:
        return None
    ascent, descent = up[: up.index(shared) + 1], down[: down.index(shared) + 1]
    steps = [Step(base, quote, inverted=False) for base, quote in pairwise(ascent)]
    back = [Step(base, quote, inverted=True) for base, quote in pairwise(descent)]
    return steps + back[::-1]


def refused_pair(quotes: Mapping[str, str], base: str, quote: str) -> str | None:
    """Why a rate for this pair would give two answers to one question; None where it is fine."""
    if base == quote:
        return "A currency is not quoted in itself."
    known = quotes.get(base)
    if known == quote:
        return None
    if known is not None:
        return f"{base} is quoted in {known} already: a second way would contradict it."
    if base in _upwards(quotes, quote):
        return f"{quote} is quoted in {base} already, directly or over another: that gives this rate as well."
    below = max((len(chain) - 1 for chain in _chains(quotes) if base in chain[-1:]), default=0)
    if below + len(_upwards(quotes, quote)) > MAX_DEPTH:
        return f"The way from {base} to the last currency would have more than {MAX_DEPTH} steps."
    return None


def product(rates: Iterable[tuple[Fraction, bool]]) -> Fraction:
    """Of rates and whether each is taken against its direction."""
    whole = Fraction(1)
    for rate, inverted in rates:
        whole *= 1 / rate if inverted else rate
    return whole


def _upwards(quotes: Mapping[str, str], code: str) -> list[str]:
    """The currency, what it is quoted in, what that is quoted in …"""
    chain = [code]
    while chain[-1] in quotes and quotes[chain[-1]] not in chain:
        chain.append(quotes[chain[-1]])
    return chain


def _chains(quotes: Mapping[str, str]) -> Sequence[list[str]]:
    return [_upwards(quotes, code) for code in quotes]
