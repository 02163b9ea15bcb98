"""A crash game of its own, played through the real operations at any time that a test likes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from games.crash import operations
from games.crash.models import Round
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet
from games.crash.sealed import course_of
from wallet import queries

TICK_MS = 200


@dataclass
class Table:
    """A crash game of its own with one engine, and a player with money."""

    game: str
    epoch: int
    player: Any
    account_id: int
    now: datetime

    def open(self) -> Round:
        round_ = operations.open_round(self.game, epoch=self.epoch, now=self.now, wait_ms=5000, tick_ms=TICK_MS)
        assert round_ is not None
        return round_

    def bet(self, identifier: int, auto: int | None = None) -> UUID:
        name, player = self.player.username, self.player.pk
        request = BetRequest(self.game, player, name, self.account_id, "BRL", False, 999, identifier, auto)
        (answer,) = operations.place_bets(self.game, [request], now=self.now)
        assert isinstance(answer, PlacedBet), answer
        return answer.bet_id

    def act(self, verb: Callable[..., Any], bet: UUID, at: datetime) -> None:
        (answer,) = verb([BetAction(self.player.pk, self.account_id, bet, at)], now=at)
        assert isinstance(answer, ClosedBet), answer

    def play(self) -> dict[str, UUID]:
        """A settled round with a bet of each fate, an undone one with a refunded bet, and one that takes bets."""
        while True:
            round_ = self.open()
            if course_of(round_).crash_tick > 15:
                break
            self.finish(round_)
        bets = {"auto": self.bet(1, auto=105), "manual": self.bet(2), "lost": self.bet(3), "cancelled": self.bet(4)}
        self.act(operations.cancel_bets, bets["cancelled"], self.now)
        self.now += timedelta(seconds=5)
        operations.launch_round(round_.pk, epoch=self.epoch, now=self.now)
        self.act(operations.cash_outs, bets["manual"], self.now + timedelta(milliseconds=10 * TICK_MS + 1))
        self.finish(round_)
        undone = self.open()
        bets["refunded"] = self.bet(1)
        operations.void_round(undone.pk, epoch=self.epoch, now=self.now)
        self.open()
        bets["open"] = self.bet(1)
        return bets

    def finish(self, round_: Round) -> None:
        operations.launch_round(round_.pk, epoch=self.epoch, now=self.now)
        self.now += timedelta(minutes=5)
        operations.crash_round(round_.pk, epoch=self.epoch, at=self.now)
        operations.settle_round(round_.pk, epoch=self.epoch, now=self.now)


def set_up(player: Any, now: datetime) -> Table:
    """A new game with an engine at work; `player` has money in BRL."""
    game = f"T{uuid4().hex[:10]}"
    operations.ensure_game(slug=game, title=game, now=now)
    lease = operations.take_lease(game, holder="test", now=now)
    account = queries.player_account(player, is_demo=False)
    assert lease is not None
    assert account is not None
    return Table(game, lease.epoch, player, account.pk, now)
