"""One player and several codes at the same moment, and one day closed by several workers; on real connections."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from accounts.affiliates import operations as affiliates
from accounts.affiliates.models import Affiliate, Referral
from accounts.affiliates.operations import credit
from tests.affiliates.conftest import after, on
from tests.games.crash.playing import make_play
from tests.wallet.threads import at_once
from wallet.affiliates import audit, operations
from wallet.affiliates.models import ClosedDay, Share
from wallet.models import Transfer
from wallet.queries import balance

pytestmark = pytest.mark.usefixtures("committed_db")
needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)
TIMES = 6


@pytest.fixture
def rivals(make_player: Callable[..., Any], day: date) -> list[Affiliate]:
    names = [f"rival-{uuid4().hex[:8]}" for _ in range(TIMES)]
    return [affiliates.create(name, owner=make_player("owner"), actor=None, now=on(day, 1)) for name in names]


def test_of_several_codes_at_once_one_is_credited(
    rivals: list[Affiliate], make_player: Callable[..., Any], day: date
) -> None:
    alice = make_player("alice")
    answers = at_once([lambda c=rival.code: credit(alice.pk, c, now=on(day)) for rival in rivals])
    assert sorted(answers) == [False] * (TIMES - 1) + [True]
    winner = rivals[answers.index(True)]
    assert Referral.objects.get(player=alice).affiliate == winner


@needs_row_locks
def test_control_a_look_before_the_insert_would_let_them_all_in_but_for_the_database(
    rivals: list[Affiliate], make_player: Callable[..., Any], day: date
) -> None:
    """All of them see nobody credited, and all of them insert: only the table's own key stops the rest."""
    alice = make_player("alice")

    def without_care(affiliate: Affiliate) -> bool:
        nobody = not Referral.objects.filter(player=alice).exists()
        Referral.objects.create(player=alice, affiliate=affiliate, at=on(day), via="api")
        return nobody

    answers = at_once([lambda a=rival: without_care(a) for rival in rivals])
    assert sum(isinstance(answer, IntegrityError) for answer in answers) >= 1
    assert Referral.objects.filter(player=alice).count() == 1


def test_a_day_that_several_close_at_once_is_booked_once(
    rivals: list[Affiliate], make_player: Callable[..., Any], day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker goes on until there is nothing left; nobody books what another has."""
    monkeypatch.setattr(operations, "undecided", [])  # other tests of this database leave rounds open
    first = ClosedDay.objects.order_by("-day").first()
    day = max(day, first.day + timedelta(days=1)) if first else day  # days that no other test of this database closed
    players = [make_player("bettor", real=1000_00) for _ in rivals]
    table = make_play(players[0], on(day))
    table.open()
    for rival, player in zip(rivals, players, strict=True):
        credit(player.pk, rival.code, now=on(day, 2))
        for i in range(3):
            table.now = on(day + i * timedelta(days=1))
            table.placed(player, i + 1, stake=100_00, auto=200)
    last = day + timedelta(days=2)
    answers = at_once([lambda: operations.close_days(now=after(last))] * TIMES)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    closed = [one.day for answer in answers for one in answer]
    assert len(closed) == len(set(closed)), "each day by one of them"
    operations.close_days(now=after(last))
    ours = Share.objects.filter(affiliate__in=rivals)
    assert (ours.count(), set(ours.values_list("share_minor", flat=True))) == (3 * TIMES, {10_00})
    for rival in rivals:
        assert rival.owner is not None
        assert balance(rival.owner, is_demo=False).available_minor == 30_00
        assert Transfer.objects.filter(pk__startswith=f"affiliate:{rival.pk}:").count() == 3
    assert [line for line in audit.findings(after(last)) if any(f"affiliate {r.pk} " in line for r in rivals)] == []
