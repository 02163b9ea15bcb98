"""
The site in a real browser: system Chromium on the embedded server.

Chromium is started by module and not by session: while Playwright's loop runs, Django's ORM refuses to work in the same
thread, and other tests of this worker need it afterwards.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers import Site, embedded_site

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose rounds last four to nine seconds: long enough to reload a page in the middle of one."""
    folder = tmp_path_factory.mktemp("browser")
    with embedded_site(folder, crash_between=(200, 400), CRASH_WAIT_MS="3000", CRASH_TICK_MS="60") as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM or not Path(CHROMIUM).exists():
        pytest.skip("no system Chromium (set CHROMIUM to its path)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """A browser of its own, and what it complained about."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(TIMEOUT_MS)
        self.context = context
        self.url = url
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def sign_up(self, name: str, then: str = "/games/BigPanda/") -> str:
        username = f"{name}-{secrets.token_hex(3)}"
        password = secrets.token_urlsafe(16)
        page = self.go(f"/accounts/signup/?next={then}")
        page.fill("[name=username]", username)
        page.fill("[name=password1]", password)
        page.fill("[name=password2]", password)
        page.click("main button[type=submit]")
        page.wait_for_url(f"**{then}")
        return username

    def sign_in(self, player: dict[str, Any], then: str = "/games/BigPanda/") -> None:
        page = self.go(f"/accounts/login/?next={then}")
        page.fill("[name=login]", player["username"])
        page.fill("[name=password]", player["password"])
        page.click("main button[type=submit]")
        page.wait_for_url(f"**{then}")

    # --- the crash table ----------------------------------------------------------------------------------------------
    def live(self) -> None:
        self.page.wait_for_selector("[data-part=status][data-state=live]")

    def button(self, mode: str, panel: int = 1) -> Any:
        """The panel's button, once it means this and may be pressed."""
        return self.page.wait_for_selector(f"[data-panel='{panel}'] .action[data-mode={mode}]:enabled")

    def note(self, text: str, panel: int = 1) -> str:
        """The panel's line below the button, once it begins with this."""
        line = self.page.locator(f"[data-panel='{panel}'] .panel-note").filter(has_text=text)
        line.wait_for()
        return line.inner_text()

    def balance_minor(self) -> int:
        return minor(self.page.inner_text("[data-part=balance]"))

    def until_balance(self, expected: int) -> None:
        shown = f"{expected // 100:,}.{expected % 100:02d}"
        self.page.wait_for_function(
            "wanted => document.querySelector('[data-part=balance]').textContent === wanted", arg=shown
        )


def minor(text: str) -> int:
    """`1,234.56` is 123456; also of a multiplier."""
    whole, _, rest = text.replace(",", "").strip("×+ ").partition(".")
    assert len(rest) == 2, text
    return int(whole) * 100 + int(rest)


@pytest.fixture
def visit(chromium: Browser, table: Site) -> Iterator[Callable[..., Visitor]]:
    """`visit(width=360)` opens a browser. At the end of the test it must not have complained."""
    visitors: list[Visitor] = []

    def open_one(*, width: int = 1280, height: int = 800, color_scheme: Any = "dark") -> Visitor:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=color_scheme)
        visitors.append(Visitor(context, table.url))
        return visitors[-1]

    yield open_one
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for visitor in visitors:
        visitor.context.close()
    assert problems == []
