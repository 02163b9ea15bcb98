"""
Dice: the outcome itself is the roll. Pure.

The player names the width of the winning interval and its side: `target` 0 wins below `range`, 1 wins from
2^32 - range on. A win pays rtp × 2^32 / range, so every width returns exactly the same; where that is more than the
house pays on one bet, it pays that.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from games.instant.fairness import SPACE, Roll
from games.instant.rules import BadTable, Choice, Odds, Played, Prize, whole_number

LOW, HIGH = 0, 1


class Dice:
    slug = "dice"
    title = "Dice"
    fields: tuple[str, ...] = ("range", "target")
    default_table: Mapping[str, Any] = {}
    is_capped = True

    def choice(self, wish: Mapping[str, Any]) -> Choice:
        return {"range": whole_number(wish, "range", 1, SPACE - 1), "target": whole_number(wish, "target", LOW, HIGH)}

    def check_table(self, table: Mapping[str, Any]) -> None:
        if table:
            raise BadTable("Dice has no pay table: what it pays follows from the return.")

    def play(self, roll: Roll, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Played:
        result = roll.outcome
        wins = result < choice["range"] if choice["target"] == LOW else result >= SPACE - choice["range"]
        return Played(self.top(choice, table, rtp) if wins else Fraction(), {"result": result})

    def odds(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Odds:
        return Odds(SPACE, [Prize("Win", choice["range"], self.top(choice, table, rtp))])

    def top(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        return rtp * SPACE / choice["range"]

    def examples(self) -> Sequence[Choice]:
        widths = (1, 2, 1000, SPACE // 100, SPACE // 10, SPACE // 4, SPACE // 2, SPACE * 9 // 10, SPACE - 1)
        return [{"range": width, "target": target} for width in widths for target in (LOW, HIGH)]

    def least_return(self, stake_minor: int, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        """
        A payout of k + a little is paid as k. The smallest payouts lose most: just below k + 1, where k is what the
        widest interval pays. A larger stake is paid more there, so it loses less.
        """
        k = int(stake_minor * self.top({"range": SPACE - 1}, table, rtp))
        return rtp * Fraction(k, k + 1)


GAME = Dice()
