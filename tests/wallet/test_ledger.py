"""What the ledger answers and what it moves, as tables."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.wallet.ledger_table import LedgerTable, check
from wallet import ledger, queries
from wallet.chart import Code, House
from wallet.ledger import MAX_AMOUNT, Result, TransferRequest
from wallet.models import Account, Transfer

pytestmark = pytest.mark.django_db


def test_money_moves_from_one_account_to_another() -> None:
    check("""
        account   alice  100.00
        account   bob      0.00
        transfer  T1  alice > crash  40.00                  -> ok
        balance   alice  60.00
        transfer  T2  crash > bob   90.00  code=payout      -> ok
        balance   bob    90.00
        money     crash  -50
        money     funding  -100
    """)


def test_an_account_never_goes_below_zero() -> None:
    check("""
        account   alice  10.00
        transfer  T1  alice > crash  10.01  -> insufficient_funds
        transfer  T2  alice > crash  10.00  -> ok
        transfer  T3  alice > crash   0.01  -> insufficient_funds
        transfer  T1  alice > crash  10.01  -> insufficient_funds
        balance   alice  0.00
    """)


def test_a_house_account_may_pay_more_than_it_took() -> None:
    check("""
        account   alice  0.00
        transfer  T1  crash > alice  900.00  code=payout  -> ok
        balance   alice  900.00
    """)


def test_a_batch_is_decided_in_order_and_a_refusal_spoils_nothing() -> None:
    check("""
        account   alice  10.00
        account   bob    10.00
        batch
          transfer  T1  alice > crash  8.00                -> ok
          transfer  T2  alice > crash  3.00                -> insufficient_funds
          transfer  T3  bob > crash    10.00               -> ok
          transfer  T4  crash > alice  1.00  code=payout   -> ok
          transfer  T5  alice > crash  3.00                -> ok
          transfer  T6  alice > crash  0.01                -> insufficient_funds
        end
        balance   alice  0.00
        balance   bob    0.00
        money     crash  20.00
    """)


def test_money_is_set_aside_and_then_taken() -> None:
    check("""
        account   alice  100.00
        pending   P1  alice > funding  60.00  code=withdrawal          -> ok
        balance   alice  100.00 held 60.00
        transfer  T1  alice > crash    40.01                           -> insufficient_funds
        post      X1 of P1  alice > funding  60.00  code=withdrawal    -> ok
        balance   alice  40.00
        post      X2 of P1  alice > funding  60.00  code=withdrawal    -> pending_already_posted
        void      X3 of P1  alice > funding  60.00  code=withdrawal    -> pending_already_posted
        post      X1 of P1  alice > funding  60.00  code=withdrawal    -> exists
        balance   alice  40.00
    """)


def test_a_part_is_taken_and_the_rest_is_free_again() -> None:
    check("""
        account   alice  100.00
        pending   P1  alice > funding  60.00        -> ok
        post      X1 of P1  alice > funding  60.01  -> exceeds_pending_amount
        post      X2 of P1  alice > funding  25.00  -> ok
        balance   alice  75.00
        transfer  T1  alice > crash    75.00        -> ok
    """)


def test_what_was_set_aside_can_be_given_back() -> None:
    check("""
        account   alice  100.00
        pending   P1  alice > funding  60.00        -> ok
        void      X1 of P1  alice > funding  50.00  -> exceeds_pending_amount
        void      X2 of P1  alice > funding  60.00  -> ok
        balance   alice  100.00
        void      X3 of P1  alice > funding  60.00  -> pending_already_voided
        post      X4 of P1  alice > funding  60.00  -> pending_already_voided
        void      X2 of P1  alice > funding  60.00  -> exists
    """)


def test_two_phases_fit_into_one_batch() -> None:
    check("""
        account   alice  100.00
        batch
          pending   P1  alice > funding  60.00        -> ok
          pending   P2  alice > funding  60.00        -> insufficient_funds
          pending   P3  alice > funding  40.00        -> ok
          post      X1 of P1  alice > funding  10.00  -> ok
          void      X2 of P1  alice > funding  60.00  -> pending_already_posted
          void      X3 of P3  alice > funding  40.00  -> ok
          transfer  T1  alice > crash    90.00        -> ok
        end
        balance   alice  0.00
        money     funding  -90
    """)


def test_money_may_be_set_aside_at_the_house_too() -> None:
    check("""
        account   alice  0.00
        pending   P1  crash > alice  5.00                 -> ok
        balance   alice  0.00
        post      X1 of P1  crash > alice  5.00           -> ok
        balance   alice  5.00
    """)


def test_a_pending_transfer_is_resolved_as_it_was_made() -> None:
    check("""
        account   alice  100.00
        account   bob    100.00
        transfer  T1  alice > crash    10.00          -> ok
        pending   P1  alice > funding  60.00          -> ok
        post      X1 of P9  alice > funding  60.00    -> pending_not_found
        post      X2 of T1  alice > crash    10.00    -> pending_not_found
        post      X3 of P1  bob > funding    60.00    -> pending_not_found
        void      X4 of P1  alice > crash    60.00    -> pending_not_found
        post      X5  alice > funding  60.00          -> pending_not_found
        transfer  X6 of P1  alice > funding  60.00    -> pending_must_be_empty
        pending   X7 of P1  alice > funding  60.00    -> pending_must_be_empty
        balance   alice  90.00 held 60.00
    """)


def test_a_repeat_moves_nothing_and_a_difference_is_named() -> None:
    check("""
        account   alice  100.00
        account   bob    100.00
        transfer  T1  alice > crash  40.00  reference=r1                -> ok
        transfer  T1  alice > crash  40.00  reference=r1                -> exists
        transfer  T1  alice > crash  41.00  reference=r1                -> exists_with_different_amount
        transfer  T1  bob > crash    40.00  reference=r1                -> exists_with_different_accounts
        transfer  T1  alice > crash  40.00  reference=r1  code=payout   -> exists_with_different_code
        transfer  T1  alice > crash  40.00  reference=r2                -> exists_with_different_reference
        pending   T1  alice > crash  40.00  reference=r1                -> exists_with_different_kind
        pending   P1  alice > crash  10.00                              -> ok
        pending   P2  alice > crash  10.00                              -> ok
        post      X1 of P1  alice > crash  10.00                        -> ok
        post      X1 of P2  alice > crash  10.00                        -> exists_with_different_pending
        batch
          transfer  T2  bob > crash  1.00   -> ok
          transfer  T2  bob > crash  1.00   -> exists
          transfer  T2  bob > crash  2.00   -> exists_with_different_amount
        end
        balance   alice  50.00 held 10.00
        balance   bob    99.00
    """)


def test_books_and_accounts_must_match() -> None:
    check("""
        account   alice  100.00
        account   bob    100.00  EUR
        account   charlie  100.00  BRL.demo
        transfer  T1  alice > bob        1.00  -> books_must_match
        transfer  T2  charlie > alice    1.00  -> books_must_match
        transfer  T3  alice > crash.EUR  1.00  -> books_must_match
        transfer  T4  alice > alice      1.00  -> accounts_must_differ
        transfer  T5  alice > nobody     1.00  -> account_not_found
        transfer  T6  nobody > alice     1.00  -> account_not_found
        transfer  T7  alice > crash      0.00  -> amount_out_of_range
        transfer  T8  alice > crash     -1     -> amount_out_of_range
        pending   P1  alice > bob        1.00  -> books_must_match
        balance   alice    100.00
        balance   bob      100.00
        balance   charlie  100.00
    """)


def test_the_tables_above_provoke_every_result() -> None:
    with open(__file__) as file:
        provoked = {line.split("->")[1].strip() for line in file if line.count("->") == 1 and "def " not in line}
    assert {str(result) for result in Result} <= provoked


def test_an_amount_has_an_upper_bound(make_player: Callable[..., Any], now: datetime) -> None:
    alice = queries.player_account(make_player("alice"), is_demo=False)
    assert alice is not None
    funding = queries.house_accounts(House.FUNDING, ["BRL"])["BRL"]
    requests = [
        TransferRequest(f"big-{amount}", funding, alice.pk, amount, Code.DEPOSIT)
        for amount in (MAX_AMOUNT, MAX_AMOUNT + 1, 2**80)
    ]
    assert [str(o.result) for o in ledger.post(requests, now=now)] == [
        "ok",
        "amount_out_of_range",
        "amount_out_of_range",
    ]


def test_outcomes_tell_the_available_balances_right_after(make_player: Callable[..., Any], now: datetime) -> None:
    alice = queries.player_account(make_player("alice", real=100), is_demo=False)
    assert alice is not None
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]
    stakes = [TransferRequest(f"{alice.pk}:{i}", alice.pk, crash, 10, Code.STAKE) for i in range(3)]
    outcomes = ledger.post(stakes, now=now)
    assert [(o.debit_balance_minor, o.credit_balance_minor) for o in outcomes] == [(90, None), (80, None), (70, None)]
    repeated = ledger.post(stakes[:1], now=now)[0]
    assert repeated.in_books
    assert repeated.debit_balance_minor == 90  # as it was then, not as it is now
    refused = ledger.post([TransferRequest(f"{alice.pk}:x", alice.pk, crash, 71, Code.STAKE)], now=now)[0]
    assert (refused.in_books, refused.debit_balance_minor) == (False, None)


def test_an_accounts_transfers_follow_one_another_in_time(make_player: Callable[..., Any], now: datetime) -> None:
    """Also when a batch was stamped earlier than the one whose lock it waited for."""
    alice = queries.player_account(make_player("alice", real=100), is_demo=False)
    assert alice is not None
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]
    for start, at in ((0, now + timedelta(seconds=1)), (3, now), (6, now + timedelta(seconds=1))):
        requests = [TransferRequest(f"{alice.pk}:{start + i}", alice.pk, crash, 10, Code.STAKE) for i in range(3)]
        ledger.post(requests, now=at)
    rows = queries.statement(alice)
    assert [row.balance_minor for row in rows] == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert len({row.at for row in rows}) == 10
    pages = [queries.statement(alice, limit=4)]
    while pages[-1]:
        pages.append(queries.statement(alice, limit=4, before=pages[-1][-1].at))
    assert [row for page in pages for row in page] == rows


@pytest.mark.parametrize("kinds", ["new", "repeated"])
def test_the_number_of_statements_does_not_depend_on_the_size(
    make_player: Callable[..., Any], now: datetime, kinds: str
) -> None:
    accounts = [queries.player_account(make_player(real=1000), is_demo=False) for _ in range(20)]
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]

    def statements(size: int) -> int:
        requests = [
            TransferRequest(f"{size}:{crash}:{i}", accounts[i % 20].pk, crash, 1, Code.STAKE)  # type: ignore[union-attr]
            for i in range(size)
        ]
        if kinds == "repeated":
            ledger.post(requests, now=now)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ledger.post(requests, now=now)
        return len(captured)

    statements(2)  # the process learns once which accounts are the house's
    assert statements(1) == statements(50) == statements(2000) == (4 if kinds == "new" else 2)


def test_a_transfer_is_undone_with_the_transaction_it_belongs_to(
    make_player: Callable[..., Any], now: datetime
) -> None:
    alice = queries.player_account(make_player("alice", real=100), is_demo=False)
    assert alice is not None
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]

    @transaction.atomic
    def stake_and_fail() -> None:
        ledger.post([TransferRequest(f"{alice.pk}:gone", alice.pk, crash, 60, Code.STAKE)], now=now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stake_and_fail()
    assert Account.objects.get(pk=alice.pk).posted_minor == 100
    assert not Transfer.objects.filter(pk=f"{alice.pk}:gone").exists()


def test_a_thousand_transfers_of_one_account_in_one_batch_add_up(now: datetime) -> None:
    table = LedgerTable()
    table.check("account alice 10.00")
    crash = queries.house_accounts(House.CRASH, ["BRL"])["BRL"]
    alice = table.accounts["alice"].pk
    requests = [TransferRequest(f"{table.prefix}:{i}", alice, crash, 1, Code.STAKE) for i in range(1001)]
    answers = [str(outcome.result) for outcome in ledger.post(requests, now=now)]
    assert answers == ["ok"] * 1000 + ["insufficient_funds"]
    table.check("balance alice 0.00")
