"""The admin's sign-in is no way around a second factor, and no place to guess passwords."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.addresses import somewhere

pytestmark = pytest.mark.django_db
PASSWORD = "of-bamboo-and-rain"
PAGE = "/admin/login/?next=/admin/"


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("keeper", password=PASSWORD)


def sign_in(client: Client, *, username: str = "keeper", password: str = PASSWORD) -> Any:
    return client.post(PAGE, {"username": username, "password": password})


def test_staff_with_a_password_only_come_in(client: Client, staff: User) -> None:
    assert sign_in(client).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_password_alone_is_not_enough_where_there_is_a_second_factor(client: Client, staff: User) -> None:
    TOTP.activate(staff, generate_totp_secret())
    answer = sign_in(client)
    assert answer.status_code == 200
    assert f'<a class="underline" href="{reverse("account_login")}?next=%2Fadmin%2F">' in answer.content.decode()
    assert client.get("/admin/").status_code == 302
    wrong = sign_in(client, password="guessed").content.decode()
    assert "second factor" not in wrong, "only whoever knows the password learns of it"


@pytest.mark.parametrize("account", ["a player", "a blocked one"])
def test_who_is_not_staff_or_is_blocked_stays_outside(client: Client, staff: User, account: str) -> None:
    User.objects.filter(pk=staff.pk).update(is_staff=account != "a player", is_active=account == "a player")
    assert sign_in(client).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_guesses_are_limited_and_the_right_password_does_not_come_through_either(staff: User, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/m/ip"}
    client = Client(REMOTE_ADDR=somewhere())
    for _ in range(3):
        assert "correct username and password" in sign_in(client, password="guessed").content.decode()
    assert "Too many failed login attempts" in sign_in(client).content.decode()
    assert client.get("/admin/").status_code == 302
    assert sign_in(Client(REMOTE_ADDR=somewhere())).status_code == 302
