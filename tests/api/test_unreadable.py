"""What no database and no answer could hold is refused at the door: no such request ends as our mistake."""

import asyncio
import base64
import json
from typing import Any

import pytest
from django.core.asgi import get_asgi_application

from accounts.partners.models import PartnerPlayer
from tests.api.kit import V1, Caller, code_of
from tests.games.crash.playing import Play

MONEY = ("/bets", "/wallet/transfers", "/multi")
PATHS = ("/users", "/sessions", "/webhooks", *MONEY)
DEEP = b"[" * 50_000
HALVES = (
    rb'{"\ud800": 1}',
    rb'{"wallet": "\uDC00"}',
    rb'{"events": ["a\ud83d\ud83db"]}',
    rb'"\ud800"',
    b'{"\xed\xa0\x80": 1}',
)


def cursor_of(position: str) -> str:
    return base64.b64encode(f"p={position}".encode()).decode()


@pytest.mark.parametrize("position", ["abc", "-1", "", "\0", "1" * 100, "9" * 30, "0001-01-01", "%00", "é"])
@pytest.mark.parametrize("path", ["/bets", "/game/rounds", "/webhooks"])
def test_a_cursor_of_another_list_is_refused_or_leads_to_its_end(
    acme: Caller, play: Play, path: str, position: str
) -> None:
    answer = acme.get(f"{path}?cursor={cursor_of(position)}")
    if answer.status_code != 200:
        assert code_of(answer) == (400, "invalid_request")
        assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("position", ["abc", "-1"])
def test_bets_are_not_listed_from_what_is_no_bet(acme: Caller, position: str) -> None:
    assert code_of(acme.get(f"/bets?cursor={cursor_of(position)}")) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "3000-01-01", "9999-12-31"])
def test_a_report_of_days_at_the_ends_of_the_calendar_is_refused(acme: Caller, day: str, kind: str) -> None:
    answer = acme.get(f"/reports/activity?from={day}&to={day}&format={kind}")
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "from"


@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
def test_a_report_of_the_first_and_the_last_day_is_empty(acme: Caller, day: str) -> None:
    assert acme.get(f"/reports/activity?from={day}&to={day}").json() == {"results": []}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [DEEP, b'{"a":' * 50_000, *HALVES], ids=lambda body: repr(body[:12]))
def test_a_body_that_is_no_json_is_refused(acme: Caller, path: str, body: bytes) -> None:
    answer = acme.post(path, raw=body)
    assert code_of(answer) == (400, "invalid_request")
    assert "JSON" in answer.json()["message"]


@pytest.mark.parametrize("depth", range(100, 1_000, 60))
def test_no_depth_of_a_body_is_our_mistake(acme: Caller, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    for path, body in (("/users", nested), ("/multi", b'{"actions":[{"action":"/bets","user":' + nested + b"}]}")):
        assert acme.post(path, raw=body).status_code in (200, 400)


def test_a_pair_of_surrogates_is_a_character(acme: Caller) -> None:
    answer = acme.post("/users", raw=rb'{"\ud83d\ude00": 1}')
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "\U0001f600"


@pytest.mark.parametrize("charset", ["zlib", "hex", "utf-16", "undefined", "nonsense"])
def test_json_is_utf8_whatever_charset_is_named(acme: Caller, charset: str) -> None:
    body = {"external_id": "p-7", "currency": "BRL"}
    answer = acme.post("/users", body, content_type=f"application/json; charset={charset}")
    assert answer.status_code == 201


ZERO = "a\0b"
WITH_ZEROS: list[tuple[str, dict[str, Any]]] = [
    ("/users", {"external_id": ZERO, "currency": "BRL"}),
    ("/users", {"external_id": "p-9", "currency": ZERO}),
    ("/users", {"external_id": "p-9", "currency": "BRL", "wallet": ZERO}),
    ("/users", {"external_id": "p-9", "currency": "BRL", ZERO: 1}),
    ("/sessions", {"user": ZERO}),
    ("/sessions", {"user": "p-1", "game": ZERO}),
    ("/sessions", {"user": "p-1", "token": ZERO}),
    ("/bets", {"user": ZERO, "amount": 500}),
    ("/bets", {"user": "p-1", "amount": 500, "game": ZERO}),
    ("/bets", {"user": "p-1", "amount": 500, "client_reference": ZERO}),
    ("/wallet/transfers", {"user": ZERO, "direction": "in", "amount": 1, "reference": "r"}),
    ("/wallet/transfers", {"user": "p-1", "direction": ZERO, "amount": 1, "reference": "r"}),
    ("/wallet/transfers", {"user": "p-1", "direction": "in", "amount": 1, "reference": ZERO}),
    ("/webhooks", {"url": f"https://x.example/{ZERO}", "events": ["bet.settled"]}),
    ("/webhooks", {"url": "https://x.example/", "events": [ZERO]}),
    ("/webhooks", {"url": "https://x.example/", "events": ["bet.settled"], "description": ZERO}),
]


@pytest.mark.parametrize(("path", "body"), WITH_ZEROS)
def test_a_text_with_a_zero_in_it_is_refused(acme: Caller, pat: PartnerPlayer, path: str, body: dict[str, Any]) -> None:
    assert code_of(acme.post(path, body)) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["user", "round", "status", "cursor", "limit"])
def test_a_filter_with_a_zero_in_it_is_refused(acme: Caller, name: str) -> None:
    assert code_of(acme.get(f"/bets?{name}=a%00b")) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/game/state?game=%00", "/user/balance?user=%00", "/exchange-rates?base=%00"])
def test_a_parameter_with_a_zero_in_it_is_refused(acme: Caller, path: str) -> None:
    assert code_of(acme.get(path)) == (400, "invalid_request")


def test_a_long_body_that_does_not_say_how_long_it_is_is_too_large() -> None:
    """Only by ASGI: a WSGI server reads no more of a body than it says that there is."""
    chunk = b" " * 256 * 1024
    chunks = [{"type": "http.request", "body": chunk, "more_body": True} for _ in range(8)]
    chunks.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if chunks:
            return chunks.pop(0)
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{V1}/psp/sandbox/webhook",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"transfer-encoding", b"chunked"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    asyncio.run(get_asgi_application()(scope, receive, send))
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["code"] == "payload_too_large"
