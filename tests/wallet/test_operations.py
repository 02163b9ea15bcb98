"""Accounts are opened once, money arrives once, and demo money stays demo money."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from wallet import ledger, operations, queries
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.models import Account, Currency, Transfer
from wallet.operations import DemoMoneyOnly, TransferRefused

pytestmark = pytest.mark.django_db


def test_a_demo_account_comes_with_demo_money_once(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice")
    first = operations.open_account(alice, is_demo=True, now=now)
    again = operations.open_account(alice, is_demo=True, now=now)
    assert first.pk == again.pk
    assert (first.posted_minor, again.posted_minor) == (1000_00, 1000_00)


@pytest.mark.parametrize("code", ["BRL", "EUR", "USD", "GBP", "BTC", "BITS", "ADA", "COIN"])
def test_every_currency_can_be_played_with_demo_money(
    code: str, make_player: Callable[..., Any], now: datetime
) -> None:
    account = operations.open_account(make_player(currency=code), is_demo=True, now=now)
    assert account.available_minor == operations.demo_grant_minor(Currency.objects.get(code=code)) > 0
    assert account.book == f"{code}.demo"


def test_a_real_account_is_empty_until_money_arrives(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice")
    assert operations.open_account(alice, is_demo=False, now=now).posted_minor == 0
    operations.deposit(alice, 12_34, reference=f"psp:{uuid4()}", now=now)
    view = queries.balance(alice, is_demo=False)
    assert (view.available_minor, view.held_minor, view.currency, view.denominator) == (12_34, 0, "BRL", 100)


def test_a_deposit_may_be_reported_again(make_player: Callable[..., Any], now: datetime) -> None:
    alice, reference = make_player("alice"), f"psp:{uuid4()}"
    operations.deposit(alice, 500, reference=reference, now=now)
    operations.deposit(alice, 500, reference=reference, now=now + timedelta(days=1))
    assert queries.balance(alice, is_demo=False).available_minor == 500


def test_another_deposit_under_the_same_reference_is_refused(make_player: Callable[..., Any], now: datetime) -> None:
    alice, bob, reference = make_player("alice"), make_player("bob"), f"psp:{uuid4()}"
    operations.deposit(alice, 500, reference=reference, now=now)
    with pytest.raises(TransferRefused, match="different_amount"):
        operations.deposit(alice, 501, reference=reference, now=now)
    with pytest.raises(TransferRefused, match="different_accounts"):
        operations.deposit(bob, 500, reference=reference, now=now)
    assert queries.balance(alice, is_demo=False).available_minor == 500
    assert queries.balance(bob, is_demo=False).available_minor == 0


@pytest.mark.parametrize("amount", [0, -1])
def test_a_deposit_of_nothing_is_refused(amount: int, make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice")
    with pytest.raises(TransferRefused, match="amount_out_of_range"):
        operations.deposit(alice, amount, reference=f"psp:{uuid4()}", now=now)
    assert not Transfer.objects.filter(credit_account__owner=alice).exists()


def test_a_demo_balance_is_refilled_to_the_first_grant_and_no_further(
    make_player: Callable[..., Any], now: datetime
) -> None:
    alice = make_player("alice")
    account = operations.open_account(alice, is_demo=True, now=now)
    house = queries.house_accounts(House.CRASH, [account.book])[account.book]
    ledger.post([TransferRequest(str(uuid4()), account.pk, house, 999_99, Code.STAKE)], now=now)
    assert operations.refill_demo(alice, now=now).posted_minor == 1000_00
    assert operations.refill_demo(alice, now=now).posted_minor == 1000_00
    ledger.post([TransferRequest(str(uuid4()), house, account.pk, 5, Code.PAYOUT)], now=now)
    assert operations.refill_demo(alice, now=now).posted_minor == 1000_05


def test_demo_and_real_money_never_meet(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice", real=500)
    demo = operations.open_account(alice, is_demo=True, now=now)
    real = operations.open_account(alice, is_demo=False, now=now)
    assert demo.pk != real.pk
    wishes = [(demo.pk, real.pk), (real.pk, demo.pk)]
    requests = [TransferRequest(str(uuid4()), source, target, 1, Code.ADJUSTMENT) for source, target in wishes]
    assert {str(outcome.result) for outcome in ledger.post(requests, now=now)} == {"books_must_match"}
    assert queries.balance(alice, is_demo=True).available_minor == 1000_00
    assert queries.balance(alice, is_demo=False).available_minor == 500


def test_a_demo_player_never_has_real_money(make_player: Callable[..., Any], now: datetime) -> None:
    eve = make_player("eve", demo=True)
    for attempt in (
        lambda: operations.open_account(eve, is_demo=False, now=now),
        lambda: operations.deposit(eve, 500, reference=f"psp:{uuid4()}", now=now),
    ):
        with pytest.raises(DemoMoneyOnly):
            attempt()
    assert queries.balance(eve, is_demo=False).available_minor == 0
    assert not Account.objects.filter(owner=eve, is_demo=False).exists()


def test_a_player_without_an_account_has_nothing(now: datetime) -> None:
    alice = User.objects.create(username=f"alice-{uuid4().hex[:8]}")
    assert queries.balance(alice, is_demo=False).available_minor == 0
    assert queries.player_account(alice, is_demo=False) is None


def test_a_statement_signs_what_left_and_what_came(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice", real=500)
    account = operations.open_account(alice, is_demo=False, now=now)
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]
    ids = [str(uuid4()) for _ in range(2)]
    ledger.post([TransferRequest(ids[0], account.pk, crash, 200, Code.STAKE, reference="round 1")], now=now)
    ledger.post([TransferRequest(ids[1], crash, account.pk, 300, Code.PAYOUT)], now=now)
    payout, stake, deposit = queries.statement(account)
    assert (payout.amount_minor, payout.balance_minor, payout.code, payout.transfer_id) == (300, 600, "payout", ids[1])
    assert (stake.amount_minor, stake.balance_minor, stake.reference) == (-200, 300, "round 1")
    assert (deposit.amount_minor, deposit.balance_minor) == (500, 500)
