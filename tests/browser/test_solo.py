"""Playing one's own rounds, in a browser."""

from collections.abc import Callable

from tests.browser.conftest import Visitor, minor
from tests.servers import Site

Visit = Callable[..., Visitor]
DEMO_GRANT = 1_000_00


def seat(visitor: Visitor, table: Site, name: str) -> None:
    """A new player at the solo page, whose next two rounds crash between 3.00x and 6.00x."""
    username = visitor.sign_up(name)
    visitor.live()
    steer = f"s({username!r}, low=300, high=600, rounds=2, is_demo=True)"
    table.manage("shell", "--no-imports", "-c", f"from tests.games.solo.playing import steer_player as s; {steer}")
    visitor.page.click("nav[aria-label='Way to play'] >> text=Solo")
    visitor.page.wait_for_url("**/games/BigPanda/solo/")
    visitor.live()


def test_a_bet_starts_an_own_round_that_survives_a_reload_and_is_paid_to_the_cent(visit: Visit, table: Site) -> None:
    alice = visit()
    seat(alice, table, "alice")
    page = alice.page
    assert "Your bet starts your round" in page.inner_text(".stage .label")
    page.fill("#stake-1", "12.34")
    alice.button("bet").click()
    alice.until_balance(DEMO_GRANT - 12_34)
    page.wait_for_selector(".stage[data-view=running]")
    page.reload()
    alice.button("cash-out").click()
    paid = minor(alice.note("Cashed out at").rsplit("+", 1)[1])
    alice.until_balance(DEMO_GRANT - 12_34 + paid)
    page.wait_for_selector(".stage[data-view=crashed]")
    alice.button("bet")
    point = page.locator(".strip .point").first
    shown = minor(point.inner_text())
    assert 300 <= shown <= 600
    point.click()
    page.wait_for_selector("#fair-dialog [data-verdict=good]")
    assert page.locator("#fair-dialog .check[data-state=good]").count() == 3


def test_a_player_brings_words_of_their_own_and_an_auto_cash_out_is_paid_at_its_target(
    visit: Visit, table: Site
) -> None:
    bob = visit(width=360, height=740)
    seat(bob, table, "bob")
    page = bob.page
    page.locator("[data-panel-part=auto-on]").check()
    page.fill("[data-panel-part=auto]", "1.10")
    bob.button("bet").click()
    assert "Auto-cashed out at 1.10×: +5.50" in bob.note("Auto-cashed out")
    bob.until_balance(DEMO_GRANT + 50)
    page.wait_for_selector(".stage[data-view=crashed]")
    page.click("#t-seeds")
    promised = page.inner_text("[data-seeds=next]")
    page.fill("#client-seed", "bamboo and rain")
    page.click("#seeds button[type=submit]")
    page.locator("[data-seeds=client]").filter(has_text="bamboo and rain").wait_for()
    assert page.inner_text("[data-seeds=terminal]") == promised
    page.fill("#client-seed", "once more")
    page.click("#seeds button[type=submit]")
    page.locator("[data-seeds=note]").filter(has_text="Finish a round").wait_for()
