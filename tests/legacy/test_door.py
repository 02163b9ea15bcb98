"""Who is let in, as whom, how often, and from where."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts import operations as accounts
from accounts.models import PlayerKey, User
from casino.api import limits
from games.legacy import queue
from games.legacy.errors import Refusal
from tests.legacy.kit import BEARER, BETS, Bot, bot_of, wish
from tests.legacy.test_bad_input import refused_alike

JSON = "application/json"
ORIGIN = "https://bots.example"
BET = json.dumps(BETS["slots"]).encode()
LEGACY = ["/api/v1/user", "/api/v1/new_hash", "/api/v1/games/bets", "/api/v1/games/dice/bet", "/api/1/multi"]
LEGACY += ["/api/v1/games/dice/bets/1", "/api/1/site/bankrolls", "/api/1/user", "/api/1/no/such"]


def both(bot: Bot, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str) -> Any:
    return [bot.send(method, f"/api/{at}{path}", body, kind, **headers) for at in ("v1", "1")]


# --- keys -------------------------------------------------------------------------------------------------------------
def test_a_key_is_taken_from_header_query_form_and_json(alice: Bot) -> None:
    key = alice.key
    form = f"api_key={key}&wager=2".encode()
    asked = [
        *both(alice, "GET", "/user", Authorization=f"{BEARER} {key}"),
        *both(alice, "GET", "/user", Authorization=f"bearer  {key} "),
        *both(alice, "GET", "/user", Authorization=key),
        *both(alice, "GET", f"/user?api_key={key}"),
        *both(alice, "GET", f"/user?api%5Fkey={key}"),
        *both(alice, "POST", "/games/slots/bet", form, "application/x-www-form-urlencoded"),
        *both(alice, "POST", "/games/slots/bet", json.dumps({"api_key": key, "wager": 2}).encode(), JSON),
        *both(alice, "POST", f"/games/slots/bet?api_key={key}", BET, JSON),
        *both(alice, "POST", f"/games/slots/bet?api_key={key}", BET, JSON, Authorization=f"{BEARER} {key}"),
    ]
    assert [answer.status for answer in asked] == [200] * len(asked)


@pytest.mark.parametrize(
    "key", ["", " ", "pk_unknown", "x" * 5000, "ключ", "a\x00b", "ck_test_1", "***"], ids=lambda key: repr(key)[:12]
)
def test_a_key_that_opens_nothing_is_refused_wherever_it_stands_and_no_cookie_helps(alice: Bot, key: str) -> None:
    from urllib.parse import quote

    alice.client.force_login(alice.player)
    body = json.dumps({"api_key": key, **BETS["slots"]}).encode()
    refused_alike(*both(alice, "GET", f"/user?api_key={quote(key)}"), 401, "api_key")
    refused_alike(*both(alice, "POST", "/games/slots/bet", body, JSON), 401, "api_key")
    if key.isascii() and "\x00" not in key:
        refused_alike(*both(alice, "GET", "/user", Authorization=f"{BEARER} {key}"), 401, "api_key")
    assert alice.money == 1000


@pytest.mark.parametrize("key", ["5", "null", "true", "[]", '{"a": 1}', '"\\ud800"'])
def test_a_key_that_is_no_text_is_refused(alice: Bot, key: str) -> None:
    body = f'{{"api_key": {key}, "wager": 2}}'.encode()
    refused_alike(*both(alice, "POST", "/games/slots/bet", body, JSON), 401, "api_key")


def test_two_keys_that_differ_are_refused(alice: Bot, bob: Bot) -> None:
    header = {"Authorization": f"{BEARER} {alice.key}"}
    refused_alike(*both(alice, "GET", f"/user?api_key={bob.key}", **header), 401, "api_key")
    refused_alike(*both(alice, "GET", f"/user?api_key={alice.key}&api_key={bob.key}"), 401, "api_key")


def test_nobody_is_nobody(alice: Bot) -> None:
    for path in ("/user", "/games/bets", "/games/slots/bets/1"):
        refused_alike(*both(alice, "GET", path), 401, "api_key")
    for path in ("/new_hash", "/games/slots/bet"):
        refused_alike(*both(alice, "POST", path, BET, JSON), 401, "api_key")
    assert "Bearer" in both(alice, "GET", "/user")[0].headers["WWW-Authenticate"]


def test_a_revoked_key_opens_nothing_from_then_on(alice: Bot, now: datetime) -> None:
    assert alice.bet("slots").status == 200
    accounts.revoke_player_key(PlayerKey.objects.get(player=alice.player), now=now)
    refused_alike(alice.bet("slots"), alice.bet("slots", at="/1"), 401, "api_key")


def test_a_blocked_player_is_told_so(alice: Bot, bob: Bot, now: datetime) -> None:
    accounts.block(alice.player, actor=bob.player, now=now, reason="test")
    refused_alike(alice.get("/v1/user"), alice.get("/1/user"), 403, "user_is_banned")
    refused_alike(alice.bet("slots"), alice.bet("slots", at="/1"), 403, "user_is_banned")


def test_an_excluded_player_sees_the_past_and_plays_no_more(alice: Bot, now: datetime) -> None:
    from accounts.protection import operations as protection
    from accounts.protection.rules import Source, Wish

    bet = alice.bet("slots").body
    protection.change(alice.player, Wish(cool_off_hours=24), source=Source.PLAYER, actor=alice.player, now=now)
    refused_alike(alice.bet("slots"), alice.bet("slots", at="/1"), 403, "user_is_excluded")
    assert alice.get(f"/1/games/slots/bets/{bet['id']}").status == alice.get("/v1/user").status == 200
    (answer,) = alice.multi(wish("slots")).body
    assert (answer["error_code"], answer["details"]) == (403, ["user_is_excluded"])


def test_unknown_keys_are_counted_by_address(alice: Bot, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "guess": (3, 60)}
    answers = [alice.send("GET", "/api/1/user?api_key=pk_guess") for _ in range(4)]
    assert [answer.status for answer in answers] == [401, 401, 401, 429]
    assert int(answers[3].headers["Retry-After"]) > 0
    assert alice.get("/1/user").status == 200, "a key that is known is not held up by others"


def test_a_partners_key_is_no_players_key(alice: Bot) -> None:
    from accounts.partners import operations as partners
    from accounts.partners.rules import Environment

    now = datetime.now().astimezone()
    partner = partners.create_partner("Acme", slug="acme", owner=alice.player, now=now)
    issued = partners.issue_key(partner, Environment.TEST, scopes=["write:bet"], actor=None, now=now)
    answer = alice.send("GET", "/api/1/user", Authorization=f"{BEARER} {issued.token}")
    assert answer.status == 401


# --- isolation --------------------------------------------------------------------------------------------------------
def test_nobody_sees_or_changes_what_is_anothers(alice: Bot, bob: Bot) -> None:
    bet = alice.bet("slots").body["id"]
    before = alice.get("/1/user").body
    refused_alike(bob.get(f"/v1/games/slots/bets/{bet}"), bob.get(f"/1/games/slots/bets/{bet}"), 404, "not_found")
    assert alice.get(f"/v1/games/dice/bets/{bet}").status == 404, "nor under another game"
    assert bob.get("/v1/games/bets").body["bets"] == []
    (found,) = bob.multi({"action": f"/games/slots/bets/{bet}"}).body
    assert (found["error_code"], found["details"]) == (404, ["not_found"])
    bob.post("/1/new_hash")
    bob.bet("slots")
    assert alice.get("/1/user").body == before


# --- the site's session -----------------------------------------------------------------------------------------------
@pytest.fixture
def signed_in(alice: Bot) -> dict[str, str]:
    """Alice's signed-in browser, and the header that its own pages send."""
    alice.client.force_login(alice.player)
    alice.client.get("/account/")
    return {"X-CSRFToken": alice.client.cookies["csrftoken"].value}


