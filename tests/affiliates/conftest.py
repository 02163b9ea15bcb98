"""Affiliates, players they brought, and stakes and wins on days that a test chooses."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.affiliates import operations as affiliates
from accounts.affiliates.models import Affiliate
from accounts.models import User
from casino.ops.settled import MARGIN
from wallet import ledger
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.queries import house_accounts, player_account

_numbers = itertools.count(1)


def on(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


def after(day: date) -> datetime:
    """When that day may be closed."""
    return on(day, 0) + timedelta(days=1) + MARGIN


def play(
    player: Any,
    staked: int,
    won: int = 0,
    *,
    at: datetime,
    back: int = 0,
    house: House = House.CRASH,
    demo: bool = False,
) -> None:
    """A stake, what came back of it, and a win, of some game."""
    account = player_account(player, is_demo=demo)
    assert account is not None
    place = house_accounts(house, [account.book])[account.book]
    name = f"t{next(_numbers)}-{player.pk}"
    moves = [
        (Code.STAKE, account.pk, place, staked),
        (Code.REFUND, place, account.pk, back),
        (Code.PAYOUT, place, account.pk, won),
    ]
    requests = [
        TransferRequest(f"{code}:{name}", debit, credit, amount, code, reference=name)
        for code, debit, credit, amount in moves
        if amount
    ]
    with transaction.atomic():
        outcomes = ledger.post(requests, now=at)
    assert all(outcome.in_books for outcome in outcomes), outcomes


@pytest.fixture
def day() -> date:
    return date(2026, 3, 3)


@pytest.fixture
def olga(make_player: Callable[..., Any]) -> Any:
    """Owner of an affiliate, with an account in BRL."""
    return make_player("olga")


@pytest.fixture
def acme(olga: Any, day: date) -> Affiliate:
    return affiliates.create("acme", owner=olga, actor=None, now=on(day, 1))


@pytest.fixture
def brought(acme: Affiliate, make_player: Callable[..., Any], day: date) -> Callable[..., Any]:
    """`brought("alice")`: a player with money, brought by acme (or another) at the beginning of the day."""

    def bring(name: str, code: str = "acme", **options: Any) -> Any:
        player = make_player(name, real=100_000_00, **options)
        assert affiliates.credit(player.pk, code, now=on(day, 2))
        return player

    return bring


@pytest.fixture
def fiona(db: None) -> User:
    return User.objects.create(username="fiona", is_staff=True)
