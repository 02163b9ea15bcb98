"""Staff at payments: providers, large withdrawals, and the suspense queue with its two people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.webhooks.rules import new_secret
from tests.admin.conftest import World
from tests.psp.kit import money, sound
from wallet.psp import operations
from wallet.psp.models import CashierLimits, Provider

SignIn = Callable[[str], Client]


def test_two_of_finance_end_a_case(world: World, signed_in: SignIn, now: datetime) -> None:
    first, second = signed_in("finance"), signed_in("finance")
    page = f"/admin/psp/suspensecase/{world.case.pk}"
    has = money(world.alice)[0]
    shown = first.get(f"{page}/propose/").content.decode()
    assert f'value="{world.alice.username}"' in shown, "the player whose deposit it was is suggested"
    assert (
        first.post(f"{page}/propose/", {"resolution": "credit", "player": "nobody", "reason": "x"}).status_code == 200
    )
    assert first.post(f"{page}/propose/", {"resolution": "charge", "player": "", "reason": "x"}).status_code == 200
    proposal = {"resolution": "credit", "player": world.alice.username, "reason": "short by ten"}
    assert first.post(f"{page}/propose/", proposal).status_code == 302
    alone = first.post(f"{page}/approve/")
    assert (alone.status_code, "Somebody else" in alone.content.decode()) == (200, True)
    assert money(world.alice)[0] == has
    assert "short by ten" in second.get(f"{page}/approve/").content.decode()
    assert second.post(f"{page}/approve/").status_code == 302
    assert money(world.alice)[0] == has + 4_000
    assert second.post(f"{page}/approve/").status_code == 200
    assert money(world.alice)[0] == has + 4_000
    assert sound(now)


def test_a_proposal_is_rejected_with_a_reason(world: World, signed_in: SignIn) -> None:
    finance = signed_in("finance")
    page = f"/admin/psp/suspensecase/{world.case.pk}"
    finance.post(f"{page}/propose/", {"resolution": "return", "player": "", "reason": "x"})
    assert finance.post(f"{page}/reject/", {"reason": ""}).status_code == 200
    assert finance.post(f"{page}/reject/", {"reason": "not so"}).status_code == 302
    world.case.refresh_from_db()
    assert world.case.state == "open"


def test_a_large_withdrawal_is_approved_or_refused(
    world: World, signed_in: SignIn, now: datetime, make_player: Any
) -> None:
    rich = make_player("rich", real=5_000_000)
    finance = signed_in("finance")
    for verb, status in (("approve", "requested"), ("refuse", "cancelled")):
        payment = operations.request_withdrawal(
            rich, "test-pay", 2_000_000, form_key=uuid4(), origin="http://testserver", now=now
        )
        page = f"/admin/psp/payment/{payment.pk}"
        assert finance.get(f"{page}/{verb}/").status_code == 200
        assert finance.post(f"{page}/{verb}/", {"reason": "papers"}).status_code == 302
        payment.refresh_from_db()
        assert (payment.status, payment.approved_by_id is not None) == (status, verb == "approve")
        assert finance.get(f"{page}/change/").status_code == 200
    assert sound(now)


def test_a_provider_is_made_switched_and_given_another_secret(world: World, signed_in: SignIn) -> None:
    office = signed_in("admin")
    secret, other = new_secret(), new_secret()
    made = {"slug": "new-pay", "name": "New Pay", "base_url": "https://new.example/v1/", "secret": secret}
    assert office.post("/admin/psp/provider/add/", {**made, "secret": "x"}).status_code == 200
    for url in ("http://new.example", "https://10.0.0.1/", "/sandbox/psp", "javascript:alert(1)"):
        assert office.post("/admin/psp/provider/add/", {**made, "base_url": url}).status_code == 200, url
    assert office.post("/admin/psp/provider/add/", made).status_code == 302
    provider = Provider.objects.get(slug="new-pay")
    assert (provider.secret, provider.base_url, provider.enabled) == (secret, "https://new.example/v1", True)
    page = f"/admin/psp/provider/{provider.pk}"
    assert secret not in office.get(f"{page}/change/").content.decode()
    assert office.post(f"{page}/switch/").status_code == 302
    assert office.post(f"{page}/secret/", {"secret": other}).status_code == 302
    provider.refresh_from_db()
    assert (provider.secret, provider.enabled) == (other, False)
    told = str(list(AuditEntry.objects.filter(subject="provider:new-pay").values()))
    assert other not in told
    assert secret not in told


@pytest.mark.parametrize("role", ["support", "risk", "finance"])
def test_others_make_no_provider(role: str, signed_in: SignIn, db: None) -> None:
    client = signed_in(role)
    for answer in (client.get("/admin/psp/provider/add/"), client.post("/admin/psp/provider/add/", {"slug": "x"})):
        assert answer.status_code == 403


def test_finance_sets_the_cashiers_limits_and_the_database_keeps_them_in_order(world: World, signed_in: SignIn) -> None:
    page = "/admin/psp/cashierlimits/EUR/change/"
    finance = signed_in("finance")
    names = [field.name for field in CashierLimits._meta.fields if field.name != "currency"]
    now_set = {name: getattr(CashierLimits.objects.get(pk="EUR"), name) for name in names}
    assert finance.post(page, {**now_set, "max_deposit_minor": 777_700}).status_code == 302
    assert CashierLimits.objects.get(pk="EUR").max_deposit_minor == 777_700
    assert finance.post(page, {**now_set, "max_deposit_minor": 1}).status_code == 200
    assert CashierLimits.objects.get(pk="EUR").max_deposit_minor == 777_700
    assert AuditEntry.objects.filter(action="cashier.limits_changed", subject="currency:EUR").count() == 1
    assert signed_in("support").post(page, {**now_set, "max_deposit_minor": 5}).status_code == 403


def test_a_players_page_shows_their_payments(world: World, signed_in: SignIn) -> None:
    page = signed_in("support").get(f"/admin/accounts/user/{world.alice.pk}/change/").content.decode()
    assert "Payments" in page
    assert "50.00 BRL" in page
