"""Who signs out has left the table: what this browser opened is closed, and no other's."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import browser
from accounts.models import AuditEntry, GameSession, User
from accounts.queries import session_by_token
from casino.lib.clock import system_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return User.objects.create_user("ana")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the processes that hold the sockets are told."""
    events: list[Any] = []
    monkeypatch.setattr("accounts.operations.publish", lambda channel, event: events.append(event))
    return events


def signed_in(player: User) -> Client:
    client = Client()
    client.force_login(player, backend="django.contrib.auth.backends.ModelBackend")
    return client


def sit_down(client: Client) -> str:
    answer = client.post("/session/", '{"mode": "demo"}', content_type="application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["token"])


def is_open(token: str) -> bool:
    return session_by_token(token, now=system_clock.now()) is not None


@pytest.mark.parametrize("page", ["account_logout", "admin:logout"])
def test_what_this_browser_opened_ends_and_another_plays_on(
    ana: User, page: str, told: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.filter(pk=ana.pk).update(is_staff=True)
    here, elsewhere = signed_in(ana), signed_in(ana)
    mine, again, other = sit_down(here), sit_down(here), sit_down(elsewhere)
    assert is_open(mine)
    with django_capture_on_commit_callbacks(execute=True):
        assert here.post(reverse(page)).status_code in (200, 302)
    assert [is_open(token) for token in (mine, again, other)] == [False, False, True]
    ended = list(GameSession.objects.filter(revoked_at__isnull=False).order_by("pk").values_list("pk", flat=True))
    assert told == [{"kind": "control", "action": "close_sessions", "sessions": ended}]
    (entry,) = AuditEntry.objects.filter(action="session.revoked")
    assert (entry.subject, entry.actor, entry.details["sessions"]) == (f"player:{ana.pk}", ana, ended)


def test_a_browser_remembers_its_newest_sessions_only(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "KEPT", 2)
    client = signed_in(ana)
    tokens = [sit_down(client) for _ in range(3)]
    client.post(reverse("account_logout"))
    assert [is_open(token) for token in tokens] == [True, False, False]


def test_who_played_nothing_signs_out_all_the_same(ana: User) -> None:
    client = signed_in(ana)
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get(reverse("account")).status_code == 302
    assert client.post(reverse("account_logout")).status_code == 302
    assert not AuditEntry.objects.exists()
