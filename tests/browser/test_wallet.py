"""The wallet page in a browser: paying in and out at the sandbox, and what a player sees of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor, minor
from tests.servers import Site

Visit = Callable[..., Visitor]
REFUSED = re.compile(r"status of 4\d\d")  # the browser itself reports a refused form


def at_the_wallet(visit: Visit, table: Site, username: str = "bob", **screen: Any) -> Visitor:
    visitor = visit(**screen)
    visitor.sign_in(table.player(username), then="/wallet/")
    return visitor


def real(visitor: Visitor) -> int:
    return minor(visitor.page.inner_text("[data-balance=real]"))


def ask(visitor: Visitor, what: str, amount: str) -> None:
    visitor.page.fill(f"#{what}-amount", amount)
    visitor.page.click(f"#{what} button[type=submit]")


def until_newest(visitor: Visitor, status: str) -> None:
    """The page shows by itself what has become of it."""
    visitor.page.wait_for_selector(f".payment:first-child[data-status={status}]")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_deposit_and_a_withdrawal_at_the_sandbox(visit: Visit, table: Site, width: int) -> None:
    visitor = at_the_wallet(visit, table, width=width)
    page, has = visitor.page, real(visitor)
    ask(visitor, "deposit", "75,50")
    page.wait_for_url("**/sandbox/psp/pay**")
    assert "no real money" in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("button[value=pay]")
    page.wait_for_url("**/wallet/")
    until_newest(visitor, "succeeded")
    assert real(visitor) == has + 7_550
    ask(visitor, "withdraw", "25")
    until_newest(visitor, "succeeded")
    assert real(visitor) == has + 7_550 - 2_500
    ask(visitor, "withdraw", "25.66")
    until_newest(visitor, "failed")
    assert "declined by the provider" in page.inner_text(".payment:first-child")
    assert real(visitor) == has + 7_550 - 2_500
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_of_two_is_one_withdrawal(visit: Visit, table: Site) -> None:
    visitor = at_the_wallet(visit, table, "alice")
    visitor.page.fill("#withdraw-amount", "30.77")
    before = visitor.page.locator(".payment").count()
    visitor.page.dblclick("#withdraw button[type=submit]")
    until_newest(visitor, "pending")
    visitor.go("/wallet/")
    assert visitor.page.locator(".payment").count() == before + 1


def test_what_cannot_be_is_said_beside_the_field_and_typed_text_stays(visit: Visit, table: Site) -> None:
    visitor = at_the_wallet(visit, table)
    for typed, said in (("1", "At least 20.00 BRL."), ("abc", "Write an amount"), ("49999", "less than that")):
        ask(visitor, "withdraw", typed)
        visitor.page.wait_for_selector("#withdraw [role=alert]")
        assert said in visitor.page.inner_text("#withdraw [role=alert]")
        assert visitor.page.input_value("#withdraw-amount") == typed
    visitor.page.goto(visitor.page.url)  # the address of a refused form, by hand
    assert visitor.page.url.endswith("/wallet/")
    assert all(REFUSED.search(problem) for problem in visitor.problems), visitor.problems
    visitor.problems.clear()


def test_an_amount_is_one_tap(visit: Visit, table: Site) -> None:
    visitor = at_the_wallet(visit, table)
    visitor.page.click("[data-amount] >> nth=1")
    assert visitor.page.input_value("#deposit-amount") == "50.00"


def test_a_demo_player_sees_no_cashier_and_is_told_why(visit: Visit, table: Site) -> None:
    visitor = at_the_wallet(visit, table, "eve")
    assert visitor.page.is_visible("text=You are a demo player")
    assert visitor.page.locator("[name=amount]").count() == 0
    assert visitor.page.locator("[data-balance=real]").count() == 0


def test_the_wallet_is_found_from_the_header_and_the_statement_switches_money(visit: Visit, table: Site) -> None:
    visitor = visit()
    visitor.sign_in(table.player("bob"), then="/account/")
    visitor.page.click(".site-nav >> text=Wallet")
    visitor.page.wait_for_url("**/wallet/")
    assert visitor.page.locator(".statement tbody tr").count() > 0
    visitor.page.click(".switch >> text=Demo")
    visitor.page.wait_for_url("**money=demo**")
    assert visitor.page.get_attribute(".switch [aria-current]", "href") == "/wallet/?money=demo#statement"
    with visitor.page.expect_download() as download:
        visitor.page.click("text=Export CSV")
    assert download.value.suggested_filename.startswith("statement-demo-")


def test_a_statement_of_many_rows_has_pages(visit: Visit, table: Site) -> None:
    script = (
        "from django.utils import timezone; from accounts.models import User; from wallet import operations as w; "
        "u = User.objects.get(username='carol'); "
        "[w.deposit(u, 100, reference=f'many:{i}', now=timezone.now()) for i in range(60)]"
    )
    table.manage("shell", "--no-imports", "-c", script)
    visitor = at_the_wallet(visit, table, "carol")
    seen: list[str] = []
    while True:
        seen += visitor.page.locator(".statement .id").all_inner_texts()
        older = visitor.page.locator("text=Older")
        if not older.count():
            break
        older.click()
        visitor.page.wait_for_url("**before=**#statement")
        visitor.page.wait_for_function(
            "last => document.querySelector('.statement .id').textContent !== last", arg=seen[-25]
        )
    assert len(seen) == len(set(seen)) == 61
    assert seen[-1] == "seed:carol"
