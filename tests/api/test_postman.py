"""
The Postman collection: one by Postman's schema, with every operation, and a script that signs as the API checks.

The script runs in Node (the one that Playwright brings, else the system's) with a `pm` of the test's own.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft7Validator
from playwright._impl._driver import compute_driver_executable

from accounts.partners.models import PartnerPlayer
from casino.api import postman, signing
from tests.api.documents import described, operations
from tests.api.kit import Caller
from tests.games.crash.playing import Play

pytestmark = pytest.mark.usefixtures("db")

SANDBOX = Path(__file__).with_name("postman_sandbox.js")
# Of https://schema.getpostman.com/json/collection/v2.1.0/: what this collection uses.
PAIR = {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}, "required": ["key"]}
PAIRS = {"type": "array", "items": PAIR}
ESSENTIALS = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {"name": {"type": "string"}, "schema": {"const": postman.SCHEMA}},
        },
        "item": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/folder"}, {"$ref": "#/$defs/item"}]}},
        "event": {
            "type": "array",
            "items": {
                "required": ["listen", "script"],
                "properties": {
                    "listen": {"enum": ["prerequest", "test"]},
                    "script": {
                        "required": ["type", "exec"],
                        "properties": {
                            "type": {"const": "text/javascript"},
                            "exec": {"type": "array", "items": {"type": "string"}},
                        },
                    },
                },
            },
        },
        "variable": PAIRS,
        "auth": {"$ref": "#/$defs/auth"},
    },
    "$defs": {
        "auth": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": ["noauth", "bearer", "apikey"]}, "bearer": PAIRS},
        },
        "folder": {
            "type": "object",
            "required": ["name", "item"],
            "properties": {"name": {"type": "string"}, "item": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
        },
        "item": {
            "type": "object",
            "required": ["name", "request"],
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "id": {"type": "string"},
                "request": {"$ref": "#/$defs/request"},
                "response": {"type": "array", "items": {"$ref": "#/$defs/response"}},
            },
        },
        "request": {
            "type": "object",
            "required": ["method", "url", "header"],
            "properties": {
                "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                "header": PAIRS,
                "auth": {"$ref": "#/$defs/auth"},
                "body": {"required": ["mode", "raw"], "properties": {"mode": {"const": "raw"}}},
                "url": {
                    "type": "object",
                    "required": ["raw", "host", "path"],
                    "properties": {
                        "raw": {"type": "string", "pattern": "^{{baseUrl}}/api/v1/"},
                        "host": {"const": ["{{baseUrl}}"]},
                        "path": {"type": "array", "items": {"type": "string", "minLength": 1}},
                        "query": PAIRS,
                        "variable": PAIRS,
                    },
                },
            },
        },
        "response": {
            "type": "object",
            "required": ["name", "originalRequest", "code", "body"],
            "properties": {"code": {"type": "integer"}, "body": {"type": "string"}, "header": PAIRS},
        },
    },
}


def collection() -> dict[str, Any]:
    return described("postman.json")


def items() -> Iterator[dict[str, Any]]:
    for folder in collection()["item"]:
        yield from folder["item"]


def item(operation_id: str) -> dict[str, Any]:
    (found,) = [each for each in items() if each["id"] == operation_id]
    return dict(json.loads(json.dumps(found)))


def test_it_is_a_collection() -> None:
    validator = Draft7Validator(json.loads(json.dumps(ESSENTIALS).replace("$defs", "definitions")))
    assert [error.message for error in validator.iter_errors(collection())] == []
    broken = collection() | {"item": [{"name": "a folder", "item": [{"name": "no request"}]}]}
    assert list(validator.iter_errors(broken))


def test_every_operation_is_in_it_once_with_its_method_and_path() -> None:
    wanted = {(o.body["operationId"], o.method.upper(), o.path) for o in operations()}
    found = []
    for each in items():
        url = each["request"]["url"]
        path = "/" + "/".join("{" + part[1:] + "}" if part.startswith(":") else part for part in url["path"])
        assert {part[1:] for part in url["path"] if part.startswith(":")} == {v["key"] for v in url.get("variable", [])}
        found.append((each["id"], each["request"]["method"], path))
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_what_a_call_needs_is_filled_in() -> None:
    by_id = {o.body["operationId"]: o.body for o in operations()}
    for each in items():
        operation, request = by_id[each["id"]], each["request"]
        needed = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")}
        sent = {q["key"] for q in request["url"].get("query", ()) if not q["disabled"]}
        assert needed <= sent, each["id"]
        assert ("requestBody" in operation) == ("body" in request), each["id"]
        assert (request.get("auth") == {"type": "noauth"}) == (not operation["security"]), each["id"]
        signs = any(header["key"] == "X-Signature-Version" for header in request["header"])
        assert signs == any(p["name"] == "X-Signature" for p in operation.get("parameters", ())), each["id"]


def test_the_variables_are_there_and_hold_no_secret() -> None:
    values = {each["key"]: each["value"] for each in collection()["variable"]}
    assert values.keys() == {"baseUrl", "apiKey", "signingSecret", "idempotencyKey"}
    assert values["signingSecret"] == values["idempotencyKey"] == ""
    assert collection()["auth"]["bearer"][0]["value"] == "{{apiKey}}"


# --- the script -------------------------------------------------------------------------------------------------------
def node() -> str:
    bundled = compute_driver_executable()
    path = str(bundled[0] if isinstance(bundled, tuple) else bundled)
    found = path if Path(path).exists() else shutil.which("node")
    if not found:
        pytest.skip("no Node: neither Playwright's nor the system's")
    return found


def run(request: dict[str, Any], **variables: str) -> dict[str, Any]:
    """The request as it leaves Postman."""
    (event,) = collection()["event"]
    given = {"script": "\n".join(event["script"]["exec"]), "request": request, "variables": variables}
    done = subprocess.run(
        [node(), str(SANDBOX)], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("operation", "raw", "secret"),
    [
        ("bets_place", None, "s3cret"),
        ("bets_place", '{"user":"p-1","amount":500}', "s3cret"),
        ("bets_place", '{"user":"{{player}}","amount":500}', "s3cret"),
        ("bets_place", '{"user":"Zoë 🐼"}', "ключ"),
        ("bets_cancel", "", "s3cret"),
        ("bets_cashout", "{}", "s3cret"),
        ("multi", None, "s3cret"),
    ],
)
def test_the_script_signs_as_the_api_checks(operation: str, raw: str | None, secret: str) -> None:
    request = item(operation)["request"]
    if raw:
        request["body"]["raw"] = raw
    sent = run(request, signingSecret=secret, player="p-7", idempotencyKey="")
    assert "{{" not in sent["body"] + sent["target"]
    headers = sent["headers"]
    right = signing.signature_v2(secret, sent["method"], sent["target"], sent["body"].encode(), headers["X-Timestamp"])
    assert headers["X-Signature"] == right
    assert headers["X-Signature-Version"] == "2"
    assert len(headers["Idempotency-Key"]) == 36
    assert ":" not in sent["target"]


def test_each_call_has_a_name_of_its_own_unless_it_is_given_one() -> None:
    request = item("bets_cancel")["request"]
    names = [run(request, signingSecret="s", idempotencyKey="")["headers"]["Idempotency-Key"] for _ in range(2)]
    assert names[0] != names[1]
    assert run(request, signingSecret="s", idempotencyKey="mine")["headers"]["Idempotency-Key"] == "mine"


def test_what_moves_no_money_is_not_signed() -> None:
    assert run(item("users_create")["request"], signingSecret="s")["headers"] == {"Content-Type": "application/json"}


def test_a_call_as_the_collection_sends_it_is_taken(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    play.open()
    sent = run(item("bets_place")["request"], signingSecret=acme.secret, idempotencyKey="")
    headers = {**sent["headers"], "Authorization": f"Bearer {acme.token}"}
    answer = Client().generic("POST", sent["target"], sent["body"], content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    assert answer.json()["user"] == pat.external_id
