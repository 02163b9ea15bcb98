"""Bets by REST: reserve, confirm, cash out, cancel; each once, whatever is repeated."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts.partners.models import PartnerPlayer
from games.crash import audit
from games.crash.models import Bet
from tests.api.kit import Caller, code_of
from tests.games.crash.playing import Play
from wallet import audit as wallet_audit
from wallet.models import Transfer

pytestmark = pytest.mark.usefixtures("db")


def run(play: Play, *, seconds: float = 2.0) -> None:
    """Launch the round as if that many seconds ago."""
    play.now -= timedelta(seconds=5 + seconds)
    play.launch()


def books_add_up(play: Play) -> bool:
    return not audit.findings(play.now) and not wallet_audit.findings(play.now)


def test_a_bet_is_placed_and_paid_as_on_the_socket(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open(crash_point=500)
    before = acme.balance(pat)
    placed = acme.place(pat, 500, client_reference="order-1", identifier=2)
    assert placed.status_code == 201
    body = placed.json()
    assert (body["status"], body["amount"], body["identifier"]) == ("open", 500, 2)
    assert (body["user"], body["client_reference"], body["is_demo"]) == ("p-1", "order-1", True)
    assert body["balance"] == before - 500
    run(play, seconds=2.1)
    paid = acme.post(f"/bets/{body['ticket_id']}/cashout", {"cashout_at": 105})
    assert paid.status_code == 200
    assert (paid.json()["status"], paid.json()["multiplier"], paid.json()["payout"]) == ("cashed_out", 105, 525)
    assert paid.json()["balance"] == before + 25 == acme.balance(pat)
    shown = acme.get(f"/bets/{body['ticket_id']}").json()
    assert {**shown, "balance": paid.json()["balance"]} == paid.json()
    assert books_add_up(play)


def test_reserve_confirm_ticket_cash_out(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open(crash_point=500)
    reserved = acme.place(pat, 500, confirm=False).json()
    assert reserved["status"] == "reserved"
    balance = acme.get("/user/balance?user=p-1").json()
    assert (balance["balance"], balance["available"], balance["held"]) == (100000, 99500, 500)
    ticket = reserved["ticket_id"]
    confirmed = acme.post(f"/bets/{ticket}/confirm")
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "open")
    assert code_of(acme.post(f"/bets/{ticket}/confirm")) == (409, "bet_not_open")
    run(play)
    assert acme.post(f"/bets/{ticket}/cashout").json()["status"] == "cashed_out"
    assert books_add_up(play)


def test_a_cancelled_bet_gives_the_stake_back(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    for confirm in (True, False):
        ticket = acme.place(pat, confirm=confirm).json()["ticket_id"]
        cancelled = acme.post(f"/bets/{ticket}/cancel", {})
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        assert code_of(acme.post(f"/bets/{ticket}/cancel", {})) == (409, "bet_not_open")
    assert acme.balance(pat) == 100000
    assert books_add_up(play)


def test_the_same_call_again_gives_the_same_answer_and_moves_nothing(
    acme: Caller, pat: PartnerPlayer, play: Play
) -> None:
    play.open()
    first = acme.place(pat, idem="k-1")
    again = acme.place(pat, idem="k-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Bet.objects.count() == 1
    play.launch()  # and still the same, when the bet could not be placed any more
    assert acme.place(pat, idem="k-1").content == first.content


def test_a_refusal_is_remembered_too(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    assert code_of(acme.place(pat, 1, idem="k-1")) == (422, "amount_below_minimum")
    again = acme.place(pat, 1, idem="k-1")
    assert again.json()["code"] == "amount_below_minimum"
    assert again["Idempotent-Replayed"] == "true"


def test_one_key_for_two_requests_is_refused(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    ticket = acme.place(pat, idem="k-1").json()["ticket_id"]
    assert code_of(acme.place(pat, 600, idem="k-1")) == (422, "idempotency_mismatch")
    assert code_of(acme.post(f"/bets/{ticket}/cancel", idem="k-1")) == (422, "idempotency_mismatch")
    assert code_of(acme.post("/bets", {"nonsense": 1}, idem="k-1")) == (422, "idempotency_mismatch")
    assert Transfer.objects.filter(code="stake").count() == 1


def test_the_same_key_of_another_partner_is_another_call(
    acme: Caller, pat: PartnerPlayer, play: Play, make_caller: Any, seat: Any
) -> None:
    play.open()
    other = make_caller("other")
    assert acme.place(pat, idem="k-1").status_code == 201
    assert other.place(seat(other), idem="k-1").status_code == 201
    assert Bet.objects.count() == 2


def test_a_client_reference_is_used_once_for_ever(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    assert acme.place(pat, client_reference="order-1").status_code == 201
    assert code_of(acme.place(pat, client_reference="order-1", identifier=2)) == (422, "idempotency_mismatch")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"amount": 99}, 422, "amount_below_minimum"),
        ({"amount": 0}, 422, "amount_below_minimum"),
        ({"amount": -500}, 422, "amount_below_minimum"),
        ({"amount": 500_001}, 422, "amount_above_maximum"),
        ({"amount": 2**53 - 1}, 422, "amount_above_maximum"),
        ({"amount": 2**53}, 400, "invalid_request"),
        ({"amount": 5.5}, 400, "invalid_request"),
        ({"amount": "500"}, 400, "invalid_request"),
        ({"amount": True}, 400, "invalid_request"),
        ({"amount": None}, 400, "invalid_request"),
        ({"amount": [500]}, 400, "invalid_request"),
        ({"auto_cashout": 100}, 422, "invalid_auto_cashout"),
        ({"auto_cashout": 1_750_001}, 422, "invalid_auto_cashout"),
        ({"auto_cashout": "2"}, 400, "invalid_request"),
        ({"identifier": 0}, 400, "invalid_request"),
        ({"identifier": 11}, 400, "invalid_request"),
        ({"user": "nobody"}, 404, "not_found"),
        ({"user": 5}, 400, "invalid_request"),
        ({"user": "a\u0000b"}, 400, "invalid_request"),
        ({"game": "Chess"}, 404, "not_found"),
        ({"confirm": "no"}, 400, "invalid_request"),
        ({"client_reference": "with space"}, 400, "invalid_request"),
        ({"client_reference": ""}, 400, "invalid_request"),
        ({"currency": "BRL"}, 400, "invalid_request"),
    ],
)
def test_bad_input_is_answered_by_its_code_and_moves_nothing(
    acme: Caller, pat: PartnerPlayer, play: Play, fields: dict[str, Any], status: int, code: str
) -> None:
    play.open()
    answer = acme.post("/bets", {"user": "p-1", "amount": 500, **fields})
    assert code_of(answer) == (status, code)
    if code == "invalid_request":
        assert [error["field"] for error in answer.json()["errors"]] == list(fields)
    assert not Bet.objects.exists()
    assert acme.balance(pat) == 100000


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"user":"p-1","amount":NaN}'])
def test_a_body_that_is_not_an_object_is_refused(acme: Caller, pat: PartnerPlayer, play: Play, raw: bytes) -> None:
    play.open()
    assert code_of(acme.post("/bets", raw=raw)) == (400, "invalid_request")


def test_bets_outside_the_window_are_refused(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    assert code_of(acme.place(pat)) == (409, "round_closed")
    play.open(crash_point=300)
    ticket = acme.place(pat).json()["ticket_id"]
    assert code_of(acme.post(f"/bets/{ticket}/cashout")) == (409, "round_closed")
    run(play)
    assert code_of(acme.place(pat, identifier=2)) == (409, "round_closed")
    assert code_of(acme.post(f"/bets/{ticket}/cancel")) == (409, "round_closed")
    assert code_of(acme.post(f"/bets/{ticket}/cashout", {"cashout_at": 299})) == (409, "bet_not_open")
    assert code_of(acme.post(f"/bets/{ticket}/cashout", {"cashout_at": 100})) == (409, "bet_not_open")
    assert acme.post(f"/bets/{ticket}/cashout").status_code == 200
    assert code_of(acme.post(f"/bets/{ticket}/cashout")) == (409, "bet_not_open")


def test_a_cash_out_after_the_crash_is_refused_before_the_engine_says_so(
    acme: Caller, pat: PartnerPlayer, play: Play
) -> None:
    play.open(crash_point=105)
    ticket = acme.place(pat).json()["ticket_id"]
    run(play, seconds=60)
    assert code_of(acme.post(f"/bets/{ticket}/cashout")) == (409, "round_closed")


def test_without_money_there_is_no_bet(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    for identifier in range(1, 5):
        acme.place(pat, 25_000, identifier=identifier)
    assert code_of(acme.place(pat, 100, identifier=5)) == (402, "insufficient_funds")


def test_a_blocked_player_neither_bets_nor_gets_a_session(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    pat.user.is_active = False
    pat.user.save()
    assert code_of(acme.place(pat)) == (403, "player_blocked")
    assert code_of(acme.post("/sessions", {"user": "p-1"})) == (403, "player_blocked")


def test_the_list_of_bets_is_filtered_and_paged(acme: Caller, pat: PartnerPlayer, play: Play, seat: Any) -> None:
    play.open()
    other = seat(acme, "p-2")
    mine = [acme.place(pat, identifier=i).json()["ticket_id"] for i in range(1, 6)]
    theirs = acme.place(other).json()["ticket_id"]
    acme.post(f"/bets/{mine[0]}/cancel")
    everything = acme.get("/bets").json()["results"]
    assert [bet["ticket_id"] for bet in everything] == [theirs, *reversed(mine)]
    assert [bet["ticket_id"] for bet in acme.get("/bets?user=p-2").json()["results"]] == [theirs]
    assert [bet["ticket_id"] for bet in acme.get("/bets?status=cancelled").json()["results"]] == [mine[0]]
    assert len(acme.get(f"/bets?round={play.round.pk}").json()["results"]) == 6  # type: ignore[union-attr]
    assert acme.get(f"/bets?round={uuid.uuid4()}").json()["results"] == []
    seen, page = [], acme.get("/bets?limit=4&user=p-1").json()
    seen += page["results"]
    following = page["next"].split("/api/v1")[1]
    page = acme.get(following).json()
    seen += page["results"]
    assert page["next"] is None
    assert acme.get(page["previous"].split("/api/v1")[1]).json()["results"] == seen[:4]
    assert [bet["ticket_id"] for bet in seen] == list(reversed(mine))


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=abc", "status=won", "round=1", "user=%20"]
)
def test_bad_filters_are_refused(acme: Caller, query: str) -> None:
    answer = acme.get(f"/bets?{query}")
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


# --- multi ------------------------------------------------------------------------------------------------------------
def test_multi_carries_out_in_order_and_tells_each_answer(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    answer = acme.post(
        "/multi",
        {
            "actions": [
                {"action": "/user/balance", "user": "p-1"},
                {"action": "/bets", "method": "POST", "user": "p-1", "amount": 500},
                {"action": "/bets", "method": "POST", "user": "p-1", "amount": 1, "identifier": 2},
                {"action": "/bets", "method": "POST", "user": "p-1", "amount": 700, "identifier": 3},
                {"action": "/user/balance", "user": "p-1"},
                {"action": "/multi", "method": "POST"},
                {"action": "/nothing"},
                "nonsense",
                {"action": "/bets", "method": "POST"},
            ]
        },
        idem="m-1",
    )
    assert answer.status_code == 200
    results = answer.json()
    assert results[0]["available"] == 100000
    assert results[1]["status"] == results[3]["status"] == "open"
    assert results[2]["error_code"] == 422
    assert results[2]["details"] == ["amount_below_minimum"]
    assert results[4]["available"] == 100000 - 1200
    assert [result["error_code"] for result in results[5:]] == [404, 404, 400, 400]
    assert books_add_up(play)


def test_multi_as_a_whole_happens_once(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    actions = {"actions": [{"action": "/bets", "method": "POST", "user": "p-1", "amount": 500}]}
    first = acme.post("/multi", actions, idem="m-1")
    again = acme.post("/multi", actions, idem="m-1")
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert Bet.objects.count() == 1


def test_multi_without_money_needs_no_signature(acme: Caller, play: Play) -> None:
    play.open()
    plain = acme.post("/multi", {"actions": [{"action": "/game/state"}]}, X_Signature=None, X_Timestamp=None)
    assert plain.json()[0]["status"] == "waiting"
    actions = {"actions": [{"action": "/game/state"}, {"action": "/bets", "method": "POST"}]}
    unsigned = acme.post("/multi", actions, X_Signature=None, X_Timestamp=None)
    assert code_of(unsigned) == (401, "signature_missing")


@pytest.mark.parametrize("actions", [None, [], {}, "x", [{"action": "/game/state"}] * 51])
def test_multi_takes_one_to_fifty_actions(acme: Caller, actions: Any) -> None:
    assert code_of(acme.post("/multi", {"actions": actions})) == (400, "invalid_request")


def test_multi_keeps_to_the_scopes_of_the_key(make_caller: Any, seat: Any, play: Play) -> None:
    caller = make_caller(scopes=["read:game_state"])
    seat(caller)
    play.open()
    actions = [{"action": "/game/state"}, {"action": "/user/balance", "user": "p-1"}]
    state, balance = caller.post("/multi", {"actions": actions}).json()
    assert state["status"] == "waiting"
    assert (balance["error_code"], balance["details"]) == (403, ["insufficient_scope"])