def test_a_session_reads_without_and_plays_with_the_csrf_token(alice: Bot, signed_in: dict[str, str]) -> None:
    assert [answer.status for answer in both(alice, "GET", "/user")] == [200, 200]
    for path in ("/games/slots/bet", "/new_hash"):
        refused = both(alice, "POST", path, BET, JSON)
        assert [(answer.status) for answer in refused] == [403, 403]
        assert refused[1].details == ["csrf"]
        assert [answer.status for answer in both(alice, "POST", path, BET, JSON, **signed_in)] == [200, 200]


def test_a_form_of_the_session_carries_the_token_too(alice: Bot, signed_in: dict[str, str]) -> None:
    body = f"wager=2&csrfmiddlewaretoken={signed_in['X-CSRFToken']}".encode()
    answer = alice.send("POST", "/api/1/games/slots/bet", body, "application/x-www-form-urlencoded")
    assert answer.status == 200, answer.text


def test_a_session_plays_by_post_only_also_in_a_multi(alice: Bot, signed_in: dict[str, str]) -> None:
    from urllib.parse import quote

    actions = quote(json.dumps([wish("slots"), {"action": "/new_hash"}, {"action": "/user"}]))
    read = alice.send("GET", f"/api/1/multi?actions={actions}", **signed_in)
    assert [answer.get("error_code") for answer in read.body] == [405, 405, None]
    form = f"actions={actions}".encode()
    kind = "application/x-www-form-urlencoded"
    refused = alice.send("POST", "/api/1/multi", form, kind)
    assert [answer.get("details") for answer in refused.body] == [["csrf"], ["csrf"], None]
    assert alice.money == 1000
    played = alice.send("POST", "/api/1/multi", form, kind, **signed_in)
    assert [answer.get("error_code") for answer in played.body] == [None] * 3


