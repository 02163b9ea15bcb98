from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from wallet.exchange import operations
from wallet.exchange.models import ExchangeRate

SetRate = Callable[..., ExchangeRate]


@pytest.fixture
def set_rate(db: None, now: datetime) -> SetRate:
    """`set_rate("BRL", "EUR", "4/25")`: in force from the test's now on, unless another time is given."""

    def set_(base: str, quote: str, rate: str, **options: Any) -> ExchangeRate:
        wanted = {"source": "test", "actor": None, "now": now} | options
        return operations.set_rate(base, quote, Fraction(rate), **wanted)

    return set_


@pytest.fixture
def rates(set_rate: SetRate) -> None:
    """One EUR is 6.25 BRL, one USD 0.9 EUR, one BTC 80,000 EUR; a bit is 100 satoshi anyway."""
    set_rate("BRL", "EUR", "0.16")
    set_rate("USD", "EUR", "0.9")
    set_rate("BTC", "EUR", "80000")
