"""Several actions in one request: in order, each with its own answer, and a run of bets in one transaction."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.instant.intake import desk
from games.instant.models import InstantBet
from tests.legacy.kit import BEARER, BETS, Bot, wish

USER = {"action": "/user"}


@contextmanager
def bets_written() -> Iterator[list[int]]:
    """How many statements write bets meanwhile: one for each transaction that plays."""
    found: list[int] = []
    with CaptureQueriesContext(
        connection,
    ) as queries:
        yield found
    found += [1 for query in queries if "INSERT INTO" in query["sql"] and "instant_instantbet" in query["sql"]]


def test_the_answers_are_those_of_the_single_actions_in_order(alice: Bot) -> None:
    answer = alice.multi(
        USER,
        *[wish(game) for game in BETS],
        {"action": "/games/bets"},
        {"action": "/new_hash"},
        {"action": "/site/bankrolls"},
        {"action": "/site/supported-currencies"},
        {"action": "/site/supported-currencies/exchange-rates"},
        USER,
    )
    assert answer.status == 200
    first, *bets, listed, renewed, bankrolls, currencies, rates, last = answer.body
    assert [bet["success"] for bet in bets] == [True] * 4
    assert [bet["game"] for bet in listed["bets"]] == list(BETS)[::-1]
    assert first["balance"] == "1000.00"
    assert Decimal(last["balance"]) == 1000 + sum(Decimal(bet["payout"]) for bet in bets) == alice.money
    assert last["hash"] == renewed["hash"] != bets[-1]["hash"]
    for path, found in (("bankrolls", bankrolls), ("supported-currencies", currencies)):
        assert found == alice.get(f"/1/site/{path}").body
    assert rates == alice.get("/1/site/supported-currencies/exchange-rates").body


def test_each_bet_of_a_run_is_held_to_the_hash_that_the_one_before_announced(alice: Bot) -> None:
    promised = alice.get("/1/user").body["hash"]
    for bet in alice.multi(*[wish("slots", wager=1) for _ in range(10)]).body:
        assert hashlib.sha256(f"{bet['secret']}|{bet['salt']}".encode()).hexdigest() == promised
        promised = bet["hash"]
    assert alice.get("/1/user").body["hash"] == promised


@pytest.mark.parametrize(
    ("actions", "transactions"),
    [
        ([wish("dice", wager=1)] * 50, 1),
        ([wish("dice"), wish("slots"), wish("shell"), wish("videopoker")], 1),
        ([wish(), USER, wish()], 2),
        ([wish(), {"action": "/nowhere"}, wish(wager=0), 7, wish()], 1),
        ([USER, wish(), wish(), {"action": "/new_hash"}, wish(), {"action": "/games/bets"}], 2),
        ([USER, {"action": "/games/bets"}], 0),
    ],
    ids=["fifty", "all games", "a read between", "nonsense between", "two runs", "reads only"],
)
def test_a_run_of_bets_is_one_transaction_and_a_read_ends_it(alice: Bot, actions: list[Any], transactions: int) -> None:
    alice.bet("dice")
    with bets_written() as written:
        alice.multi(*actions)
    assert len(written) == transactions


def test_fifty_bets_cost_as_many_queries_as_two(alice: Bot) -> None:
    costs = []
    alice.bet("slots")  # what a process reads once is read
    for many in (2, 50):
        with CaptureQueriesContext(connection) as queries:
            assert len(alice.multi(*[wish("slots", wager=1)] * many).body) == many
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 25


def test_a_failed_action_spoils_no_other(alice: Bot) -> None:
    answers = alice.multi(
        wish("slots"),
        wish("slots", wager=0),
        {"action": "/games/ducks/bet", "wager": 1},
        {"action": "/nowhere"},
        {"action": "/multi", "actions": "[]"},
        {"action": "user"},
        {"action": f"/games/slots/bets/{10**17}"},
        {"action": 5},
        {},
        "/user",
        None,
        {"action": "/user", "api_key": "pk_other"},
        wish("slots", wager=5000),
        wish("slots", hash="0" * 64),
        wish("slots"),
    ).body
    failed = [(answer["error_code"], *answer["details"]) for answer in answers[1:-1]]
    assert failed == [
        (400, "wager"),
        (404, "not_found"),
        (404, "not_found"),
        (400, "action"),
        (404, "not_found"),
        (404, "not_found"),
        (400, "action"),
        (400, "action"),
        (400, "action"),
        (400, "action"),
        (400, "api_key"),
        (402, "insufficient_funds"),
        (409, "hash_used"),
    ]
    assert answers[0]["success"] is answers[-1]["success"] is True
    assert InstantBet.objects.filter(player=alice.player).count() == 2


def test_what_nobody_expected_fails_in_its_place_and_the_answers_before_it_are_given(
    alice: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("nobody expected this")

    alice.client.raise_request_exception = False
    submit = desk.submit
    runs = iter([submit, broken])
    monkeypatch.setattr(desk, "submit", lambda requests: next(runs)(requests))
    played, user, lost, again = alice.multi(wish("slots"), USER, wish("slots"), USER).body
    assert played["success"] is True
    assert (lost["error_code"], lost["details"]) == (500, ["internal_error"])
    assert again["balance"] == user["balance"], "nothing has moved"
    assert InstantBet.objects.filter(player=alice.player).count() == 1
    assert "nobody expected this" in caplog.text


def test_a_run_stops_at_the_money_that_there_is(alice: Bot) -> None:
    """Each bet is judged after the one before it: what that has won may be staked."""
    answers = alice.multi(*[wish("dice", wager=300, range=1)] * 5).body
    assert [answer.get("error_code") for answer in answers] == [None, None, None, 402, 402]
    assert alice.money == 100


def test_actions_come_by_query_form_and_json_as_text_or_as_they_are(alice: Bot) -> None:
    text = json.dumps([USER, wish("slots", wager=1)])
    answers = [
        alice.get("/1/multi", actions=text),
        alice.form("/1/multi", actions=text),
        alice.post("/1/multi", {"actions": text}),
        alice.post("/1/multi", {"actions": json.loads(text)}),
        alice.send("POST", f"/api/1/multi?actions={quote(text)}&api_key={alice.key}"),
    ]
    for answer in answers:
        user, bet = answer.body
        assert (user["uname"], bet["success"]) == (alice.player.username, True)


def test_nothing_is_played_by_head(alice: Bot) -> None:
    actions = quote(json.dumps([wish("slots"), USER]))
    answer = alice.send("HEAD", f"/api/1/multi?actions={actions}", Authorization=f"{BEARER} {alice.key}")
    assert answer.status == 200
    assert not InstantBet.objects.filter(player=alice.player).exists()


@pytest.mark.parametrize(
    "actions",
    ["", "{", "{}", "5", "null", "[]", json.dumps([USER] * 51), '[{"action": NaN}]', "[" * 20_000, '"[]"', "\ud800"],
    ids=lambda text: f"{len(text)}:{text[:12]!r}",
)
def test_what_is_no_list_of_1_to_50_actions_is_refused_as_a_whole(alice: Bot, actions: str) -> None:
    refused = [alice.post("/1/multi", {"actions": actions})]
    if actions.isascii():
        refused += [alice.form("/1/multi", actions=actions), alice.get("/1/multi", actions=actions)]
    for answer in refused:
        assert (answer.status, answer.body["error_code"], answer.details) == (400, 400, ["actions"])


def test_without_its_parameter_or_by_another_method_it_is_refused(alice: Bot) -> None:
    assert alice.get("/1/multi").details == ["actions"]
    assert alice.post("/1/multi", {"actions": 5}).details == ["actions"]
    assert alice.send("PUT", "/api/1/multi").status == 405
    assert alice.post("/v1/multi", {"actions": [USER]}).headers["Content-Type"] == "application/problem+json"


def test_a_wrong_key_fails_every_action_and_none_only_those_that_need_one(alice: Bot) -> None:
    actions = json.dumps({"actions": [USER, {"action": "/site/bankrolls"}, wish()]}).encode()
    kind = "application/json"
    wrong = alice.send("POST", "/api/1/multi", actions, kind, Authorization=f"{BEARER} pk_wrong")
    assert [(answer["error_code"], answer["details"]) for answer in wrong.body] == [(401, ["api_key"])] * 3
    user, bankrolls, bet = alice.send("POST", "/api/1/multi", actions, kind).body
    assert (user["details"], bet["details"]) == (["api_key"], ["api_key"])
    assert bankrolls == alice.get("/1/site/bankrolls").body


def test_wagers_of_actions_are_as_exact_as_others(alice: Bot) -> None:
    body = (
        b'{"actions": [{"action": "/games/slots/bet", "wager": 1.10}, {"action": "/games/slots/bet", "wager": 1.101}]}'
    )
    headers = {"Authorization": f"{BEARER} {alice.key}"}
    exact, finer = alice.send("POST", "/api/1/multi", body, "application/json", **headers).body
    assert exact["success"]
    assert finer["details"] == ["wager"]
    assert InstantBet.objects.get(player=alice.player).stake_minor == 110
