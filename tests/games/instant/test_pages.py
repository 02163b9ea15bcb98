"""The instant games' pages over HTTP: what they show, who may call, and what stays of a bet."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.protection import operations as protection
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from casino.lib.clock import system_clock
from games.instant import operations, queries, words
from games.instant.kinds import KINDS
from games.instant.models import InstantBet, InstantGame
from games.instant.operations import PlayRequest
from tests.games.instant.conftest import CHOICES, PageOf
from wallet.queries import balance, player_account

GAMES = list(KINDS)
SCRIPTS = [
    ("POST", "seat"),
    ("POST", "bet"),
    ("POST", "hash"),
    ("GET", "history.json"),
    ("GET", "reality.json"),
    ("GET", "bets/1.json"),
]


def balance_of(page: PageOf) -> int:
    return balance(page.player, is_demo=False).available_minor


def protect(page: PageOf, wish: Wish) -> None:
    protection.change(page.player, wish, source=Source.PLAYER, actor=page.player, now=system_clock.now())


# --- pages ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("game", GAMES)
def test_everyone_sees_a_game_with_its_exact_return_and_a_way_to_sign_in(game: str, games: None) -> None:
    response = Client().get(f"/games/{game}/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert f"/accounts/login/?next=/games/{game}/" in text
    assert "data-user" not in text.partition("<main")[2]
    found = queries.in_force([game])[game][0]
    exact = found.rtp if found.rules.fields else found.rules.odds({}, found.table, found.rtp).rtp
    assert f"<b>{words.percent(exact)} %</b>" in text
    assert f"RTP {words.percent(exact)} %" in Client().get("/").content.decode()


@pytest.mark.parametrize("game", GAMES)
def test_a_player_sits_down_at_once(game: str, alice: PageOf) -> None:
    text = alice.client.get(f"/games/{game}/").content.decode()
    assert f'data-bet-url="/games/{game}/bet"' in text
    assert 'data-mode="real"' in text


@pytest.mark.parametrize("game", GAMES)
def test_the_calls_of_the_api_tab_name_this_site_and_this_game(game: str, games: None) -> None:
    text = Client().get(f"/games/{game}/").content.decode()
    assert "curl -sS http://testserver/api/v1/user" in text
    assert f"http://testserver/api/v1/games/{game}/bet" in text


def test_a_demo_player_and_one_without_money_begin_with_demo_money(
    games: None, make_player: Callable[..., Any]
) -> None:
    for player in (make_player("eve", demo=True), make_player("carol")):
        assert 'data-mode="demo"' in PageOf(player).client.get("/games/dice/").content.decode()


def test_who_is_excluded_reads_why_and_gets_no_panel(alice: PageOf) -> None:
    protect(alice, Wish(cool_off_hours=24))
    text = alice.client.get("/games/slots/").content.decode()
    assert "Play is blocked until" in text
    assert "data-panel" not in text


def test_a_game_that_is_not_set_up_and_one_that_never_was_are_not_found(db: None) -> None:
    assert Client().get("/games/dice/").status_code == 404
    assert Client().get("/games/roulette/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/fair/", "/rules/"])
def test_the_common_pages_name_all_games_in_order(path: str, games: None) -> None:
    text = Client().get(path).content.decode()
    places = [text.index(f"/games/{game}/" if path == "/" else f'id="{game}"') for game in GAMES]
    assert places == sorted(places)


def test_the_rules_page_states_what_rounding_leaves_at_the_smallest_stake(games: None) -> None:
    text = Client().get("/rules/").content.decode()
    found = queries.in_force(["dice"])["dice"][0]
    least = found.rules.least_return(found.limits["BRL"].minimum, found.table, found.rtp)
    assert f"{words.percent(least)} %</td>" in text


# --- who may call -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "path"), SCRIPTS)
def test_scripts_of_signed_out_visitors_are_told_to_sign_in(method: str, path: str, games: None) -> None:
    response = Client().generic(method, f"/games/dice/{path}", "{}", content_type="application/json")
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "authentication_failed"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["seat", "bet", "hash"])
def test_what_changes_anything_needs_the_pages_csrf_token(path: str, alice: PageOf) -> None:
    body = alice.body()
    strict = PageOf(alice.player, enforce_csrf_checks=True)
    assert strict.post(f"dice/{path}", body).status_code == 403
    assert InstantBet.objects.count() == 0


@pytest.mark.parametrize(("method", "path"), SCRIPTS)
def test_the_other_method_is_refused(method: str, path: str, alice: PageOf) -> None:
    other = "GET" if method == "POST" else "POST"
    assert alice.client.generic(other, f"/games/dice/{path}?mode=real").status_code == 405


# --- protection -------------------------------------------------------------------------------------------------------
def test_a_break_ends_play_at_once_and_names_its_end(alice: PageOf) -> None:
    body = alice.body()
    protect(alice, Wish(cool_off_hours=24))
    for path, sent in (("dice/bet", body), ("dice/seat", {"mode": "real"})):
        response = alice.post(path, sent)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "player_blocked")
    assert balance_of(alice) == 1_000_00


def test_a_limit_that_stands_in_the_way_is_named(alice: PageOf) -> None:
    protect(alice, Wish((LimitWish(Kind.STAKE, Period.DAY, 4_00),)))
    response = alice.bet()
    assert (response.status_code, response.json()["error"]["code"]) == (403, "limit_reached")
    assert "4.00 BRL a day" in response.json()["error"]["message"]


def _sat_down(page: PageOf, ago: timedelta, seen: timedelta = timedelta(0)) -> None:
    """As if this sign-in had played for that long, last that long ago."""
    session, now = page.client.session, system_clock.now()
    session["instant_since"], session["instant_seen"] = (now - ago).timestamp(), (now - seen).timestamp()
    session.save()


def test_a_sitting_ends_at_the_length_that_the_player_set_until_they_begin_another(alice: PageOf) -> None:
    body = alice.body()
    protect(alice, Wish((LimitWish(Kind.SESSION, Period.NONE, 30),)))
    assert alice.post("dice/bet", body).status_code == 200
    _sat_down(alice, timedelta(minutes=31))
    response = alice.post("dice/bet", {**body, "hash": "0" * 64})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["limit"]) == (403, "session_over", 30)
    assert alice.post("dice/seat", {"mode": "real"}).json()["error"]["code"] == "session_over"
    alice.seat(again=True)
    assert alice.bet().status_code == 200


def test_a_sitting_goes_on_over_reloads_and_games_and_ends_when_nothing_happens(alice: PageOf) -> None:
    _sat_down(alice, timedelta(minutes=50), timedelta(minutes=5))
    first = alice.seat("dice")["sitting"]["since"]
    assert alice.seat("slots")["sitting"]["since"] == first
    _sat_down(alice, timedelta(minutes=90), timedelta(minutes=31))
    assert alice.seat("dice")["sitting"]["since"] > first


def test_a_reality_check_counts_what_the_sitting_has_come_to(alice: PageOf) -> None:
    bets = [alice.bet().json() for _ in range(3)]
    figures = alice.client.get("/games/dice/reality.json?mode=real").json()
    won = sum(bet["payout"] for bet in bets)
    assert (figures["staked"], figures["won"], figures["net"]) == (15_00, won, won - 15_00)
    assert alice.seat()["sitting"]["checkEverySeconds"] == 3600


# --- the record -------------------------------------------------------------------------------------------------------
def test_nobody_sees_the_bets_of_others(alice: PageOf, bob: PageOf) -> None:
    bet = alice.bet().json()
    assert bob.history().json()["bets"] == []
    for page, path in ((bob, f"dice/bets/{bet['id']}.json"), (alice, f"slots/bets/{bet['id']}.json")):
        response = page.client.get(f"/games/{path}")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def _play(page: PageOf, many: int) -> None:
    account = player_account(page.player, is_demo=False)
    assert account is not None
    requests = [
        PlayRequest("dice", page.player.pk, account.pk, "BRL", False, 1_00, CHOICES["dice"]) for _ in range(many)
    ]
    operations.play(requests, now=system_clock.now())


def test_history_comes_in_pages_newest_first_and_nothing_is_left_out(alice: PageOf) -> None:
    _play(alice, 53)
    first = alice.history().json()
    assert len(first["bets"]) == 50
    second = alice.history(query=f"mode=real&before={first['next']}").json()
    assert second["next"] is None
    ids = [bet["id"] for bet in first["bets"] + second["bets"]]
    assert ids == sorted(InstantBet.objects.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize(
    "query", ["", "mode=house", "mode=real&before=x", "mode=real&before=-1", "mode=real&before=" + "9" * 30]
)
def test_a_question_for_no_such_page_is_refused(query: str, alice: PageOf) -> None:
    assert alice.history(query=query).status_code == 400


def test_history_asks_the_database_as_often_for_fifty_bets_as_for_one(alice: PageOf) -> None:
    counts = []
    for many in (1, 49):
        _play(alice, many)
        with CaptureQueriesContext(connection) as asked:
            alice.history()
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 5


def test_a_bet_keeps_the_rules_it_was_played_under(alice: PageOf) -> None:
    bet = alice.bet().json()
    game = InstantGame.objects.get(pk="dice")
    operations.change_config(game, author=alice.player, now=system_clock.now(), rtp_bps=9_700)
    kept = alice.client.get(f"/games/dice/bets/{bet['id']}.json").json()["rules"]
    assert (kept["version"], kept["rtp"]) == (1, {"num": 99, "den": 100})
    assert alice.seat()["rules"]["rtp"] == {"num": 97, "den": 100}
    assert alice.bet().json()["version"] == 2


def test_a_bet_meant_for_rules_that_are_gone_is_refused_and_its_hash_stays_good(alice: PageOf) -> None:
    body = alice.body(version=1)
    operations.change_config(
        InstantGame.objects.get(pk="dice"), author=alice.player, now=system_clock.now(), rtp_bps=9_700
    )
    refused = alice.post("dice/bet", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "rules_changed")
    assert (balance_of(alice), InstantBet.objects.count()) == (1_000_00, 0)
    assert alice.post("dice/bet", {**body, "version": alice.seat()["rules"]["version"]}).json()["version"] == 2


def test_more_calls_than_a_player_may_make_are_told_when_to_come_again(
    alice: PageOf, bob: PageOf, settings: Any
) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "play": (3, 60)}
    body = alice.body()
    alice.history()
    assert alice.post("dice/bet", body).status_code == 200
    refused = alice.post("dice/bet", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert InstantBet.objects.count() == 1
    assert bob.bet().status_code == 200, "the others play on"


# --- words ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.percent(Fraction(99, 100)), "99"),
        (words.percent(Fraction(989_999_99, 100_000_000)), "98.9999"),
        (words.percent(Fraction(1, 3)), "33.3333"),
        (words.one_in(4, 2_598_960), "1 in 649,740"),
        (words.one_in(337_920, 2_598_960), "1 in 7.7"),
        (words.one_in(1, 2), "1 in 2"),
        (words.one_in(0, 2), "never"),
        (words.one_in(3, 1000), "1 in 334"),
        (words.times(Fraction(5, 2)), "2.5×"),
        (words.times(Fraction(5000)), "5,000×"),
    ],
)
def test_numbers_are_said_as_no_more_than_they_are(said: str, expected: str) -> None:
    assert said == expected
