"""What partners see and what their players see: the portal, and the table that a partner's link opens."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.partners import call
from tests.servers import Site

Visit = Callable[..., Visitor]
PORTAL = ["", "docs/", "docs/feed/", "docs/webhooks/", "docs/client/", "docs/errors/", "docs/reference/", "changelog/"]
MEMBERS = ["", "test/keys/", "live/keys/", "test/keys/new/", "test/webhooks/", "test/webhooks/new/"]


@pytest.fixture
def launch_url(table: Site) -> str:
    """Of a player of the demo partner's, who has demo money."""
    key, user = table.seed["partner"]["test"], f"p-{secrets.token_hex(4)}"
    assert call(table, key, "POST", "/users", {"external_id": user, "currency": "BRL"})[0] == 201
    status, session = call(table, key, "POST", "/sessions", {"user": user})
    assert status == 201
    return str(session["launch_url"])


@pytest.mark.parametrize("width", [360, 1280])
def test_a_partners_link_opens_a_table_to_play_at_without_an_account(visit: Visit, launch_url: str, width: int) -> None:
    pat = visit(width=width, height=740)
    pat.page.goto(launch_url)
    pat.live()
    assert "session" not in pat.page.url
    assert pat.page.locator("text=Sign up").count() == 0
    before = pat.balance_minor()
    pat.button("bet").click()
    pat.until_balance(before - 5_00)
    pat.page.reload()
    pat.live()
    pat.button("cash-out").click()
    pat.note("Cashed out at")
    assert pat.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_link_that_is_over_says_where_to_go(visit: Visit, table: Site) -> None:
    visitor = visit()
    visitor.go("/games/BigPanda/launch/#session=no-such-session")
    notice = visitor.page.wait_for_selector("[data-part=notice]:not([hidden]) >> text=Open the game again")
    assert notice is not None
    visitor.problems.clear()  # the browser reports the refused socket itself


@pytest.mark.parametrize(("width", "color_scheme"), [(320, "light"), (1280, "dark")])
def test_no_page_of_the_portal_is_wider_than_the_screen(
    visit: Visit, table: Site, width: int, color_scheme: str
) -> None:
    member = visit(width=width, height=740, color_scheme=color_scheme)
    for path in PORTAL:
        member.go(f"/developers/{path}")
        assert member.page.evaluate("document.documentElement.scrollWidth") <= width, path
    member.sign_in(table.seed["partner"], then="/developers/")
    for path in MEMBERS:
        member.go(f"/developers/{path}")
        assert member.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_member_makes_a_key_that_works_and_revokes_it(visit: Visit, table: Site) -> None:
    member = visit()
    member.sign_in(table.seed["partner"], then="/developers/")
    page = member.go("/developers/test/keys/new/")
    label = f"till {secrets.token_hex(3)}"
    page.fill("[name=label]", label)
    page.click("text=Make the key")
    key = {"key": page.inner_text("#new-key code"), "secret": page.inner_text("#new-secret code")}
    assert call(table, key, "GET", "/game/state")[0] == 200
    page.click("text=All keys")
    card: Any = page.locator(".key").filter(has_text=label)
    page.on("dialog", lambda dialog: dialog.accept())
    card.locator("text=Revoke").click()
    page.wait_for_selector(f"text={label} opens nothing any more")
    status, problem = call(table, key, "GET", "/game/state")
    assert (status, problem["code"]) == (401, "key_revoked")
