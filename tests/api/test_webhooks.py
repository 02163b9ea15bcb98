"""Webhook endpoints over REST, and what bets and rounds put into the outbox."""

import json
from typing import Any

import pytest

from accounts.partners.models import PartnerPlayer
from accounts.webhooks import operations, rules
from accounts.webhooks.models import Delivery, Endpoint, Event
from accounts.webhooks.operations import Outcome
from tests.api.kit import V1, Caller, code_of
from tests.games.crash.playing import Play

pytestmark = pytest.mark.usefixtures("db")

URL = "https://partner.example/hooks"


def made(caller: Caller, *events: str, **fields: Any) -> dict[str, Any]:
    answer = caller.post("/webhooks", {"url": URL, "events": list(events or rules.EVENTS), **fields})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def change(caller: Caller, method: str, path: str, data: Any = None) -> Any:
    from django.test import Client

    body = b"" if data is None else json.dumps(data).encode()
    headers = {"Authorization": f"Bearer {caller.token}"}
    return Client().generic(method, V1 + path, body, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def only_public_targets(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False


def test_an_endpoint_is_made_listed_changed_and_deleted_and_its_secret_shown_once(acme: Caller) -> None:
    new = made(acme, "bet.settled", description="back office")
    secret = new.pop("secret")
    assert secret.startswith("whsec_")
    assert (new["url"], new["events"], new["is_active"]) == (URL, ["bet.settled"], True)
    assert acme.get("/webhooks").json() == {"results": [new], "next": None, "previous": None}
    path = f"/webhooks/{new['id']}"
    assert acme.get(path).json() == new
    changed = change(acme, "PATCH", path, {"events": ["bet.voided"], "is_active": False}).json()
    assert changed == {**new, "events": ["bet.voided"], "is_active": False, "disabled_reason": "switched off"}
    rotated = acme.post(f"{path}/rotate_secret").json()
    assert rotated["secret"] != secret
    assert change(acme, "DELETE", path).status_code == 204
    assert code_of(acme.get(path)) == (404, "not_found")
    assert code_of(change(acme, "DELETE", path)) == (404, "not_found")
    assert acme.get("/webhooks").json()["results"] == []


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [
        ({"url": "http://partner.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": 5}, "url"),
        ({"events": []}, "events"),
        ({"events": ["bet.placed"]}, "events.0"),
        ({"events": "bet.settled"}, "events"),
        ({"events": [None]}, "events.0"),
        ({"colour": "red"}, "colour"),
        ({"description": "x" * 121}, "description"),
    ],
)
def test_a_wish_that_cannot_be_granted_names_the_field(acme: Caller, fields: dict[str, Any], blamed: str) -> None:
    answer = acme.post("/webhooks", {"url": URL, "events": ["bet.settled"], **fields})
    assert code_of(answer) == (400, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [blamed]
    mine = made(acme)
    answer = change(acme, "PATCH", f"/webhooks/{mine['id']}", fields)
    assert code_of(answer) == (400, "invalid_request")
    assert Endpoint.objects.get().url == URL


def test_the_twenty_first_endpoint_is_one_too_many(acme: Caller) -> None:
    for _ in range(rules.MAX_ENDPOINTS):
        made(acme)
    answer = acme.post("/webhooks", {"url": URL, "events": ["bet.settled"]})
    assert code_of(answer) == (403, "limit_reached")
    assert Endpoint.objects.count() == rules.MAX_ENDPOINTS


def test_a_delivery_shows_its_body_and_every_attempt_and_is_sent_again_by_hand(acme: Caller, now: Any) -> None:
    new = made(acme)
    sent = acme.post(f"/webhooks/{new['id']}/test")
    assert sent.status_code == 202
    assert (sent.json()["type"], sent.json()["state"]) == ("endpoint.test", "pending")
    path = f"/webhooks/deliveries/{sent.json()['id']}"
    (claimed,) = operations.claim(limit=5, now=now + rules.RETRIES[1])
    operations.conclude(claimed, Outcome(204, "", "fine", 7), now=now, chance=0.5)
    shown = acme.get(path).json()
    assert (shown["state"], shown["attempts"], shown["next_attempt_at"]) == ("delivered", 1, None)
    assert json.loads(shown["body"])["data"] == {"endpoint_id": new["id"]}
    assert [(each["status"], each["error"], each["response"]) for each in shown["log"]] == [(204, None, "fine")]
    again = acme.post(f"{path}/resend")
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "pending", 0)
    listed = acme.get(f"/webhooks/{new['id']}/deliveries").json()["results"]
    assert [row["id"] for row in listed] == [shown["id"]]


WAYS = [
    ("GET", "/webhooks/{endpoint}", None),
    ("PATCH", "/webhooks/{endpoint}", {"is_active": False}),
    ("DELETE", "/webhooks/{endpoint}", None),
    ("POST", "/webhooks/{endpoint}/rotate_secret", None),
    ("POST", "/webhooks/{endpoint}/test", None),
    ("GET", "/webhooks/{endpoint}/deliveries", None),
    ("GET", "/webhooks/deliveries/{delivery}", None),
    ("POST", "/webhooks/deliveries/{delivery}/resend", None),
]


@pytest.mark.parametrize(("method", "path", "data"), WAYS)
@pytest.mark.parametrize("stranger", [("rival", "test"), ("acme", "live")])
def test_nothing_of_another_partner_or_environment_is_there(
    make_caller: Any, acme: Caller, stranger: tuple[str, str], method: str, path: str, data: Any
) -> None:
    endpoint = made(acme)["id"]
    delivery = acme.post(f"/webhooks/{endpoint}/test").json()["id"]
    before = list(Endpoint.objects.values()), list(Delivery.objects.values())
    other = make_caller(*stranger)
    answer = change(other, method, path.format(endpoint=endpoint, delivery=delivery), data)
    assert code_of(answer) == (404, "not_found")
    assert (list(Endpoint.objects.values()), list(Delivery.objects.values())) == before
    assert other.get("/webhooks").json()["results"] == []


@pytest.mark.parametrize(("method", "path", "data"), [("GET", "/webhooks", None), ("POST", "/webhooks", {}), *WAYS])
def test_every_way_needs_the_scope(make_caller: Any, acme: Caller, method: str, path: str, data: Any) -> None:
    endpoint = made(acme)["id"]
    delivery = acme.post(f"/webhooks/{endpoint}/test").json()["id"]
    other = make_caller("acme", scopes=["read:bets"])
    answer = change(other, method, path.format(endpoint=endpoint, delivery=delivery), data)
    assert code_of(answer) == (403, "insufficient_scope")


def test_lists_take_as_many_queries_for_thirty_rows_as_for_one(
    acme: Caller, django_assert_num_queries: Any, now: Any
) -> None:
    endpoint = made(acme)["id"]
    acme.post(f"/webhooks/{endpoint}/test")
    acme.get("/webhooks")
    path = f"/webhooks/{endpoint}/deliveries?limit=100"
    with django_assert_num_queries(3):
        assert len(acme.get(path).json()["results"]) == 1
    for _ in range(29):
        acme.post(f"/webhooks/{endpoint}/test")
    with django_assert_num_queries(3):
        assert len(acme.get(path).json()["results"]) == 30
    with django_assert_num_queries(2):
        acme.get("/webhooks")


# --- what is told -----------------------------------------------------------------------------------------------------
def told() -> list[tuple[str, dict[str, Any]]]:
    events = Event.objects.order_by("created_at", "pk")
    return [(event.type, json.loads(event.body)["data"]) for event in events]


def test_a_partner_hears_of_its_bets_from_stake_to_payout(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    made(acme)
    play.open(crash_point=300)
    winner = acme.place(pat, 1000, auto_cashout=200, client_reference="a-1").json()
    loser = acme.place(pat, 500, identifier=2).json()
    given_back = acme.place(pat, 100, identifier=3).json()
    acme.post(f"/bets/{given_back['ticket_id']}/cancel")
    play.launch()
    play.finish()
    events = told()
    stakes = [data for kind, data in events if kind == "balance.changed" and data["reason"] == "stake"]
    assert [data["ticket_id"] for data in stakes] == [row["ticket_id"] for row in (winner, loser, given_back)]
    assert [data["available"] for data in stakes] == [row["balance"] for row in (winner, loser, given_back)]
    (voided,) = [data for kind, data in events if kind == "bet.voided"]
    assert (voided["ticket_id"], voided["status"], voided["user"]) == (given_back["ticket_id"], "cancelled", "p-1")
    settled = {data["ticket_id"]: data for kind, data in events if kind == "bet.settled"}
    won, lost = settled[winner["ticket_id"]], settled[loser["ticket_id"]]
    assert (won["status"], won["multiplier"], won["payout"], won["client_reference"]) == (
        "cashed_out",
        200,
        2000,
        "a-1",
    )
    assert (lost["status"], lost["payout"]) == ("lost", 0)
    (round_,) = [data for kind, data in events if kind == "round.finished"]
    assert (round_["round_id"], round_["crash_point"]) == (winner["round_id"], 300)
    last = [data for kind, data in events if kind == "balance.changed"][-1]
    assert (last["reason"], last["available"]) == ("payout", acme.balance(pat))


def test_a_partner_hears_nothing_of_other_players(
    acme: Caller, make_caller: Any, seat: Any, pat: PartnerPlayer, play: Play
) -> None:
    rival = make_caller("rival")
    made(rival, "bet.settled", "balance.changed", "bet.voided")
    made(make_caller("acme", "live"), "bet.settled", "balance.changed", "bet.voided")
    play.open(crash_point=300)
    acme.place(pat)
    play.launch()
    play.finish()
    assert told() == []


def test_a_refused_bet_tells_nothing(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    made(acme)
    play.open()
    assert code_of(acme.place(pat, 400_000))[1] == "insufficient_funds"
    assert told() == []
