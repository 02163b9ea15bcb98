"""
Where results come from: hash chain, commitment, crash point, bonus. Pure; `static/games/crash/fairness.js` is its twin.

    seeds     seed_n = sha256(seed_{n+1}) over raw bytes, played from the end backwards; terminal = sha256(first seed)
    digest    HMAC-SHA256(key = seed, message = client seed as UTF-8)
    X         the digest's first 13 hex digits: 52 bits
    C         max(100, floor(100 × r × 2^52 / (2^52 - X))), capped; r = rtp / (1 + p × boost)
    bonus     bytes 8-11 of the digest, as a number below p × 2^32, say that there is one;
              bytes 12-15 place it on one of the ticks 1 … BONUS_LAST_TICK, evenly and whatever C is
    hash      sha256(previous result + seed in hex + result), decimal texts

The placing of the bonus does not depend on C, so whoever waits for it, or does not, gets back at most `rtp`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from fractions import Fraction

from games.crash.rules import CURVE, MIN_CRASH_POINT, crash_tick

BITS = 52
SPACE = 1 << BITS
BONUS_LAST_TICK = 110  # 2.98x
BONUS_SPACE = 1 << 32


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def seed_at(root: bytes, *, length: int, index: int) -> bytes:
    """The seed played as number `index` (0 is the first) of the chain that ends in `root`."""
    if not 0 <= index < length:
        raise ValueError(f"index {index} is not in a chain of {length}")
    seed = root
    for _ in range(length - 1 - index):
        seed = sha256(seed)
    return seed


def terminal_hash(root: bytes, *, length: int) -> str:
    """What is published before the client seed is known: the hash of the first seed to be played."""
    return sha256(seed_at(root, length=length, index=0)).hex()


def digest(seed: bytes, client_seed: str) -> bytes:
    return hmac.digest(seed, client_seed.encode(), "sha256")


def draw(seed: bytes, client_seed: str) -> int:
    """X: 52 even bits."""
    return int(digest(seed, client_seed).hex()[:13], 16)


def effective_rtp(rtp: Fraction, *, bonus_probability: Fraction, boost_percent: int) -> Fraction:
    """What the crash formula uses, so that with the bonus no strategy gets back more than `rtp`."""
    return rtp / (1 + bonus_probability * Fraction(boost_percent, 100))


def crash_point(x: int, *, rtp: Fraction, cap: int) -> int:
    """Hundredths. P(C >= m) = rtp / m for every m from 1.01 up to the cap."""
    return min(cap, max(MIN_CRASH_POINT, 100 * rtp.numerator * SPACE // (rtp.denominator * (SPACE - x))))


def count_reaching(multiplier: int, *, rtp: Fraction, cap: int) -> int:
    """How many of the 2^52 draws give C >= multiplier. Exact: what the proof of the return counts."""
    if multiplier > cap:
        return 0
    if multiplier <= MIN_CRASH_POINT:
        return SPACE
    return min(SPACE, 100 * rtp.numerator * SPACE // (rtp.denominator * multiplier))


def bonus_tick(round_digest: bytes, *, probability: Fraction) -> int | None:
    """The tick a bonus stands on, or None. It is seen only if the curve gets there."""
    decision = int.from_bytes(round_digest[8:12], "big")
    if decision * probability.denominator >= probability.numerator * BONUS_SPACE:
        return None
    place = int.from_bytes(round_digest[12:16], "big")
    return 1 + place * BONUS_LAST_TICK // BONUS_SPACE


def round_hash(previous_result: int, salt: str, result: int) -> str:
    """The round's public commitment. `salt` is always 64 hex characters, so the text can be read in one way only."""
    if len(salt) != 64:
        raise ValueError("a salt has 64 characters")
    return hashlib.sha256(f"{previous_result}{salt}{result}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Result:
    """All that a seed decides."""

    salt: str
    x: int
    crash_point: int
    bonus_tick: int | None  # None also where the crash comes first

    @property
    def bonus_hundredths(self) -> int | None:
        return None if self.bonus_tick is None else CURVE[self.bonus_tick]


def result_of(
    seed: bytes, client_seed: str, *, rtp: Fraction, cap: int, bonus_probability: Fraction, boost_percent: int
) -> Result:
    if len(seed) != 32:
        raise ValueError("a seed has 32 bytes")
    round_digest = digest(seed, client_seed)
    x = int(round_digest.hex()[:13], 16)
    used = effective_rtp(rtp, bonus_probability=bonus_probability, boost_percent=boost_percent)
    point = crash_point(x, rtp=used, cap=cap)
    tick = bonus_tick(round_digest, probability=bonus_probability)
    reached = tick is not None and tick < crash_tick(point)
    return Result(seed.hex(), x, point, tick if reached else None)
