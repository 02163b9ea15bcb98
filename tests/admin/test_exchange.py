"""Finance sets rates; a jump has to be confirmed; nobody edits one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from casino.lib.clock import system_clock
from tests.admin.conftest import World
from wallet.exchange import queries
from wallet.exchange.models import ExchangeRate

SignIn = Callable[[str], Client]
PAGE = "/admin/exchange/exchangerate/set/"


def wish(**changes: Any) -> dict[str, Any]:
    return {"base": "BRL", "rate": "0.17", "quote": "EUR", "source": "bank", "reason": "morning fix"} | changes


def in_force(base: str) -> str:
    return str(queries.current_rates(system_clock.now())[base].rate)


def test_finance_sets_a_rate_which_is_recorded_with_its_name(world: World, signed_in: SignIn) -> None:
    client = signed_in("finance")
    assert client.get(PAGE).status_code == 200
    answer = client.post(PAGE, wish(), follow=True)
    assert "One BRL is worth 0.17 EUR now." in answer.content.decode()
    assert in_force("BRL") == "17/100"
    entry = AuditEntry.objects.filter(action="exchange_rate.set").latest("pk")
    assert (entry.actor, entry.details["before"], entry.details["reason"]) == (
        client.staff,  # type: ignore[attr-defined]
        "4/25",
        "morning fix",
    )
    listed = client.get("/admin/exchange/exchangerate/").content.decode()
    assert "in force" in listed
    assert "past" in listed
    assert "fixed" in listed


def test_a_large_jump_is_asked_about_first(world: World, signed_in: SignIn) -> None:
    client = signed_in("finance")
    answer = client.post(PAGE, wish(rate="1.6"))
    assert "is a jump of 900.0%" in answer.content.decode()
    assert in_force("BRL") == "4/25"
    assert client.post(PAGE, wish(rate="1.6", jump_is_meant="on")).status_code == 302
    assert in_force("BRL") == "8/5"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate": "-1"}, "A positive decimal"),
        ({"rate": "1e5"}, "A positive decimal"),
        ({"source": ""}, "This field is required"),
        ({"reason": ""}, "This field is required"),
        ({"base": "XXX"}, "Select a valid choice"),
        ({"quote": "BRL"}, "not quoted in itself"),
        ({"quote": "USD"}, "quoted in EUR already"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_on_the_page(
    world: World, signed_in: SignIn, changes: dict[str, str], why: str
) -> None:
    before = ExchangeRate.objects.count()
    answer = signed_in("finance").post(PAGE, wish(**changes))
    assert (answer.status_code, why in answer.content.decode()) == (200, True)
    assert ExchangeRate.objects.count() == before


@pytest.mark.parametrize("role", ["support", "risk", "admin"])
def test_others_set_no_rates(role: str, world: World, signed_in: SignIn) -> None:
    client = signed_in(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, wish()).status_code == 403
    assert in_force("BRL") == "4/25"


def test_a_conversion_shows_its_rates_and_its_rounding(world: World, signed_in: SignIn) -> None:
    page = signed_in("support").get(f"/admin/exchange/conversion/{world.rows['exchange/conversion']}/change/")
    text = page.content.decode()
    for shown in ("10.05 BRL", "1.60 EUR", "0.05 BRL", "4/25", "as it stands", "bank"):
        assert shown in text, shown
