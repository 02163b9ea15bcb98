"""The scheme of commit and reveal, against the contract's vector, and its mapping to numbers without bias."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.instant.fairness import SPACE, Roll, Secret, new_secret, outcome_of

VECTOR = Secret(2_800_816_053, "2813102cbeee005055a5d4a9aa60894b")


def test_the_hash_and_the_outcome_are_those_of_the_contract() -> None:
    assert VECTOR.hash == "4e8ce7094c5781bd89169434d0403c0b29fc96f538b5c67623563a0c59bb1537"
    assert outcome_of(VECTOR.number, 123_456_789) == 2_924_272_842


def test_a_secret_comes_back_from_its_text() -> None:
    secret = new_secret()
    assert Secret.of(secret.text) == secret
    assert 0 <= secret.number < SPACE
    assert len(secret.salt) == 32


@given(st.integers(0, SPACE - 1), st.integers(0, SPACE - 1))
def test_whoever_adds_a_number_that_the_other_does_not_know_makes_the_outcome_uniform(secret: int, seed: int) -> None:
    """For each secret every outcome has exactly one client seed that leads to it."""
    outcome = outcome_of(secret, seed)
    assert 0 <= outcome < SPACE
    assert (outcome - secret) % SPACE == seed


@pytest.mark.parametrize("n", [1, 2, 3, 6, 52, 32_768, 2_598_960, 2**31 + 1, SPACE])
def test_an_outcome_in_the_incomplete_last_stretch_is_passed_over(n: int) -> None:
    whole = SPACE - SPACE % n
    assert Roll(whole - 1, "salt").below(n) == n - 1
    if whole < SPACE:
        expected = next(word for word in _words(whole, "salt") if word < whole) % n
        assert Roll(whole, "salt").below(n) == expected


def test_the_words_after_the_outcome_differ_and_can_be_computed_again() -> None:
    words = _words(7, "a")
    taken = [next(words) for _ in range(1_000)]
    assert taken == [word for word, _ in zip(_words(7, "a"), range(1_000), strict=False)]
    assert max(Counter(taken).values()) == 1
    assert next(_words(7, "b")) != taken[0] != next(_words(8, "a"))


def _words(outcome: int, salt: str):  # type: ignore[no-untyped-def]
    roll = Roll(outcome, salt)
    while True:
        yield roll.word()
