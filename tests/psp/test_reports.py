"""Reports and the money: each does what it should once, and what fits nothing is neither lost nor given away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.psp.kit import Psp, house, money, sound
from wallet.chart import House
from wallet.models import Transfer
from wallet.psp import operations
from wallet.psp.errors import MessageDiffers
from wallet.psp.models import Payment, Report, SuspenseCase
from wallet.psp.rules import Effect, Reason

pytestmark = pytest.mark.django_db
Start = Callable[..., Payment]


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=10_000)


def test_a_deposit_is_the_players_when_it_is_reported_and_not_before(
    psp: Psp, alice: Any, deposit: Start, now: datetime
) -> None:
    payment = deposit(alice)
    assert money(alice) == (10_000, 0)
    before = house(House.PSP)
    assert psp.tell("deposit.succeeded", payment, now=now).effect == Effect.APPLIED
    payment.refresh_from_db()
    assert (payment.status, payment.provider_reference, payment.concluded_at) == ("succeeded", "p-1", now)
    assert money(alice) == (15_000, 0)
    assert house(House.PSP) - before == -5_000
    assert sound(now)


def test_a_repetition_under_whatever_id_changes_nothing(psp: Psp, alice: Any, deposit: Start, now: datetime) -> None:
    payment = deposit(alice)
    first = psp.tell("deposit.succeeded", payment, now=now, message_id="m-1")
    assert psp.tell("deposit.succeeded", payment, now=now, message_id="m-1").pk == first.pk
    assert psp.tell("deposit.succeeded", payment, now=now, message_id="m-2").effect == Effect.REPEATED
    assert money(alice) == (15_000, 0)
    assert Report.objects.filter(provider=psp.provider).count() == 2
    assert not SuspenseCase.objects.filter(report__provider=psp.provider).exists()
    with pytest.raises(MessageDiffers):
        psp.tell("deposit.failed", payment, now=now, message_id="m-1")
    assert sound(now)


def test_a_failed_deposit_moves_nothing(psp: Psp, alice: Any, deposit: Start, now: datetime) -> None:
    payment = deposit(alice)
    psp.tell("deposit.failed", payment, now=now)
    payment.refresh_from_db()
    assert payment.status == "failed"
    assert money(alice) == (10_000, 0)
    assert sound(now)


@pytest.mark.parametrize(("kind", "left"), [("withdrawal.succeeded", 5_000), ("withdrawal.failed", 10_000)])
def test_a_withdrawal_leaves_or_comes_back_as_reported(
    psp: Psp, alice: Any, withdraw: Start, now: datetime, kind: str, left: int
) -> None:
    payment = withdraw(alice)
    assert money(alice) == (5_000, 5_000)
    psp.tell(kind, payment, now=now)
    psp.tell(kind, payment, now=now)
    assert money(alice) == (left, 0)
    assert sound(now)


MISFITS: dict[str, tuple[dict[str, Any], Reason]] = {
    "another amount": ({"amount": 4_999}, Reason.OTHER_AMOUNT),
    "more than was asked for": ({"amount": 500_000}, Reason.OTHER_AMOUNT),
    "another currency": ({"currency": "EUR"}, Reason.OTHER_CURRENCY),
    "an unknown reference": ({"reference": "never-heard"}, Reason.UNKNOWN_REFERENCE),
}


@pytest.mark.parametrize("what", MISFITS)
def test_money_that_arrived_and_fits_nothing_waits_in_suspense(
    psp: Psp, alice: Any, deposit: Start, now: datetime, what: str
) -> None:
    changes, reason = MISFITS[what]
    payment = deposit(alice)
    book = changes.get("currency", "BRL")
    before = house(House.SUSPENSE, book)
    report = psp.tell("deposit.succeeded", payment, now=now, **changes)
    assert (report.effect, report.case.reason) == (Effect.SUSPENDED, reason)
    assert house(House.SUSPENSE, book) - before == changes.get("amount", 5_000)
    assert money(alice) == (10_000, 0)
    # The very same once more, as new: it is not booked again.
    assert psp.tell("deposit.succeeded", payment, now=now, **changes).effect == Effect.REPEATED
    assert house(House.SUSPENSE, book) - before == changes.get("amount", 5_000)
    assert sound(now)


def test_success_after_failure_is_a_case_and_no_balance(psp: Psp, alice: Any, deposit: Start, now: datetime) -> None:
    payment = deposit(alice)
    psp.tell("deposit.failed", payment, now=now)
    report = psp.tell("deposit.succeeded", payment, now=now)
    assert report.case.reason == Reason.AFTER_THE_END
    payment.refresh_from_db()
    assert payment.status == "failed"
    assert money(alice) == (10_000, 0)
    assert sound(now)


def test_failure_after_success_takes_nothing_back_and_is_shown_to_staff(
    psp: Psp, alice: Any, deposit: Start, now: datetime
) -> None:
    payment = deposit(alice)
    psp.tell("deposit.succeeded", payment, now=now)
    report = psp.tell("deposit.failed", payment, now=now)
    assert (report.case.reason, report.case.suspense_minor) == (Reason.CONTRADICTION, 0)
    assert money(alice) == (15_000, 0)
    assert sound(now)


def test_a_second_payment_under_one_reference_is_not_swallowed(
    psp: Psp, alice: Any, deposit: Start, now: datetime
) -> None:
    payment = deposit(alice)
    psp.tell("deposit.succeeded", payment, now=now)
    report = psp.tell("deposit.succeeded", payment, now=now, provider_reference="p-2")
    assert (report.case.reason, report.case.suspense_minor) == (Reason.PAID_TWICE, 5_000)
    assert money(alice) == (15_000, 0)
    assert sound(now)


def test_a_withdrawal_that_left_after_it_was_cancelled_is_missing_in_suspense(
    psp: Psp, alice: Any, withdraw: Start, now: datetime
) -> None:
    payment = withdraw(alice)
    operations.cancel_withdrawal(alice, payment.reference, now=now)
    before = house(House.SUSPENSE)
    report = psp.tell("withdrawal.succeeded", payment, now=now)
    assert (report.case.reason, report.case.suspense_minor) == (Reason.AFTER_THE_END, -5_000)
    assert house(House.SUSPENSE) - before == -5_000
    assert money(alice) == (10_000, 0)
    assert sound(now)


def test_a_withdrawal_reported_with_another_amount_keeps_the_players_money_set_aside(
    psp: Psp, alice: Any, withdraw: Start, now: datetime
) -> None:
    payment = withdraw(alice)
    report = psp.tell("withdrawal.succeeded", payment, now=now, amount=4_000)
    assert report.case.suspense_minor == -4_000
    assert money(alice) == (5_000, 5_000)
    psp.tell("withdrawal.succeeded", payment, now=now)  # the right one after all
    assert money(alice) == (5_000, 0)
    assert sound(now)


def test_money_in_a_currency_that_we_do_not_have_is_a_case_without_a_booking(
    psp: Psp, alice: Any, deposit: Start, now: datetime
) -> None:
    report = psp.tell("deposit.succeeded", deposit(alice), now=now, currency="XTS")
    assert (report.case.book, report.case.suspense_minor) == ("", 0)
    assert sound(now)


def test_another_providers_report_does_not_touch_a_payment(psp: Psp, alice: Any, deposit: Start, now: datetime) -> None:
    payment = deposit(alice)
    stranger = operations.ensure_provider(
        "other", name="O", base_url="https://o.example", secret=psp.secret, enabled=True, now=now
    )
    report = Psp(stranger, psp.secret).tell("deposit.succeeded", payment, now=now)
    assert report.case.reason == Reason.UNKNOWN_REFERENCE
    payment.refresh_from_db()
    assert payment.status == "pending"
    assert money(alice) == (10_000, 0)


# --- a report that is there before its payment ------------------------------------------------------------------------
@pytest.fixture
def early(psp: Psp, alice: Any, deposit: Start, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Reports on a reference whose payment is written only after it."""

    def tell_first(kind: str, **changes: Any) -> tuple[Report, Payment]:
        reference = f"dep_early_{psp.provider.slug}"
        report = psp.tell(kind, reference, now=now, amount=5_000, **changes)
        monkeypatch.setattr("wallet.psp.operations.payments.new_reference", lambda direction: reference)
        return report, deposit(alice)

    return tell_first


