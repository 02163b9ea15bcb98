"""Before a view is reached: key, address, scope, rate limit, signature. Each refusal has its code."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.partners import operations as partners
from accounts.partners import queries, usage
from accounts.partners.models import ApiKey, PartnerPlayer
from accounts.partners.rules import Invalid
from casino.api import signing
from games.crash.models import Bet
from tests.api.kit import V1, Caller, code_of
from tests.games.crash.playing import Play

pytestmark = pytest.mark.usefixtures("db")


# --- keys -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Basic eDp5", "Bearer ck_test_unknown", "Bearer \xff"])
def test_without_a_known_key_nothing_opens(play: Play, header: str | None) -> None:
    headers = {"Authorization": header} if header is not None else {}
    answer = Client().get(f"{V1}/game/state", headers=headers)
    assert code_of(answer) == (401, "authentication_failed")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_either_header_carries_the_key(acme: Caller, play: Play) -> None:
    play.open()
    assert acme.get("/game/state").status_code == 200
    assert Client().get(f"{V1}/game/state", headers={"X-API-Key": acme.token}).status_code == 200


def test_a_revoked_key_opens_nothing_from_the_next_request_on(acme: Caller, play: Play, now: datetime) -> None:
    play.open()
    assert acme.get("/game/state").status_code == 200
    partners.revoke_key(acme.key, actor=None, now=now)
    assert code_of(acme.get("/game/state")) == (401, "key_revoked")


def test_an_expired_key_opens_nothing(make_caller: Callable[..., Caller], play: Play, now: datetime) -> None:
    caller = make_caller(expires_at=now + timedelta(hours=1))
    play.open()
    assert caller.get("/game/state").status_code == 200
    ApiKey.objects.filter(pk=caller.key.pk).update(expires_at=now - timedelta(seconds=1))
    assert code_of(caller.get("/game/state")) == (401, "key_expired")


def test_the_keys_of_a_partner_that_is_off_open_nothing(acme: Caller, now: datetime) -> None:
    staff = queries.membership(acme.partner.members.get().user).user  # type: ignore[union-attr]
    partners.switch_partner(acme.partner, active=False, actor=staff, now=now)
    assert code_of(acme.get("/games")) == (401, "key_revoked")


def test_after_a_rotation_both_keys_open_until_the_overlap_ends(acme: Caller, play: Play, now: datetime) -> None:
    play.open()
    issued = partners.rotate_key(acme.key, actor=None, now=now, overlap=timedelta(hours=1))
    successor = Caller(acme.partner, issued.key, issued.token, issued.secret)
    assert acme.get("/game/state").status_code == successor.get("/game/state").status_code == 200
    acme.key.refresh_from_db()
    assert acme.key.expires_at == now + timedelta(hours=1)
    with pytest.raises(Invalid, match="already"):
        partners.rotate_key(acme.key, actor=None, now=now)
    at_once = partners.rotate_key(issued.key, actor=None, now=now, overlap=timedelta(0))
    assert code_of(successor.get("/game/state")) == (401, "key_revoked")
    assert Caller(acme.partner, at_once.key, at_once.token, at_once.secret).get("/game/state").status_code == 200


@pytest.mark.parametrize(
    ("cidrs", "address", "opens"),
    [
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "11.1.2.3", False),
        (["192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.7"], "192.0.2.8", False),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", True),
        (["2001:db8::/32"], "2001:db8:1::5", True),
        (["2001:db8::/32"], "2001:db9::5", False),
        (["2001:db8::/32", "10.0.0.0/8"], "10.9.9.9", True),
    ],
)
def test_a_key_with_ranges_opens_from_there_only(
    make_caller: Callable[..., Caller], play: Play, cidrs: list[str], address: str, opens: bool
) -> None:
    caller = make_caller(cidrs=cidrs)
    play.open()
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = Client(REMOTE_ADDR=address).get(f"{V1}/game/state", headers=headers)
    assert answer.status_code == 200 if opens else code_of(answer) == (403, "ip_not_allowed")


def test_a_forwarded_address_is_believed_from_trusted_proxies_only(
    make_caller: Callable[..., Caller], play: Play, settings: Any
) -> None:
    caller = make_caller(cidrs=["203.0.113.9"])
    play.open()

    def ask(peer: str, forwarded: str) -> int:
        headers = {"Authorization": f"Bearer {caller.token}", "X-Forwarded-For": forwarded}
        return Client(REMOTE_ADDR=peer).get(f"{V1}/game/state", headers=headers).status_code

    assert ask("198.51.100.1", "203.0.113.9") == 403
    settings.TRUSTED_PROXY_IPS = ["198.51.100.0/24"]
    assert ask("198.51.100.1", "203.0.113.9") == 200
    assert ask("198.51.100.1", "203.0.113.9, 198.51.100.7") == 200
    assert ask("198.51.100.1", "203.0.113.9, 192.0.2.1") == 403, "what stands further left was written by the client"


def test_what_is_stored_of_a_key_opens_nothing(acme: Caller) -> None:
    row = ApiKey.objects.get(pk=acme.key.pk)
    stored = " ".join(str(value) for value in vars(row).values())
    assert acme.token not in stored
    assert acme.secret not in stored
    assert row.signing_secret == acme.secret


def test_the_last_use_is_noted_without_a_write_per_request(
    acme: Caller, play: Play, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_written", {})
    play.open()
    acme.get("/game/state")
    acme.key.refresh_from_db()
    assert acme.key.last_used_at is not None
    assert acme.key.last_used_address == "127.0.0.1"
    with django_assert_num_queries(3):  # the key, the round, the participants
        acme.get("/game/state")


def test_guessing_keys_is_slowed_down(play: Play, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "guess": (3, 60)}
    headers = {"Authorization": "Bearer ck_live_guess"}
    codes = [Client().get(f"{V1}/game/state", headers=headers).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]


# --- scopes -----------------------------------------------------------------------------------------------------------
SCOPED = [
    ("GET", "/game/state", "read:game_state"),
    ("GET", "/games", "read:game_state"),
    ("GET", "/games/BigPanda/config", "read:game_state"),
    ("GET", "/currencies", "read:game_state"),
    ("GET", "/exchange-rates", "read:game_state"),
    ("GET", "/game/rounds", "read:rounds"),
    ("GET", "/game/rounds/01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f", "read:rounds"),
    ("GET", "/bets", "read:bets"),
    ("GET", "/bets/01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f", "read:bets"),
    ("POST", "/bets", "write:bet"),
    ("POST", "/bets/01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f/confirm", "write:bet"),
    ("POST", "/bets/01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f/cancel", "write:bet"),
    ("POST", "/bets/01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f/cashout", "write:bet"),
    ("POST", "/users", "write:users"),
    ("GET", "/users/p-1", "write:users"),
    ("POST", "/sessions", "write:users"),
    ("GET", "/user/balance?user=p-1", "read:balance"),
    ("GET", "/reports/activity?from=2026-01-01&to=2026-01-02", "read:reports"),
]


@pytest.mark.parametrize(("method", "path", "scope"), SCOPED)
def test_each_endpoint_needs_its_scope_and_no_other(
    make_caller: Callable[..., Caller], play: Play, method: str, path: str, scope: str
) -> None:
    from accounts.partners.rules import SCOPES

    play.open()

    def ask(caller: Caller) -> Any:
        return caller.get(path) if method == "GET" else caller.post(path, {})

    without = make_caller(scopes=[other for other in SCOPES if other != scope])
    assert code_of(ask(without)) == (403, "insufficient_scope")
    answer = ask(make_caller(scopes=[scope]))
    assert answer.status_code in (200, 400, 404)


# --- rate limits ------------------------------------------------------------------------------------------------------
def test_limits_are_told_in_every_answer_and_kept(acme: Caller, play: Play, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "read": (3, 60)}
    play.open()
    for left in (2, 1, 0):
        answer = acme.get("/game/state")
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == '"read";q=3;w=60'
        assert answer["RateLimit"].startswith(f'"read";r={left};t=')
        assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("3", str(left))
        assert 0 <= int(answer["X-RateLimit-Reset"]) <= 60
    refused = acme.get("/game/state")
    assert code_of(refused) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert acme.post("/users", {"external_id": "x", "currency": "BRL"}).status_code == 201, "another class counts apart"


def test_limits_count_per_key(acme: Caller, make_caller: Callable[..., Caller], play: Play, settings: Any) -> None:
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "read": (1, 60)}
    play.open()
    assert acme.get("/game/state").status_code == 200
    assert acme.get("/game/state").status_code == 429
    assert make_caller().get("/game/state").status_code == 200


# --- signatures -------------------------------------------------------------------------------------------------------
def test_the_published_vector_of_both_versions() -> None:
    body, secret, timestamp = b'{"user":"p-1","amount":500}', "cs_example", "1767225600"
    # Made with openssl dgst -sha256 -hmac.
    assert (
        signing.signature_v1(secret, body, timestamp)
        == "e8a37046138e538148b1899b75d9676326ad4859c16f1a15a28fde1a59e4e427"
    )
    assert signing.signature_v2(secret, "post", "/api/v1/bets", body, timestamp) == (
        "9bd2c091ea76dfe762af42d5339c14d262b8aff91d7d2e88c2471dd6f1bd6bd0"
    )


@pytest.mark.parametrize("version", ["1", "2", None])
def test_a_signed_bet_is_taken(acme: Caller, pat: PartnerPlayer, play: Play, version: str | None) -> None:
    play.open()
    answer = acme.post("/bets", {"user": "p-1", "amount": 500}, version=version)
    assert answer.status_code == 201


BET = {"user": "p-1", "amount": 500}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"X_Signature": None}, "signature_missing"),
        ({"X_Timestamp": None}, "signature_missing"),
        ({"X_Signature": "0" * 64}, "signature_invalid"),
        ({"X_Signature": "é"}, "signature_invalid"),
        ({"secret": "cs_wrong"}, "signature_invalid"),
        ({"X_Signature_Version": "3"}, "signature_invalid"),
        ({"X_Signature_Version": "1"}, "signature_invalid"),
        ({"signed_target": "/api/v1/bets/x"}, "signature_invalid"),
        ({"seconds_off": -400}, "timestamp_out_of_range"),
        ({"seconds_off": 400}, "timestamp_out_of_range"),
        ({"timestamp": "soon"}, "timestamp_out_of_range"),
        ({"timestamp": -5}, "timestamp_out_of_range"),
    ],
)
def test_a_bad_signature_opens_nothing(
    acme: Caller, pat: PartnerPlayer, play: Play, changes: dict[str, Any], code: str
) -> None:
    play.open()
    changes = dict(changes)
    if "seconds_off" in changes:  # from the time of the call: the suite may have been running for long
        changes["timestamp"] = int(time.time()) + changes.pop("seconds_off")
    if "signed_target" in changes:
        target = changes.pop("signed_target")
        body = b'{"user":"p-1","amount":500}'
        headers = acme.headers("POST", target, body)
        answer = Client().generic("POST", f"{V1}/bets", body, content_type="application/json", headers=headers)
    else:
        answer = acme.post("/bets", BET, **changes)
    assert code_of(answer) == (401, code)
    assert not Bet.objects.exists()


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_flipped_bit_anywhere_breaks_the_signature(
    acme: Caller, pat: PartnerPlayer, play: Play, version: str
) -> None:
    play.open()
    body = b'{"user":"p-1","amount":500}'
    headers = acme.headers("POST", f"{V1}/bets", body, version=version)
    for i in range(0, len(body), 5):
        changed = bytes([*body[:i], body[i] ^ 1, *body[i + 1 :]])
        answer = Client().generic("POST", f"{V1}/bets", changed, content_type="application/json", headers=headers)
        assert code_of(answer) == (401, "signature_invalid")
    for i in range(0, 64, 9):
        right = headers["X-Signature"]
        wrong = {**headers, "X-Signature": right[:i] + ("0" if right[i] != "0" else "1") + right[i + 1 :]}
        answer = Client().generic("POST", f"{V1}/bets", body, content_type="application/json", headers=wrong)
        assert code_of(answer) == (401, "signature_invalid")


def test_a_signature_counts_for_one_request(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    body = b'{"user":"p-1","amount":500}'
    headers = acme.headers("POST", f"{V1}/bets", body, version="1", idem="k-1")

    def send(path: str, **changes: str) -> Any:
        given = {**headers, **changes}
        return Client().generic("POST", V1 + path, body, content_type="application/json", headers=given)

    first = send("/bets")
    assert first.status_code == 201
    assert send("/bets").content == first.content, "the same request again is a repetition"
    ticket = first.json()["ticket_id"]
    assert code_of(send("/bets", **{"Idempotency-Key": "k-2"})) == (401, "signature_reused")
    assert code_of(send(f"/bets/{ticket}/cancel", **{"Idempotency-Key": "k-3"})) == (401, "signature_reused")
    assert code_of(send(f"/bets/{ticket}/cancel")) == (401, "signature_reused")
    assert Bet.objects.get().status == "open"


def test_a_key_may_insist_on_version_two(make_caller: Callable[..., Caller], seat: Any, play: Play) -> None:
    caller = make_caller(only_signature_v2=True)
    seat(caller)
    play.open()
    assert code_of(caller.post("/bets", BET, version="1")) == (401, "signature_invalid")
    assert caller.post("/bets", BET, version="2").status_code == 201


@pytest.mark.parametrize("idem", [None, "", "x" * 256])
def test_a_call_that_moves_money_needs_an_idempotency_key(
    acme: Caller, pat: PartnerPlayer, play: Play, idem: str | None
) -> None:
    play.open()
    answer = acme.post("/bets", BET, idem=idem)
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


# --- everything under /api/ -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/game/state", "/api/v1/bets/5/confirm"]
)
def test_unknown_paths_answer_json(path: str, db: None) -> None:
    answer = Client().get(path)
    assert code_of(answer) == (404, "not_found")
    assert answer["X-API-Version"]


def test_wrong_methods_types_and_sizes_answer_json(acme: Caller, pat: PartnerPlayer, play: Play, settings: Any) -> None:
    assert code_of(Client().delete(f"{V1}/bets", headers={"X-API-Key": acme.token})) == (405, "method_not_allowed")
    form = acme.post("/users", raw=b"external_id=p-9", content_type="application/x-www-form-urlencoded")
    assert code_of(form) == (415, "unsupported_media_type")
    large = acme.post("/users", raw=b'"' + b"x" * settings.API_MAX_BODY + b'"')
    assert code_of(large) == (413, "payload_too_large")
    assert code_of(acme.get("/games", Accept="text/html")) == (406, "not_acceptable")


def test_an_inbound_request_id_is_kept_if_it_is_sane(acme: Caller) -> None:
    assert acme.get("/nothing", X_Request_Id="abc-12345").json()["request_id"] == "abc-12345"
    for bad in ("x", "a b c d e f g h", "<script>alert(1)</script>", "y" * 200):
        assert acme.get("/nothing", X_Request_Id=bad)["X-Request-Id"] != bad


def test_our_own_mistakes_tell_nothing(acme: Caller, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    from games.crash import partner_queries

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(partner_queries, "game_state", broken)
    answer = acme.get("/game/state")
    assert code_of(answer) == (500, "internal_error")
    assert "secret detail" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/users/%00", "/users/p-1%00", "/webhooks/%00", "/games/%00/config"])
def test_a_path_with_a_zero_in_it_leads_nowhere(acme: Caller, path: str) -> None:
    answer = acme.get(path)
    assert code_of(answer) == (404, "not_found")
    assert answer.json()["message"] == "There is no such path."
