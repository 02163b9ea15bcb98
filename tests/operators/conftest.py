import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from casino.lib.clock import ManualClock
from tests.operators.running import RunningOperator, an_operator
from tests.operators.seamless import Seamless
from wallet.operators import client
from wallet.operators.client import Caller


@pytest.fixture(scope="session")
def running_operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOperator]:
    """One for all tests of a worker; make players of your own."""
    with an_operator(tmp_path_factory.mktemp("operator")) as running:
        yield running


@pytest.fixture
def operator(running_operator: RunningOperator) -> Iterator[RunningOperator]:
    """The same without anybody else's faults."""
    yield running_operator
    running_operator.no_faults()


@pytest.fixture
def now() -> datetime:
    """The real time: what is signed is looked at by a real operator."""
    return datetime.now(UTC)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """This process's own, new for each test: it remembers who does not answer."""
    made = Caller()
    monkeypatch.setattr(client, "_shared", (os.getpid(), made))
    yield made
    made.close()


@pytest.fixture
def seamless(operator: RunningOperator, caller: Caller, now: datetime) -> Seamless:
    return Seamless.set_up(operator, now, ManualClock(now))
