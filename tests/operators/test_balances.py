"""What an operator says that its players have, asked over real HTTP."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from casino.lib.clock import ManualClock
from tests.operators.running import RunningOperator
from tests.operators.seamless import Seamless
from wallet import operations as wallet
from wallet.operators import client, operations
from wallet.operators.client import Caller
from wallet.operators.models import RemoteWallet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    made = Caller()
    monkeypatch.setattr(client, "_shared", (os.getpid(), made))
    yield made
    made.close()


@pytest.fixture
def seamless(operator: RunningOperator) -> Seamless:
    now = datetime.now(UTC)
    return Seamless.set_up(operator, now, ManualClock(now))


def told(seamless: Seamless, name: str) -> int | None:
    """What is known here of that player after asking."""
    player: Any = wallet.seat_partner_player(
        seamless.partner, seamless.operator.environment, name, currency="BRL", wallet="seamless", now=seamless.play.now
    )[0]
    operations.ask_balance_of(player, now=seamless.play.now)
    return RemoteWallet.objects.get(user=name).balance_minor


def test_a_balance_is_what_the_operator_says(seamless: Seamless) -> None:
    assert told(seamless, seamless.server.player(12_345)) == 12_345


def test_a_balance_that_is_counted_in_other_units_is_not_taken_for_ours(seamless: Seamless) -> None:
    assert told(seamless, seamless.server.player(12_345, denominator=1000)) is None
