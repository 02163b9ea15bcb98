"""
A sample of bets through the rules, without money or database, beside the return that the odds say. Pure.

The statistics are in floats: they move nothing. The sample is made by the scheme as it is (secret, salt, client seed,
outcome, further words), with a seeded generator in the place of the system's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from random import Random

from games.instant.fairness import Roll, Secret, outcome_of
from games.instant.rules import Choice, Odds, Rules

STANDARD_ERRORS = 5  # chance leaves this band once in 1.7 million
# A choice that is expected to win less often than this in its part of the sample says nothing about its return, and
# what it says is far from a bell curve; the exact tests know it.
FEWEST_WINS = 50


@dataclass(frozen=True, slots=True)
class Sampled:
    """Returns as ratios of the stakes; all bets stake the same."""

    game: str
    bets: int
    choices: int
    exact: float
    returned: float
    standard_error: float

    @property
    def off_by(self) -> float:
        """In standard errors."""
        return (self.returned - self.exact) / self.standard_error

    @property
    def agrees(self) -> bool:
        return abs(self.off_by) <= STANDARD_ERRORS

    def line(self) -> str:
        return (
            f"{self.game}: {self.bets:,} bets on {self.choices} choice{'s' if self.choices > 1 else ''}, "
            f"exact {self.exact:.4%}, returned {self.returned:.4%}, "
            f"{self.off_by:+.2f} standard errors of {self.standard_error:.4%}: "
            f"{'agrees' if self.agrees else 'DOES NOT AGREE'}"
        )


def sample(game: Rules, rtp: Fraction, *, bets: int, seed: int) -> Sampled:
    """So many bets under the game's own table, its choices in turn. The same seed gives the same bets."""
    table = game.default_table
    choices = _telling(game, rtp, bets)
    source = Random(f"{game.slug}:{seed}")  # noqa: S311 a simulation is to be repeated
    paid = 0.0
    for i in range(bets):
        choice, _ = choices[i % len(choices)]
        secret = Secret(source.getrandbits(32), f"{source.getrandbits(128):032x}")
        outcome = outcome_of(secret.number, source.getrandbits(32))
        multiplier, _ = game.play(Roll(outcome, secret.salt), choice, table, rtp)
        if multiplier:
            paid += float(multiplier)
    played = [(len(range(i, bets, len(choices))), odds) for i, (_, odds) in enumerate(choices)]
    exact = sum(many * float(odds.rtp) for many, odds in played) / bets
    variance = sum(many * float(odds.variance()) for many, odds in played)
    return Sampled(game.slug, bets, len(choices), exact, paid / bets, sqrt(variance) / bets)


def _telling(game: Rules, rtp: Fraction, bets: int) -> Sequence[tuple[Choice, Odds]]:
    examples = game.examples()
    known = [(choice, game.odds(choice, game.default_table, rtp)) for choice in examples]
    wins = [sum(prize.ways for prize in odds.prizes) * bets / (odds.outcomes * len(known)) for _, odds in known]
    telling = [one for one, expected in zip(known, wins, strict=True) if expected >= FEWEST_WINS]
    if not telling:
        raise ValueError(f"{game.slug}: in {bets:,} bets no choice is expected to win {FEWEST_WINS} times.")
    return telling
