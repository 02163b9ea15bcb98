"""Where results come from: the contract's vectors, and the return counted exactly over all 2^52 draws."""

import hashlib
import hmac
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.crash import fairness
from games.crash.fairness import SPACE
from games.crash.rules import CAPS, CURVE

CLIENT_SEED = "contract-2026"
TERMINAL = "6a7ccb905ddc81b99b953ab1c995b3d87c5161b3a063847f1afab88ed79749b2"
RTP = Fraction(95, 100)
# salt, X, result, hash. The contract prints the first hash with two digits exchanged (4e19616c04edeeee...); this is the
# sha256 of the text that it states ("0" + salt + "933").
VECTORS = (
    ("0a5028b81bf6fab5c01e55f23bcbffda7cef0ff8df9928449a57a1e347904166", 4045300613633742, 933, "4e19616c04eedeee"),
    ("a69c7867261e5b739f491f19abffe4fe7b003aed48c5263359fa1de9d1e15a0f", 4121009265074133, 1118, "5f875a3d09ceafc4"),
    ("8041cd78545764666c907d98e0332a9736f2153ffa8297e2c96d2331f1609084", 4299435754306243, 2095, "8a620e9ad1885cc1"),
    ("b0d51c58c8b9c1f458fadf16c7d375630ef51da4df81915893b05c0fa4ed8bc6", 1259874610302600, 131, "0644a9002e393098"),
)


def result(salt: str) -> fairness.Result:
    seed = bytes.fromhex(salt)
    terms = {"rtp": RTP, "cap": CAPS["high"], "bonus_probability": Fraction(0), "boost_percent": 10}
    return fairness.result_of(seed, CLIENT_SEED, **terms)  # type: ignore[arg-type]


def test_the_vectors_of_the_contract_come_out() -> None:
    previous, above = 0, TERMINAL
    for salt, x, point, hashed in VECTORS:
        found = result(salt)
        assert (found.x, found.crash_point) == (x, point)
        full = hashlib.sha256(f"{previous}{salt}{point}".encode()).hexdigest()
        assert fairness.round_hash(previous, salt, point) == full
        assert full.startswith(hashed)
        assert fairness.sha256(bytes.fromhex(salt)).hex() == above
        previous, above = point, salt


def test_hashing_the_hex_text_instead_of_the_bytes_gives_another_result() -> None:
    salt, x, *_ = VECTORS[0]
    wrong = hmac.digest(salt.encode(), CLIENT_SEED.encode(), "sha256").hex()[:13]
    assert int(wrong, 16) != x
    assert hashlib.sha256(salt.encode()).hexdigest() != TERMINAL


def test_a_chain_is_played_from_its_end_backwards_down_to_its_root() -> None:
    root = b"\x07" * 32
    seeds = [fairness.seed_at(root, length=5, index=i) for i in range(5)]
    assert seeds[-1] == root
    assert all(fairness.sha256(later) == earlier for earlier, later in pairwise(seeds))
    assert fairness.terminal_hash(root, length=5) == fairness.sha256(seeds[0]).hex()
    for outside in (-1, 5):
        with pytest.raises(ValueError, match="not in a chain"):
            fairness.seed_at(root, length=5, index=outside)


def test_a_salt_of_another_length_is_refused_because_the_text_has_no_separators() -> None:
    with pytest.raises(ValueError, match="64"):
        fairness.round_hash(1, "ab", 100)
    with pytest.raises(ValueError, match="32 bytes"):
        fairness.result_of(b"x", "c", rtp=RTP, cap=10_000, bonus_probability=Fraction(0), boost_percent=0)


@pytest.mark.parametrize("rtp", [Fraction(1, 2), Fraction(95, 100), Fraction(9999, 10_000)])
@pytest.mark.parametrize("target", [101, 102, 150, 200, 1_000, 10_000, 100_000, 1_750_000])
def test_every_target_returns_the_configured_rtp_to_a_hair(rtp: Fraction, target: int) -> None:
    reaching = fairness.count_reaching(target, rtp=rtp, cap=CAPS["high"])
    returned = Fraction(reaching, SPACE) * Fraction(target, 100)
    assert 0 <= rtp - returned < Fraction(target, SPACE)


@given(
    x=st.integers(0, SPACE - 1),
    target=st.integers(101, 1_750_000),
    bps=st.integers(5000, 9999),
    cap=st.sampled_from(sorted(CAPS.values())),
)
def test_the_count_of_winning_draws_is_exact(x: int, target: int, bps: int, cap: int) -> None:
    rtp = Fraction(bps, 10_000)
    winning = fairness.count_reaching(target, rtp=rtp, cap=cap)
    assert (fairness.crash_point(x, rtp=rtp, cap=cap) >= target) == (x >= SPACE - winning)
    if 0 < winning < SPACE:  # both sides of the edge
        assert fairness.crash_point(SPACE - winning, rtp=rtp, cap=cap) >= target
        assert fairness.crash_point(SPACE - winning - 1, rtp=rtp, cap=cap) < target


def test_nothing_above_the_cap_can_be_reached_and_the_cap_can() -> None:
    cap = CAPS["low"]
    assert fairness.count_reaching(cap + 1, rtp=RTP, cap=cap) == 0
    assert fairness.crash_point(SPACE - 1, rtp=RTP, cap=cap) == cap
    assert fairness.count_reaching(100, rtp=RTP, cap=cap) == SPACE


@pytest.mark.parametrize("probability", [Fraction(1, 4), Fraction(1)])
@pytest.mark.parametrize("boost", [10, 100])
def test_no_strategy_gets_back_more_than_the_rtp_with_a_bonus(probability: Fraction, boost: int) -> None:
    """A player who leaves at m, or waits for the bonus and leaves right then, knowing all that was announced."""
    used = fairness.effective_rtp(RTP, bonus_probability=probability, boost_percent=boost)
    cap = CAPS["high"]
    more = 1 + Fraction(boost, 100)

    def reach(multiplier: int) -> Fraction:
        return Fraction(fairness.count_reaching(multiplier, rtp=used, cap=cap), SPACE)

    for target in (101, 150, 200, 298, 299, 1_000, 50_000):
        before = sum(1 for tick in range(1, fairness.BONUS_LAST_TICK + 1) if CURVE[tick] < target)
        boosted = probability * Fraction(before, fairness.BONUS_LAST_TICK)
        assert reach(target) * Fraction(target, 100) * (1 - boosted + boosted * more) <= RTP
    each = Fraction(1, fairness.BONUS_LAST_TICK) * probability
    last = CURVE[fairness.BONUS_LAST_TICK]
    at_bonus = sum(each * reach(CURVE[t]) * Fraction(CURVE[t], 100) * more for t in range(1, 111))
    otherwise = (1 - probability) * reach(last) * Fraction(last, 100)
    assert at_bonus + otherwise <= RTP


def test_the_bonus_comes_as_often_as_configured_and_stands_evenly() -> None:
    def digest(decision: int, place: int) -> bytes:
        return bytes(8) + decision.to_bytes(4, "big") + place.to_bytes(4, "big") + bytes(16)

    quarter = 1 << 30
    assert fairness.bonus_tick(digest(quarter - 1, 0), probability=Fraction(1, 4)) == 1
    assert fairness.bonus_tick(digest(quarter, 0), probability=Fraction(1, 4)) is None
    assert fairness.bonus_tick(digest(2**32 - 1, 2**32 - 1), probability=Fraction(1)) == fairness.BONUS_LAST_TICK
    assert fairness.bonus_tick(digest(0, 0), probability=Fraction(0)) is None
