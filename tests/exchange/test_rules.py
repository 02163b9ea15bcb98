"""The arithmetic of currencies, for any amount and any rate: exact, rounded once, and never in the player's favour."""

from fractions import Fraction

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from wallet.exchange import rules

exactly = settings(deadline=None)  # what is checked is the arithmetic, not how fast this machine is
DENOMINATORS = st.sampled_from([1, 100, 1_000_000, 100_000_000])
RATES = st.builds(Fraction, st.integers(1, 10**12), st.integers(1, 10**12))
AMOUNTS = st.integers(1, 10**15)
SPREADS = st.integers(0, 9_999)


@exactly
@for_any(amount=AMOUNTS, rate=RATES, source=DENOMINATORS, target=DENOMINATORS, spread=SPREADS)
def test_nobody_gets_more_than_the_exact_value_nor_a_whole_unit_less(
    amount: int, rate: Fraction, source: int, target: int, spread: int
) -> None:
    price = rules.price(rate, source_denominator=source, target_denominator=target, spread_bps=spread)
    done = rules.exchange(amount, price)
    exact = Fraction(amount, source) * rate * target * (10_000 - spread) / 10_000
    assert done.given_minor <= exact < done.given_minor + 1
    assert done.given_minor + done.remainder == exact
    assert done.paid_minor + done.rest_minor == amount
    assert done.rest_minor >= 0


@exactly
@for_any(amount=AMOUNTS, rate=RATES, source=DENOMINATORS, target=DENOMINATORS)
def test_what_is_paid_is_the_least_that_buys_what_is_given(
    amount: int, rate: Fraction, source: int, target: int
) -> None:
    price = rules.price(rate, source_denominator=source, target_denominator=target)
    done = rules.exchange(amount, price)
    assert rules.exchange(done.paid_minor, price)[1:3] == (0, done.given_minor)
    if done.paid_minor:
        assert rules.exchange(done.paid_minor - 1, price).given_minor < done.given_minor


@exactly
@for_any(amount=AMOUNTS, rate=RATES, source=DENOMINATORS, target=DENOMINATORS, spread=SPREADS)
def test_there_and_back_gains_nothing(amount: int, rate: Fraction, source: int, target: int, spread: int) -> None:
    there = rules.price(rate, source_denominator=source, target_denominator=target, spread_bps=spread)
    back = rules.price(1 / rate, source_denominator=target, target_denominator=source, spread_bps=spread)
    assert rules.exchange(rules.exchange(amount, there).given_minor, back).given_minor <= amount


@exactly
@for_any(amount=AMOUNTS, parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=5), rate=RATES)
def test_an_amount_in_pieces_gives_no_more_than_at_once(amount: int, parts: list[int], rate: Fraction) -> None:
    price = rules.price(rate, source_denominator=100, target_denominator=100)
    whole = amount + sum(parts)
    pieces = sum(rules.exchange(part, price).given_minor for part in (amount, *parts))
    assert pieces <= rules.exchange(whole, price).given_minor


# --- rates ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("0.16", Fraction(4, 25)),
        (" 4/25 ", Fraction(4, 25)),
        ("80000", Fraction(80_000)),
        ("0.000000000001", Fraction(1, 10**12)),
        ("1/1000000", Fraction(1, 10**6)),
        *((bad, None) for bad in ("0", "0.0", "-1", "1e3", "1/0", "0/5", "", "x", "1,5", "nan", "1.", ".5", "١")),
        ("0.0000000000001", None),
        ("1" * 19 + "/3", None),
    ],
)
def test_a_rate_is_read_exactly_or_not_at_all(text: str, rate: Fraction | None) -> None:
    assert rules.parse_rate(text) == rate


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(4, 25), "0.16"),
        (Fraction(80_000), "80000"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 160_000_000), "0.0000000125"),
        (Fraction(10**14), "100000000000000"),
    ],
)
def test_a_rate_is_shown_in_plain_digits(rate: Fraction, text: str) -> None:
    assert rules.shown(rate) == text


def test_doubling_and_halving_are_the_same_jump() -> None:
    one, two = Fraction(1), Fraction(2)
    assert rules.jump(one, two) == rules.jump(two, one) == 1
    assert rules.jump(Fraction(100), Fraction(120)) == rules.LARGE_JUMP


# --- ways between currencies ------------------------------------------------------------------------------------------
QUOTES = {"BITS": "BTC", "BTC": "EUR", "BRL": "EUR", "KRW": "JPY"}


@pytest.mark.parametrize(
    ("source", "target", "way"),
    [
        ("BRL", "EUR", "BRL/EUR"),
        ("EUR", "BRL", "EUR\\BRL"),
        ("BITS", "BTC", "BITS/BTC"),
        ("BITS", "BRL", "BITS/BTC BTC/EUR EUR\\BRL"),
        ("BRL", "BITS", "BRL/EUR EUR\\BTC BTC\\BITS"),
        ("BRL", "KRW", None),
        ("BRL", "COIN", None),
    ],
)
def test_the_way_from_one_currency_to_another(source: str, target: str, way: str | None) -> None:
    steps = rules.route(QUOTES, source, target)
    told = steps and " ".join(f"{s.quote}\\{s.base}" if s.inverted else f"{s.base}/{s.quote}" for s in steps)
    assert told == way


@pytest.mark.parametrize(
    ("base", "quote", "refused"),
    [
        ("USD", "EUR", None),
        ("BRL", "EUR", None),
        ("USD", "BTC", None),
        ("JPY", "EUR", None),
        ("EUR", "EUR", "itself"),
        ("BRL", "USD", "quoted in EUR already"),
        ("EUR", "BRL", "directly or over another"),
        ("EUR", "BITS", "directly or over another"),
        ("USD", "BITS", "more than 2 steps"),
        ("EUR", "USD", "more than 2 steps"),
    ],
)
def test_a_pair_that_would_be_a_second_way_is_refused(base: str, quote: str, refused: str | None) -> None:
    told = rules.refused_pair(QUOTES, base, quote)
    assert told is None if refused is None else told is not None and refused in told


CODES = ("AAA", "BBB", "CCC", "DDD", "EEE")


@exactly
@for_any(pairs=st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(CODES)), max_size=12))
def test_whatever_pairs_are_accepted_a_round_trip_over_all_of_them_is_worth_exactly_one(
    pairs: list[tuple[str, str]],
) -> None:
    quotes: dict[str, str] = {}
    for base, quote in pairs:
        if rules.refused_pair(quotes, base, quote) is None:
            quotes[base] = quote
    rate = {base: Fraction(7 + n, 3 + 2 * n) for n, base in enumerate(quotes)}

    def worth(source: str, target: str) -> Fraction | None:
        steps = rules.route(quotes, source, target)
        return steps and rules.product((rate[step.base], step.inverted) for step in steps)  # type: ignore[return-value]

    for a in CODES:
        for b in CODES:
            for c in CODES:
                if len({a, b, c}) == 3 and worth(a, b) and worth(b, c):
                    assert worth(a, b) * worth(b, c) * worth(c, a) == 1  # type: ignore[operator]
