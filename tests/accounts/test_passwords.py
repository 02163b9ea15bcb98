"""A new password closes what the old one opened."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import operations
from accounts.models import GameSession, User
from accounts.queries import session_by_token
from casino.lib.clock import system_clock

pytestmark = pytest.mark.django_db
OLD, NEW = "of-bamboo-and-rain", "of-rain-and-bamboo"


@pytest.fixture
def player() -> User:
    return User.objects.create_user("ana", password=OLD)


@pytest.fixture
def token(player: User) -> str:
    """Of an open game session."""
    now = system_clock.now()
    opened, _ = operations.open_session(player, is_demo=True, now=now, address=None, user_agent="")
    return opened


def is_open(token: str) -> bool:
    return session_by_token(token, now=system_clock.now()) is not None


def test_a_player_who_changes_it_stays_signed_in_and_the_game_sessions_end(
    client: Client, player: User, token: str
) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.force_login(player)
    assert is_open(token)
    form = {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 302
    assert not is_open(token)
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302


def test_a_wrong_old_password_changes_and_ends_nothing(client: Client, player: User, token: str) -> None:
    client.force_login(player)
    form = {"oldpassword": "guessed", "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    assert is_open(token)


def test_a_password_that_staff_set_ends_the_game_sessions(client: Client, player: User, token: str) -> None:
    client.force_login(User.objects.create_superuser("keeper"))
    page = reverse("admin:auth_user_password_change", args=[player.pk])
    assert client.post(page, {"password1": NEW, "password2": NEW, "usable_password": "true"}).status_code == 302
    assert not is_open(token)
    assert User.objects.get(pk=player.pk).check_password(NEW)


def test_signing_up_ends_nothing(client: Client, token: str) -> None:
    form = {"username": "bea", "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert is_open(token)
    assert GameSession.objects.count() == 1
