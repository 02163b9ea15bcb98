from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from casino.lib.clock import system_clock
from games.instant import operations
from games.instant.operations import ensure_games
from tests.games.instant.casino import Casino

CHOICES: dict[str, dict[str, Any]] = {
    "dice": {"range": 2**31, "target": 0},
    "videopoker": {},
    "shell": {"weights": [0, 1, 1, 1, 1, 0, 0, 0, 0], "picked": 1},
    "slots": {},
}


class PageOf:
    """A signed-in player at the pages, as their scripts call them."""

    def __init__(self, player: Any, **client: Any) -> None:
        self.player = player
        self.client = Client(**client)
        if player is not None:
            self.client.force_login(player, backend="django.contrib.auth.backends.ModelBackend")

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(f"/games/{path}", body, content_type="application/json")

    def seat(self, game: str = "dice", mode: str = "real", **more: Any) -> dict[str, Any]:
        response = self.post(f"{game}/seat", {"mode": mode, **more})
        assert response.status_code == 200, response.content
        return dict(response.json())

    def body(self, game: str = "dice", **changes: Any) -> dict[str, Any]:
        """What a page sends for a bet of 5.00, with the hash that is next."""
        usual = {"mode": "real", "stake": 5_00, "clientseed": 7, **CHOICES[game]}
        return {**usual, "hash": self.seat(game, changes.get("mode", "real"))["hash"], **changes}

    def bet(self, game: str = "dice", **changes: Any) -> Any:
        return self.post(f"{game}/bet", self.body(game, **changes))

    def history(self, game: str = "dice", query: str = "mode=real") -> Any:
        return self.client.get(f"/games/{game}/history.json?{query}")


@pytest.fixture
def games(db: None) -> None:
    operations.ensure_games(now=system_clock.now())


@pytest.fixture(autouse=True)
def limits_of_this_test(fresh_limits: None) -> None:
    pass


@pytest.fixture
def alice(games: None, make_player: Callable[..., Any]) -> PageOf:
    return PageOf(make_player("alice", real=1_000_00))


@pytest.fixture
def bob(games: None, make_player: Callable[..., Any]) -> PageOf:
    return PageOf(make_player("bob", real=1_000_00))


@pytest.fixture
def casino(db: None, make_player: Callable[..., Any], now: datetime) -> Casino:
    """The games, and nobody there yet."""
    ensure_games(now=now)
    return Casino(make_player, now)
