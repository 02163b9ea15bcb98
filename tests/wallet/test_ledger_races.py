"""
Many threads at once on real connections: nothing is moved twice, lost, or locked for ever.

Each race has a control that shows what goes wrong without the ledger's lock. The controls need PostgreSQL: on SQLite
a write transaction is alone from its beginning, so there is no race to show; the end results are tested there too.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from tests.wallet.threads import at_once
from wallet import ledger, operations, queries
from wallet.chart import Code, House, Kind
from wallet.ledger import TransferRequest
from wallet.models import Account, Transfer

pytestmark = pytest.mark.usefixtures("committed_db")
needs_rows_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)


def post(*requests: TransferRequest, now: datetime) -> list[str]:
    with transaction.atomic():
        return [str(outcome.result) for outcome in ledger.post(requests, now=now)]


def charge(account: Account, amount_minor: int, *, id_: str | None = None, kind: Kind = Kind.POSTED) -> TransferRequest:
    """An adjustment: what these tests commit stays, and the audit asks a stake for its bet."""
    house = queries.house_accounts(House.ADJUSTMENT, [account.book])[account.book]
    key = id_ or f"race:{uuid4()}"
    return TransferRequest(key, account.pk, house, amount_minor, Code.ADJUSTMENT, kind, reference=key)


@pytest.fixture
def account(make_player: Callable[..., Any]) -> Callable[[int], Account]:
    def make(real: int) -> Account:
        found = queries.player_account(make_player("racer", real=real), is_demo=False)
        assert found is not None
        return found

    return make


def test_the_ledger_refuses_to_work_outside_a_transaction(now: datetime) -> None:
    with pytest.raises(AssertionError):
        ledger.post([], now=now)


def test_twenty_charges_at_once_on_money_for_ten_give_exactly_ten(
    account: Callable[[int], Account], now: datetime
) -> None:
    alice = account(10)
    wishes = [charge(alice, 1) for _ in range(20)]
    answers = at_once([lambda wish=wish: post(wish, now=now)[0] for wish in wishes])  # type: ignore[misc]
    assert Counter(answers) == {"ok": 10, "insufficient_funds": 10}
    alice.refresh_from_db()
    assert (alice.posted_minor, alice.held_minor) == (0, 0)
    assert Transfer.objects.filter(debit_account=alice).count() == 10


@needs_rows_locks
@pytest.mark.postgres
def test_without_the_lock_the_same_charges_lose_track_of_money(
    account: Callable[[int], Account], now: datetime
) -> None:
    """The control: a balance read, then written, by two threads that both read before either writes."""
    alice = account(10)
    both_have_read = threading.Barrier(2)

    def charge_without_lock() -> bool:
        with transaction.atomic():
            balance = Account.objects.get(pk=alice.pk).posted_minor or 0
            both_have_read.wait(timeout=30)
            return bool(Account.objects.filter(pk=alice.pk).update(posted_minor=balance - 6))

    assert at_once([charge_without_lock] * 2) == [True, True]
    alice.refresh_from_db()
    assert alice.posted_minor == 4  # 12 were taken out of 10, and the account shows 6 taken
    Account.objects.filter(pk=alice.pk).update(posted_minor=10)  # what the transfers say: this database is kept


def test_opposite_transfers_do_not_block_each_other_for_ever(account: Callable[[int], Account], now: datetime) -> None:
    alice, bob = account(1000), account(1000)

    def transfer(source: Account, target: Account) -> list[str]:
        """Out of one account and into the other: a batch that needs both."""
        there = queries.house_accounts(House.ADJUSTMENT, ["BRL"])["BRL"]
        answers = []
        for _ in range(15):
            key = f"race:{uuid4()}"
            into = TransferRequest(f"{key}:in", there, target.pk, 1, Code.ADJUSTMENT, reference=key)
            answers += post(charge(source, 1), into, now=now)
        return answers

    answers = at_once([lambda: transfer(alice, bob), lambda: transfer(bob, alice)] * 4)
    assert answers == [["ok"] * 30] * 8
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.posted_minor, bob.posted_minor) == (1000, 1000)


@needs_rows_locks
@pytest.mark.postgres
def test_without_an_order_of_locks_opposite_transfers_end_in_a_deadlock(account: Callable[[int], Account]) -> None:
    """The control: each thread locks its source first, so each waits for the other."""
    alice, bob = account(10), account(10)
    both_hold_one = threading.Barrier(2)

    def lock_in_own_order(first: Account, second: Account) -> str:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=first.pk)
            both_hold_one.wait(timeout=30)
            Account.objects.select_for_update().get(pk=second.pk)
        return "ok"

    answers = at_once([lambda: lock_in_own_order(alice, bob), lambda: lock_in_own_order(bob, alice)])
    assert sorted("deadlock" if "deadlock" in str(answer) else answer for answer in answers) == ["deadlock", "ok"]


def test_the_same_id_from_eight_threads_moves_money_once(account: Callable[[int], Account], now: datetime) -> None:
    alice = account(100)
    wish = charge(alice, 10)
    assert Counter(at_once([lambda: post(wish, now=now)[0]] * 8)) == {"ok": 1, "exists": 7}
    alice.refresh_from_db()
    assert alice.posted_minor == 90


@needs_rows_locks
@pytest.mark.postgres
def test_without_the_lock_the_same_id_is_thought_new_by_both(account: Callable[[int], Account]) -> None:
    """The control: looked up, then inserted, without the account's lock; only the primary key holds it off."""
    alice = account(100)
    wish = charge(alice, 10)
    both_have_looked = threading.Barrier(2)

    def insert_without_lock() -> str:
        with transaction.atomic():
            new = not Transfer.objects.filter(pk=wish.id).exists()
            both_have_looked.wait(timeout=30)
            assert new
            transaction.set_rollback(True)
        return "thought new"

    assert at_once([insert_without_lock] * 2) == ["thought new"] * 2


