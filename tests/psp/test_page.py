"""The wallet page without a browser: amounts as people write them, statement and export, policy, links that lie."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from casino.lib.money import parse_minor
from tests.psp.kit import Psp
from wallet import operations as wallet
from wallet import queries
from wallet.psp import statement
from wallet.psp.models import Payment

pytestmark = pytest.mark.django_db
Start = Callable[..., Payment]


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> User:
    return make_player("alice", real=10_000)


@pytest.fixture
def site(alice: User) -> Client:
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("text", "denominator", "minor"),
    [
        ("12", 100, 1_200),
        (" 12.5 ", 100, 1_250),
        ("12,50", 100, 1_250),
        ("12.", 100, 1_200),
        ("0.01", 100, 1),
        ("0.00000001", 10**8, 1),
        ("1", 10**8, 10**8),
        ("1.005", 100, None),
        ("1,234.50", 100, None),
        ("-1", 100, None),
        ("1e3", 100, None),
        ("١٢", 100, None),
        ("", 100, None),
        (".5", 100, None),
        ("9" * 16, 100, None),
        ("5", 1, 5),
        ("5.1", 1, None),
    ],
)
def test_typed_amounts_become_exact_integers(text: str, denominator: int, minor: int | None) -> None:
    assert parse_minor(text, denominator) == minor


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_no_text_of_the_file_is_a_formula(text: str) -> None:
    assert statement.plain(text) == f"'{text}"
    assert statement.plain("dep_1") == "dep_1"


def test_the_file_has_every_movement_and_adds_up(
    psp: Psp, alice: User, site: Client, deposit: Start, withdraw: Start, now: datetime
) -> None:
    psp.tell("deposit.succeeded", deposit(alice), now=now)
    psp.tell("withdrawal.succeeded", withdraw(alice, 3_000), now=now)
    psp.tell("withdrawal.failed", withdraw(alice, 2_000), now=now)
    withdraw(alice, 4_000)
    wallet.deposit(alice, 5, reference="=cmd|' /C calc'!A0", now=now)
    answer = site.get("/wallet/statement.csv?money=real")
    assert 'filename="statement-real-' in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 8
    cents = [round(float(row["change"]) * 100) for row in rows]
    assert sum(cents) == round(float(rows[0]["balance"]) * 100) == queries.balance(alice, is_demo=False).available_minor
    assert all(not row[name].startswith("=") for row in rows for name in ("what", "reference", "transfer"))
    assert rows[0]["reference"].startswith("'=cmd")


def test_a_long_statement_is_exported_whole(alice: User, site: Client, now: datetime) -> None:
    for i in range(30):
        wallet.deposit(alice, 100, reference=f"{alice.username}:{i}", now=now + timedelta(seconds=i))
    first = statement.page(queries.player_account(alice, is_demo=False), before=None)
    second = statement.page(queries.player_account(alice, is_demo=False), before=datetime.fromisoformat(first.older))
    ids = [line.transfer_id for line in (*first.lines, *second.lines)]
    assert (len(ids), len(set(ids)), second.older) == (31, 31, "")


@pytest.mark.parametrize(
    "query", ["before=x", "before=2026-03-01", "before=0001-01-01T00:00:00%2B23:59", "money=other"]
)
def test_an_address_that_makes_no_sense_shows_the_first_page(site: Client, query: str) -> None:
    assert site.get(f"/wallet/?{query}").status_code == 200


def test_the_policy_lets_the_form_go_to_the_provider_and_nowhere_else(psp: Psp, site: Client) -> None:
    policy = site.get("/wallet/").headers["Content-Security-Policy"]
    (forms,) = [part for part in policy.split("; ") if part.startswith("form-action")]
    assert set(forms.split()[1:]) >= {"'self'", "https://pay.example"}
    assert "unsafe" not in policy
    elsewhere = Client().get("/rules/").headers["Content-Security-Policy"]
    assert "pay.example" not in elsewhere


@pytest.mark.parametrize(
    "changes",
    [{"amount": ""}, {"amount": "x"}, {"provider": "nobody"}, {"provider": "a b"}, {"form_key": "x"}, {"form_key": ""}],
)
def test_a_form_that_is_not_right_is_shown_again(psp: Psp, alice: User, site: Client, changes: dict[str, str]) -> None:
    fields = {"amount": "50", "provider": psp.provider.slug, "form_key": str(uuid4()), **changes}
    for path in ("/wallet/deposit/", "/wallet/withdraw/"):
        answer = site.post(path, fields)
        assert answer.status_code in (400, 503)
        assert 'role="alert"' in answer.content.decode()
    assert not Payment.objects.filter(player=alice).exists()


def test_a_deposit_sent_twice_leads_to_one_payment(psp: Psp, alice: User, site: Client) -> None:
    fields = {"amount": "50", "provider": psp.provider.slug, "form_key": str(uuid4())}
    places = [site.post("/wallet/deposit/", fields)["Location"] for _ in range(2)]
    assert places[0] == places[1]
    assert places[0].startswith("https://pay.example/pay?reference=dep_")
    assert Payment.objects.filter(player=alice).count() == 1


def test_nobody_sees_a_wallet_without_signing_in() -> None:
    for path in ("", "deposit/", "withdraw/", "payments.json", "statement.csv", "payments/dep_1/continue/"):
        answer = Client().get(f"/wallet/{path}")
        assert (answer.status_code, "/login/" in answer["Location"]) == (302, True), path
