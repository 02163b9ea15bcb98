"""The page where a player makes, sees and revokes their own key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, PlayerKey
from tests.legacy.kit import Bot

PAGE = "/account/api-key/"


@pytest.fixture
def hers(alice: Bot) -> Client:
    """Alice's, signed in."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.player)
    return client


def press(hers: Client, path: str = PAGE, **changes: str) -> Any:
    """As the page's button sends it."""
    shown = hers.get(PAGE)
    form = {"csrfmiddlewaretoken": shown.context["csrf_token"], "once": shown.context["once"]} | changes
    return hers.post(path, form)


def works(key: str) -> bool:
    return Client().get("/api/1/user", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_new_key_is_shown_once_and_the_old_one_stops_at_once(alice: Bot, hers: Client) -> None:
    made = press(hers)
    key = made.context["made"]
    assert key in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert works(key)
    assert not works(alice.key)
    later = hers.get(PAGE)
    assert key not in later.content.decode()
    assert f"pk_…{key[-4:]}" in later.content.decode()
    assert "no-store" in later["Cache-Control"]


def test_a_form_that_is_sent_again_makes_no_second_key(alice: Bot, hers: Client) -> None:
    shown = hers.get(PAGE)
    form = {"csrfmiddlewaretoken": shown.context["csrf_token"], "once": shown.context["once"]}
    key = hers.post(PAGE, form).context["made"]
    assert hers.post(PAGE, form).status_code == 302
    assert works(key)
    assert PlayerKey.objects.filter(player=alice.player, revoked_at=None).count() == 1


def test_a_key_is_revoked_and_the_trail_says_so(alice: Bot, bob: Bot, hers: Client) -> None:
    assert press(hers, f"{PAGE}revoke/").status_code == 302
    assert not works(alice.key)
    assert works(bob.key)
    assert hers.get(PAGE).context["keys"] == []
    trail = AuditEntry.objects.filter(subject=f"player:{alice.player.pk}", action="player_key.revoked")
    assert [entry.actor for entry in trail] == [alice.player]


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}revoke/"])
def test_nothing_happens_without_the_csrf_token_or_without_signing_in(alice: Bot, hers: Client, path: str) -> None:
    assert hers.post(path, {"once": "x"}).status_code == 403
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")
    assert Client().post(path, {"once": "x"}).status_code == 302
    assert works(alice.key)


def test_a_key_is_revoked_by_post_only(alice: Bot, hers: Client) -> None:
    assert hers.get(f"{PAGE}revoke/").status_code == 405
    assert works(alice.key)


def test_the_account_pages_lead_there(hers: Client) -> None:
    assert f'href="{PAGE}"' in hers.get("/account/").content.decode()


def test_the_page_asks_the_same_however_many_keys_there_are(
    alice: Bot, hers: Client, now: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    from accounts import operations

    for _ in range(5):
        operations.issue_player_key(alice.player, now=now)
    with django_assert_max_num_queries(4):
        hers.get(PAGE)
