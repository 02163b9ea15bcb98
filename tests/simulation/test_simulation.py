"""The simulator itself: it holds over seeds, repeats exactly, and notices when a rule is broken on purpose."""

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from casino.lib import money
from games.crash.operations import closing, rounds
from games.crash.simulation.checks import Violation, simulate


def a_name() -> str:
    return uuid4().hex[:8]


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_check_holds_through_every_mishap(seed: int) -> None:
    summary = simulate(seed, rounds=8, name=a_name())
    assert summary.rounds == 8
    assert summary.bets > 0


@pytest.mark.usefixtures("db")
def test_a_payout_that_is_one_cent_off_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(stake: int, multiplier: int, boost: int = 0) -> int:
        return money.payout_minor(stake, multiplier, boost) + 1

    monkeypatch.setattr(closing, "payout_minor", generous)
    monkeypatch.setattr(rounds, "payout_minor", generous)
    # All is rolled back in the end, so nothing commits: players are told at once.
    monkeypatch.setattr(transaction, "on_commit", lambda tell: tell())
    with pytest.raises(Violation, match="paid") as caught:
        simulate(7, rounds=10, name=a_name())
    assert caught.value.seed == 7
    assert caught.value.events


@pytest.mark.usefixtures("db")
def test_the_command_refuses_a_database_with_players(make_player: object) -> None:
    make_player("alice")  # type: ignore[operator]
    with pytest.raises(CommandError, match="has players"):
        call_command("simulate", "--here", "--rounds", "1")
