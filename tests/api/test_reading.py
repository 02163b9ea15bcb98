"""What partners read: state, rounds, games, players, reports; how long it may be kept, and at what cost."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import GameSession
from accounts.partners.models import PartnerPlayer
from accounts.queries import hash_token
from casino.lib.clock import iso
from games.crash.models import Round
from tests.api.kit import V1, Caller, code_of
from tests.games.crash.playing import Play
from tests.games.solo.playing import Solo
from wallet.exchange import operations as exchange
from wallet.models import Currency

pytestmark = pytest.mark.usefixtures("db")


def test_the_state_of_each_phase(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    assert code_of(acme.get("/game/state")) == (503, "temporarily_unavailable")
    round_ = play.open(crash_point=300)
    acme.place(pat)
    waiting = acme.get("/game/state?game=BigPanda").json()
    assert (waiting["status"], waiting["current_multiplier"], waiting["participants"]) == ("waiting", 1.0, 1)
    assert waiting["round_id"] == str(round_.pk)
    assert 0 < waiting["time_remaining_ms"] <= 5000
    play.now -= timedelta(seconds=7.1)
    play.launch()
    active = acme.get("/game/state").json()
    assert active["status"] == "active"
    assert active["multiplier"] == round(active["current_multiplier"] * 100) >= 110
    play.crash()
    assert acme.get("/game/state").json()["status"] == "crashed"
    play.settle()
    payout = acme.get("/game/state").json()
    assert (payout["status"], payout["current_multiplier"]) == ("payout", 3.0)
    assert code_of(acme.get("/game/state?game=Chess")) == (404, "not_found")
    assert code_of(acme.get("/game/state?game=%3Cx%3E")) == (400, "invalid_request")


def test_the_multiplier_shown_is_never_beyond_the_crash(acme: Caller, play: Play) -> None:
    play.open(crash_point=105)
    play.now -= timedelta(minutes=2)
    play.launch()
    assert acme.get("/game/state").json()["multiplier"] == 105


def test_a_live_round_gives_nothing_away(acme: Caller, play: Play) -> None:
    round_ = play.open(crash_point=300)
    for _ in range(2):
        shown = acme.get(f"/game/rounds/{round_.pk}").json()
        assert shown["crash_point"] is shown["fairness"]["salt"] is shown["fairness"]["result"] is None
        assert shown["bonus"] is None
        assert acme.get("/game/rounds").json()["results"][0] == shown
        play.launch()


def test_a_round_is_kept_once_it_is_over_for_good(acme: Caller, play: Play) -> None:
    round_ = play.open(crash_point=300)
    play.launch()
    play.finish()
    path = f"/game/rounds/{round_.pk}"
    fresh = acme.get(path)
    assert fresh["Cache-Control"] == "no-store"
    assert fresh.json()["crash_point"] == 300
    Round.objects.filter(pk=round_.pk).update(settled_at=round_.opened_at - timedelta(minutes=3))
    kept = acme.get(path)
    assert kept["Cache-Control"] == "public, max-age=3600"
    assert kept["ETag"].startswith('"')
    assert kept["Last-Modified"]
    again = acme.get(path, If_None_Match=kept["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", kept["ETag"])
    assert acme.get(path, If_Modified_Since=kept["Last-Modified"]).status_code == 304
    assert acme.get(path, If_None_Match='"other"').status_code == 200


def test_rounds_are_listed_newest_first_with_a_cursor_that_holds(acme: Caller, play: Play) -> None:
    rounds = []
    for _ in range(5):
        rounds.append(str(play.open().pk))
        play.launch()
        play.finish()
    first = acme.get("/game/rounds?limit=2").json()
    assert [row["round_id"] for row in first["results"]] == rounds[:2:-1]
    play.open()  # a new one comes meanwhile
    second = acme.get(first["next"].split("/api/v1")[1]).json()
    assert [row["round_id"] for row in second["results"]] == rounds[2:0:-1]


def test_games_and_their_configuration_may_be_kept_for_an_hour(acme: Caller, play: Play) -> None:
    games = acme.get("/games")
    assert games["Cache-Control"] == "public, max-age=3600"
    config = acme.get("/games/BigPanda/config").json()
    assert games.json()["results"] == [config]
    assert (config["rtp"], config["volatility"], config["max_crash_point"]) == ("0.95", "high", 1_750_000)
    brl = next(limit for limit in config["limits"] if limit["currency"] == "BRL")
    assert (brl["min_amount"], brl["max_amount"], brl["denominator"]) == (100, 500_000, 100)
    assert code_of(acme.get("/games/Chess/config")) == (404, "not_found")


# --- currencies -------------------------------------------------------------------------------------------------------
def test_enabled_currencies_are_listed_with_their_units(acme: Caller) -> None:
    Currency.objects.filter(pk="GBP").update(enabled=False)
    answer = acme.get("/currencies")
    listed = {row["code"]: row for row in answer.json()["results"]}
    assert listed.keys() == {"ADA", "BITS", "BRL", "BTC", "COIN", "EUR", "USD"}
    assert listed["BTC"] == {"code": "BTC", "denominator": 100_000_000, "symbol": "₿", "kind": "crypto"}
    assert answer["Cache-Control"] == "public, max-age=3600"


def test_rates_are_listed_both_ways_with_source_time_and_exact_ratio(acme: Caller, now: datetime) -> None:
    exchange.set_rate("BRL", "EUR", Fraction(4, 25), source="bank", actor=None, now=now)
    exchange.set_rate("BTC", "EUR", Fraction(80_000), source="market", actor=None, now=now - timedelta(hours=25))
    answer = acme.get("/exchange-rates")
    assert answer["Cache-Control"] == "no-store"
    listed = {(row["base"], row["quote"]): row for row in answer.json()["results"]}
    assert len(listed) == 12, "each of BRL, EUR, BTC and BITS in the three others"
    assert listed["EUR", "BRL"] == {
        "base": "EUR",
        "quote": "BRL",
        "rate": "6.25",
        "exact": "25/4",
        "source": "bank",
        "valid_from": iso(now),
        "is_stale": False,
    }
    assert (listed["BITS", "BTC"]["valid_from"], listed["BITS", "BTC"]["is_stale"]) == (None, False)
    bits = listed["BITS", "BRL"]
    assert (bits["rate"], bits["exact"], bits["is_stale"]) == ("0.5", "1/2", True)
    assert bits["source"] == "definition, market, bank"
    of_brl = acme.get("/exchange-rates?base=BRL").json()["results"]
    assert [row["quote"] for row in of_brl] == ["BITS", "BTC", "EUR"]
    assert acme.get("/exchange-rates?base=COIN").json()["results"] == []
    assert code_of(acme.get("/exchange-rates?base=brl")) == (400, "invalid_request")


# --- players ----------------------------------------------------------------------------------------------------------
def test_making_a_player_again_changes_nothing(acme: Caller, play: Play) -> None:
    wish = {"external_id": "new", "currency": "EUR"}
    made = acme.post("/users", wish)
    again = acme.post("/users", wish)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json() == acme.get("/users/new").json()
    assert made.json()["wallet"] == "transfer"
    assert code_of(acme.post("/users", {**wish, "currency": "USD"})) == (422, "idempotency_mismatch")
    assert code_of(acme.post("/users", {**wish, "wallet": "seamless"})) == (422, "idempotency_mismatch")


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"external_id": "x"},
        {"external_id": "", "currency": "BRL"},
        {"external_id": "a b", "currency": "BRL"},
        {"external_id": "x" * 65, "currency": "BRL"},
        {"external_id": "x", "currency": "XXX"},
        {"external_id": "x", "currency": "brl"},
        {"external_id": "x", "currency": "BRL", "wallet": "pocket"},
        {"external_id": 5, "currency": "BRL"},
        {"external_id": "x\n", "currency": "BRL"},
    ],
)
def test_a_player_that_cannot_be_is_refused(acme: Caller, wish: dict[str, Any]) -> None:
    answer = acme.post("/users", wish)
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["errors"]


def test_a_session_plays_for_the_player_in_the_keys_money(acme: Caller, pat: PartnerPlayer) -> None:
    answer = acme.post("/sessions", {"user": "p-1"})
    assert answer.status_code == 201
    body = answer.json()
    session = GameSession.objects.get(token_hash=hash_token(body["session"]))
    assert (session.player_id, session.is_demo) == (pat.user_id, True)
    assert body["launch_url"].endswith(f"/games/BigPanda/launch/#session={body['session']}")
    assert body["socket_url"].startswith("ws://")
    assert answer["Cache-Control"] == "no-store"


def test_what_a_test_key_moves_is_demo_money_and_what_a_live_key_moves_is_not(
    make_caller: Any, seat: Any, play: Play
) -> None:
    test, live = make_caller(), make_caller(environment="live")
    demo, real = seat(test), seat(live, funds=70_000)
    assert demo.user_id != real.user_id
    play.open()
    assert test.place(demo).json()["is_demo"] is True
    assert live.place(real).json()["is_demo"] is False
    assert (test.balance(demo), live.balance(real)) == (99_500, 69_500)


# --- reports ----------------------------------------------------------------------------------------------------------
def test_the_report_adds_up_settled_bets_by_day(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open(crash_point=300)
    day = play.now.date()
    acme.place(pat, 1000, auto_cashout=150)
    acme.place(pat, 500, identifier=2)
    cancelled = acme.place(pat, 700, identifier=3).json()["ticket_id"]
    acme.post(f"/bets/{cancelled}/cancel")
    play.launch()
    play.finish()
    query = f"/reports/activity?from={day}&to={day + timedelta(days=1)}"
    (row,) = acme.get(query).json()["results"]
    assert (row["bets"], row["stake"], row["payout"], row["ggr"]) == (2, 1500, 1500, 0)
    csv = acme.get(f"{query}&format=csv")
    assert csv["Content-Type"].startswith("text/csv")
    lines = b"".join(csv.streaming_content).decode().splitlines()
    assert lines[0] == "date,game,currency,denominator,bets,stake,payout,ggr"
    assert lines[1].endswith(",BigPanda,BRL,100,2,1500,1500,0")


def test_the_report_has_what_the_players_placed_themselves_and_nobody_elses(
    acme: Caller, pat: PartnerPlayer, play: Play, seat: Any, make_caller: Any, make_player: Any
) -> None:
    other = seat(make_caller("other"), "p-1")
    play.open(crash_point=300)
    play.placed(pat.user, stake=1000, auto=150)
    play.placed(other.user, stake=7000)
    play.placed(make_player("visitor", real=10_000), stake=300)
    play.launch()
    play.finish()
    day = play.now.date()
    solo = Solo("BigPanda", pat.user, play.now)
    solo.coming(200, 400)
    solo.placed(stake=500, auto=110)
    solo.finish()
    rows = acme.get(f"/reports/activity?from={day}&to={day + timedelta(days=1)}").json()["results"]
    assert [(row["game"], row["bets"], row["stake"], row["payout"], row["ggr"]) for row in rows] == [
        ("BigPanda", 1, 1000, 1500, -500),
        ("BigPanda/solo", 1, 500, 550, -50),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2026-01-01",
        "from=2026-01-02&to=2026-01-01",
        "from=2025-01-01&to=2026-01-02",
        "from=x&to=y",
        "from=2026-01-01&to=2026-01-02&format=xml",
    ],
)
def test_a_report_of_no_sensible_days_is_refused(acme: Caller, query: str) -> None:
    assert code_of(acme.get(f"/reports/activity?{query}")) == (400, "invalid_request")


# --- public -----------------------------------------------------------------------------------------------------------
def test_changelog_status_and_description_need_no_key(play: Play) -> None:
    assert Client().get(f"{V1}/changelog").json()["results"]
    status = Client().get(f"{V1}/status")
    assert status.json()["games"] == [{"game": "BigPanda", "status": "up"}]
    assert status["Cache-Control"] == "public, max-age=300"
    assert Client().get(f"{V1}/openapi.json").json()["openapi"].startswith("3.1")


# --- cost -------------------------------------------------------------------------------------------------------------
def test_no_endpoint_asks_the_database_more_than_it_must(
    acme: Caller, pat: PartnerPlayer, play: Play, django_assert_num_queries: Any, seat: Any
) -> None:
    """The key is one query of each; the lists cost the same for one row as for many."""
    play.open(crash_point=300)
    tickets = [acme.place(seat(acme, f"p-{i}")).json()["ticket_id"] for i in range(1, 8)]
    transfer = {"user": "p-1", "direction": "in", "amount": 500, "reference": "r-1"}
    assert acme.post("/wallet/transfers", transfer).status_code == 201
    acme.get("/game/state")  # the key's last use is noted once a minute
    costs = {
        "/game/state": 3,
        "/games/BigPanda/config": 5,
        "/currencies": 2,
        "/exchange-rates": 3,
        "/game/rounds": 3,
        f"/game/rounds/{play.round.pk}": 2,  # type: ignore[union-attr]
        "/user/balance?user=p-1": 3,
        "/users/p-1": 2,
        "/wallet/transfers/r-1": 3,
        "/user/limits?user=p-1": 5,
        f"/bets/{tickets[0]}": 2,
        "/bets": 2,
        "/reports/activity?from=2026-01-01&to=2026-01-02": 4,
    }
    for path, cost in costs.items():
        with django_assert_num_queries(cost):
            assert acme.get(path).status_code == 200, path


# PostgreSQL gets what is asked of every bet as two messages, and the inserts as one; two more are the savepoint of the
# test's own transaction.
MOST_FOR_A_BET = {"postgresql": 5, "sqlite": 19}
MOST_FOR_A_REPETITION = {"postgresql": 3, "sqlite": 5}


def test_a_bet_asks_the_database_so_often_and_a_repeated_one_hardly(
    acme: Caller, pat: PartnerPlayer, play: Play, django_assert_max_num_queries: Any
) -> None:
    """The key and the player are known to the process; batches share everything."""
    play.open()
    acme.place(pat, identifier=1)
    with django_assert_max_num_queries(MOST_FOR_A_BET[connection.vendor]):
        assert acme.place(pat, identifier=2, idem="k-1").status_code == 201
    with django_assert_max_num_queries(MOST_FOR_A_REPETITION[connection.vendor]):
        assert acme.place(pat, identifier=2, idem="k-1").status_code == 201
