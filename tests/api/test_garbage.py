"""
A request leaves nothing behind for the garbage collector: what it takes away at once, everybody else waits for.

(A page of the site does; there are fewer of them, and nobody's money waits for one.)
"""

import gc
import io
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from accounts.partners.models import PartnerPlayer
from tests.api.kit import V1, Caller
from tests.games.crash.playing import Play

APPLICATION = get_wsgi_application()
TIMES = 10


def served(caller: Caller, method: str, path: str, body: bytes = b"") -> int:
    """As a server would call it: Django's test client keeps more of a request than the platform does."""
    target, _, query = (V1 + path).partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": target,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    for name, value in caller.headers(method, V1 + path, body).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    statuses: list[str] = []
    answer = APPLICATION(environ, lambda status, headers: statuses.append(status))
    b"".join(answer)
    return int(statuses[0][:3])


@pytest.fixture(autouse=True)
def connection_stays(db: None) -> Any:
    """At the end of a request the connection is given back; here it holds the test's own transaction."""
    signals = (request_started, request_finished)
    kept = [signal.disconnect(close_old_connections) for signal in signals]
    yield
    for signal, was_connected in zip(signals, kept, strict=True):
        if was_connected:
            signal.connect(close_old_connections)


CALLS = {
    "the state": ("GET", "/game/state", b"", 200),
    "a list": ("GET", "/bets?limit=5", b"", 200),
    "a bet": ("POST", "/bets", b'{"user": "p-1", "amount": 500, "identifier": %d}', 201),
    "a bet below the minimum": ("POST", "/bets", b'{"user": "p-1", "amount": 1, "identifier": %d}', 422),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_leaves_no_garbage(acme: Caller, pat: PartnerPlayer, play: Play, name: str) -> None:
    method, path, body, status = CALLS[name]
    play.open()

    def call(number: int) -> None:
        assert served(acme, method, path, body % number if b"%d" in body else body) == status

    call(1)  # whatever is made once
    gc.collect()
    gc.disable()
    try:
        for number in range(2, TIMES):
            call(number)
        left: Any = gc.collect()
    finally:
        gc.enable()
    assert left < 10 * TIMES  # and not a hundred for each
