"""Amounts in and out: exact both ways, and nothing that is not one passes for one."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.legacy.amounts import LARGEST, NotAnAmount, minor, shown
from games.legacy.dialects import as_number, as_text

DENOMINATORS = st.sampled_from([1, 10, 100, 1000, 1_000_000, 100_000_000])
AMOUNTS = st.integers(1, 10**17)


@given(AMOUNTS, DENOMINATORS)
def test_what_is_shown_is_read_back_as_the_same_amount(amount: int, denominator: int) -> None:
    if amount > LARGEST * denominator:
        return
    text = as_text(shown(amount, denominator))
    assert minor(json.loads(text, parse_float=Decimal), denominator) == amount
    assert Decimal(text) * denominator == amount
    assert len(text.partition(".")[2]) >= 2


@given(st.integers(-(10**18), 10**18), DENOMINATORS)
def test_both_dialects_write_the_same_digits_and_no_exponent(amount: int, denominator: int) -> None:
    text = as_text(shown(amount, denominator))
    assert bytes(as_number(shown(amount, denominator))).decode() == text
    assert set(text) <= set("-0123456789.")
    assert Decimal(text) * denominator == amount


@given(AMOUNTS, DENOMINATORS, st.integers(1, 9))
def test_a_part_of_the_smallest_unit_is_never_rounded_away(amount: int, denominator: int, part: int) -> None:
    text = f"{shown(amount % 10**12, denominator):f}"
    text += "0" * (len(str(denominator)) - 1 - len(text.partition(".")[2]))
    decimals = max(2, len(str(denominator)) - 1)
    text = f"{text.partition('.')[0]}.{text.partition('.')[2].ljust(decimals, '0')}{part}"
    for value in (Decimal(text), text):
        with pytest.raises(NotAnAmount):
            minor(value, denominator)


@pytest.mark.parametrize(
    ("value", "amount"),
    [(5, 500), (Decimal("5.0"), 500), (Decimal("5E+2"), 50_000), ("5", 500), (" 5.5 ", 550), ("05.50", 550)],
)
def test_a_wager_may_be_written_in_several_ways(value: object, amount: int) -> None:
    assert minor(value, 100) == amount


@pytest.mark.parametrize(
    "value",
    [
        *[0, -1, True, False, None, 1.5, [], {}, b"5", 10**400, -(10**400)],
        *[Decimal(text) for text in ("0", "-0", "0E+9", "0E-999999", "NaN", "sNaN", "Infinity", "-Infinity")],
        *[Decimal(text) for text in ("1E+999999", "-1E+999999", "1E-999999", "-1E-999999", "1.001")],
        *["", "-5", "+5", "5.", ".5", "1e3", "NaN", "5_0", "٥", "5 0", "1" * 16, "0.001"],
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_amount_is_refused_at_once(value: object) -> None:
    with pytest.raises(NotAnAmount):
        minor(value, 100)
