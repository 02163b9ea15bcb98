"""
The tests of `make randomness` themselves: their p-values are right, a seeded good source passes, and bad ones do not.

(The real generator is tested by `make randomness`, not here: chance may fail it.)
"""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from tests.randomness import statistics as tests
from tests.randomness.statistics import SPACE

MANY = 20_000
Words = Sequence[int]


def good(seed: int = 1, many: int = MANY) -> list[int]:
    source = Random(seed)
    return [source.getrandbits(32) for _ in range(many)]


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [
        (3.841, 1, 0.05),
        (6.635, 1, 0.01),
        (18.307, 10, 0.05),
        (23.209, 10, 0.01),
        (135.807, 100, 0.01),
        (10, 10, 0.4405),
    ],
)
def test_the_chi_square_tail_is_that_of_the_tables(statistic: float, degrees: int, p: float) -> None:
    """Abramowitz and Stegun, table 26.8."""
    assert tests.chi_square_p(statistic, degrees) == pytest.approx(p, rel=2e-3)


def test_the_normal_tail_is_that_of_the_tables() -> None:
    assert tests.normal_p(1.96) == pytest.approx(0.05, rel=2e-3)
    assert tests.normal_p(-2.576) == pytest.approx(0.01, rel=2e-3)


@pytest.mark.parametrize("name", tests.OF_WORDS)
def test_a_good_source_passes_and_is_odd_as_often_as_chance_is(name: str) -> None:
    """Of forty sources some are odd at 20 %, and hardly any at 0.1 %."""
    found = [tests.OF_WORDS[name](good(seed, 4_000)) for seed in range(40)]
    assert sum(p < 0.001 for p in found) <= 1
    if name != "duplicates":  # of so few words there is none, nearly always
        assert 1 <= sum(p < 0.2 for p in found) <= 20


def biased() -> Words:
    """A plain modulo of too little: the lower quarter comes a little more often."""
    source = Random(2)
    return [source.getrandbits(32) % (SPACE * 4 // 5) * 5 // 4 for _ in range(MANY)]


def stuck_bit() -> Words:
    return [word | 0b100 if i % 8 == 0 else word for i, word in enumerate(good())]


def sticky() -> Words:
    """A tenth of the words resemble the one before."""
    words = good()
    return [words[i - 1] ^ (word & 0xFFFFFF) if word % 10 == 0 and i else word for i, word in enumerate(words)]


def alternating() -> Words:
    """High and low in turn."""
    return [word | SPACE // 2 if i % 2 else word & (SPACE // 2 - 1) for i, word in enumerate(good())]


def repeating() -> Words:
    words = good(many=MANY // 2)
    return [*words, *words]


def congruential() -> Words:
    """The low bits of such a generator go round in a circle."""
    words, state = [], 1
    for _ in range(MANY):
        state = (state * 1_664_525 + 1_013_904_223) % SPACE
        words.append(state)
    return words


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (biased, {"distribution, 256 cells", "gaps"}),
        (stuck_bit, {"each bit"}),
        (sticky, {"serial pairs", "serial correlation", "runs about the middle", "runs up and down"}),
        (alternating, {"serial pairs", "serial correlation", "runs about the middle", "runs up and down", "gaps"}),
        (repeating, {"duplicates"}),
        (congruential, {"lowest ten bits"}),
    ],
)
def test_a_bad_source_is_found(source: Callable[[], Words], names: set[str]) -> None:
    words = source()
    assert {name for name in names if tests.OF_WORDS[name](words) > 0.001} == set()


def test_interplay_is_found_where_there_is_one() -> None:
    first, noise = good(1), good(2)
    assert tests.correlation(first, noise) > 0.001
    assert tests.independence(first, noise) > 0.001
    follows = [a if b % 20 == 0 else b for a, b in zip(first, noise, strict=True)]
    assert tests.correlation(first, follows) < 0.001
    folded = [a ^ SPACE - 1 if b % 2 else a for a, b in zip(first, noise, strict=True)]
    assert tests.independence(first, folded) < 0.001, "which no correlation shows"
    assert tests.no_two_alike(["a", "b"]) == 1.0
    assert tests.no_two_alike(["a", "b", "a"]) == 0.0
