"""Every page: no complaints of the browser, nothing wider than the screen; fairness computed where the player sits."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visitor

Visit = Callable[..., Visitor]
PUBLIC = [
    "/",
    "/games/BigPanda/",
    "/fair/",
    "/rules/",
    "/accounts/login/",
    "/accounts/signup/",
]
PRIVATE = [
    "/",
    "/games/BigPanda/",
    "/account/",
    "/wallet/",
    "/accounts/password/change/",
    "/accounts/2fa/",
]
PRIVATE += ["/accounts/2fa/totp/activate/", "/accounts/logout/"]

VECTORS = [
    ("0a5028b81bf6fab5c01e55f23bcbffda7cef0ff8df9928449a57a1e347904166", 4045300613633742, 933),
    ("a69c7867261e5b739f491f19abffe4fe7b003aed48c5263359fa1de9d1e15a0f", 4121009265074133, 1118),
    ("8041cd78545764666c907d98e0332a9736f2153ffa8297e2c96d2331f1609084", 4299435754306243, 2095),
    ("b0d51c58c8b9c1f458fadf16c7d375630ef51da4df81915893b05c0fa4ed8bc6", 1259874610302600, 131),
]
TERMINAL = "6a7ccb905ddc81b99b953ab1c995b3d87c5161b3a063847f1afab88ed79749b2"
CURVE = {0: 100, 1: 101, 2: 102, 3: 103, 10: 110, 50: 164, 70: 200, 100: 270, 500: 14477, 982: 1752221}


def wait_for_a_finished_round(visitor: Visitor) -> None:
    """The table's strip of crash points fills by itself, for visitors too."""
    visitor.go("/games/BigPanda/")
    visitor.page.wait_for_selector(".strip .point")


def last_round_id(visitor: Visitor) -> str:
    return str(
        visitor.page.evaluate(
            "async () => (await (await fetch('/games/BigPanda/recent.json')).json()).points[0].roundId"
        )
    )


@pytest.mark.parametrize(("width", "color_scheme"), [(320, "dark"), (360, "light"), (1440, "dark")])
def test_no_page_is_wider_than_the_screen(visit: Visit, width: int, color_scheme: str) -> None:
    visitor = visit(width=width, height=740, color_scheme=color_scheme)
    for path in PUBLIC:
        visitor.go(path)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, path
    visitor.sign_up("charlie", then="/account/")
    for path in PRIVATE:
        visitor.go(path)
        if path == "/games/BigPanda/":
            visitor.live()
            visitor.page.wait_for_selector(".stage[data-view=running]")
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_page_that_is_missing_says_so_in_the_sites_own_voice(visit: Visit) -> None:
    visitor = visit()
    page = visitor.go("/no-such-page/")
    assert "leads nowhere" in page.inner_text("h1")
    visitor.problems.clear()  # the browser reports the 404 itself


def test_a_signed_out_visitor_is_invited_and_may_check_rounds(visit: Visit) -> None:
    visitor = visit()
    wait_for_a_finished_round(visitor)
    assert visitor.page.is_visible("text=Play with demo money, no e-mail needed")
    visitor.page.click(".strip .point >> nth=0")
    visitor.page.wait_for_selector("#fair-dialog [data-verdict=good]")


def test_the_fairness_dialog_recomputes_a_finished_round_with_green_ticks(visit: Visit) -> None:
    visitor = visit()
    wait_for_a_finished_round(visitor)
    visitor.sign_up("alice")
    visitor.live()
    visitor.page.click(".strip .point >> nth=0")
    visitor.page.wait_for_selector("#fair-dialog [data-verdict=good]")
    states = visitor.page.eval_on_selector_all("#fair-dialog .check", "items => items.map(item => item.dataset.state)")
    assert len(states) >= 3
    assert set(states) == {"good"}


def test_the_fairness_page_verifies_a_round_by_its_id_and_so_does_the_printed_script(
    visit: Visit, tmp_path: Path
) -> None:
    visitor = visit()
    wait_for_a_finished_round(visitor)
    round_id = last_round_id(visitor)
    page = visitor.go(f"/fair/?round={round_id}")
    page.wait_for_selector("#verification [data-verdict=good]")
    script = tmp_path / "verify.py"
    script.write_text(unescape(page.inner_text("pre code")))
    record = tmp_path / "round.json"
    with urllib.request.urlopen(f"{visitor.url}/fair/rounds/{round_id}.json") as answer:  # noqa: S310 our own server
        record.write_bytes(answer.read())
    done = subprocess.run([sys.executable, str(script), str(record)], capture_output=True, text=True, check=True)
    assert done.stdout == "fair\n"
    page.fill("#verify [name=round]", "not an id")
    page.click("#verify button")
    page.wait_for_selector("#verification [role=alert]")


def test_a_forged_round_gets_no_green_tick(visit: Visit) -> None:
    visitor = visit()
    wait_for_a_finished_round(visitor)

    def forge(route: Any) -> None:
        record = route.fetch().json()
        route.fulfill(body=json.dumps({**record, "result": record["result"] + 1}), content_type="application/json")

    visitor.page.route("**/fair/rounds/*.json", forge)
    visitor.go("/games/BigPanda/")
    visitor.page.click(".strip .point >> nth=0")
    visitor.page.wait_for_selector("#fair-dialog [data-verdict=bad]")


def test_the_browser_computes_the_contracts_vectors(visit: Visit) -> None:
    page = visit().go("/rules/")
    terms = {"clientSeed": "contract-2026", "rtp": {"num": 19, "den": 20}, "bonusProbability": {"num": 0, "den": 1}}
    for index, (salt, x, result) in enumerate(VECTORS):
        computed = page.evaluate(
            """async ([record, steps]) => {
                const fairness = await import("/static/games/crash/fairness.js");
                const { x, crashPoint } = await fairness.decide(record);
                return [Number(x), crashPoint, await fairness.walkChain(record.salt, steps)];
            }""",
            [{**terms, "salt": salt, "boostPercent": 10, "maxCrashPoint": 1750000}, index + 1],
        )
        assert computed == [x, result, TERMINAL]
    curve = page.evaluate("import('/static/games/crash/rules.js').then(rules => rules.CURVE)")
    assert {tick: curve[tick] for tick in CURVE} == CURVE


def test_typed_amounts_become_exact_integers(visit: Visit) -> None:
    page = visit().go("/rules/")
    typed = {"0.1": 10, "1,5": 150, "19.99": 1999, "1.005": None, "": None, "-1": None, "1e3": None, "12.": 1200}
    script = """async (texts) => {
        const { parseMinor } = await import("/static/games/crash/format.js");
        return texts.map((text) => parseMinor(text, 100));
    }"""
    assert page.evaluate(script, list(typed)) == list(typed.values())


def test_the_theme_can_be_switched_and_is_remembered(visit: Visit) -> None:
    visitor = visit()
    page = visitor.go("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("[data-theme-toggle]")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    visitor.go("/rules/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
