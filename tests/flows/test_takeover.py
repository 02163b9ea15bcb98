"""What an engine that takes over tells the players of the round it finds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from casino.lib.clock import ManualClock
from games.crash import operations
from games.crash.engine import OpenRound, Settle, Sleep
from games.crash.models import Round
from games.crash.runner import Pace, Table
from games.crash.sealed import course_of
from tests.games.crash.playing import Play, fate, make_play

pytestmark = pytest.mark.usefixtures("db")

Message = dict[str, Any]


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


@pytest.fixture
def told() -> list[Message]:
    return []


@pytest.fixture
def next_engine(play: Play, told: list[Message]) -> Callable[[], Table]:
    """`next_engine()`: one that comes after the lease of the one before ran out; what it broadcasts goes to `told`."""

    def start() -> Table:
        play.now += timedelta(seconds=30)
        return Table(
            play.game,
            clock=ManualClock(play.now),
            pace=Pace(5000, 200, 300),
            tell=lambda topic, event: told.append(event["message"]) if event["kind"] == "event" else None,
        )

    return start


def crash_without_telling(play: Play) -> Round:
    """As an engine that dies right after the crash was written."""
    assert play.round is not None
    at = play.at(course_of(play.round).crash_ms)
    return operations.crash_round(play.round.pk, epoch=play.epoch, at=at)


def test_a_crash_that_was_written_and_never_told_is_told_before_the_round_is_settled(
    play: Play, alice: Any, told: list[Message], next_engine: Callable[[], Table]
) -> None:
    play.open(crash_point=200)
    bet = play.placed(alice, auto=200)
    play.launch()
    crashed = crash_without_telling(play)
    table = next_engine()
    while not isinstance(step := table.advance(), OpenRound):
        if isinstance(step, Settle):
            assert [message["messageType"] for message in told] == ["crash"]
        assert not isinstance(step, Sleep)
    crash, following = told
    assert (crash["messageType"], crash["roundId"], crash["number"]) == ("crash", str(crashed.pk), crashed.number)
    assert (crash["multiplier"], crash["interrupted"], crash["interruptedAt"]) == (200, False, None)
    assert crash["provablyFair"]["salt"] == crashed.salt
    assert following["messageType"] == "provablyFair"
    assert fate(bet) == ("cashed_out", 2000, 200)


def test_the_crash_of_an_interrupted_round_is_told_again_by_the_engine_after_the_next(
    play: Play, told: list[Message], next_engine: Callable[[], Table]
) -> None:
    round_ = play.open(crash_point=200)
    play.launch()
    for _ in range(2):
        next_engine().advance()
    assert [message["messageType"] for message in told][:2] == ["crash", "crash"]
    first, second = told[:2]
    same = ("roundId", "multiplier", "bonus", "interrupted", "interruptedAt", "provablyFair")
    assert first["roundId"] == str(round_.pk)
    assert first["interrupted"] is True
    assert {name: first[name] for name in same} == {name: second[name] for name in same}


def test_nothing_is_told_of_a_round_that_never_started(
    play: Play, told: list[Message], next_engine: Callable[[], Table]
) -> None:
    voided = play.open()
    next_engine().advance()
    assert Round.objects.get(pk=voided.pk).state == "voided"
    assert all(message["messageType"] == "provablyFair" for message in told)
    assert all(message["roundId"] != str(voided.pk) for message in told)
