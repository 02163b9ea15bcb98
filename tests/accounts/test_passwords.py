"""A new password closes what the old one opened."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import operations
from accounts.models import AuditEntry, GameSession, User
from accounts.queries import live_player_keys, session_by_token
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


@pytest.fixture
def key(player: User) -> str:
    """The player's own, or whoever's who knew the password."""
    return operations.issue_player_key(player, now=system_clock.now())


def opens(key: str) -> bool:
    return Client().get("/api/1/user", headers={"Authorization": f"Bearer {key}"}).status_code == 200


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


def test_the_players_keys_open_nothing_any_more_as_the_page_says(client: Client, player: User, key: str) -> None:
    client.force_login(player)
    assert opens(key)
    assert "revokes your API keys" in client.get(reverse("account_change_password")).content.decode()
    form = {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 302
    assert not opens(key)
    assert AuditEntry.objects.get(action="player_key.revoked").actor == player


def test_a_wrong_old_password_changes_and_ends_nothing(client: Client, player: User, token: str, key: str) -> None:
    client.force_login(player)
    form = {"oldpassword": "guessed", "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    assert is_open(token)
    assert opens(key)


def test_a_password_that_staff_set_ends_sessions_and_keys(client: Client, player: User, token: str, key: str) -> None:
    staff = User.objects.create_superuser("keeper")
    client.force_login(staff)
    page = reverse("admin:auth_user_password_change", args=[player.pk])
    assert client.post(page, {"password1": NEW, "password2": NEW, "usable_password": "true"}).status_code == 302
    assert not is_open(token)
    assert not live_player_keys(player)
    assert User.objects.get(pk=player.pk).check_password(NEW)
    did = ["user.password_set", "session.revoked", "player_key.revoked"]
    assert list(AuditEntry.objects.filter(actor=staff).order_by("pk").values_list("action", flat=True)) == did


def test_a_form_of_staff_that_sets_nothing_ends_nothing(client: Client, player: User, token: str, key: str) -> None:
    client.force_login(User.objects.create_superuser("keeper"))
    page = reverse("admin:auth_user_password_change", args=[player.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"password1": NEW, "password2": OLD, "usable_password": "true"}).status_code == 200
    client.post(page, {"password1": NEW, "password2": NEW, "usable_password": "false"})  # and no "unset" was pressed
    assert is_open(token)
    assert opens(key)
    assert not AuditEntry.objects.filter(action="user.password_set").exists()
    assert client.get(reverse("admin:auth_user_password_change", args=[0])).status_code == 404


def test_staff_change_their_own_where_everybody_does(client: Client) -> None:
    client.force_login(User.objects.create_superuser("keeper", password=OLD))
    form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    answer = client.post(reverse("admin:password_change"), form)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("account_change_password"))
    assert User.objects.get(username="keeper").check_password(OLD)


def test_signing_up_ends_nothing(client: Client, token: str) -> None:
    form = {"username": "bea", "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_signup"), form).status_code == 302
    assert is_open(token)
    assert GameSession.objects.count() == 1
