"""Withdrawals: only from the player's own session on the site, set aside, and cancelled until they are handed over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import operations as accounts
from accounts.models import User
from accounts.webhooks.operations import Outcome
from casino.lib.errors import DomainError
from tests.psp.kit import Psp, money, sound
from wallet import audit
from wallet.psp import errors, operations
from wallet.psp.models import CashierLimits, Handover, Payment

pytestmark = pytest.mark.django_db
Start = Callable[..., Payment]
BACKEND = "django.contrib.auth.backends.ModelBackend"
TAKEN, REFUSED = Outcome(202, "", "", 5), Outcome(None, "no answer in time", "", 5)


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> User:
    return make_player("alice", real=10_000)


def site(player: User | None) -> Client:
    client = Client()
    if player is not None:
        client.force_login(player, backend=BACKEND)
    return client


def form(psp: Psp, amount: str = "50.00", key: str = "") -> dict[str, str]:
    return {"amount": amount, "provider": psp.provider.slug, "form_key": key or str(uuid4())}


def test_a_withdrawal_from_the_site_sets_the_money_aside(psp: Psp, alice: User, now: datetime) -> None:
    assert site(alice).post("/wallet/withdraw/", form(psp)).status_code == 302
    payment = Payment.objects.get(player=alice)
    assert (payment.status, payment.amount_minor) == ("requested", 5_000)
    assert money(alice) == (5_000, 5_000)
    handover = Handover.objects.get(pk=payment.pk)
    assert handover.url == "https://pay.example/withdrawals"
    assert sound(now)


def test_a_double_click_is_one_withdrawal(psp: Psp, alice: User) -> None:
    client, sent = site(alice), form(psp)
    assert [client.post("/wallet/withdraw/", sent).status_code for _ in range(3)] == [302] * 3
    assert Payment.objects.filter(player=alice).count() == 1
    assert money(alice) == (5_000, 5_000)
    other = client.post("/wallet/withdraw/", {**sent, "amount": "60.00"})
    assert other.status_code == 422
    assert "sent before" in other.content.decode()


def test_every_other_way_to_withdraw_is_refused(psp: Psp, alice: User, now: datetime) -> None:
    """No key of the player's, no game session, no other's session; and a session only with its form's token."""
    key = accounts.issue_player_key(alice, now=now)
    token, _ = accounts.open_session(alice, is_demo=False, now=now)
    sent = form(psp)
    for headers in (
        {},
        {"Authorization": f"Bearer {key}"},
        {"X-API-Key": key},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"Session {token}"},
    ):
        for path in ("/wallet/withdraw/", f"/wallet/withdraw/?api_key={key}", f"/wallet/withdraw/?session={token}"):
            answer = Client().post(path, {**sent, "api_key": key, "session": token}, headers=headers)
            assert (answer.status_code, "/login/" in answer["Location"]) == (302, True), (path, headers)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend=BACKEND)
    assert strict.post("/wallet/withdraw/", sent).status_code == 403
    assert not Payment.objects.filter(player=alice).exists()
    assert money(alice) == (10_000, 0)


def test_no_endpoint_of_the_api_withdraws() -> None:
    """The API has deposits and withdrawals in one place only: where providers report."""
    document = Client().get("/api/v1/openapi.json").json()
    about = [path for path in document["paths"] if "withdraw" in path or "psp" in path or "deposit" in path]
    assert about == ["/api/v1/psp/{provider}/webhook"]


@pytest.mark.parametrize("what", ["cancel/", "continue/"])
def test_a_strangers_payment_is_not_there(psp: Psp, alice: User, withdraw: Start, make_player: Any, what: str) -> None:
    payment = withdraw(alice)
    client = site(make_player("charlie", real=100))
    path = f"/wallet/payments/{payment.reference}/{what}"
    answer = client.post(path) if what == "cancel/" else client.get(path)
    assert answer.status_code == 404
    payment.refresh_from_db()
    assert payment.status == "requested"
    assert payment.reference not in client.get("/wallet/").content.decode()
    assert client.get("/wallet/payments.json").json() == {"payments": {}}


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (1_999, errors.BelowMinimum),
        (0, errors.BelowMinimum),
        (-5_000, errors.BelowMinimum),
        (5_000_001, errors.AboveMaximum),
        (10_001, errors.NotEnough),
    ],
)
def test_amounts_that_cannot_be_are_refused(
    alice: User, withdraw: Start, amount: int, error: type[DomainError], now: datetime
) -> None:
    with pytest.raises(error):
        withdraw(alice, amount)
    assert not Payment.objects.filter(player=alice).exists()
    assert money(alice) == (10_000, 0)
    assert sound(now)


def test_money_that_is_set_aside_cannot_be_withdrawn_again(alice: User, withdraw: Start) -> None:
    withdraw(alice, 6_000)
    with pytest.raises(errors.NotEnough):
        withdraw(alice, 6_000)


