"""What the log says of requests, and what it never says."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from casino.ops import logs

pytestmark = pytest.mark.usefixtures("db")
NAMES = ["session", "key", "api_key", "token", "secret", "signature", "API_KEY"]


@pytest.fixture(params=[True, False], ids=["json", "text"])
def as_json(request: Any) -> Any:
    logs.configure(as_json=request.param)
    yield request.param
    logs.configure(as_json=settings.PRODUCTION)


@pytest.mark.parametrize("name", NAMES)
def test_no_key_or_session_of_a_query_string_is_logged(name: str, as_json: bool, capsys: Any) -> None:
    Client().get(f"/api/v1/nothing?game=BigPanda&{name}=sk-very-secret-123&limit=5")
    told = capsys.readouterr().out
    assert "game=BigPanda" in told
    assert "limit=5" in told
    assert f"{name}={logs.MASK}" in told
    assert "sk-very-secret-123" not in told


@pytest.mark.parametrize("prefix", ["pk", "ck_test", "ck_live", "cs", "os", "whsec"])
def test_our_own_keys_and_secrets_are_known_wherever_they_stand(prefix: str, as_json: bool, capsys: Any) -> None:
    Client().get(f"/api/v1/nothing?note=%22{prefix}_0123456789-abcdefghijklmnop%22&other={prefix}_short")
    told = capsys.readouterr().out
    assert f"{prefix}_{logs.MASK}" in told
    assert f"{prefix}_short" in told
    assert "abcdefghijklmnop" not in told


def test_production_logs_one_json_object_per_line(capsys: Any) -> None:
    logs.configure(as_json=True)
    try:
        Client().get("/api/v1/nothing", headers={"X-Request-Id": "abcdef0123456789"})
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    finally:
        logs.configure(as_json=settings.PRODUCTION)
    assert [line["event"] for line in lines] == ["request_finished"]
    assert lines[0]["request_id"] == "abcdef0123456789"
    assert lines[0]["code"] == 404
