"""What the house risks, as the back office shows and changes it."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry
from wallet.bankroll.models import Bankroll, BankrollChange

SignIn = Callable[[str], Client]
SET = "/admin/bankroll/bankroll/BRL/set/"
WISH = {"capital": "250000.50", "max_win": "0.5", "round": "40", "reason": "new year"}


def test_risk_sets_capital_and_shares_with_a_reason(signed_in: SignIn) -> None:
    risk = signed_in("risk")
    page = risk.get(SET).content.decode()
    assert "10,000,000,000.00 BRL" in page
    answer = risk.post(SET, WISH, follow=True)
    assert "A single bet may win 1,250.00 BRL from now on." in answer.content.decode()
    row = Bankroll.objects.get(pk="BRL")
    assert (row.capital_minor, row.max_win_bps, row.round_bps) == (250_000_50, 50, 4_000)
    change = BankrollChange.objects.get()
    assert (change.actor.pk, change.reason) == (risk.staff.pk, "new year")  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(action="bankroll.changed", actor=change.actor).count() == 1
    shown = risk.get("/admin/bankroll/bankroll/BRL/change/").content.decode()
    for text in ("250,000.50 BRL", "100,000.20 BRL (40.00 %)", "new year", "10,000,000,000.00 BRL"):
        assert text in shown, text


def test_an_empty_capital_stays_with_its_gain(signed_in: SignIn) -> None:
    Bankroll.objects.filter(pk="BRL").update(gain_minor=12_345)
    assert signed_in("risk").post(SET, {**WISH, "capital": ""}).status_code == 302
    row = Bankroll.objects.get(pk="BRL")
    assert (row.capital_minor, row.gain_minor, row.max_win_bps) == (10**12, 12_345, 50)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"capital": "12.345"}, "no more decimals"),
        ({"capital": "-5"}, "no more decimals"),
        ({"capital": "a lot"}, "no more decimals"),
        ({"capital": "999999999999999"}, "at most 10^16"),
        ({"max_win": "100.01"}, "less than or equal to 100"),
        ({"round": ""}, "required"),
        ({"reason": ""}, "required"),
    ],
)
def test_what_makes_no_sense_is_said_so_and_nothing_changes(
    signed_in: SignIn, wrong: dict[str, str], said: str
) -> None:
    answer = signed_in("risk").post(SET, {**WISH, **wrong})
    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    assert (Bankroll.objects.get(pk="BRL").capital_minor, BankrollChange.objects.count()) == (10**12, 0)


def test_a_gain_is_counted_again_by_risk(signed_in: SignIn) -> None:
    Bankroll.objects.filter(pk="BRL").update(gain_minor=999)
    assert signed_in("risk").post("/admin/bankroll/bankroll/BRL/count/", {}).status_code == 302
    assert Bankroll.objects.get(pk="BRL").gain_minor == 0


def test_the_list_costs_the_same_for_every_book(signed_in: SignIn, django_assert_max_num_queries: Callable) -> None:  # type: ignore[type-arg]
    client = signed_in("support")
    with django_assert_max_num_queries(8):
        page = client.get("/admin/bankroll/bankroll/").content.decode()
    assert "BTC.demo" in page
