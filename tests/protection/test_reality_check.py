"""Reality checks over a real socket. Sessions are made older than they are, so that nobody waits for an hour."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from games.crash import socket_schemas
from games.crash.players import Seat
from games.crash.reality import due_at
from tests.partners import call
from tests.players import SocketPlayer
from tests.servers import Site

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def an_old_session(site: Site, *, seconds: int, unseen: int, minutes: int | None = None) -> dict[str, Any]:
    """A new demo player's session that began so long ago and was last used so long ago."""
    script = (
        "import json; from datetime import timedelta; from django.utils import timezone; from uuid import uuid4; "
        "from accounts import operations as o; from accounts.models import User; "
        "from accounts.protection import operations as p; from accounts.protection.rules import *; "
        "now = timezone.now(); "
        "u = User.objects.create(username=f'rc-{uuid4().hex[:8]}', currency_code='BRL', is_demo=True); "
        "token, s = o.open_session(u, is_demo=True, now=now); "
        f"s.created_at = now - timedelta(seconds={seconds}); "
        f"s.last_seen_at = now - timedelta(seconds={unseen}); s.save(); "
        + (set_interval("u.pk", minutes) if minutes else "")
        + "print(json.dumps({'token': token, 'player': u.pk}))"
    )
    made: dict[str, Any] = json.loads(site.manage("shell", "--no-imports", "-c", script).stdout)
    return made


def set_interval(player: str, minutes: int) -> str:
    return (
        "from django.utils import timezone; from accounts.models import User; "
        "from accounts.protection import operations as p; from accounts.protection.rules import *; "
        f"wish = Wish((LimitWish(Kind.REALITY_CHECK, Period.NONE, {minutes}),)); "
        f"p.change(User.objects.get(pk={player}), wish, source=Source.PLAYER, actor=None, now=timezone.now()); "
    )


def socket_of(site: Site, token: str) -> SocketPlayer:
    return SocketPlayer(f"{site.ws}/ws/BigPanda?session={token}")


def test_a_check_that_fell_due_while_the_player_was_away_comes_when_they_are_back(live_site: Site) -> None:
    made = an_old_session(live_site, seconds=3660, unseen=120)
    with socket_of(live_site, made["token"]) as player:
        check = player.wait_for("reality_check")
        assert check["minutes"] == 60
        assert check["secondsPlayed"] >= 3660
        assert (check["staked"], check["won"], check["net"], check["isDemo"]) == (0, 0, 0, True)
        assert check.keys() == socket_schemas.TOLD["reality_check"]["properties"].keys()
        session = player.wallet()["session"]
        assert (session["startedAt"], session["limitMinutes"]) == (check["startedAt"], None)


def test_what_was_played_in_the_session_is_told(live_site: Site) -> None:
    made = an_old_session(live_site, seconds=50, unseen=0, minutes=1)
    with socket_of(live_site, made["token"]) as player:
        player.wait_for_betting()
        player.bet(500)
        player.bet(300, 2)
        cancelled = player.bet(700, 3)
        player.ask(messageType="bet_cancel", betID=cancelled["betID"])
        check = player.wait_for("reality_check", timeout=90)
        assert check["minutes"] == 1
        assert check["staked"] == 800
        assert check["net"] == check["won"] - 800


def test_a_shorter_interval_reaches_the_sockets_that_are_open(live_site: Site) -> None:
    key, name = live_site.seed["partner"]["test"], f"rc-{uuid4().hex[:8]}"
    call(live_site, key, "POST", "/users", {"external_id": name, "currency": "BRL"})
    token = call(live_site, key, "POST", "/sessions", {"user": name})[1]["session"]
    began_earlier = (
        "from datetime import timedelta; from accounts.models import GameSession; from django.db.models import F; "
        "from accounts.queries import hash_token; "
        f"found = GameSession.objects.filter(token_hash=hash_token('{token}')); "
        "found.update(created_at=F('created_at') - timedelta(seconds=100))"
    )
    live_site.manage("shell", "--no-imports", "-c", began_earlier)
    with socket_of(live_site, token) as player:
        player.wallet()
        status, shown = call(live_site, key, "PUT", "/user/limits", {"user": name, "reality_check_minutes": 1})
        assert (status, shown["reality_check_minutes"]) == (200, 1)
        assert player.wait_for("reality_check", timeout=90)["minutes"] == 1


@pytest.mark.parametrize(
    ("seen_after", "minutes", "due_after"), [(0, 30, 30), (29, 30, 30), (30, 30, 60), (61, 30, 90), (61, 60, 120)]
)
def test_checks_fall_on_multiples_of_the_interval(seen_after: int, minutes: int, due_after: int) -> None:
    every = timedelta(minutes=minutes)
    seat = a_seat()
    told = timedelta(minutes=seen_after) // every
    assert due_at(seat, every, told=told) == START + timedelta(minutes=due_after)


def a_seat(**changes: Any) -> Seat:
    make: Callable[..., Seat] = Seat
    fields: dict[str, Any] = {
        "session_id": 1,
        "player_id": 1,
        "username": "alice",
        "account_id": 1,
        "currency": "BRL",
        "is_demo": False,
        "operator_id": None,
        "started_at": START,
        "expires_at": START + timedelta(hours=24),
        "was_seen_at": START,
        "last_seen_at": START,
        "session_minutes": None,
        "reality_check": timedelta(hours=1),
    }
    return make(**{**fields, **changes})
