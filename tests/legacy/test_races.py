"""What one player sends at the same moment, by several connections."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from games.instant import operations
from games.instant.models import InstantBet
from tests.legacy.kit import Answer, Bot, bot_of, wish
from tests.wallet.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def make(make_player: Callable[..., Any], now: datetime) -> Callable[[int], Bot]:
    def make(real: int) -> Bot:
        operations.ensure_games(now=now)
        return bot_of(make_player("racer", real=real), now)

    return make


def together(bot: Bot, many: int, send: Callable[[Bot], Answer]) -> list[Answer]:
    """On a connection each, as several programs with one key."""
    answers = at_once([lambda: send(Bot(bot.player, bot.key, Client())) for _ in range(many)])
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert failed == []
    return answers


def test_of_bets_that_name_one_hash_exactly_one_is_played(make: Callable[[int], Bot]) -> None:
    racer = make(1_000_00)
    promised = racer.get("/v1/user").body["hash"]
    answers = together(racer, 4, lambda bot: bot.bet("dice", hash=promised))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 3}
    assert InstantBet.objects.filter(player=racer.player).count() == 1


def test_without_a_hash_each_is_played_on_one_of_its_own(make: Callable[[int], Bot]) -> None:
    """The control: it is the hash that lets only one through."""
    racer = make(1_000_00)
    answers = together(racer, 4, lambda bot: bot.bet("dice"))
    assert [answer.status for answer in answers] == [200] * 4
    assert len({answer.body["salt"] for answer in answers}) == 4
    assert racer.money == 1000 + sum(answer.body["payout"] for answer in answers)


def test_money_for_three_bets_makes_three_bets(make: Callable[[int], Bot]) -> None:
    racer = make(30_00)
    answers = together(racer, 6, lambda bot: bot.bet("dice", wager=10, range=1))  # never won, but once in 2^32
    assert Counter(answer.status for answer in answers) == {200: 3, 402: 3}
    assert racer.money == 0


def test_more_at_once_than_there_are_places_are_turned_away_and_lose_nothing(make: Callable[[int], Bot]) -> None:
    racer = make(1_000_00)
    answers = together(racer, 20, lambda bot: bot.multi(*[wish("dice", wager=1)] * 10))
    counted = Counter(answer.status for answer in answers)
    assert set(counted) <= {200, 429}
    played = [bet for answer in answers if answer.status == 200 for bet in answer.body]
    assert len(played) == counted[200] * 10 == InstantBet.objects.filter(player=racer.player).count()
    assert racer.money == 1000 + sum(Decimal(bet["payout"]) for bet in played)


def test_fifty_bets_of_a_multi_are_in_the_books_and_audited(make: Callable[[int], Bot], now: datetime) -> None:
    from games.instant.audit import recomputed

    racer = make(1_000_00)
    games = ["dice", "videopoker", "shell", "slots"]
    answer = racer.multi(*[wish(games[i % 4], wager=1) for i in range(50)])
    assert answer.status == 200
    bets = list(InstantBet.objects.filter(player=racer.player).order_by("pk"))
    assert [bet.pk for bet in bets] == [played["id"] for played in answer.body]
    assert len({bet.played_at for bet in bets}) == 1, "one transaction"
    assert [recomputed(bet) for bet in bets] == [None] * 50
    assert Decimal(answer.body[-1]["balance"]) == racer.money
