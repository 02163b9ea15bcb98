"""Affiliates in the back office: what finance agrees on, what everyone on the staff may see."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.affiliates import operations as affiliates
from accounts.affiliates.models import Affiliate
from accounts.affiliates.operations import credit
from accounts.models import AuditEntry
from tests.affiliates.conftest import after, on, play
from wallet.affiliates.operations import close_days

SignIn = Callable[[str], Client]
NEW = "/admin/affiliates/affiliate/new/"
DAY = date(2026, 3, 3)


@pytest.fixture
def acme(db: None, make_player: Callable[..., Any]) -> Affiliate:
    """With a day on which alice lost 70.00 and won 5.00 in euros."""
    made = affiliates.create("acme", name="=cmd()", owner=make_player("olga"), actor=None, now=on(DAY, 1))
    for name, currency, staked, won in (("alice", "BRL", 100_00, 30_00), ("eva", "EUR", 10_00, 15_00)):
        player = make_player(name, currency=currency, real=1000_00)
        credit(player.pk, "acme", now=on(DAY, 2))
        play(player, staked, won, at=on(DAY))
    close_days(now=after(DAY))
    return made


def page(affiliate: Affiliate, name: str) -> str:
    return f"/admin/affiliates/affiliate/{affiliate.pk}/{name}/"


def test_the_report_shows_days_and_totals(acme: Affiliate, signed_in: SignIn) -> None:
    for role in ("support", "risk", "finance", "admin"):
        shown = signed_in(role).get(page(acme, "change")).content.decode()
        for text in ("2026-03-03", "70.00 BRL", "7.00 BRL", "10.00 %", "-5.00 EUR", "5.00 EUR", "olga"):
            assert text in shown, (role, text)


def test_the_file_has_every_day_and_no_formulas(acme: Affiliate, signed_in: SignIn) -> None:
    answer = signed_in("support").get(page(acme, "csv"))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines == [
        "affiliate,day,currency,players,staked,won,house_gained,share_percent,share,month_has_to_make_up",
        "acme,2026-03-03,BRL,1,100.00,30.00,70.00,10.00,7.00,0.00",
        "acme,2026-03-03,EUR,1,10.00,15.00,-5.00,10.00,0.00,5.00",
    ]
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("role", ["support", "risk", "admin", "finance"])
def test_finance_alone_makes_affiliates_and_changes_their_terms(acme: Affiliate, signed_in: SignIn, role: str) -> None:
    client, allowed = signed_in(role), role == "finance"
    assert client.get(NEW).status_code == (200 if allowed else 403)
    wish = {"code": "beta", "owner": "", "name": "Beta Ltd", "share": "12.5"}
    assert client.post(NEW, wish).status_code == (302 if allowed else 403)
    assert Affiliate.objects.filter(code="beta").exists() is allowed
    terms = {"owner": "", "name": "Acme Ltd", "share": "20", "reason": "sold"}  # `active` is not ticked
    assert client.get(page(acme, "terms")).status_code == (200 if allowed else 403)
    assert client.post(page(acme, "terms"), terms).status_code == (302 if allowed else 403)
    acme.refresh_from_db()
    assert (acme.active, acme.owner is None) == (not allowed, allowed)
    assert AuditEntry.objects.filter(action="affiliate.changed").exists() is allowed


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"code": "acme"}, "There is an affiliate with this code"),
        ({"code": "a b"}, "letters, digits"),
        ({"owner": "nobody-of-this-name"}, "There is nobody of this name"),
        ({"name": ""}, "is a player, or has a name"),
        ({"share": "101"}, "less than or equal to 100"),
    ],
)
def test_an_affiliate_that_cannot_be_is_refused_with_the_reason(
    acme: Affiliate, signed_in: SignIn, wish: dict[str, str], said: str
) -> None:
    form = {"code": "beta", "owner": "", "name": "Beta", "share": "10", **wish}
    answer = signed_in("finance").post(NEW, form)
    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    assert Affiliate.objects.count() == 1


def test_the_list_costs_the_same_for_many(
    acme: Affiliate, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for i in range(5):
        affiliates.create(f"more-{i}", name=f"More {i}", actor=None, now=on(DAY))
    client = signed_in("support")
    with django_assert_max_num_queries(7):
        shown = client.get("/admin/affiliates/affiliate/").content.decode()
    assert "more-4" in shown
