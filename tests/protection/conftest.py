from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import User
from accounts.protection import operations
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from tests.games.crash.playing import Play, make_play

Change = Callable[..., None]


@pytest.fixture
def alice(db: None, make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=1000_00)


@pytest.fixture
def bob(db: None, make_player: Callable[..., Any]) -> Any:
    return make_player("bob", real=1000_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


@pytest.fixture
def limit(now: datetime) -> Change:
    """`limit(alice, "stake", "day", 50_00)`; None lifts it."""

    def set_limit(
        player: User, kind: str, period: str | None, value: int | None, *, source: str = "player", at: Any = None
    ) -> None:
        wish = Wish((LimitWish(Kind(kind), Period(period or ""), value),))
        operations.change(player, wish, source=Source(source), actor=None, now=at or now)

    return set_limit


@pytest.fixture
def exclude(now: datetime) -> Change:
    """`exclude(alice, hours=24)` or `exclude(alice, months=6)`."""

    def ban(player: User, *, hours: int | None = None, months: int | str | None = None, at: Any = None) -> None:
        wish = Wish(cool_off_hours=hours, exclusion_months=months)
        operations.change(player, wish, source=Source.PLAYER, actor=player, now=at or now)

    return ban
