"""
The 32-bit scheme of commit and reveal that the instant games share. Pure.

    hash     sha256 of the text `secret|salt`, shown before the bet
    outcome  (secret + client seed) mod 2^32, decided by both sides: neither knows it before the other has chosen

After the bet its secret and salt are revealed; everyone can then compute the hash, the outcome and what the rules make
of it. A game that needs more than the outcome takes further 32-bit words from it and the salt, which the hash commits
to as well: word n is the first four bytes (big-endian) of HMAC-SHA256(key = the salt's text, message = `outcome:n`).
"""

import hashlib
import hmac
import secrets
from typing import NamedTuple

SPACE = 2**32
SALT_CHARACTERS = 32
RANDOM_SEED = -1  # how a client says that it leaves its seed to the server


class Secret(NamedTuple):
    """What is hidden until the bet: 32 random bits, and the salt that keeps their hash from being tried out."""

    number: int
    salt: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        return f"{self.number}|{self.salt}"

    @classmethod
    def of(cls, text: str) -> "Secret":
        number, _, salt = text.partition("|")
        return cls(int(number), salt)


def new_secret() -> Secret:
    return Secret(secrets.randbits(32), secrets.token_hex(SALT_CHARACTERS // 2))


def random_client_seed() -> int:
    return secrets.randbits(32)


def outcome_of(secret: int, client_seed: int) -> int:
    return (secret + client_seed) % SPACE


class Roll:
    """The outcome of a bet, and the words that may be drawn beyond it."""

    __slots__ = ("_drawn", "_salt", "outcome")

    def __init__(self, outcome: int, salt: str) -> None:
        self.outcome = outcome
        self._salt = salt
        self._drawn = 0

    def word(self) -> int:
        """The next 32 bits after the outcome."""
        self._drawn += 1
        digest = hmac.digest(self._salt.encode(), f"{self.outcome}:{self._drawn}".encode(), hashlib.sha256)
        return int.from_bytes(digest[:4])

    def below(self, n: int) -> int:
        """
        A number from 0 to n-1, all exactly as likely, from the outcome itself.

        A plain modulo would favour small numbers wherever n does not divide 2^32. An outcome in that incomplete last
        stretch (fewer than n of the 2^32) is passed over for the next word instead.
        """
        whole = SPACE - SPACE % n
        value = self.outcome
        while value >= whole:
            value = self.word()
        return value % n
