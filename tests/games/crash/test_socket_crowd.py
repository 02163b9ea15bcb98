"""How many sockets a player may have open: as many as anybody needs, and not as many as anybody likes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from tests.players import PATIENCE, SocketPlayer
from tests.servers import SOCKETS_PER_PLAYER, Site

MOST = SOCKETS_PER_PLAYER


@pytest.fixture
def sessions(live_site: Site) -> list[str]:
    """Two sessions of one new player, whose sockets nobody else opens."""
    name = f"crowd-{uuid4().hex[:8]}"
    made = live_site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts import operations as a; from accounts.models import User; from wallet import operations as w; "
        "from django.utils import timezone as t; "
        f"u = User.objects.create(username='{name}', currency_code='BRL', is_demo=True); "
        "w.open_account(u, is_demo=True, now=t.now()); "
        "[print('session', a.open_session(u, is_demo=True, now=t.now())[0]) for _ in range(2)]",
    )
    return [line.split()[1] for line in made.stdout.splitlines() if line.startswith("session ")]


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as sockets:
        yield sockets


def test_one_more_socket_than_a_player_may_open_is_told_and_closed_and_the_others_stay(
    live_site: Site, sessions: list[str], opened: ExitStack
) -> None:
    first, second = sessions

    def enter(session: str, table: str = "BigPanda") -> SocketPlayer:
        return opened.enter_context(SocketPlayer(f"{live_site.ws}/ws/{table}?session={session}"))

    # Of either session, at either table: it is one player's.
    seated = [enter(first if i % 2 else second, "BigPanda/solo" if i % 5 == 0 else "BigPanda") for i in range(MOST)]
    names = {player.wallet()["username"] for player in seated}
    assert len(names) == 1
    for table, kind in (("BigPanda", "error"), ("BigPanda/solo", "errorResponse")):
        crowd = enter(first, table)
        assert crowd.close_code() == 4429
        assert [message["messageType"] for message in crowd.seen] == [kind]
        expected: dict[str, Any] = {"code": 429, "var": None, "message": f"A player opens at most {MOST} sockets."}
        assert crowd.seen[0]["error"] == expected
    assert all(player.wallet()["username"] in names for player in seated)
    with SocketPlayer(live_site.socket_url("alice")) as alice:
        assert alice.wallet()["username"] == "alice"
    seated[1].__exit__()
    deadline = time.monotonic() + PATIENCE
    while True:  # the server learns of it in a moment
        again = enter(second)
        told = again.ask(messageType="wallet") if again.receive()["messageType"] != "error" else None
        if told is not None:
            assert told["username"] in names
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)
