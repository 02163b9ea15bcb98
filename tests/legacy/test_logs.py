"""A key is in nothing that a server writes, wherever it was sent, and whatever went wrong."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.views.debug import ExceptionReporter

from casino.ops.logs import mask_secrets
from tests.legacy.kit import Bot
from tests.servers import Site, embedded_site, free_port, process, wait_until_healthy

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def send(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    request = urllib.request.Request(url, data=body, headers=headers or {})  # noqa: S310 our own server
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 our own server
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def everywhere(url: str, key: str, made_up: str) -> list[int]:
    """Keys sent in all ways that there are, of reads, bets and nonsense."""
    bet = {"wager": 1, "clientseed": -1}
    nested = quote(json.dumps([{"action": "/user", "api_key": key}, {"action": "/games/slots/bet", **bet}]))
    asked: list[tuple[str, bytes | None, dict[str, str]]] = []
    for one in (key, made_up):
        for at in ("v1", "1"):
            base = f"{url}/api/{at}"
            asked += [
                (f"{base}/user?api_key={one}", None, {}),
                (f"{base}/user?x=1&api%5Fkey={one}&y=2", None, {}),
                (f"{base}/user?api_key[]={one}", None, {}),
                (f"{base}/user", None, {"Authorization": f"Bearer {one}"}),
                (f"{base}/user", None, {"Authorization": one}),
                (f"{base}/games/slots/bet?api_key={one}", json.dumps(bet).encode(), JSON),
                (f"{base}/games/slots/bet", json.dumps({"api_key": one, **bet}).encode(), JSON),
                (f"{base}/games/slots/bet", f"api_key={one}&wager=1".encode(), FORM),
                (f"{base}/games/slots/bet", f"api_key={one}&wager=x".encode(), FORM),
                (f"{base}/games/slots/bet", f'{{"api_key": "{one}", '.encode(), JSON),
                (f"{base}/nowhere?api_key={one}", None, {}),
                (f"{base}/new_hash?api_key={one}", b"x" * 70_000, JSON),
            ]
    asked.append((f"{url}/api/1/multi?actions={nested}&api_key={key}", None, {}))
    return [send(*one) for one in asked]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with embedded_site(tmp_path_factory.mktemp("logs")) as running:
        yield running


def breaks(site: Site) -> None:
    """From now on the next secrets cannot be read: an error that nobody has foreseen."""
    with closing(sqlite3.connect(site.env["DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        database.execute("ALTER TABLE instant_commitment RENAME TO elsewhere")
        database.commit()


def test_no_server_writes_a_key_down(site: Site, tmp_path: Path) -> None:
    """Of `manage.py serve`, and of granian as in the README, in the developing mode that shows most."""
    made_up = "pk_made-up-of-nothing-but-letters-0123456789"
    key = site.player("alice")["api_key"]
    port, log = free_port(), tmp_path / "granian.log"
    command = ("-m", "granian", "--interface", "wsgi", "--access-log", "--port", str(port), "casino.wsgi:application")
    with process(*command, env={**site.env, "DEBUG": "true"}, log=log) as running:
        rest = f"http://127.0.0.1:{port}"
        wait_until_healthy(rest, running, log)
        for url in (site.url, rest):
            answers = everywhere(url, key, made_up)
            assert {200, 400, 401, 404, 413} <= set(answers) <= {200, 400, 401, 404, 413, 429}
        breaks(site)
        for url in (site.url, rest):
            assert 500 in everywhere(url, key, made_up)
    for written in (site.log.read_text(), log.read_text()):
        assert "api_key=***" in written, "requests are logged, with a mask"
        assert "Traceback" in written, "and so are errors"
        for secret in (key, made_up):
            assert secret not in written
            assert secret[3:20] not in written


def test_what_else_looks_like_a_secret_is_masked_wherever_it_stands() -> None:
    key = "pk_0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE"
    inside: dict[str, Any] = {
        "request": f"GET /api/1/multi?actions={quote(json.dumps([{'api_key': key}]))}",
        "exception": f"ValueError: {key!r}",
        "session": "GET /ws/BigPanda?session=abcdef&x=1",
    }
    masked = mask_secrets(None, "info", inside)
    assert masked["session"] == "GET /ws/BigPanda?session=***&x=1"
    assert all(key[3:] not in str(value) for value in masked.values())
    assert "pk_***" in str(masked["request"])
    assert len(str(mask_secrets(None, "info", {"request": "GET /" + "x" * 60_000})["request"])) <= 2_000


@pytest.mark.parametrize("way", ["query", "odd query", "form", "json", "header", "bare header"])
def test_an_error_report_with_all_its_variables_has_no_key(
    alice: Bot, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """What Django mails to its administrators, or another collector makes of a logged exception."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE instant_commitment RENAME TO elsewhere")
    key, path = alice.key, "/api/1/user"
    sent: dict[str, tuple[str, bytes, str, dict[str, str]]] = {
        "query": (f"{path}?api_key={key}", b"", "", {}),
        "odd query": (f"{path}?a=1&api%5fkey={key}", b"", "", {}),
        "form": (path, f"api_key={key}".encode(), FORM["Content-Type"], {}),
        "json": (path, json.dumps({"api_key": key}).encode(), JSON["Content-Type"], {}),
        "header": (path, b"", "", {"Authorization": f"Bearer {key}"}),
        "bare header": (path, b"", "", {"Authorization": key}),
    }
    address, body, kind, headers = sent[way]
    answer = alice.client.generic("POST", address, body, content_type=kind, headers=headers)
    assert answer.status_code == 500
    (error,) = [record.exc_info for record in caplog.records if record.name == "casino.api.problems"]
    assert error is not None
    report = ExceptionReporter(answer.wsgi_request, *error)
    written = report.get_traceback_text() + report.get_traceback_html()
    assert "no such table" in written or "does not exist" in written
    assert "_single" in written, "with the variables of our own functions"
    assert key not in written
