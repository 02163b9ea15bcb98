"""`manage.py verify_round`: anyone can recompute a round; nothing of a live one can be had."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from games.crash.models import Bet, GameConfig, Round
from tests.wallet.crash_table import Table, set_up
from tests.wallet.unguarded import unguarded

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def table(make_player: Callable[..., Any], now: datetime) -> Table:
    return set_up(make_player("alice", real=1000_00), now)


def verify(round_id: object) -> str:
    out = StringIO()
    call_command("verify_round", str(round_id), stdout=out)
    return out.getvalue()


def test_every_finished_round_verifies_and_a_voided_one_names_its_heir(table: Table) -> None:
    table.play()
    rounds = list(Round.objects.filter(game_id=table.game).order_by("number"))
    for round_ in rounds[:-2]:
        assert "The round verifies." in verify(round_.pk)
    voided, heir = rounds[-2:]
    assert f"is played by round {heir.pk}" in verify(voided.pk)


def test_an_unknown_and_an_unfinished_round_are_told_apart(table: Table) -> None:
    with pytest.raises(CommandError, match="not a round id"):
        verify("panda")
    with pytest.raises(CommandError, match="There is no round"):
        verify(uuid4())
    with pytest.raises(CommandError, match="is waiting: its seed is published when it has crashed"):
        verify(table.open().pk)


def test_a_changed_result_payout_or_rule_is_a_mismatch(table: Table) -> None:
    bets = table.play()
    bet = Bet.objects.get(pk=bets["auto"])
    round_ = bet.round
    for change, found in (
        (
            lambda: Round.objects.filter(pk=round_.pk).update(result_hundredths=(round_.result_hundredths or 0) + 1),
            "crash",
        ),
        (lambda: Round.objects.filter(pk=round_.pk).update(hash="0" * 64), "hash"),
        (lambda: Round.objects.filter(pk=round_.pk).update(salt="0" * 64), "seed hashes"),
        (lambda: Bet.objects.filter(pk=bet.pk).update(payout_minor=bet.payout_minor + 1), f"bet {bet.pk}"),
        (lambda: GameConfig.objects.filter(pk=round_.config_id).update(rtp_bps=9000), "crash point"),
    ):
        with unguarded():
            change()
            with pytest.raises(CommandError, match=f"does not verify: .*{found}"):
                verify(round_.pk)
    assert "The round verifies." in verify(round_.pk)
