"""What the code never does, the database refuses as well: rows of bets and versions that are wrong, or changed."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from games.instant.fairness import SPACE
from games.instant.models import Commitment, InstantBet, InstantConfig, InstantGame, InstantLimit
from tests.games.instant.casino import Casino


@pytest.fixture
def bet(casino: Casino) -> InstantBet:
    casino.player("alice")
    casino.played("alice", outcome=0)
    return InstantBet.objects.get()


def refused(change: Callable[[], object]) -> None:
    """By the database's own rule, at the latest when its transaction would end."""

    @transaction.atomic
    def attempt() -> None:
        change()
        connection.check_constraints()

    with pytest.raises(DatabaseError):
        attempt()


def another(bet: InstantBet, **changes: Any) -> InstantBet:
    """A bet like this one, under a name of its own."""
    values = {field.attname: getattr(bet, field.attname) for field in InstantBet._meta.fields}
    return InstantBet(**(values | {"id": None, "key": uuid4(), "hash": "0" * 64} | changes))


def test_a_proper_row_would_pass(bet: InstantBet) -> None:
    another(bet).save(force_insert=True)
    connection.check_constraints()


@pytest.mark.parametrize(
    "changes",
    [
        {"stake_minor": 0, "balance_after_minor": 119_80},
        {"stake_minor": -1, "balance_after_minor": 119_81},
        {"payout_minor": -1, "balance_after_minor": 89_99},
        {"payout_minor": 19_81},
        {"payout_minor": 19_81, "most_payout_minor": 19_80, "balance_after_minor": 109_81},
        {"balance_before_minor": 100_01},
        {"secret": SPACE},
        {"secret": -1},
        {"client_seed": SPACE},
        {"client_seed": -1},
        {"outcome": 1},
        {"outcome": SPACE},
        {"game_id": "roulette"},
        {"config_id": 10**6},
        {"account_id": 10**6},
        {"currency_id": "XXX"},
        {"player_id": 10**6},
        {"played_at": None},
        {"key": None},
    ],
    ids=str,
)
def test_a_bet_that_does_not_add_up_is_refused(changes: dict[str, Any], bet: InstantBet) -> None:
    refused(lambda: another(bet, **changes).save(force_insert=True))
    assert InstantBet.objects.count() == 1


@pytest.mark.parametrize("name", ["key", "hash"])
def test_no_two_bets_share_a_key_or_a_hash(name: str, bet: InstantBet) -> None:
    refused(lambda: another(bet, **{name: getattr(bet, name)}).save(force_insert=True))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (InstantBet, {"payout_minor": F("payout_minor")}),
        (InstantBet, {"shown_json": "{}"}),
        (InstantConfig, {"rtp_bps": 9_999}),
        (InstantConfig, {"table": {}}),
        (InstantConfig, {"note": "another reason"}),
        (InstantLimit, {"max_stake_minor": 10**9}),
    ],
)
def test_what_was_played_and_the_rules_it_was_played_by_are_never_changed(
    model: Any, change: dict[str, Any], bet: InstantBet
) -> None:
    before = list(model.objects.order_by("pk").values())
    refused(lambda: model.objects.update(**change))
    refused(lambda: model.objects.filter(pk=model.objects.latest("pk").pk)._raw_delete("default"))
    assert list(model.objects.order_by("pk").values()) == before


def test_a_version_comes_once_and_within_reason(bet: InstantBet) -> None:
    game = InstantGame.objects.get(pk="dice")
    known = {"game": game, "created_at": bet.played_at}
    refused(lambda: InstantConfig.objects.create(version=1, rtp_bps=9_900, **known))
    for rtp in (7_499, 10_000):
        refused(lambda rtp=rtp: InstantConfig.objects.create(version=2, rtp_bps=rtp, **known))  # type: ignore[misc]


@pytest.mark.parametrize("stakes", [(0, 10, 5), (10, 5, 5), (10, 20, 5), (1, 10, 11)])
def test_limits_are_in_order(stakes: tuple[int, int, int], bet: InstantBet) -> None:
    config = InstantConfig.objects.create(game_id="dice", version=2, rtp_bps=9_900, created_at=bet.played_at, table={})
    least, most, proposed = stakes
    row = InstantLimit(
        config=config, currency_id="BRL", min_stake_minor=least, max_stake_minor=most, default_stake_minor=proposed
    )
    refused(row.save)


def test_an_account_has_one_next_secret(bet: InstantBet) -> None:
    refused(
        lambda: Commitment.objects.bulk_create(
            [Commitment(account_id=bet.account_id, sealed="x", hash="y", made_at=bet.played_at)]
        )
    )