def test_demo_players_have_no_cashier(psp: Psp, make_player: Any, deposit: Start, withdraw: Start) -> None:
    eve = make_player("eve", demo=True)
    for ask in (deposit, withdraw):
        with pytest.raises(errors.NoCashier):
            ask(eve)
    page = site(eve).get("/wallet/").content.decode()
    assert "demo money only" in page
    assert 'name="amount"' not in page
    assert site(eve).post("/wallet/deposit/", form(psp)).status_code == 403


def test_a_currency_that_is_only_played_with_has_no_cashier(make_player: Any, deposit: Start) -> None:
    with pytest.raises(errors.NoCashier):
        deposit(make_player("coiny", currency="COIN"))


def test_a_provider_that_is_off_takes_nothing_new(psp: Psp, alice: User, deposit: Start, now: datetime) -> None:
    operations.change_provider(psp.provider, actor=None, now=now, enabled=False)
    with pytest.raises(errors.NoProvider):
        deposit(alice)


def test_only_so_many_payments_are_under_way(alice: User, deposit: Start) -> None:
    for _ in range(10):
        deposit(alice)
    with pytest.raises(errors.TooManyOpen):
        deposit(alice)


# --- handed over, or cancelled ----------------------------------------------------------------------------------------
def mine(payment: Payment, now: datetime) -> list[Handover]:
    return [one for one in operations.claim(limit=100, now=now) if one.pk == payment.pk]


def test_a_player_may_cancel_until_it_is_handed_over(alice: User, withdraw: Start, now: datetime) -> None:
    first, second = withdraw(alice, 3_000), withdraw(alice, 4_000)
    client = site(alice)
    for _ in range(2):
        assert client.post(f"/wallet/payments/{first.reference}/cancel/").status_code == 302
    assert money(alice) == (6_000, 4_000)
    assert mine(first, now) == []
    operations.claim(limit=100, now=now)
    page = client.post(f"/wallet/payments/{second.reference}/cancel/", follow=True).content.decode()
    assert "cannot be changed any more" in page
    assert money(alice) == (6_000, 4_000)
    assert sound(now)


def test_a_hand_over_is_repeated_with_the_same_body_until_it_is_taken(
    alice: User, withdraw: Start, now: datetime
) -> None:
    payment = withdraw(alice)
    bodies = set()
    for _ in range(5):
        (handover,) = mine(payment, now)
        assert mine(payment, now) == [], "one worker at a time"
        bodies.add(handover.body)
        operations.conclude(handover, REFUSED, now=now)
        assert mine(payment, now) == [], "not before its pause is over"
        now += timedelta(hours=2)
    (handover,) = mine(payment, now)
    operations.conclude(handover, TAKEN, now=now)
    assert mine(payment, now + timedelta(days=9)) == []
    assert len(bodies) == 1
    payment.refresh_from_db()
    assert payment.status == "pending", "taken is not paid: the report says that"


def test_a_worker_that_died_does_not_hold_a_withdrawal_up(alice: User, withdraw: Start, now: datetime) -> None:
    payment = withdraw(alice)
    assert mine(payment, now)
    assert mine(payment, now + timedelta(seconds=61))


def test_a_report_before_the_answer_to_the_hand_over_ends_it(
    psp: Psp, alice: User, withdraw: Start, now: datetime
) -> None:
    payment = withdraw(alice)
    (handover,) = mine(payment, now)
    psp.tell("withdrawal.succeeded", payment, now=now)
    operations.conclude(handover, REFUSED, now=now)
    assert mine(payment, now + timedelta(days=1)) == []
    assert money(alice) == (5_000, 0)


def test_money_set_aside_for_a_withdrawal_is_no_finding_after_a_day(
    alice: User, withdraw: Start, now: datetime
) -> None:
    payment = withdraw(alice)
    later = now + timedelta(days=3)
    assert not [line for line in audit.findings(later) if payment.reference in line]
    assert sound(later)


# --- large ones wait for staff ----------------------------------------------------------------------------------------
@pytest.fixture
def rich(make_player: Any) -> User:
    return make_player("rich", real=3_000_000)


def test_a_large_withdrawal_waits_for_somebody_else(
    rich: User, withdraw: Start, make_player: Any, now: datetime
) -> None:
    limit = CashierLimits.objects.get(pk="BRL").review_above_minor
    assert not withdraw(rich, limit).needs_approval
    payment = withdraw(rich, limit + 1)
    assert payment.needs_approval
    assert mine(payment, now) == []
    with pytest.raises(errors.NotYours):
        operations.approve_withdrawal(payment, actor=rich, now=now)
    operations.approve_withdrawal(payment, actor=make_player("fin"), now=now)
    assert mine(payment, now)
    with pytest.raises(errors.TooLate):
        operations.refuse_withdrawal(payment, actor=make_player("fin"), reason="late", now=now)
    assert sound(now)


def test_a_refused_one_gives_the_money_back_and_says_why(
    rich: User, withdraw: Start, make_player: Any, now: datetime
) -> None:
    payment = withdraw(rich, 2_000_000)
    operations.refuse_withdrawal(payment, actor=make_player("fin"), reason="papers are missing", now=now)
    assert money(rich) == (3_000_000, 0)
    assert "papers are missing" in site(rich).get("/wallet/").content.decode()
    assert sound(now)
