"""Limits and exclusions at a real socket of a real server."""

from typing import Any
from uuid import uuid4

import pytest

from tests.partners import call
from tests.players import SocketPlayer
from tests.servers import Site


class Guest:
    """A new player of the demo partner's, with a session."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.key = site.seed["partner"]["test"]
        self.name = f"guest-{uuid4().hex[:8]}"
        assert call(site, self.key, "POST", "/users", {"external_id": self.name, "currency": "BRL"})[0] == 201
        status, session = call(site, self.key, "POST", "/sessions", {"user": self.name})
        assert status == 201
        self.url = f"{site.ws}/ws/BigPanda?session={session['session']}"

    def protect(self, **wish: Any) -> None:
        assert call(self.site, self.key, "PUT", "/user/limits", {"user": self.name, **wish})[0] == 200


@pytest.fixture
def guest(live_site: Site) -> Guest:
    return Guest(live_site)


def test_a_bet_beyond_a_limit_is_refused_with_the_limit_in_words(guest: Guest) -> None:
    guest.protect(limits=[{"kind": "stake", "period": "month", "amount": 1000}])
    with SocketPlayer(guest.url) as player:
        player.wait_for_betting()
        placed = player.bet(600)
        refusal = player.ask(messageType="bet", amount=500, identifier=2)
        assert refusal["error"]["code"] == 1005
        assert "the stake limit of 10.00 BRL a month" in refusal["error"]["message"]
        assert player.ask(messageType="bet_cancel", betID=placed["betID"])["messageType"] == "bet_cancel"
        player.bet(1000, 3)


def test_an_exclusion_closes_the_sockets_and_the_bet_is_settled(guest: Guest) -> None:
    with SocketPlayer(guest.url) as player:
        player.wait_for_betting()
        placed = player.bet(500)
        guest.protect(cool_off_hours=24)
        assert player.close_code() == 4401
    with SocketPlayer(guest.url) as back:
        assert back.receive()["error"]["code"] == 1000
        assert back.close_code() == 4401
    status, refusal = call(guest.site, guest.key, "POST", "/sessions", {"user": guest.name})
    assert (status, refusal["code"]) == (403, "player_blocked")
    with SocketPlayer(guest.site.socket_url("bob")) as other:
        other.wait_for("crash")
        other.wait_for("crash")
    script = f"from games.crash.models import Bet; print(Bet.objects.get(pk='{placed['betID']}').status)"
    assert guest.site.manage("shell", "--no-imports", "-c", script).stdout.strip() == "lost"


def test_the_wallet_tells_when_the_session_ends(guest: Guest) -> None:
    guest.protect(limits=[{"kind": "session", "minutes": 45}])
    with SocketPlayer(guest.url) as player:
        session = player.wallet()["session"]
        assert session["limitMinutes"] == 45
        assert session["startedAt"] < session["expiresAt"]


def test_a_session_past_a_new_limit_ends_at_once(guest: Guest) -> None:
    with SocketPlayer(guest.url) as player:
        player.wallet()
        script = (
            "from datetime import timedelta; from accounts.models import GameSession; from django.db.models import F; "
            "from accounts.partners.models import PartnerPlayer; "
            f"user = PartnerPlayer.objects.get(external_id='{guest.name}').user_id; "
            "sessions = GameSession.objects.filter(player_id=user); "
            "sessions.update(created_at=F('created_at') - timedelta(minutes=31))"
        )
        guest.site.manage("shell", "--no-imports", "-c", script)
        guest.protect(limits=[{"kind": "session", "minutes": 30}])
        assert player.close_code() == 4401
