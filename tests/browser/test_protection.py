"""Playing safely in a browser: limits, the dialog of a reality check, a break, and a session that is over."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.servers import Site

Visit = Callable[..., Visitor]
CHECK = {"secondsPlayed": 3723, "staked": 12_500_00, "won": 10_400_00, "net": -2_100_00, "denominator": 100}


@pytest.mark.parametrize(("width", "color_scheme"), [(360, "light"), (1280, "dark")])
def test_limits_are_set_loosened_and_taken_back(visit: Visit, width: int, color_scheme: str) -> None:
    visitor = visit(width=width, height=740, color_scheme=color_scheme)
    page = visitor.go("/play-safe/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.sign_up("safe", then="/play-safe/")
    page.fill("[name=stake_day]", "500")
    page.fill("[name=session]", "60")
    page.click("text=Save limits")
    page.wait_for_selector(".note-success:has-text('from this moment on')")
    page.fill("[name=stake_day]", "800.50")
    page.click("text=Save limits")
    page.wait_for_selector(".limit-waits:has-text('800.50 BRL')")
    assert page.input_value("[name=stake_day]") == "500.00"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("text=Take back")
    page.wait_for_selector(".note-success:has-text('stays as it is')")
    assert page.locator(".limit-waits").count() == 0


def test_a_reality_check_stays_until_it_is_answered_also_over_a_reload(visit: Visit) -> None:
    visitor = visit(width=360, height=740)
    visitor.sign_up("real")
    visitor.live()
    page = visitor.page
    waiting = json.dumps({**CHECK, "currency": "BRL"})
    page.evaluate("waiting => sessionStorage.setItem('reality-check', waiting)", waiting)
    page.reload()
    dialog = page.wait_for_selector("#reality-dialog[open]")
    assert "1:02:03" in dialog.inner_text()
    assert "Lost\n2,100.00 BRL" in dialog.inner_text()
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_selector("#reality-dialog[open]")
    page.reload()
    page.click("#reality-dialog[open] [data-go-on]")
    page.wait_for_selector("#reality-dialog", state="hidden")
    page.reload()
    visitor.live()
    assert not page.evaluate("document.querySelector('#reality-dialog').open")


def test_a_reality_check_of_the_server_opens_the_dialog(visit: Visit, table: Site) -> None:
    visitor = visit()
    name = visitor.sign_up("check", then="/play-safe/")
    visitor.page.fill("[name=reality_check]", "1")
    visitor.page.click("text=Save limits")
    visitor.page.wait_for_selector(".note-success")
    visitor.go("/games/BigPanda/")
    visitor.live()
    table.manage("shell", "--no-imports", "-c", earlier(name, "seconds=40"))
    visitor.page.reload()
    dialog = visitor.page.wait_for_selector("#reality-dialog[open]", timeout=90_000)
    assert "0.00 BRL" in dialog.inner_text()


def earlier(name: str, time: str) -> str:
    """Let the player's session have begun earlier."""
    return (
        "from datetime import timedelta; from accounts.models import GameSession; from django.db.models import F; "
        f"mine = GameSession.objects.filter(player__username='{name}'); "
        f"mine.update(created_at=F('created_at') - timedelta({time}))"
    )


def test_the_clock_at_the_table_is_the_sessions(visit: Visit, table: Site) -> None:
    visitor = visit()
    name = visitor.sign_up("clock")
    visitor.live()
    table.manage("shell", "--no-imports", "-c", earlier(name, "hours=2"))
    visitor.page.reload()
    clock = visitor.page.locator(".bar [data-part=clock]").first
    expect(clock).to_have_text(re.compile(r"^2:\d\d:\d\d$"), timeout=20_000)


def test_self_exclusion_takes_two_steps_and_leaves_the_table_to_watch(visit: Visit) -> None:
    visitor = visit(width=360, height=740)
    visitor.sign_up("leave", then="/play-safe/")
    page = visitor.page
    page.select_option("[name=exclusion]", "6")
    page.click("text=Exclude myself")
    page.check("#id_sure")
    page.click("button:has-text('Exclude me')")
    page.wait_for_selector(".note-warning:has-text('excluded yourself from play until')")
    visitor.go("/games/BigPanda/")
    page.wait_for_selector("text=You are not playing now")
    page.wait_for_selector(".strip .point")
    assert page.locator("[data-panel]").count() == 0


def test_a_session_that_reaches_its_limit_is_over_until_the_player_begins_another(visit: Visit, table: Site) -> None:
    visitor = visit()
    name = visitor.sign_up("tired", then="/play-safe/")
    page = visitor.page
    page.fill("[name=session]", "30")
    page.click("text=Save limits")
    page.wait_for_selector(".note-success")
    visitor.go("/games/BigPanda/")
    visitor.live()
    over = (
        "from accounts.models import GameSession; from django.utils import timezone; "
        f"GameSession.objects.filter(player__username='{name}').update(expires_at=timezone.now())"
    )
    page.evaluate("() => { Date.now = ((now) => () => now() + 31 * 60_000)(Date.now) }")  # half an hour has gone by
    table.manage("shell", "--no-imports", "-c", over)
    page.wait_for_selector("#reality-dialog[open]", timeout=60_000)  # ended sessions are looked for now and then
    assert "Your session is over" in page.inner_text("#reality-dialog")
    page.click("[data-go-on]")
    visitor.live()