def test_an_early_success_is_booked_when_its_payment_is_there(
    early: Callable[..., Any], alice: Any, now: datetime
) -> None:
    before = house(House.SUSPENSE)
    report, payment = early("deposit.succeeded")
    assert house(House.SUSPENSE) - before == 5_000
    assert operations.match_waiting(now=now) == 1
    assert operations.match_waiting(now=now) == 0
    payment.refresh_from_db()
    report.refresh_from_db()
    report.case.refresh_from_db()
    assert (payment.status, report.effect, report.payment_id) == ("succeeded", Effect.APPLIED, payment.pk)
    assert (report.case.state, report.case.resolution) == ("resolved", "matched")
    assert house(House.SUSPENSE) == before
    assert money(alice) == (15_000, 0)
    assert Transfer.objects.get(pk=payment.transfer_id).code == "deposit"
    assert sound(now)


def test_an_early_failure_ends_its_payment_when_that_is_there(early: Callable[..., Any], now: datetime) -> None:
    report, payment = early("deposit.failed")
    assert report.effect == Effect.WAITING
    assert operations.match_waiting(now=now) == 1
    payment.refresh_from_db()
    assert payment.status == "failed"


def test_an_early_report_that_does_not_fit_stays_with_staff(
    early: Callable[..., Any], alice: Any, now: datetime
) -> None:
    report, _ = early("deposit.succeeded", currency="EUR")
    operations.match_waiting(now=now)
    report.case.refresh_from_db()
    assert (report.case.state, report.case.reason) == ("open", Reason.OTHER_CURRENCY)
    assert operations.match_waiting(now=now) == 0
    assert money(alice) == (10_000, 0)
    assert sound(now)


def test_a_deposit_that_nobody_paid_is_given_up_after_a_week(
    psp: Psp, alice: Any, deposit: Start, now: datetime
) -> None:
    payment = deposit(alice)
    operations.give_up_deposits(now=now + timedelta(days=6))
    payment.refresh_from_db()
    assert payment.status == "pending"
    assert operations.give_up_deposits(now=now + timedelta(days=8)) >= 1
    payment.refresh_from_db()
    assert payment.status == "cancelled"
    assert psp.tell("deposit.succeeded", payment, now=now).case.reason == Reason.AFTER_THE_END
    assert sound(now)
