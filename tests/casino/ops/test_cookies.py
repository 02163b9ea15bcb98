"""Whatever a browser is made to send as a cookie: the page comes, as to somebody who is not signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("db")
PAGES = ("/rules/", "/accounts/login/", "/account/", "/admin/", "/api/v1/user")
COOKIES = ("sessionid", "csrftoken", "messages", "other")
VALUES = (
    r'"aaaaaaaaaaaa\000bbbb"',
    r'"aaaaaaaaaaaa\377bbbb"',
    r'"\000"',
    '""',
    "short",
    "A" * 32,
    "a" * 32,
    "a" * 4000,
)


@pytest.mark.parametrize("name", COOKIES)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:16])
def test_no_cookie_is_our_mistake(name: str, value: str) -> None:
    for page in PAGES:
        answer = Client().get(page, headers={"Cookie": f"{name}={value}"})
        assert answer.status_code in (200, 302, 401), page


@pytest.mark.parametrize("name", COOKIES)
def test_a_form_that_comes_with_a_zero_in_a_cookie_is_refused_or_read(name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/accounts/login/", {"login": "x"}, headers={"Cookie": rf'{name}="{"a" * 32}\000"'})
    assert answer.status_code == 403


def test_who_is_signed_in_stays_so(make_player: Callable[..., Any]) -> None:
    client = Client()
    client.force_login(make_player(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/account/").status_code == 200
    client.cookies["sessionid"] = "x" * 65
    assert client.get("/account/").status_code == 302