def test_a_page_of_another_origin_cannot_play_by_the_session(alice: Bot, signed_in: dict[str, str]) -> None:
    answer = alice.send("POST", "/api/1/games/slots/bet", BET, JSON, Origin=ORIGIN, **signed_in)
    assert (answer.status, answer.details) == (403, ["csrf"])


def test_a_key_needs_no_csrf_token_and_counts_before_the_session(alice: Bot, bob: Bot) -> None:
    alice.client.force_login(bob.player)
    assert alice.bet("slots").status == 200
    assert alice.get("/1/user").body["uname"] == alice.player.username


# --- other origins ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", LEGACY)
def test_every_origin_may_call_without_credentials(alice: Bot, path: str) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    wanted = "authorization, x-affiliate-id, content-type"
    preflight = alice.send("OPTIONS", path, **asked, **{"Access-Control-Request-Headers": wanted})
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert set(wanted.split(", ")) <= set(preflight.headers["Access-Control-Allow-Headers"].split(", "))
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for answer in (alice.send("GET", path, Origin=ORIGIN), alice.send("POST", path, b"{", JSON, Origin=ORIGIN)):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Credentials" not in preflight.headers


def test_an_error_before_any_view_may_be_read_by_other_origins_too(alice: Bot) -> None:
    answer = alice.send("POST", "/api/1/multi", b"x" * 70_000, JSON, Origin=ORIGIN)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (413, "*")


@pytest.mark.parametrize(
    "path", ["/api/v1/user/balance", "/api/v1/games", "/api/v1/games/BigPanda/config", "/api/v1/multi", "/api/10", "/"]
)
def test_all_else_is_as_it_was(alice: Bot, path: str) -> None:
    answer = alice.send("GET", path, Origin=ORIGIN)
    assert "Access-Control-Allow-Origin" not in answer.headers
    if path.startswith("/api/"):
        assert answer.headers["Content-Type"] == "application/problem+json"


# --- affiliates -------------------------------------------------------------------------------------------------------
def affiliate(code: str, owner: User | None = None) -> None:
    from accounts.affiliates import operations

    operations.create(code, name="Ann", owner=owner, actor=None, now=datetime.now().astimezone())


