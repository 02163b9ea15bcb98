"""
What is drawn from the generator as it runs: `new_secret`, and what the scheme makes of its secrets.

Client seeds are the worst that a player can send: always the same, or counting up. So nothing random is added to what
the house brings.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from games.instant.fairness import Roll, Secret, new_secret, outcome_of
from games.instant.kinds import KINDS
from games.instant.videopoker.rules import WAYS
from tests.randomness import statistics as tests

RTP = Fraction(99, 100)
NUMBERS = (6, 52, 1_000, 2_598_960)  # what a game may ask for a number below


class Check(NamedTuple):
    """`p` draws anew each time that it is called."""

    of: str
    test: str
    p: Callable[[], float]


Stream = Callable[[int], Sequence[int]]


def secrets(many: int) -> list[Secret]:
    return [new_secret() for _ in range(many)]


def salt_word(secret: Secret) -> int:
    return int(secret.salt[:8], 16)


def rolls(many: int) -> Iterator[Roll]:
    """Of one account's successive bets, with a client seed that counts up."""
    for i, secret in enumerate(secrets(many)):
        yield Roll(outcome_of(secret.number, i), secret.salt)


STREAMS: dict[str, Stream] = {
    "secrets": lambda n: [secret.number for secret in secrets(n)],
    "salts": lambda n: [salt_word(secret) for secret in secrets(n)],
    "outcomes, the same client seed": lambda n: [outcome_of(secret.number, 7) for secret in secrets(n)],
    "outcomes, client seeds counting up": lambda n: [roll.outcome for roll in rolls(n)],
    "words drawn from the salt": lambda n: [roll.word() for roll in rolls(n)],
}


def checks(size: int) -> list[Check]:
    found = [
        Check(stream, name, lambda draw=draw, test=test: test(draw(size)))  # type: ignore[misc]
        for stream, draw in STREAMS.items()
        for name, test in tests.OF_WORDS.items()
    ]
    found += [Check("salts", "no two alike", lambda: tests.no_two_alike(secret.salt for secret in secrets(size)))]
    found += [
        Check(f"numbers below {n:,}", "distribution", lambda n=n: _below(n, size))  # type: ignore[misc]
        for n in NUMBERS
    ]
    for name, pairs in INTERPLAY.items():
        found += [
            Check(name, "correlation", lambda pairs=pairs: tests.correlation(*pairs(size))),  # type: ignore[misc]
            Check(name, "independence", lambda pairs=pairs: tests.independence(*pairs(size))),  # type: ignore[misc]
        ]
    return found + [Check(game, "prizes", lambda game=game: _prizes(game, size // 4)) for game in KINDS]  # type: ignore[misc]


def _below(n: int, size: int) -> float:
    cells = min(n, 1_000)
    found = Counter(roll.below(n) * cells // n for roll in rolls(size))
    ways = Counter(i * cells // n for i in range(n)) if n <= 1_000 else {}
    chances = [ways[i] / n if ways else _share(i, cells, n) for i in range(cells)]
    return tests.of_counts([found[i] for i in range(cells)], chances)


def _share(cell: int, cells: int, n: int) -> float:
    """Numbers x below n with x × cells // n == cell, of n."""
    first, after = -(-cell * n // cells), -(-(cell + 1) * n // cells)
    return (after - first) / n


def _secret_and_salt(size: int) -> tuple[list[int], list[int]]:
    drawn = secrets(size)
    return [secret.number for secret in drawn], [salt_word(secret) for secret in drawn]


def _successive(size: int) -> tuple[list[int], list[int]]:
    outcomes = [roll.outcome for roll in rolls(size + 1)]
    return outcomes[:-1], outcomes[1:]


def _outcome_and_word(size: int) -> tuple[list[int], list[int]]:
    drawn = list(rolls(size))
    return [roll.outcome for roll in drawn], [roll.word() for roll in drawn]


def _two_words(size: int) -> tuple[list[int], list[int]]:
    drawn = [(roll.word(), roll.word()) for roll in rolls(size)]
    return [first for first, _ in drawn], [second for _, second in drawn]


def _words_of_successive_bets(size: int) -> tuple[list[int], list[int]]:
    words = [roll.word() for roll in rolls(size + 1)]
    return words[:-1], words[1:]


def _same_secret_other_salt(size: int) -> tuple[list[int], list[int]]:
    """One outcome for ever: then all that is left is the salt."""
    words = [Roll(7, secret.salt).word() for secret in secrets(2 * size)]
    return words[::2], words[1::2]


INTERPLAY: dict[str, Callable[[int], tuple[list[int], list[int]]]] = {
    "a secret and its salt": _secret_and_salt,
    "outcomes of successive bets": _successive,
    "an outcome and the word after it": _outcome_and_word,
    "the first and the second word": _two_words,
    "words of successive bets": _words_of_successive_bets,
    "words of one outcome, two salts": _same_secret_other_salt,
}


WISHES: dict[str, dict[str, Any]] = {
    "dice": {"range": 2**30, "target": 0},
    "shell": {"weights": [0, 9, 7, 5, 3, 2, 1, 0, 0], "picked": 1},
}


def _prizes(slug: str, size: int) -> float:
    """Every prize as often as the odds say."""
    game = KINDS[slug]
    choice = game.choice(WISHES.get(slug, {}))
    odds = game.odds(choice, game.default_table, RTP)
    by_pays: Counter[Fraction] = Counter()
    for prize in odds.prizes:
        by_pays[prize.multiplier] += prize.ways
    found = Counter(game.play(roll, choice, game.default_table, RTP).multiplier for roll in rolls(size))
    pays = list(by_pays)
    lost = odds.outcomes - by_pays.total()
    counts = [*(found[p] for p in pays), found[Fraction()]]
    return tests.of_counts(counts, [*(by_pays[p] / odds.outcomes for p in pays), lost / odds.outcomes])


def hand_names(size: int) -> float:
    """All eleven hands, the ones that pay nothing included."""
    game = KINDS["videopoker"]
    found = Counter(game.play(roll, {}, game.default_table, RTP).shown["name"] for roll in rolls(size))
    total = sum(WAYS.values())
    return tests.of_counts([found[name] for name in WAYS], [ways / total for ways in WAYS.values()])
