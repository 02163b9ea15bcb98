"""
Tests of 32-bit words and of counts, each answering a p-value: how often a perfect generator looks at least as odd.

The tests are Knuth's (The Art of Computer Programming, volume 2, 3.3.2: frequency, serial, gap, runs, birthday and
serial correlation); the incomplete gamma function is computed by its series and its continued fraction (Abramowitz and
Stegun 6.5.29 and 6.5.31).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import erfc, exp, lgamma, log, sqrt

SPACE = 2**32
FEWEST = 5  # expected in a cell of a chi-square test; rarer cells are put together
MANY_CELLS = 30  # from here on counts that are too even are odd as well


def chi_square_p(statistic: float, degrees: int) -> float:
    """The upper tail of the chi-square distribution."""
    return _upper_gamma(degrees / 2, statistic / 2)


def normal_p(z: float) -> float:
    """Both tails."""
    return erfc(abs(z) / sqrt(2))


def _upper_gamma(a: float, x: float) -> float:
    """Q(a, x), the regularised upper incomplete gamma function."""
    if x <= 0:
        return 1.0
    front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-15:
            n += 1
            term *= x / n
            total += term
        return max(0.0, 1 - front * total)
    b = x + 1 - a  # by Lentz's method
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 10_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return front * fraction


def of_counts(found: Sequence[int], chances: Sequence[float]) -> float:
    """Chi-square of counts against their chances; cells that are too rare are put together."""
    total, statistic, cells = sum(found), 0.0, 0
    seen = expected = 0.0
    for count, chance in sorted(zip(found, chances, strict=True), key=lambda cell: cell[1]):
        seen, expected = seen + count, expected + chance * total
        if expected >= FEWEST:
            statistic += (seen - expected) ** 2 / expected
            seen, expected, cells = 0.0, 0.0, cells + 1
    p = chi_square_p(statistic, cells - 1)
    return p if cells <= MANY_CELLS else 2 * min(p, 1 - p)


def distribution(words: Sequence[int]) -> float:
    """Are the highest eight bits evenly spread?"""
    found = Counter(word >> 24 for word in words)
    return of_counts([found[i] for i in range(256)], [1 / 256] * 256)


def low_bits(words: Sequence[int]) -> float:
    """And the lowest ten, where weak generators are weakest?"""
    found = Counter(word & 1023 for word in words)
    return of_counts([found[i] for i in range(1024)], [1 / 1024] * 1024)


def each_bit(words: Sequence[int]) -> float:
    """Is each of the 32 bits set half of the time?"""
    ones = [0] * 32
    for half, shift in ((Counter(word & 0xFFFF for word in words), 0), (Counter(word >> 16 for word in words), 16)):
        for value, many in half.items():
            for bit in range(16):
                ones[shift + bit] += many * (value >> bit & 1)
    n = len(words)
    return chi_square_p(sum((2 * many - n) ** 2 / n for many in ones), 32)


def runs_about_the_middle(words: Sequence[int]) -> float:
    """How often does the sequence cross the middle? (Wald and Wolfowitz, given how many are above.)"""
    above = [word >= SPACE // 2 for word in words]
    high = sum(above)
    low = len(above) - high
    if not high or not low:
        return 0.0
    runs = 1 + sum(a != b for a, b in pairwise(above))
    n = high + low
    mean = 1 + 2 * high * low / n
    variance = (mean - 1) * (mean - 2) / (n - 1)
    return normal_p((runs - mean) / sqrt(variance))


def runs_up_and_down(words: Sequence[int]) -> float:
    """How often does it turn from rising to falling?"""
    steps = [b > a for a, b in pairwise(words) if a != b]
    n = len(steps) + 1
    runs = 1 + sum(a != b for a, b in pairwise(steps))
    return normal_p((runs - (2 * n - 1) / 3) / sqrt((16 * n - 29) / 90))


def serial_pairs(words: Sequence[int]) -> float:
    """Are pairs of words that follow one another evenly spread over 64 × 64 fields?"""
    found = Counter((a >> 26) * 64 + (b >> 26) for a, b in zip(words[::2], words[1::2], strict=False))
    return of_counts([found[i] for i in range(4096)], [1 / 4096] * 4096)


def serial_correlation(words: Sequence[int], lag: int = 1) -> float:
    """Does a word tell anything linear of the one after it?"""
    return correlation(words[:-lag], words[lag:])


def correlation(first: Sequence[int], second: Sequence[int]) -> float:
    """Of two sequences, word by word: the interplay of two things that are drawn together."""
    n = len(first)
    mean_a, mean_b = sum(first) / n, sum(second) / n
    both = square_a = square_b = 0.0
    for a, b in zip(first, second, strict=True):
        x, y = a - mean_a, b - mean_b
        both += x * y
        square_a += x * x
        square_b += y * y
    return normal_p(both / sqrt(square_a * square_b) * sqrt(n)) if square_a and square_b else 0.0


def independence(first: Sequence[int], second: Sequence[int]) -> float:
    """Of two sequences, word by word: 32 × 32 fields, whatever kind of dependence there is."""
    found = Counter((a >> 27) * 32 + (b >> 27) for a, b in zip(first, second, strict=True))
    return of_counts([found[i] for i in range(1024)], [1 / 1024] * 1024)


def gaps(words: Sequence[int], share: float = 0.1, longest: int = 60) -> float:
    """How long does it take until a word is in the lowest tenth again?"""
    edge, gap, found = int(share * SPACE), 0, [0] * (longest + 1)
    for word in words:
        if word < edge:
            found[min(gap, longest)] += 1
            gap = 0
        else:
            gap += 1
    chances = [share * (1 - share) ** i for i in range(longest)]
    return of_counts(found, [*chances, 1 - sum(chances)])


def birthdays(words: Sequence[int]) -> float:
    """How many pairs are the same? About n² / 2^33, as of people with the same birthday; too few is wrong as well."""
    pairs = sum(many * (many - 1) // 2 for many in Counter(words).values())
    expected = len(words) * (len(words) - 1) / 2 / SPACE
    return min(1.0, 2 * min(_poisson_at_most(pairs, expected), 1 - _poisson_at_most(pairs - 1, expected)))


def _poisson_at_most(count: int, mean: float) -> float:
    return _upper_gamma(count + 1, mean) if count >= 0 else 0.0


def no_two_alike(texts: Iterable[str]) -> float:
    """Of 128 bits no two are ever the same."""
    seen = list(texts)
    return 1.0 if len(set(seen)) == len(seen) else 0.0


OF_WORDS = {
    "distribution, 256 cells": distribution,
    "lowest ten bits": low_bits,
    "each bit": each_bit,
    "runs about the middle": runs_about_the_middle,
    "runs up and down": runs_up_and_down,
    "serial pairs": serial_pairs,
    "serial correlation": serial_correlation,
    "gaps": gaps,
    "duplicates": birthdays,
}
