from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from games.instant import operations
from tests.legacy.kit import Bot, bot_of


@pytest.fixture
def now() -> datetime:
    """The real time, since requests are received at it."""
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def limits_of_this_test(fresh_limits: None) -> None:
    pass


@pytest.fixture
def games(db: None, now: datetime) -> None:
    operations.ensure_games(now=now)


@pytest.fixture
def make_bot(games: None, make_player: Callable[..., Any], now: datetime) -> Callable[..., Bot]:
    """`make_bot("alice", real=100_00)`: a player with that much money, and their own key."""

    def make(name: str = "alice", **player: Any) -> Bot:
        return bot_of(make_player(name, **({"real": 1_000_00} | player)), now)

    return make


@pytest.fixture
def alice(make_bot: Callable[..., Bot]) -> Bot:
    """1,000.00 BRL."""
    return make_bot("alice")


@pytest.fixture
def bob(make_bot: Callable[..., Bot]) -> Bot:
    return make_bot("bob")
