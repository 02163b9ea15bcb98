"""
Slots: three reels of 32 stops, one line. Pure.

The outcome is taken to a number below the product of the reels' lengths without bias (32 × 32 × 32 divides 2^32, so
nothing is passed over), and that to a stop of each reel: the first reel is the slowest digit. `row` are the symbols
there; `result` is the pay line that they make, counted from 1 in the order of the table, or 0.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from games.instant.fairness import Roll
from games.instant.rules import BadTable, Choice, Odds, Played, Prize, hundredths

REELS = 3
LONGEST = 64
LARGEST_SYMBOL = 6
ANY = None  # in a line: whatever symbol


def stops_of(number: int, strips: Sequence[Sequence[int]]) -> list[int]:
    stops = []
    for strip in reversed(strips):
        number, stop = divmod(number, len(strip))
        stops.append(stop)
    return stops[::-1]


def line_of(row: Sequence[int], lines: Sequence[Mapping[str, Any]]) -> int:
    """The first line of the table that the symbols make, counted from 1; 0 for none."""
    for i, line in enumerate(lines, start=1):
        if all(wanted is ANY or wanted == symbol for wanted, symbol in zip(line["symbols"], row, strict=True)):
            return i
    return 0


class Slots:
    slug = "slots"
    title = "Slots"
    fields: tuple[str, ...] = ()
    default_table: Mapping[str, Any] = {
        "strips": [
            [1, 5, 1, 1, 3, 2, 1, 1, 2, 4, 2, 1, 2, 3, 1, 2, 1, 4, 3, 2, 3, 1, 3, 2, 1, 4, 5, 2, 4, 3, 4, 6],
            [4, 3, 2, 3, 2, 1, 5, 2, 1, 3, 2, 5, 3, 4, 1, 4, 2, 1, 1, 4, 1, 1, 2, 6, 3, 4, 1, 2, 3, 1, 1, 2],
            [2, 1, 2, 1, 3, 1, 1, 4, 5, 4, 6, 3, 4, 2, 4, 2, 1, 3, 5, 4, 2, 3, 2, 1, 1, 2, 1, 3, 1, 2, 1, 3],
        ],
        "symbols": {"1": "Leaf", "2": "Bamboo", "3": "Lantern", "4": "Coin", "5": "Gong", "6": "Panda"},
        "lines": [
            {"symbols": [6, 6, 6], "pays": 2_000_00},
            {"symbols": [5, 5, 5], "pays": 200_00},
            {"symbols": [4, 4, 4], "pays": 40_00},
            {"symbols": [3, 3, 3], "pays": 15_00},
            {"symbols": [2, 2, 2], "pays": 10_00},
            {"symbols": [1, 1, 1], "pays": 6_00},
            {"symbols": [3, 3, ANY], "pays": 2_50},
            {"symbols": [2, 2, ANY], "pays": 2_50},
            {"symbols": [1, 1, ANY], "pays": 1_50},
        ],
    }
    is_capped = False

    def choice(self, wish: Mapping[str, Any]) -> Choice:
        return {}

    def check_table(self, table: Mapping[str, Any]) -> None:
        if set(table) != {"strips", "symbols", "lines"}:
            raise BadTable("The table has strips, symbols and lines.")
        symbols = {str(number) for number in range(1, LARGEST_SYMBOL + 1)}
        names = table["symbols"]
        if not isinstance(names, dict) or set(names) != symbols or not all(isinstance(n, str) for n in names.values()):
            raise BadTable(f"symbols names each of 1 to {LARGEST_SYMBOL}.")
        strips = table["strips"]
        if not isinstance(strips, list) or len(strips) != REELS or not all(map(_is_strip, strips)):
            raise BadTable(f"strips are {REELS} lists of up to {LONGEST} symbols from 1 to {LARGEST_SYMBOL}.")
        lines = table["lines"]
        if not isinstance(lines, list) or not 0 < len(lines) <= 50 or not all(map(_is_line, lines)):
            raise BadTable(f"lines are up to 50, each with {REELS} symbols (null for any) and what it pays.")
        for i, line in enumerate(lines, start=1):
            hundredths(line["pays"], f"Line {i}")

    def play(self, roll: Roll, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Played:
        strips, lines = table["strips"], table["lines"]
        stops = stops_of(roll.below(prod(len(strip) for strip in strips)), strips)
        row = [strip[stop] for strip, stop in zip(strips, stops, strict=True)]
        result = line_of(row, lines)
        pays = Fraction(lines[result - 1]["pays"], 100) if result else Fraction()
        return Played(pays, {"row": row, "result": result, "stops": stops})

    def odds(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Odds:
        """By enumeration of all rows, each as often as its symbols are on the strips."""
        counts = [Counter(strip) for strip in table["strips"]]
        ways: Counter[int] = Counter()
        for row in product(*counts):
            ways[line_of(row, table["lines"])] += prod(count[symbol] for count, symbol in zip(counts, row, strict=True))
        prizes = [
            Prize(self.line_name(line, table), ways[i], Fraction(line["pays"], 100))
            for i, line in enumerate(table["lines"], start=1)
        ]
        return Odds(ways.total(), prizes)

    def line_name(self, line: Mapping[str, Any], table: Mapping[str, Any]) -> str:
        return " ".join("any" if symbol is ANY else table["symbols"][str(symbol)] for symbol in line["symbols"])

    def top(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        return Fraction(max(line["pays"] for line in table["lines"]), 100)

    def examples(self) -> Sequence[Choice]:
        return [{}]

    def least_return(self, stake_minor: int, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        return self.odds({}, table, rtp).least_rtp_from(stake_minor)


def _is_strip(strip: object) -> bool:
    return (
        isinstance(strip, list)
        and 0 < len(strip) <= LONGEST
        and all(type(symbol) is int and 1 <= symbol <= LARGEST_SYMBOL for symbol in strip)
    )


def _is_line(line: object) -> bool:
    if not isinstance(line, dict) or set(line) != {"symbols", "pays"}:
        return False
    symbols = line["symbols"]
    return (
        isinstance(symbols, list)
        and len(symbols) == REELS
        and any(symbol is not ANY for symbol in symbols)
        and all(s is ANY or (type(s) is int and 1 <= s <= LARGEST_SYMBOL) for s in symbols)
    )


GAME = Slots()
