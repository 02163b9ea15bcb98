"""Versions of the games' rules: kept with each bet, and refused where they would cheat either side."""

from fractions import Fraction
from typing import Any

import pytest

from accounts.models import User
from games.instant import queries
from games.instant.errors import (
    ConfigRefused,
)
from games.instant.models import InstantBet, InstantConfig, InstantGame
from games.instant.operations import (
    StakeLimits,
    change_config,
    ensure_games,
)
from games.instant.videopoker.rules import GAME as VIDEO_POKER
from tests.games.instant.casino import Casino


def test_a_bet_keeps_the_version_it_was_played_under(casino: Casino) -> None:
    staff = User.objects.create(username="staff")
    casino.player("alice")
    before = casino.played("alice", outcome=0)
    change_config(InstantGame.objects.get(pk="dice"), author=staff, now=casino.now, rtp_bps=9_500, note="spring")
    after = casino.played("alice", outcome=0)
    assert [(bet.config_version, bet.payout_minor) for bet in (before, after)] == [(1, 19_80), (2, 19_00)]
    assert [row.config.rtp_bps for row in InstantBet.objects.select_related("config").order_by("pk")] == [9_900, 9_500]
    assert casino.findings() == [], "each is computed anew under its own version"
    assert queries.in_force(["dice"])["dice"][0].rtp == Fraction(95, 100)


def test_the_games_are_set_up_once(casino: Casino) -> None:
    ensure_games(now=casino.now)
    assert InstantConfig.objects.count() == InstantGame.objects.count() == 4


def poker(**changes: int) -> dict[str, Any]:
    return {"pays": {**VIDEO_POKER.default_table["pays"], **changes}}


def limits(minimum: int, maximum: int, default: int) -> dict[str, StakeLimits]:
    return {"BRL": StakeLimits(minimum, maximum, default)}


@pytest.mark.parametrize(
    ("game", "changes", "words"),
    [
        ("dice", {"rtp_bps": 7_499}, "between 0.7500 and 0.9999"),
        ("dice", {"rtp_bps": 10_000}, "between 0.7500 and 0.9999"),
        ("dice", {"table": {"pays": 2}}, "has no pay table"),
        ("shell", {"table": {"pays": 2}}, "has no pay table"),
        ("videopoker", {"rtp_bps": 9_500}, "returns 98.9996%; configured are 95.00%"),
        ("videopoker", {"rtp_bps": 9_915}, "may stay below that by 0.10% at most"),
        ("videopoker", {"table": poker(**{"Jacks or Better": 301})}, "This table returns 99.1296%"),
        ("videopoker", {"table": {"pays": {}}}, "The table says for each of these hands"),
        ("slots", {"table": {}}, "The table has strips, symbols and lines."),
        ("dice", {"limits": limits(0, 10, 5)}, "limits of BRL must be in order"),
        ("dice", {"limits": limits(100, 99, 100)}, "limits of BRL must be in order"),
        ("dice", {"limits": limits(100, 200, 99)}, "limits of BRL must be in order"),
        ("dice", {"limits": limits(100, 10**13, 100)}, "limits of BRL must be in order"),
        ("dice", {"limits": limits(3, 100, 5)}, "smallest stake of 3 minor units in BRL"),
        ("dice", {"limits": limits(4, 100, 5)}, "only 74.25%; it must be 75% at least"),
    ],
)
def test_rules_that_cheat_either_side_are_refused(
    game: str, changes: dict[str, Any], words: str, casino: Casino
) -> None:
    staff = User.objects.create(username="staff")
    with pytest.raises(ConfigRefused, match=words):
        change_config(InstantGame.objects.get(pk=game), author=staff, now=casino.now, **changes)
    assert InstantConfig.objects.filter(game=game).count() == 1


# History
