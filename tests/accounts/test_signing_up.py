"""New accounts are limited by where the visitor comes from, not by the proxy between."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import GameSession, User
from tests.accounts.addresses import somewhere

pytestmark = pytest.mark.django_db
PROXY = "198.51.100.1"


def sign_up(name: str, *, forwarded: str, peer: str = PROXY) -> int:
    form = {"username": name, "password1": "of-bamboo-and-rain", "password2": "of-bamboo-and-rain"}
    client = Client(REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    return client.post(reverse("account_signup"), form).status_code


@pytest.fixture
def one_a_minute(settings: Any) -> Any:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "1/m/ip"}
    return settings


def test_visitors_behind_one_proxy_are_counted_apart(one_a_minute: Any) -> None:
    one_a_minute.TRUSTED_PROXY_IPS = ["198.51.100.0/24"]
    hers, his = somewhere(), somewhere()
    assert sign_up("ana", forwarded=hers) == 302
    assert sign_up("bea", forwarded=his) == 302
    assert sign_up("cid", forwarded=his) == 429
    assert sorted(User.objects.filter(username__in=["ana", "bea", "cid"]).values_list("username", flat=True)) == [
        "ana",
        "bea",
    ]


def test_an_address_that_the_visitor_wrote_is_not_believed(one_a_minute: Any) -> None:
    peer = somewhere()
    assert sign_up("ana", forwarded=somewhere(), peer=peer) == 302
    assert sign_up("bea", forwarded=somewhere(), peer=peer) == 429


def test_a_session_notes_the_visitors_address_and_not_the_proxys(settings: Any, django_user_model: Any) -> None:
    settings.TRUSTED_PROXY_IPS = [PROXY]
    client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": "203.0.113.9"})
    client.force_login(django_user_model.objects.create_user("ana"))
    answer = client.post("/session/", '{"mode": "demo"}', content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert GameSession.objects.get().address == "203.0.113.9"
