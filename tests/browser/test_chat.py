"""The chat beside the table: what was said before one came, and whom one does not want to read."""

import secrets
from collections.abc import Callable

from tests.browser.conftest import Visitor

Visit = Callable[..., Visitor]


def say(visitor: Visitor, text: str) -> None:
    visitor.page.fill("[name=message]", text)
    visitor.page.press("[name=message]", "Enter")
    visitor.page.locator("[data-chat-list] li").filter(has_text=text).wait_for()


def test_a_newcomer_reads_what_was_said_and_sees_the_bets_of_the_round(visit: Visit) -> None:
    alice, bob = visit(), visit()
    bob.sign_up("bob", then="/rules/")
    name = alice.sign_up("alice")
    alice.live()
    text = f"hello {secrets.token_hex(4)}"
    say(alice, text)
    alice.page.click("[data-panel='1'] [data-autobet=open]")  # a bet in every round, however long bob takes
    alice.page.click("[data-panel='1'] dialog [type=submit]")
    alice.button("cash-out")
    bob.go("/games/BigPanda/")
    bob.live()
    bob.page.locator("#tab-bets tr").filter(has_text=name).wait_for()
    assert bob.page.locator("[data-chat-list] li").filter(has_text=text).count() == 1


def test_messages_are_not_repeated_after_a_reconnection(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    alice.live()
    first, second = f"first {secrets.token_hex(4)}", f"second {secrets.token_hex(4)}"
    say(alice, first)
    alice.context.set_offline(True)
    alice.page.wait_for_selector("[data-part=status][data-state=reconnecting]")
    alice.context.set_offline(False)
    alice.live()
    say(alice, second)
    lines = alice.page.locator("[data-chat-list] li .text").all_inner_texts()
    assert [line for line in lines if line in (first, second)] == [first, second]
    alice.problems.clear()  # the browser itself reports the failed connection


def test_a_muted_player_is_not_read_even_after_a_reload_until_unmuted(visit: Visit) -> None:
    alice, bob = visit(), visit()
    name = alice.sign_up("alice")
    alice.live()
    bob.sign_up("bob")
    bob.live()
    text = f"spam {secrets.token_hex(4)}"
    say(alice, text)
    line = bob.page.locator("[data-chat-list] li").filter(has_text=text)
    line.hover()
    line.locator("button").click()
    line.wait_for(state="hidden")
    bob.page.reload()
    bob.live()
    line.wait_for(state="attached")
    assert line.is_hidden()
    bob.page.click("[data-chat-muted] summary")
    bob.page.click(f"[aria-label='Unmute {name}']")
    line.wait_for(state="visible")
    assert bob.page.is_hidden("[data-chat-muted]")
