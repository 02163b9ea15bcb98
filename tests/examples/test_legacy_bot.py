"""The bot of docs/examples/ plays at a real server, and finds whatever is not as it was promised."""

import importlib.util
import os
import re
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from tests.servers import ROOT, Site

BOT = ROOT / "docs/examples/legacy_bot.py"


@pytest.fixture(scope="module")
def module() -> Any:
    spec = importlib.util.spec_from_file_location("legacy_bot", BOT)
    assert spec is not None
    assert spec.loader is not None
    found = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("username", ["carol", "dora", "eve"], ids=["euros", "bits", "demo money"])
def test_it_plays_every_game_in_both_dialects_and_its_books_are_equal_to_user(live_site: Site, username: str) -> None:
    """With the players of seed_demo."""
    done = subprocess.run(
        [sys.executable, str(BOT), "--url", live_site.url, "--bets", "2"],
        env={**os.environ, "API_KEY": live_site.player(username)["api_key"]},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"72 bets verified, balance \d+\.\d\d -> \d+\.\d\d", done.stdout), done.stdout


def test_the_books_of_the_house_agree(live_site: Site) -> None:
    assert live_site.manage("check_ledger", check=False).returncode == 0


LIES: list[dict[str, Any]] = [
    {"secret": 5},
    {"salt": "0" * 32},
    {"outcome": 7},
    {"balance": Decimal("1.00")},
    {"payout": Decimal("0.01")},
    {"row": [1, 2, 7]},
    {"result": 99},
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: next(iter(lie)))
def test_it_believes_nothing_that_is_not_so(live_site: Site, module: Any, lie: dict[str, Any]) -> None:
    """The control: a true answer passes, and the same one with one thing changed does not."""

    class Liar(module.Api):  # type: ignore[misc]
        lies: dict[str, Any] = {}

        def call(self, method: str, path: str, params: Any, *, bearer: bool) -> Any:
            return super().call(method, path, params, bearer=bearer) | (self.lies if path.endswith("/bet") else {})

    class Honest(Liar):
        def new(self, method: str, path: str, **params: Any) -> Any:  # a list, which takes no lies
            return module.Api.call(self, method, f"/api/1{path}", params, bearer=True)

    api = Honest(live_site.url, live_site.player("carol")["api_key"])
    bot = module.Bot(api, Decimal("1.25"))
    bot.play_old("slots")
    api.lies = lie
    with pytest.raises(module.Mismatch):
        bot.play_old("slots")
