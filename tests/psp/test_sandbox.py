"""The bundled provider: what it takes, what it refuses, and that it tells the platform the same under the same id."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts.webhooks.operations import Outcome
from tests.psp.kit import signed
from wallet.psp import operations as payments
from wallet.psp.rules import payment_url
from wallet.sandbox import operations, rules
from wallet.sandbox.models import SandboxMessage, SandboxPayment

pytestmark = pytest.mark.django_db
NO_ANSWER = Outcome(None, "no answer in time", "", 5)


@pytest.fixture
def address() -> str:
    return payment_url(
        rules.BASE_URL,
        rules.secret(),
        reference="dep_1",
        amount_minor=12_345,
        currency="BRL",
        return_url="http://testserver/wallet/?a=1&b=ü",
        at=1_772_366_400,
    )


def changed(address: str, **fields: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{urlencode({**dict(parse_qsl(parts.query)), **fields})}"


def test_the_payers_page_is_plainly_a_sandbox_and_shows_the_amount(address: str) -> None:
    page = Client().get(address).content.decode()
    assert "no real money" in page
    assert "123.45" in page
    assert not SandboxPayment.objects.exists(), "looking does nothing"


@pytest.mark.parametrize(("choice", "state"), [("pay", "succeeded"), ("decline", "failed"), ("wait", "waiting")])
def test_a_choice_is_made_once_and_leads_back(address: str, choice: str, state: str) -> None:
    answer = Client().post(address, {"choice": choice})
    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/wallet/?a=1&b=%C3%BC")
    Client().post(address, {"choice": choice})
    assert SandboxPayment.objects.get(reference="dep_1").state == state
    told = [json.loads(message.body)["type"] for message in SandboxMessage.objects.all()]
    assert told == ([] if choice == "wait" else [f"deposit.{state}"])
    Client().post(address, {"choice": "decline" if choice == "pay" else "pay"})
    final = "succeeded" if choice == "wait" else state
    assert SandboxPayment.objects.get(reference="dep_1").state == final, "what waited may be decided, and nothing else"


@pytest.mark.parametrize(
    "lie", [{"amount": "1"}, {"reference": "dep_2"}, {"return_url": "https://evil.example"}, {"signature": ""}]
)
def test_an_address_that_was_changed_is_refused(address: str, lie: dict[str, str]) -> None:
    assert Client().get(changed(address)).status_code == 200, "the control"
    forged = changed(address, **lie)
    assert [Client().get(forged).status_code, Client().post(forged, {"choice": "pay"}).status_code] == [400, 400]
    assert not SandboxPayment.objects.exists()


@pytest.mark.parametrize("path", ["pay", "pay?amount=x", "pay?at=1&amount=1", "pay?signature=x", "pay?reference=%00"])
def test_nonsense_is_refused(path: str) -> None:
    assert Client().get(f"/sandbox/psp/{path}").status_code == 400


def order(reference: str = "wdr_1", amount: Any = 5_000, *, secret: str = "", **changes: Any) -> Any:
    body = json.dumps({"reference": reference, "amount": amount, "currency": "BRL", **changes})
    headers = signed(secret or rules.secret(), body, message_id=reference)
    path = "/sandbox/psp/withdrawals"
    return Client(enforce_csrf_checks=True).generic(
        "POST", path, body, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(("amount", "told"), [(5_000, "succeeded"), (5_066, "failed"), (5_077, None)])
def test_a_withdrawal_is_decided_by_its_amount_and_once(amount: int, told: str | None) -> None:
    answers = [order(amount=amount) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["provider_reference"] for answer in answers}) == 1
    types = [json.loads(message.body)["type"] for message in SandboxMessage.objects.all()]
    assert types == ([f"withdrawal.{told}"] if told else [])
    assert order(amount=amount + 100).status_code == 409


def test_an_order_that_is_not_the_platforms_is_refused(psp: Any) -> None:
    assert order(secret=psp.secret).status_code == 401
    assert Client().post("/sandbox/psp/withdrawals", {}, content_type="application/json").status_code == 401
    assert order(amount="many").status_code == 400
    assert order(amount=None).status_code == 400
    assert not SandboxPayment.objects.exists()


def test_a_message_keeps_its_id_and_body_until_it_is_taken(now: datetime) -> None:
    operations.take_withdrawal("wdr_1", 5_000, "BRL", origin="http://testserver/", now=now)
    seen = set()
    for _ in range(4):
        (message,) = operations.claim(limit=9, now=now)
        assert operations.claim(limit=9, now=now) == []
        assert message.url == "http://testserver/api/v1/psp/sandbox/webhook"
        seen.add((message.pk, message.body))
        operations.conclude(message, NO_ANSWER, now=now)
        now += timedelta(minutes=5)
    assert len(seen) == 1
    (message,) = operations.claim(limit=9, now=now)
    operations.conclude(message, Outcome(200, "", "", 5), now=now)
    assert operations.claim(limit=9, now=now + timedelta(days=1)) == []


def test_the_report_of_a_day_is_signed_and_whole() -> None:
    now = datetime.now(UTC)
    operations.take_withdrawal("wdr_1", 5_000, "BRL", origin="http://x", now=now)
    operations.take_withdrawal("wdr_2", 5_077, "BRL", origin="http://x", now=now)
    operations.decide_deposit("dep_1", 900, "EUR", paid=False, origin="http://x", now=now)
    operations.decide_deposit("dep_2", 800, "EUR", paid=True, origin="http://x", now=now - timedelta(days=2))
    answer = Client().get(f"/sandbox/psp/report?day={now.date()}")
    body = Webhook(rules.secret()).verify(answer.content, {k.lower(): v for k, v in answer.headers.items()})
    assert body["day"] == str(now.date())
    assert [(row["reference"], row["type"], row["status"], row["amount"]) for row in body["payments"]] == [
        ("wdr_1", "withdrawal", "succeeded", 5_000),
        ("dep_1", "deposit", "failed", 900),
    ]
    assert Client().get("/sandbox/psp/report?day=tomorrow").status_code == 400


def test_switched_off_it_is_not_there(address: str, settings: Any) -> None:
    settings.SANDBOX_PSP = False
    assert Client().get(address).status_code == 404
    assert order().status_code == 404
    assert Client().get("/sandbox/psp/report?day=2026-03-01").status_code == 404


def test_the_platform_sends_a_payer_there_with_what_was_asked(make_player: Callable[..., Any], now: datetime) -> None:
    payments.ensure_provider(
        rules.SLUG, name=rules.NAME, base_url=rules.BASE_URL, secret=rules.secret(), enabled=True, now=now
    )
    alice = make_player("alice")
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    key = "6f1c1f0e-8f0a-4c7e-9d0e-7f3b1c2d4e5f"
    fields = {"amount": "1,234.5", "provider": "sandbox", "form_key": key}
    assert client.post("/wallet/deposit/", fields).status_code == 400, "not an amount as people write it"
    answer = client.post("/wallet/deposit/", {**fields, "amount": "1234,5"})
    page = client.get(answer["Location"]).content.decode()
    assert "1,234.50" in page
