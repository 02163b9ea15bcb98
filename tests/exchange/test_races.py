"""Conversions at the same moment, each on a connection of its own: once each, and never more than there is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import User
from tests.wallet.threads import at_once
from wallet import queries
from wallet.exchange import operations
from wallet.exchange.models import Conversion
from wallet.exchange.operations import InsufficientFunds

pytestmark = pytest.mark.usefixtures("committed_db")


def bits_into_bitcoin(player: User, reference: str, now: datetime) -> Callable[[], Conversion]:
    """By the rate that is always there: what these tests commit stays."""
    wish = {"source": "BITS", "target": "BTC", "amount_minor": 1_000, "reference": reference, "now": now}
    return lambda: operations.convert(player, **wish)  # type: ignore[arg-type]


def balances(player: User) -> tuple[int | None, ...]:
    accounts = [queries.player_account(player, is_demo=False, currency=code) for code in ("BITS", "BTC")]
    return tuple(account and account.posted_minor for account in accounts)


def test_the_same_conversion_ten_times_at_once_happens_once(make_player: Callable[..., Any], now: datetime) -> None:
    dora = make_player("dora", currency="BITS", real=10_000)
    made = at_once([bits_into_bitcoin(dora, "race", now)] * 10)
    assert len({conversion.pk for conversion in made}) == 1
    assert balances(dora) == (9_000, 1_000)


def test_twenty_conversions_at_once_of_money_for_ten_are_ten(make_player: Callable[..., Any], now: datetime) -> None:
    dora = make_player("dora", currency="BITS", real=10_000)
    results = at_once([bits_into_bitcoin(dora, f"race-{number}", now) for number in range(20)])
    assert sum(isinstance(result, Conversion) for result in results) == 10
    assert sum(isinstance(result, InsufficientFunds) for result in results) == 10
    assert balances(dora) == (0, 10_000)
