"""Playing at the crash table, from sign-up to payout."""

import re
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import Visitor, minor

Visit = Callable[..., Visitor]
DEMO_GRANT = 1_000_00


def test_a_visitor_signs_up_bets_demo_money_and_is_paid_to_the_cent(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    assert alice.balance_minor() == DEMO_GRANT
    assert alice.page.is_visible("[data-part=demo]")
    alice.button("bet")
    alice.page.fill("#stake-1", "12.34")
    alice.button("bet").click()
    alice.until_balance(DEMO_GRANT - 12_34)
    alice.button("cash-out").click()
    told = re.search(r"Cashed out at (\d+\.\d\d×): \+([\d.,]+)", alice.note("Cashed out at"))
    assert told is not None
    multiplier, paid = minor(told[1]), minor(told[2])
    assert paid == 12_34 * multiplier // 100
    alice.until_balance(DEMO_GRANT - 12_34 + paid)
    alice.button("queue")  # the controls are free again while the round still runs
    alice.page.click("[role=tab][data-tab=mine]")
    row = alice.page.locator("#tab-mine tbody tr").first
    row.filter(has_text=told[1]).wait_for()
    assert "12.34" in row.inner_text()


def test_a_reload_in_the_middle_of_a_round_keeps_the_open_bet(visit: Visit) -> None:
    bob = visit(width=360, height=740)
    bob.sign_up("bob")
    bob.live()
    bob.button("bet").click()
    bob.until_balance(DEMO_GRANT - 5_00)
    bob.page.wait_for_selector(".stage[data-view=running]")
    bob.page.reload()
    bob.button("cash-out").click()
    paid = minor(bob.note("Cashed out at").rsplit("+", 1)[1])
    bob.until_balance(DEMO_GRANT - 5_00 + paid)


def test_a_bet_can_be_taken_back_before_the_start(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    alice.button("bet").click()
    alice.button("placed").click()
    alice.button("bet")
    alice.until_balance(DEMO_GRANT)


def test_a_queued_bet_enters_the_next_round_and_its_auto_cash_out_pays_exactly_its_target(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    alice.button("queue", panel=2)
    alice.page.locator("[data-panel='2'] [data-panel-part=auto-on]").check()
    alice.page.fill("[data-panel='2'] [data-panel-part=auto]", "1.10")
    alice.button("queue", panel=2).click()
    alice.button("queued", panel=2)
    assert "Auto-cashed out at 1.10×: +5.50" in alice.note("Auto-cashed out", panel=2)
    alice.until_balance(DEMO_GRANT + 50)


def test_stakes_that_are_not_allowed_are_refused_in_words(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    for typed, told in {
        "0.10": "The smallest stake is",
        "9999999": "The largest stake is",
        "1e5": "not an amount",
    }.items():
        alice.button("bet")
        alice.page.fill("#stake-1", typed)
        alice.button("bet").click()
        assert told in alice.note(told)
    assert alice.balance_minor() == DEMO_GRANT


def test_another_player_sees_the_bet_and_the_chat_and_links_are_refused(visit: Visit) -> None:
    alice, bob = visit(), visit()
    name = alice.sign_up("alice")
    bob.sign_up("bob")
    alice.live()
    bob.live()
    alice.button("bet").click()
    bob.page.locator("#tab-bets tr").filter(has_text=name).wait_for()
    alice.page.fill("[name=message]", "good luck <b>all</b>")
    alice.page.press("[name=message]", "Enter")
    said = bob.page.locator("[data-chat-list] li").filter(has_text=name)
    said.wait_for()
    assert "good luck <b>all</b>" in said.inner_text()
    alice.page.fill("[name=message]", "see http://example.com now")
    alice.page.press("[name=message]", "Enter")
    alice.page.locator("[data-chat-error]").filter(has_text="inks").wait_for()
    assert alice.page.input_value("[name=message]") == "see http://example.com now"


def test_a_lost_connection_is_shown_and_comes_back(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    alice.context.set_offline(True)
    alice.page.wait_for_selector("[data-part=status][data-state=reconnecting]")
    assert "your bets are safe" in alice.page.inner_text("[data-part=notice]")
    alice.context.set_offline(False)
    alice.live()
    alice.page.wait_for_selector("[data-part=notice]", state="hidden")
    alice.problems.clear()  # the browser itself reports the failed connection


def test_a_player_with_real_money_plays_with_it_and_may_switch_to_demo_money(visit: Visit, table: Any) -> None:
    player = next(player for player in table.seed["players"] if player["username"] == "alice")
    alice = visit()
    alice.sign_in(player)
    alice.live()
    assert alice.page.is_hidden("[data-part=demo]")
    alice.page.click("summary[aria-label='Table settings']")
    alice.page.click("[data-mode-choice=demo]")
    alice.page.wait_for_selector("[data-part=demo]:not([hidden])")
    assert alice.balance_minor() == DEMO_GRANT


def test_a_session_ended_by_the_player_is_replaced_without_a_reload(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    other = alice.context.new_page()
    other.goto(f"{alice.url}/account/")
    other.click("text=End all game sessions")
    other.locator(".note").filter(has_text="have been ended").wait_for()
    alice.page.wait_for_selector("[data-part=status]:not([data-state=live])")
    alice.live()