def test_an_affiliate_is_credited_once_by_whatever_a_player_does_first(alice: Bot, bob: Bot) -> None:
    from accounts.affiliates.models import Referral

    affiliate("ann-1")
    affiliate("ann-2")
    alice.post("/v1/games/slots/bet", BETS["slots"], X_Affiliate_ID="ann-1")
    alice.post("/v1/games/slots/bet", BETS["slots"], X_Affiliate_ID="ann-2")
    bob.multi({"action": "/user"}, X_Affiliate_ID="ann-2")
    found = dict(Referral.objects.values_list("player_id", "affiliate__code"))
    assert found == {alice.player.pk: "ann-1", bob.player.pk: "ann-2"}


@pytest.mark.parametrize("code", ["", "nobody", "x" * 500, "a b", "'; --"])
def test_an_unknown_affiliate_is_refused_and_nothing_is_done(alice: Bot, code: str) -> None:
    headers = {"X_Affiliate_ID": code}
    old, new = (alice.post(f"{at}/games/slots/bet", BETS["slots"], **headers) for at in ("/v1", "/1"))
    refused_alike(old, new, 400, "affiliate_id")
    answers = alice.multi(wish("slots"), {"action": "/user"}, **headers)
    assert answers.status == 200
    assert [(answer["error_code"], answer["details"]) for answer in answers.body] == [(400, ["affiliate_id"])] * 2
    assert alice.money == 1000


# --- too many ---------------------------------------------------------------------------------------------------------
def test_a_player_who_asks_too_often_is_told_when_to_come_back(alice: Bot, bob: Bot, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "play": (3, 60)}
    for _ in range(3):
        assert alice.get("/1/user").status == 200
    for at in ("/v1", "/1"):
        answer = alice.get(f"{at}/user")
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert answer.details == ["TOO_MANY_QUEUED_BETS"]
    whole = alice.multi(wish())
    assert (whole.status, whole.details) == (429, ["TOO_MANY_QUEUED_BETS"])
    assert bob.get("/1/user").status == 200
    limits._in_memory.cache_clear()


def test_a_player_has_so_many_places_in_the_queue_and_no_more(alice: Bot, bob: Bot) -> None:
    from contextlib import ExitStack

    with ExitStack() as places:
        for _ in range(queue.MOST):
            places.enter_context(queue.place(alice.player.pk))
        with pytest.raises(Refusal):
            places.enter_context(queue.place(alice.player.pk))
        old, new, whole = alice.bet("slots"), alice.bet("slots", at="/1"), alice.multi(wish())
        refused_alike(old, new, 429, "TOO_MANY_QUEUED_BETS")
        assert (whole.status, whole.details) == (429, ["TOO_MANY_QUEUED_BETS"])
        assert all(answer.headers["Retry-After"] == "1" for answer in (old, new, whole))
        assert alice.get("/1/user").status == bob.bet("slots").status == 200
    assert alice.bet("slots").status == 200
    assert not queue._waiting


def test_a_full_desk_turns_bets_away_with_the_same_word(alice: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    from games.instant.intake import desk

    monkeypatch.setattr(desk._runs, "_max_queue", 0)
    refused_alike(alice.bet("slots"), alice.bet("slots", at="/1"), 429, "TOO_MANY_QUEUED_BETS")
    answers = alice.multi(wish(), {"action": "/user"}).body
    assert (answers[0]["error_code"], answers[0]["details"]) == (429, ["TOO_MANY_QUEUED_BETS"])
    assert answers[1]["uname"] == alice.player.username


def test_two_keys_of_one_player_are_one_player(alice: Bot, now: datetime) -> None:
    second = bot_of(alice.player, now)
    assert second.get("/1/user").body == alice.get("/1/user").body


def test_a_key_is_looked_up_the_same_way_whether_it_is_known_or_not(
    alice: Bot, django_assert_num_queries: Callable[..., Any]
) -> None:
    for key in ("pk_unknown", "x" * 100):
        with django_assert_num_queries(1):
            alice.send("GET", "/api/1/user", Authorization=f"{BEARER} {key}")
