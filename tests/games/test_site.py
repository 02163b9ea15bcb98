"""The site's pages and the small JSON its scripts ask for, without a browser."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import GameSession
from accounts.queries import session_by_token
from casino.lib.clock import system_clock
from games.crash import operations
from games.crash.models import Game, Round
from wallet.queries import balance

pytestmark = pytest.mark.django_db


@pytest.fixture
def game(now: datetime) -> Game:
    return operations.ensure_game(slug="BigPanda", title="BigPanda", now=now)


def ask_session(client: Client, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post("/session/", text, content_type="application/json")


@pytest.mark.parametrize(
    "path", ["/", "/games/BigPanda/", "/fair/", "/rules/", "/accounts/login/", "/accounts/signup/"]
)
def test_public_pages_are_served_to_everyone_with_a_strict_policy(client: Client, game: Game, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/fair/", "/rules/"])
def test_pages_stand_before_the_first_game_is_set_up(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_an_unknown_game_is_not_found(client: Client, game: Game) -> None:
    assert client.get("/games/NoSuchGame/").status_code == 404
    assert client.get("/games/NoSuchGame/recent.json").status_code == 404


def test_a_session_needs_a_signed_in_player(client: Client, game: Game) -> None:
    response = ask_session(client, {"mode": "demo"})
    assert response.status_code == 401
    assert GameSession.objects.count() == 0


def test_more_sessions_than_a_player_may_ask_for_are_told_when_to_come_again(
    game: Game, make_player: Callable[..., Any], fresh_limits: None, settings: Any
) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "play": (3, 60)}
    alice, bob = Client(), Client()
    for client, name in ((alice, "alice"), (bob, "bob")):
        client.force_login(make_player(name), backend="django.contrib.auth.backends.ModelBackend")
    assert alice.post("/session/refill/").status_code == 200
    assert [ask_session(alice, {"mode": "demo"}).status_code for _ in range(2)] == [201, 201]
    for refused in (ask_session(alice, {"mode": "demo"}), alice.post("/session/refill/")):
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
        assert 1 <= int(refused["Retry-After"]) <= 60
    assert GameSession.objects.count() == 2
    assert ask_session(bob, {"mode": "demo"}).status_code == 201, "the others play on"


def test_a_session_needs_the_pages_csrf_token(game: Game, make_player: Callable[..., Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_player("alice"), backend="django.contrib.auth.backends.ModelBackend")
    assert ask_session(client, {"mode": "demo"}).status_code == 403
    assert GameSession.objects.count() == 0


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '{"mode": "house"}', {"mode": None}, {}])
def test_a_session_for_no_known_mode_is_refused_in_words(
    client: Client, game: Game, make_player: Callable[..., Any], body: Any
) -> None:
    client.force_login(make_player("alice"), backend="django.contrib.auth.backends.ModelBackend")
    response = ask_session(client, body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("mode", "demo_player", "is_demo"), [("real", False, False), ("demo", False, True), ("real", True, True)]
)
def test_a_session_token_is_given_once_for_the_asked_money(
    client: Client, game: Game, make_player: Callable[..., Any], mode: str, demo_player: bool, is_demo: bool
) -> None:
    alice = make_player("alice", demo=demo_player)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    response = ask_session(client, {"mode": mode})
    assert response.status_code == 201
    assert response["Cache-Control"].find("no-store") >= 0
    answer = response.json()
    session = session_by_token(answer["token"], now=system_clock.now())
    assert session is not None
    assert (session.player_id, session.is_demo, answer["isDemo"]) == (alice.pk, is_demo, is_demo)
    assert answer["token"] not in GameSession.objects.get().token_hash


def test_demo_money_is_refilled_and_real_money_is_not_touched(
    client: Client, game: Game, make_player: Callable[..., Any]
) -> None:
    alice = make_player("alice", real=50_00)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/session/refill/").json()["balance"] == 1_000_00
    assert balance(alice, is_demo=False).available_minor == 50_00


def test_a_live_round_shows_its_hash_and_hides_its_salt(client: Client, game: Game, now: datetime) -> None:
    lease = operations.take_lease(game.pk, holder="test", now=now)
    assert lease is not None
    operations.open_round(game.pk, epoch=lease.epoch, now=now, wait_ms=5000, tick_ms=200)
    live = Round.objects.get()
    response = client.get(f"/fair/rounds/{live.pk}.json")
    record = response.json()
    assert record["hash"] == live.hash
    assert record["salt"] is None
    assert record["result"] is None
    assert live.sealed not in response.content.decode()
    assert response["Cache-Control"] == "no-store"


def test_a_round_that_never_was_is_not_found_as_json(client: Client) -> None:
    response = client.get("/fair/rounds/0198c1d2-3e4f-7a5b-8c6d-7e8f9a0b1c2d.json")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_a_player_may_end_all_game_sessions(client: Client, game: Game, make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    token = ask_session(client, {"mode": "demo"}).json()["token"]
    assert client.get("/account/").status_code == 200
    assert client.post("/account/sessions/end/").status_code == 302
    assert session_by_token(token, now=system_clock.now()) is None


def test_the_account_page_asks_visitors_to_sign_in(client: Client) -> None:
    response = client.get("/account/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
