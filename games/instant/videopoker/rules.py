"""
Video poker: five cards, no draw. Pure.

The deck is in the order of the ranks 2 to A, and of the suits c d h s within a rank. The outcome is taken to a number
below 2,598,960 without bias (`Roll.below`), and that number to a hand in the combinatorial number system: the largest
card c with C(c, 5) <= n, then the next with C(c, 4) of what is left, and so on. So every hand is exactly as likely, and
anyone can follow it with a pencil.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

from games.instant.fairness import Roll
from games.instant.rules import BadTable, Choice, Odds, Played, Prize, hundredths

RANKS, SUITS = "23456789TJQKA", "cdhs"
HANDS = comb(52, 5)
JACK = RANKS.index("J")

# How many of the 2,598,960 hands have each name. `count_hands` counts them; a test compares.
WAYS = {
    "Royal Flush": 4,
    "Straight Flush": 36,
    "Four of a Kind": 624,
    "Full House": 3_744,
    "Flush": 5_108,
    "Straight": 10_200,
    "Three of a Kind": 54_912,
    "Two Pair": 123_552,
    "Jacks or Better": 337_920,
    "Low Pair": 760_320,
    "High Card": 1_302_540,
}
PAID = tuple(name for name in WAYS if name not in ("Low Pair", "High Card"))


def hand_of(number: int) -> tuple[int, ...]:
    """Card numbers (rank × 4 + suit), highest first, of a hand's number."""
    cards, card = [], 52
    for left in range(5, 0, -1):
        card = next(c for c in range(card - 1, -1, -1) if _COMB[left][c] <= number)
        number -= _COMB[left][card]
        cards.append(card)
    return tuple(cards)


_COMB = [[comb(card, k) for card in range(52)] for k in range(6)]


def written(cards: Sequence[int]) -> str:
    """`As5hTdKsQc`."""
    return "".join(f"{RANKS[card // 4]}{SUITS[card % 4]}" for card in cards)


def name_of(cards: Sequence[int]) -> str:
    """The hand's name; cards from the highest down."""
    ranks = [card // 4 for card in cards]
    same = sorted(Counter(ranks).values(), reverse=True)
    if same[0] > 1:
        return _of_a_kind(same, ranks)
    is_flush = len({card % 4 for card in cards}) == 1
    wheel = ranks == [12, 3, 2, 1, 0]
    is_straight = wheel or ranks[0] - ranks[4] == 4
    if is_straight and is_flush:
        return "Royal Flush" if ranks[4] == RANKS.index("T") else "Straight Flush"
    return "Flush" if is_flush else "Straight" if is_straight else "High Card"


def _of_a_kind(same: Sequence[int], ranks: Sequence[int]) -> str:
    match tuple(same[:2]):
        case (4, _):
            return "Four of a Kind"
        case (3, 2):
            return "Full House"
        case (3, _):
            return "Three of a Kind"
        case (2, 2):
            return "Two Pair"
    pair = next(rank for rank in ranks if ranks.count(rank) == 2)
    return "Jacks or Better" if pair >= JACK else "Low Pair"


def count_hands() -> Counter[str]:
    """All of them, one by one: what `WAYS` says, proved."""
    return Counter(name_of(cards) for cards in combinations(range(51, -1, -1), 5))


class VideoPoker:
    slug = "videopoker"
    title = "Video Poker"
    fields: tuple[str, ...] = ()
    default_table: Mapping[str, Any] = {
        "pays": {
            "Royal Flush": 5_000_00,
            "Straight Flush": 1_000_00,
            "Four of a Kind": 200_00,
            "Full House": 50_00,
            "Flush": 40_00,
            "Straight": 16_00,
            "Three of a Kind": 6_00,
            "Two Pair": 4_00,
            "Jacks or Better": 3_00,
        }
    }
    is_capped = False

    def choice(self, wish: Mapping[str, Any]) -> Choice:
        return {}

    def check_table(self, table: Mapping[str, Any]) -> None:
        pays = table.get("pays")
        if set(table) != {"pays"} or not isinstance(pays, dict) or set(pays) != set(PAID):
            raise BadTable(f"The table says for each of these hands what it pays: {', '.join(PAID)}.")
        for name, value in pays.items():
            hundredths(value, name)

    def play(self, roll: Roll, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Played:
        cards = hand_of(roll.below(HANDS))
        name = name_of(cards)
        return Played(Fraction(table["pays"].get(name, 0), 100), {"cards": written(cards), "name": name})

    def odds(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Odds:
        return Odds(HANDS, [Prize(name, WAYS[name], Fraction(table["pays"][name], 100)) for name in PAID])

    def top(self, choice: Choice, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        return Fraction(max(table["pays"].values()), 100)

    def examples(self) -> Sequence[Choice]:
        return [{}]

    def least_return(self, stake_minor: int, table: Mapping[str, Any], rtp: Fraction) -> Fraction:
        return self.odds({}, table, rtp).least_rtp_from(stake_minor)


GAME = VideoPoker()
