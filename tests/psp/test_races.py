"""
Payments at the same moment, on real connections: one end each, and no money twice.

The control shows what two reports do to each other without the payment's lock; on SQLite a write transaction is alone
from its beginning, so there is no race to show there, and the end results are tested.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from casino.lib.errors import DomainError
from tests.psp.kit import Psp, money, sound
from tests.wallet.threads import at_once
from wallet.psp import operations
from wallet.psp.models import Payment, Report, SuspenseCase

pytestmark = pytest.mark.usefixtures("committed_db")
needs_rows_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)
Start = Callable[..., Payment]


def outcome(job: Callable[[], Any]) -> Callable[[], str]:
    def run() -> str:
        try:
            job()
        except DomainError as refusal:
            return refusal.code
        return "ok"

    return run


def test_the_same_success_told_ten_times_at_once_is_one_deposit(
    psp: Psp, make_player: Any, deposit: Start, now: datetime
) -> None:
    alice = make_player("alice")
    payment = deposit(alice)
    names = ["m-1"] * 5 + [f"m-{i}" for i in range(2, 7)]
    at_once([lambda name=name: psp.tell("deposit.succeeded", payment, now=now, message_id=name) for name in names])  # type: ignore[misc]
    assert money(alice) == (5_000, 0)
    effects = Counter(Report.objects.filter(provider=psp.provider).values_list("effect", flat=True))
    assert effects == {"applied": 1, "repeated": 5}
    assert sound(now)


def test_an_unknown_success_told_at_once_is_one_case(psp: Psp, now: datetime) -> None:
    at_once([lambda: psp.tell("deposit.succeeded", "nobody-knows", now=now) for _ in range(6)])
    assert SuspenseCase.objects.filter(report__provider=psp.provider).count() == 1
    assert sound(now)


def test_success_and_failure_at_once_end_it_once(psp: Psp, make_player: Any, withdraw: Start, now: datetime) -> None:
    for _ in range(5):
        alice = make_player("alice", real=5_000)
        payment = withdraw(alice)
        kinds = ["withdrawal.succeeded", "withdrawal.failed"] * 2
        at_once([lambda kind=kind, p=payment: psp.tell(kind, p, now=now) for kind in kinds])  # type: ignore[misc]
        payment.refresh_from_db()
        assert money(alice) == ((0, 0) if payment.status == "succeeded" else (5_000, 0))
    assert sound(now)


def test_a_cancellation_against_report_and_hand_over_has_one_winner(
    psp: Psp, make_player: Any, withdraw: Start, now: datetime
) -> None:
    for _ in range(8):
        alice = make_player("alice", real=5_000)
        payment = withdraw(alice)
        answers = at_once(
            [
                outcome(lambda p=payment, a=alice: operations.cancel_withdrawal(a, p.reference, now=now)),  # type: ignore[misc]
                lambda p=payment: [one.pk for one in operations.claim(limit=50, now=now) if one.pk == p.pk],  # type: ignore[misc]
                lambda p=payment: psp.tell("withdrawal.succeeded", p, now=now).effect,  # type: ignore[misc]
            ]
        )
        payment.refresh_from_db()
        if payment.status == "cancelled":
            assert answers[0] == "ok"
            assert answers[1] == [], "what is cancelled is never handed over"
            assert money(alice) == (5_000, 0)
        else:
            assert (payment.status, answers[0]) == ("succeeded", "payment_not_open")
            assert money(alice) == (0, 0)
    assert sound(now)


def test_clicks_at_once_are_one_withdrawal(psp: Psp, make_player: Any, withdraw: Start, now: datetime) -> None:
    alice, key = make_player("alice", real=20_000), uuid4()
    found = at_once([lambda: withdraw(alice, form_key=key).pk for _ in range(6)])
    assert len(set(found)) == 1, found
    assert money(alice) == (15_000, 5_000)
    assert sound(now)


def test_withdrawals_at_once_on_money_for_two_are_two(
    psp: Psp, make_player: Any, withdraw: Start, now: datetime
) -> None:
    alice = make_player("alice", real=10_000)
    answers = at_once([outcome(lambda: withdraw(alice)) for _ in range(6)])
    assert Counter(answers) == {"ok": 2, "insufficient_funds": 4}
    assert money(alice) == (0, 10_000)
    assert sound(now)


def test_workers_at_once_hand_each_over_once(psp: Psp, make_player: Any, withdraw: Start, now: datetime) -> None:
    mine = {withdraw(make_player("alice", real=5_000)).pk for _ in range(6)}
    claimed = at_once([lambda: [one.pk for one in operations.claim(limit=4, now=now)] for _ in range(4)])
    taken = [pk for batch in claimed for pk in batch]
    assert len(taken) == len(set(taken))
    rest = [one.pk for one in operations.claim(limit=100, now=now)]
    assert mine <= {*taken, *rest}
    assert not set(taken) & set(rest)


def test_an_early_report_and_its_payment_at_once_find_each_other(
    psp: Psp, make_player: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = make_player("alice")
    reference = f"dep_{uuid4().hex[:20]}"
    monkeypatch.setattr("wallet.psp.operations.payments.new_reference", lambda direction: reference)

    def start() -> Payment:
        return operations.start_deposit(alice, psp.provider.slug, 5_000, form_key=uuid4(), now=now)

    at_once([start, lambda: psp.tell("deposit.succeeded", reference, now=now, amount=5_000)])
    at_once([lambda: operations.match_waiting(now=now) for _ in range(3)])
    assert money(alice) == (5_000, 0)
    assert sound(now)


@needs_rows_locks
@pytest.mark.postgres
def test_without_the_lock_both_ends_believe_that_they_were_first(
    psp: Psp, make_player: Any, deposit: Start, now: datetime
) -> None:
    """The control: two that look before either writes. The guarded write then lets one through, and only one."""
    payment = deposit(make_player("alice"))
    both_have_looked = threading.Barrier(2)

    def end(status: str) -> tuple[bool, int]:
        with transaction.atomic():
            is_open = Payment.objects.get(pk=payment.pk).is_open
            both_have_looked.wait(timeout=30)
            rows = Payment.objects.filter(pk=payment.pk, status="pending")
            changed = rows.update(status=status, concluded_at=now)
            transaction.set_rollback(changed == 0)
            return is_open, changed

    seen = at_once([lambda: end("failed"), lambda: end("cancelled")])
    assert [is_open for is_open, _ in seen] == [True, True]
    assert sorted(changed for _, changed in seen) == [0, 1]
    connection.close()