def test_what_is_set_aside_is_resolved_once_by_whoever_is_first(
    account: Callable[[int], Account], now: datetime
) -> None:
    alice = account(100)
    pending = charge(alice, 60, kind=Kind.PENDING)
    assert post(pending, now=now) == ["ok"]

    def resolve(kind: Kind) -> str:
        house, key = pending.credit_account_id, f"race:{uuid4()}"
        wish = TransferRequest(key, alice.pk, house, 60, Code.ADJUSTMENT, kind, pending_id=pending.id, reference=key)
        return post(wish, now=now)[0]

    answers = Counter(at_once([lambda: resolve(Kind.POST), lambda: resolve(Kind.VOID)] * 4))
    assert answers["ok"] == 1
    alice.refresh_from_db()
    posted = answers["pending_already_posted"] == 7
    assert posted or answers["pending_already_voided"] == 7
    assert (alice.posted_minor, alice.held_minor) == (40 if posted else 100, 0)


def test_batches_that_share_players_in_any_order_add_up(account: Callable[[int], Account], now: datetime) -> None:
    players = [account(1000) for _ in range(6)]

    def batch(shift: int) -> list[str]:
        shuffled = players[shift:] + players[:shift]
        return post(*(charge(player, 7) for player in shuffled[::-1] + shuffled), now=now)

    answers = at_once([lambda shift=shift: batch(shift) for shift in range(6)] * 2)  # type: ignore[misc]
    assert answers == [["ok"] * 12] * 12
    ids = [player.pk for player in players]
    assert set(Account.objects.filter(pk__in=ids).values_list("posted_minor", flat=True)) == {1000 - 7 * 2 * 12}


def test_a_statement_is_in_order_whoever_waited_for_whom(account: Callable[[int], Account], now: datetime) -> None:
    """All threads carry the same time; the one that waited for the lock gets a later one."""
    alice = account(100)
    at_once([lambda: post(charge(alice, 1), charge(alice, 1), now=now)] * 8)
    rows = queries.statement(alice)
    assert [row.balance_minor for row in rows] == list(range(84, 101))


def test_a_demo_account_opened_by_eight_threads_gets_one_grant(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice")
    opened = at_once([lambda: operations.open_account(alice, is_demo=True, now=now)] * 8)
    assert {account.pk for account in opened} == {opened[0].pk}
    assert {account.posted_minor for account in opened} == {1000_00}
    assert Transfer.objects.filter(credit_account=opened[0]).count() == 1


def test_a_deposit_reported_by_eight_threads_arrives_once(make_player: Callable[..., Any], now: datetime) -> None:
    alice = make_player("alice")
    reference = f"psp:{uuid4()}"
    results = at_once([lambda: operations.deposit(alice, 500, reference=reference, now=now)] * 8)
    assert Counter(str(outcome.result) for outcome in results) == {"ok": 1, "exists": 7}
    assert queries.balance(alice, is_demo=False).available_minor == 500
