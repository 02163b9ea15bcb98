"""An operator that was away for long is told what it is owed as soon as it is back, not when long delays are over."""

import asyncio
from datetime import timedelta

import pytest

from casino.lib.clock import ManualClock
from tests.operators.seamless import Seamless
from wallet.operators import operations
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall
from wallet.operators.worker import Messengers


def owed(seamless: Seamless, many: int) -> None:
    """So many wins that were tried in vain, and are not due for a long time."""
    seamless.play.open(crash_point=300)
    players = [seamless.seat() for _ in range(many)]
    bets = [seamless.placed(player) for player in players]
    seamless.play.launch()
    for player, bet in zip(players, bets, strict=True):
        seamless.out(player, bet, 2000)
    later = seamless.play.now + timedelta(minutes=15)
    RemoteCall.objects.filter(operator=seamless.operator, state="owed").update(attempts=12, next_attempt_at=later)


def states(seamless: Seamless) -> list[str]:
    calls = RemoteCall.objects.filter(operator=seamless.operator, kind="win").order_by("created_at")
    return list(calls.values_list("state", flat=True))


@pytest.mark.usefixtures("committed_db")
def test_the_first_answer_brings_all_that_waits(seamless: Seamless, caller: Caller) -> None:
    owed(seamless, 5)
    at = seamless.play.now
    messengers = Messengers(caller, ManualClock(at))

    async def deliver() -> int:
        found = await messengers.send_due()
        await messengers.finish()
        return found

    async def play() -> list[int]:
        return [await deliver() for _ in range(3)]

    assert asyncio.run(play())[0] == 0, "nothing is due"
    first = RemoteCall.objects.filter(operator=seamless.operator, state="owed").earliest("created_at")
    RemoteCall.objects.filter(pk=first.pk).update(next_attempt_at=at)
    assert asyncio.run(play()) == [1, 4, 0]
    assert states(seamless) == ["paid"] * 5


@pytest.mark.django_db
def test_what_is_under_way_and_what_was_never_tried_keep_their_time(seamless: Seamless) -> None:
    owed(seamless, 3)
    now = seamless.play.now
    calls = RemoteCall.objects.filter(operator=seamless.operator, state="owed").order_by("created_at")
    waiting, under_way, new = calls
    RemoteCall.objects.filter(pk=under_way.pk).update(next_attempt_at=now + timedelta(seconds=20))
    RemoteCall.objects.filter(pk=new.pk).update(attempts=0)
    assert operations.catch_up(seamless.operator.pk, now=now) == 1
    assert [call.next_attempt_at == now for call in calls.all()] == [True, False, False]
    assert operations.catch_up(seamless.operator.pk + 1, now=now) == 0
    assert calls.all()[0].pk == waiting.pk
