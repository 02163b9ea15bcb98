"""The transfer wallet, over HTTP: in and out, once per reference, for the right players and in the right money."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.partners.models import PartnerPlayer
from accounts.webhooks import operations as webhooks
from accounts.webhooks.models import Event
from tests.api.kit import Caller, code_of
from tests.wallet.ledger_table import books_sum
from wallet import operations as wallet
from wallet import queries
from wallet.chart import House
from wallet.models import Transfer
from wallet.transfers import audit
from wallet.transfers.models import PartnerTransfer

pytestmark = pytest.mark.usefixtures("db")


def move(caller: Caller, direction: str, amount: Any = 5_000, reference: Any = "r-1", **changes: Any) -> Any:
    fields = {"user": "p-1", "direction": direction, "amount": amount, "reference": reference}
    headers = {name: changes.pop(name) for name in ("idem", "timestamp") if name in changes}
    return caller.post("/wallet/transfers", {**fields, **changes}, **headers)


def test_money_comes_in_and_goes_out(acme: Caller, pat: PartnerPlayer, now: datetime) -> None:
    has = acme.balance(pat)
    before = queries.house_balance(House.PARTNERS, "BRL.demo")
    came = move(acme, "in")
    assert came.status_code == 201
    assert {name: came.json()[name] for name in ("reference", "user", "direction", "amount", "balance", "status")} == {
        "reference": "r-1",
        "user": "p-1",
        "direction": "in",
        "amount": 5_000,
        "balance": has + 5_000,
        "status": "completed",
    }
    assert (came.json()["currency"], came.json()["denominator"], came.json()["is_demo"]) == ("BRL", 100, True)
    assert move(acme, "out", 2_000, "r-2").json()["balance"] == has + 3_000
    assert acme.balance(pat) == has + 3_000
    assert queries.house_balance(House.PARTNERS, "BRL.demo") - before == -3_000
    assert acme.get("/wallet/transfers/r-1").json() == came.json()
    assert books_sum("BRL.demo") == 0
    assert audit.findings(now) == []


def test_the_same_reference_with_the_same_content_gives_the_same_answer(acme: Caller, pat: PartnerPlayer) -> None:
    first = move(acme, "in")
    has = acme.balance(pat)
    move(acme, "in", 100, "r-2")
    again = move(acme, "in")
    assert (again.status_code, again.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in again
    assert acme.balance(pat) == has + 100
    assert Transfer.objects.filter(code="transfer_in").count() == 2


@pytest.mark.parametrize("other", [{"amount": 5_001}, {"direction": "out"}, {"user": "p-2"}])
def test_the_same_reference_with_another_content_is_refused(
    acme: Caller, pat: PartnerPlayer, seat: Callable[..., PartnerPlayer], other: dict[str, Any]
) -> None:
    seat(acme, "p-2")
    move(acme, "in")
    has = acme.balance(pat)
    assert code_of(move(acme, **{"direction": "in", **other})) == (422, "idempotency_mismatch")
    assert acme.balance(pat) == has


def test_an_idempotency_key_replays_the_answer_also_a_refusal(acme: Caller, pat: PartnerPlayer) -> None:
    first = move(acme, "in", idem="k-1")
    again = move(acme, "in", idem="k-1")
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert code_of(move(acme, "in", 7, "r-7", idem="k-1")) == (422, "idempotency_mismatch")


def test_more_than_there_is_is_refused_and_takes_up_no_reference(acme: Caller, pat: PartnerPlayer) -> None:
    has = acme.balance(pat)
    assert code_of(move(acme, "out", has + 1)) == (402, "insufficient_funds")
    assert acme.balance(pat) == has
    assert code_of(acme.get("/wallet/transfers/r-1")) == (404, "not_found")
    assert not PartnerTransfer.objects.exists()
    assert move(acme, "out", has).json()["balance"] == 0


def test_what_is_set_aside_stays(acme: Caller, pat: PartnerPlayer, play: Any) -> None:
    play.open()
    has = acme.balance(pat)
    assert acme.place(pat, 1_000, confirm=False).status_code == 201
    assert code_of(move(acme, "out", has)) == (402, "insufficient_funds")
    assert move(acme, "out", has - 1_000).status_code == 201


def test_a_seamless_players_money_is_not_moved(acme: Caller) -> None:
    acme.post("/users", {"external_id": "s-1", "currency": "BRL", "wallet": "seamless"})
    answer = move(acme, "in", user="s-1")
    assert code_of(answer) == (400, "invalid_request")
    assert "seamless" in answer.json()["message"]
    assert not Transfer.objects.filter(code="transfer_in").exists()


def test_test_keys_move_demo_money_and_live_keys_real_money(
    make_caller: Callable[..., Caller], seat: Callable[..., PartnerPlayer]
) -> None:
    for environment, is_demo in (("test", True), ("live", False)):
        caller = make_caller("acme", environment)
        player = seat(caller, funds=0)
        answer = move(caller, "in")
        assert answer.json()["is_demo"] is is_demo
        (transfer,) = Transfer.objects.filter(pk=f"partner:{answer.json()['transfer_id']}")
        assert transfer.book == ("BRL.demo" if is_demo else "BRL")
        assert queries.player_account(player.user, is_demo=not is_demo) is None
    assert PartnerTransfer.objects.count() == 2, "the same reference, in each environment"


def test_a_blocked_player_gets_no_more_and_may_have_it_back(
    acme: Caller, pat: PartnerPlayer, make_player: Any, now: datetime
) -> None:
    accounts.block(pat.user, actor=make_player("staff"), now=now, reason="x")
    assert code_of(move(acme, "in")) == (403, "player_blocked")
    assert move(acme, "out", 100, "r-2").status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": "5"}, "amount"),
        ({"amount": 5.5}, "amount"),
        ({"amount": 10**16}, "amount"),
        ({"direction": "sideways"}, "direction"),
        ({"reference": ""}, "reference"),
        ({"reference": "a/b"}, "reference"),
        ({"reference": "r" * 65}, "reference"),
        ({"reference": None}, "reference"),
        ({"currency": "EUR"}, "currency"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(
    acme: Caller, pat: PartnerPlayer, changes: dict[str, Any], field: str
) -> None:
    answer = move(acme, **{"direction": "in", **changes})
    assert code_of(answer) == (400, "invalid_request")
    assert {fault["field"] for fault in answer.json()["errors"]} == {field}


def test_it_needs_its_scope_and_a_signature(
    make_caller: Callable[..., Caller], seat: Callable[..., PartnerPlayer]
) -> None:
    reader = make_caller("acme", scopes=["read:balance"])
    seat(reader)
    assert code_of(move(reader, "in")) == (403, "insufficient_scope")
    assert code_of(reader.get("/wallet/transfers/r-1")) == (403, "insufficient_scope")
    caller = make_caller("acme")
    body = {"user": "p-1", "direction": "in", "amount": 1, "reference": "r-1"}
    assert code_of(caller.post("/wallet/transfers", body, X_Signature=None)) == (401, "signature_missing")
    assert code_of(caller.post("/wallet/transfers", body, secret="cs_wrong")) == (401, "signature_invalid")


def test_the_partner_is_told_of_the_new_balance(acme: Caller, pat: PartnerPlayer, settings: Any, now: datetime) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    webhooks.create_endpoint(
        acme.partner, acme.key.environment, url="http://127.0.0.1:9/", events=["balance.changed"], actor=None, now=now
    )
    has = acme.balance(pat)
    move(acme, "in")
    move(acme, "in")
    (event,) = Event.objects.filter(partner=acme.partner, type="balance.changed")
    told = json.loads(event.body)["data"]
    assert (told["user"], told["available"], told["reason"], told["reference"]) == (
        "p-1",
        has + 5_000,
        "transfer_in",
        "r-1",
    )


def test_the_players_statement_shows_it(acme: Caller, pat: PartnerPlayer) -> None:
    move(acme, "in")
    account = wallet.open_account(pat.user, is_demo=True, now=pat.created_at)
    (row, *_) = queries.statement(account)
    assert (row.code, row.amount_minor, row.reference) == ("transfer_in", 5_000, "r-1")
