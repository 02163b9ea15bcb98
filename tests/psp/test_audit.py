"""Each way in which payments and the ledger can differ is broken once, and named; and what the database refuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.psp.kit import Psp, sound
from tests.wallet.unguarded import sql, unguarded
from wallet.models import Account
from wallet.psp import audit, operations
from wallet.psp.models import Payment, Report, SuspenseCase
from wallet.psp.rules import Resolution

pytestmark = pytest.mark.django_db
Rows = dict[str, Any]


@pytest.fixture
def rows(psp: Psp, make_player: Any, deposit: Any, withdraw: Any, now: datetime) -> Rows:
    """A payment of each kind and end, an open case and a resolved one."""
    alice, bob = make_player("alice", real=50_000), make_player("bob", real=50_000)
    paid, declined, waiting = (deposit(alice) for _ in range(3))
    out, held, back = (withdraw(alice) for _ in range(3))
    psp.tell("deposit.succeeded", paid, now=now)
    psp.tell("deposit.failed", declined, now=now)
    psp.tell("withdrawal.succeeded", out, now=now)
    operations.cancel_withdrawal(alice, back.reference, now=now)
    case = psp.tell("deposit.succeeded", f"unknown-{psp.provider.slug}", now=now, amount=700).case
    done = psp.tell("deposit.succeeded", f"also-unknown-{psp.provider.slug}", now=now, amount=900).case
    operations.propose_resolution(done, Resolution.RETURN, player=None, note="x", actor=alice, now=now)
    operations.approve_case(done, actor=bob, now=now)
    own = Account.objects.get(owner=alice, is_demo=False).pk
    others = Account.objects.get(owner=bob, is_demo=False).pk
    payments = {"paid": paid, "declined": declined, "waiting": waiting, "out": out, "held": held, "back": back}
    references = {name: payment.reference for name, payment in payments.items()}
    found = {"own": own, "others": others, "bob": bob.pk, "case": case.pk, "open": case.transfer_id}
    return {**references, **found, "done": done.pk, "done_transfer": done.transfer_id}


BREAKS: dict[str, tuple[str, str]] = {
    "a deposit's amount": (
        "UPDATE psp_payment SET amount_minor = 4999 WHERE reference = '{paid}'",
        "{paid}: succeeded",
    ),
    "a deposit that was not booked": (
        "UPDATE psp_payment SET status = 'succeeded' WHERE reference = '{waiting}'",
        "{waiting}: succeeded with 5000, the ledger has a deposit of 0",
    ),
    "a booked deposit that failed": (
        "UPDATE psp_payment SET status = 'failed' WHERE reference = '{paid}'",
        "{paid}: failed with 5000, the ledger has a deposit of 5000",
    ),
    "a deposit to another": (
        "UPDATE psp_payment SET account_id = {others} WHERE reference = '{paid}'",
        "{paid}: succeeded",
    ),
    "a payment of another": (
        "UPDATE psp_payment SET player_id = {bob} WHERE reference = '{paid}'",
        "{paid}: succeeded",
    ),
    "a deposit's transfer gone": ("DELETE FROM wallet_transfer WHERE id = 'deposit:{paid}'", "{paid}: succeeded"),
    "a payment gone": ("DELETE FROM psp_payment WHERE reference = '{waiting}'", ""),
    "the payment of a deposit gone": (
        "DELETE FROM psp_payment WHERE reference = '{paid}'",
        "deposit:{paid}: a deposit of 5000 with a provider, and no payment says so",
    ),
    "the payment of a hold gone": (
        "DELETE FROM psp_payment WHERE reference = '{held}'",
        "withdrawal:{held}: a withdrawal of 5000",
    ),
    "a withdrawal's amount": (
        "UPDATE psp_payment SET amount_minor = 5001 WHERE reference = '{out}'",
        "{out}: succeeded with 5001, the ledger set 5000 aside (post)",
    ),
    "a withdrawal that ended only here": (
        "UPDATE psp_payment SET status = 'succeeded' WHERE reference = '{held}'",
        "{held}: succeeded with 5000, the ledger set 5000 aside (not ended)",
    ),
    "a withdrawal that ended only there": (
        "UPDATE psp_payment SET status = 'pending' WHERE reference = '{out}'",
        "{out}: pending",
    ),
    "a withdrawal that was given back and left": (
        "UPDATE psp_payment SET status = 'succeeded' WHERE reference = '{back}'",
        "{back}: succeeded with 5000, the ledger set 5000 aside (void)",
    ),
    "a hold gone": ("DELETE FROM wallet_transfer WHERE id = 'withdrawal:{held}'", "{held}: requested"),
    "less paid out than was asked": (
        "UPDATE wallet_transfer SET amount_minor = 4000 WHERE id = 'withdrawal:{out}:end'",
        "{out}: succeeded",
    ),
    "a case's amount": (
        "UPDATE psp_suspensecase SET suspense_minor = 701 WHERE id = {case}",
        "case {case}: open with 701",
    ),
    "a case's booking gone": ("DELETE FROM wallet_transfer WHERE id = '{open}'", "case {case}: open with 700"),
    "a case that ended only here": (
        "UPDATE psp_suspensecase SET state = 'resolved' WHERE id = {case}",
        "case {case}: resolved with 700, the ledger has 700 in suspense for it and 0 at its end",
    ),
    "a case that ended only there": (
        "UPDATE psp_suspensecase SET state = 'open' WHERE id = {done}",
        "case {done}: open with 900",
    ),
    "a case gone": ("DELETE FROM psp_suspensecase WHERE id = {case}", "{open}: 700 through suspense, and no case"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, rows: Rows, now: datetime) -> None:
    statement, expected = BREAKS[what]
    assert sound(now)
    with unguarded():
        sql(statement.format(**rows))
        lines = audit.findings(now)
        if expected:
            assert any(expected.format(**rows) in line for line in lines), lines
        else:  # the control: what has moved nothing is missed by nobody
            assert lines == []
    assert sound(now)


REFUSED = {
    "another amount": ("psp_payment SET amount_minor = 1", "paid"),
    "another player": ("psp_payment SET player_id = {bob}", "waiting"),
    "another account": ("psp_payment SET account_id = {others}", "waiting"),
    "a final state undone": ("psp_payment SET status = 'pending', concluded_at = NULL", "paid"),
    "another end": ("psp_payment SET status = 'failed'", "paid"),
    "an end without a time": ("psp_payment SET status = 'failed'", "waiting"),
    "a state that there is not": ("psp_payment SET status = 'gone'", "waiting"),
    "a requested deposit": ("psp_payment SET status = 'requested'", "waiting"),
    "an approval of one's own": ("psp_payment SET approved_by_id = player_id, approved_at = created_at", "held"),
    "an unapproved one let go": ("psp_payment SET needs_approval = true, status = 'pending'", "held"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses(what: str, rows: Rows) -> None:
    change, payment = REFUSED[what]
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE {change.format(**rows)} WHERE reference = '{rows[payment]}'")


KEPT = (
    "DELETE FROM psp_payment WHERE reference = '{paid}'",
    "DELETE FROM psp_report WHERE provider_id = {provider}",
    "UPDATE psp_report SET body = 'x' WHERE provider_id = {provider}",
    "UPDATE psp_report SET amount_minor = 1 WHERE provider_id = {provider}",
    "DELETE FROM psp_suspensecase WHERE id = {case}",
    "UPDATE psp_suspensecase SET suspense_minor = 1 WHERE id = {case}",
    "UPDATE psp_suspensecase SET state = 'open' WHERE id = {done}",
    "UPDATE psp_suspensecase SET approved_by_id = proposed_by_id WHERE id = {done}",
)


def test_the_database_keeps_payments_reports_and_cases(rows: Rows, psp: Psp) -> None:
    for change in KEPT:
        with pytest.raises(IntegrityError), transaction.atomic():
            sql(change.format(provider=psp.provider.pk, **rows))
    assert Report.objects.filter(provider=psp.provider).count() == 5
    assert SuspenseCase.objects.filter(report__provider=psp.provider).count() == 2


def test_the_number_of_questions_does_not_depend_on_the_payments(
    rows: Rows, make_player: Callable[..., Any], deposit: Any, now: datetime, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        deposit(make_player("bob"))
    with django_assert_num_queries(5):
        assert audit.findings(now) == []
    assert Payment.objects.count() >= 11
