"""
Shell: three shells, one is picked. Pure.

The player weighs the fields (0, 2, 3, 5, 10, 25, 100, 1K and 10K times the stake); the house replaces the weight of 0,
so that the expected payout is the configured return whatever the others are:

    weights[0] = Σ weights[i] × field[i] / rtp - Σ weights[i]      (i from 1; never negative, since fields are > 1)

The picked shell's field is drawn by the outcome itself: field i takes floor(2^32 × its share) of the outcomes, the
highest fields first, and 0 takes the rest. So a share is rounded down, toward the house, by less than 2^-32 a field.
The other two shells are drawn by the same weights from the words that follow: they show what could have been, and are
neither better nor worse than chance.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

from games.instant.fairness import SPACE, Roll
from games.instant.rules import BadChoice, BadTable, Choice, Odds, Played, Prize, payout_minor, whole_number

FIELDS = (0, 2, 3, 5, 10, 25, 100, 1_000, 10_000)
SHELLS = 3
LARGEST_WEIGHT = 1_000_000
MOST_DECIMALS = 6
LONGEST_WEIGHT = 40  # characters

Weights = tuple[str, ...]  # as they are kept: decimal texts, the first is ignored


def weights_of(value: object) -> Weights:
    """Nine weights in their one written form; the first is the house's to fill and becomes 0. Raises BadChoice."""
    if not isinstance(value, list | tuple) or len(value) != len(FIELDS):
        raise BadChoice("weights", f"weights must be a list of {len(FIELDS)} numbers.")
    # What stands at the first place is replaced, so anything that is a number may stand there.
    _weight(value[0])
    weights = ("0", *(_weight(weight) for weight in value[1:]))
    if all(weight == "0" for weight in weights):
        raise BadChoice("weights", "One of the weights after the first must be above 0.")
    lost = [i for i, ways in enumerate(_ways(weights, Fraction(1, 2))) if i and weights[i] != "0" and not ways]
    if lost:
        raise BadChoice("weights", f"weights[{lost[0]}] is too small beside the others: its field would never come.")
    return weights


def _weight(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadChoice("weights", "Each weight must be a number.")
    text = str(value).strip()
    try:
        weight = Decimal(text) if len(text) <= LONGEST_WEIGHT else None
    except InvalidOperation:
        weight = None
    if weight is None or not weight.is_finite():
        raise BadChoice("weights", "Each weight must be a number.")
    if not 0 <= weight <= LARGEST_WEIGHT:
        raise BadChoice("weights", f"Each weight goes from 0 to {LARGEST_WEIGHT}.")
    if not weight:  # also of `0e999999999`, which has as many digits when it is written out
        return "0"
    if weight.adjusted() < -LONGEST_WEIGHT:  # written out it would be as long as its exponent says
        raise BadChoice("weights", f"A weight has at most {MOST_DECIMALS} decimals.")
    plain = f"{weight:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if len(plain.partition(".")[2]) > MOST_DECIMALS:
        raise BadChoice("weights", f"A weight has at most {MOST_DECIMALS} decimals.")
    return plain.lstrip("0") or "0" if not plain.startswith("0.") else plain


def weight_of_nothing(weights: Weights, rtp: Fraction) -> Fraction:
    """What the first weight is replaced by, exactly."""
    others = [Fraction(weight) for weight in weights[1:]]
    return sum((w * field for w, field in zip(others, FIELDS[1:], strict=True)), Fraction()) / rtp - sum(others)


@lru_cache(maxsize=1024)
def _ways(weights: Weights, rtp: Fraction) -> tuple[int, ...]:
    """How many of the 2^32 outcomes each field takes."""
    others = [Fraction(weight) for weight in weights[1:]]
    whole = weight_of_nothing(weights, rtp) + sum(others)
    ways = [int(SPACE * weight / whole) for weight in others]
    return (SPACE - sum(ways), *ways)


def _drawn(value: int, ways: Sequence[int]) -> int:
    """The field of a 32-bit number: the largest field has the lowest numbers."""
    for field, many in zip(reversed(FIELDS), reversed(ways), strict=True):
        if value < many:
            return field
        value -= many
    raise AssertionError("the ways make up all of 2^32")


class Shell:
    slug = "shell"
    title = "Shell"
    fields: tuple[str, ...] = ("weights", "picked")
    default_table: Mapping[str, Any] = {}
    is_capped = False

    def choice(self, wish: Mapping[str, Any]) -> Choice:
        return {
            "weights": list(weights_of(wish.get("weights"))),
            "picked": whole_number(wish, "picked", 0, SHELLS - 1),
        }

    def check_table(self, table: Mapping[str, Any]) -> None:
        if table:
            raise BadTable("Shell has no pay table: the player weighs its fields.")

    def play(self, roll: Roll, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Played:
        ways = _ways(tuple(choice["weights"]), rtp)
        won = _drawn(roll.outcome, ways)
        payouts = [won if shell == choice["picked"] else _drawn(roll.word(), ways) for shell in range(SHELLS)]
        return Played(Fraction(won), {"payouts": payouts})

    def odds(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Odds:
        ways = _ways(tuple(choice["weights"]), rtp)
        prizes = [
            Prize(f"{field:,}×", many, Fraction(field))
            for field, many in zip(reversed(FIELDS), reversed(ways), strict=True)
            if field and many
        ]
        return Odds(SPACE, prizes)

    def top(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        weighed = zip(FIELDS, choice["weights"], strict=True)
        return Fraction(max(field for field, weight in weighed if field and weight != "0"))

    def examples(self) -> Sequence[Choice]:
        alone = [["1" if i == j else "0" for j in range(len(FIELDS))] for i in range(1, len(FIELDS))]
        mixed = [["0", *"11110000"], ["0", *"11111111"], ["0", "1000000", *"0000000"], ["0", "0.5", "7.25", *"100000"]]
        return [{"weights": weights, "picked": i % SHELLS} for i, weights in enumerate([*alone, *mixed])]

    def least_return(self, stake_minor: int, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        """
        Payouts are whole multiples of the stake: nothing is rounded but the shares of the fields, by less than an
        outcome each.
        """
        lost = Fraction(sum(payout_minor(stake_minor, Fraction(field)) for field in FIELDS), SPACE * stake_minor)
        return rtp - lost


GAME = Shell()
