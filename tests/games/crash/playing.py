"""A table whose crash point a test chooses, played step by step at chosen times."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from casino.lib.errors import DomainError
from games.crash import operations
from games.crash.models import Bet, Game, GameConfig, Round
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet
from games.crash.sealed import course_of, sealer
from tests.wallet.crash_table import TICK_MS, set_up
from wallet import queries

Answer = ClosedBet | DomainError


@dataclass
class Play:
    """One game with its engine; `alice` has bets by identifier."""

    game: str
    epoch: int
    now: datetime
    players: dict[str, Any] = field(default_factory=dict)
    round: Round | None = None
    started: datetime | None = None

    def open(self, crash_point: int = 200, bonus_tick: int | None = None) -> Round:
        """A round that takes bets and will crash at `crash_point` (its sealed result is replaced)."""
        opened = operations.open_round(self.game, epoch=self.epoch, now=self.now, wait_ms=5000, tick_ms=TICK_MS)
        assert opened is not None
        secret = json.loads(sealer().open(opened.sealed))
        secret |= {"crash_point": crash_point, "bonus_tick": bonus_tick}
        Round.objects.filter(pk=opened.pk).update(sealed=sealer().seal(json.dumps(secret)))
        self.round = Round.objects.get(pk=opened.pk)
        return self.round

    def bet(self, player: Any, identifier: int = 1, *, stake: int = 1000, auto: int | None = None) -> Any:
        """The answer to one bet."""
        request = self.request(player, identifier, stake=stake, auto=auto)
        return operations.place_bets(self.game, [request], now=self.now)[0]

    def request(self, player: Any, identifier: int = 1, *, stake: int = 1000, auto: int | None = None) -> BetRequest:
        demo = player.is_demo
        account = account_of(player)
        return BetRequest(self.game, player.pk, player.username, account, "BRL", demo, stake, identifier, auto)

    def placed(self, player: Any, identifier: int = 1, *, stake: int = 1000, auto: int | None = None) -> UUID:
        answer = self.bet(player, identifier, stake=stake, auto=auto)
        assert isinstance(answer, PlacedBet), answer
        return answer.bet_id

    def reserved(self, player: Any, identifier: int = 1, *, stake: int = 1000) -> UUID:
        request = replace(self.request(player, identifier, stake=stake), reserve=True)
        answer = operations.place_bets(self.game, [request], now=self.now)[0]
        assert isinstance(answer, PlacedBet), answer
        return answer.bet_id

    def launch(self) -> None:
        assert self.round is not None
        self.now += timedelta(seconds=5)
        self.round = operations.launch_round(self.round.pk, epoch=self.epoch, now=self.now)
        self.started = self.now

    def at(self, milliseconds: int) -> datetime:
        assert self.started is not None
        return self.started + timedelta(milliseconds=milliseconds)

    def out(
        self, player: Any, bet: UUID, ms: int, *, at: int | None = None, verb: Callable[..., Any] | None = None
    ) -> Any:
        action = BetAction(player.pk, account_of(player), bet, self.at(ms), at)
        return (verb or operations.cash_outs)([action], now=self.at(ms))[0]

    def crash(self) -> Round:
        assert self.round is not None
        self.round = operations.crash_round(self.round.pk, epoch=self.epoch, at=self.at(course_of(self.round).crash_ms))
        return self.round

    def settle(self) -> Round:
        assert self.round is not None
        self.now = self.at(course_of(self.round).crash_ms + 300)
        self.round = operations.settle_round(self.round.pk, epoch=self.epoch, now=self.now)
        return self.round

    def finish(self) -> Round:
        self.crash()
        return self.settle()

    def config(self) -> GameConfig:
        return GameConfig.objects.filter(game_id=self.game).latest("version")

    def set_game(self, **changes: Any) -> None:
        Game.objects.filter(pk=self.game).update(**changes)


def account_of(player: Any) -> int:
    account = queries.player_account(player, is_demo=player.is_demo)
    assert account is not None
    return account.pk


def money(player: Any) -> int:
    return queries.balance(player, is_demo=player.is_demo).available_minor


def fate(bet: UUID) -> tuple[str, int, int | None]:
    row = Bet.objects.get(pk=bet)
    return row.status, row.payout_minor, row.multiplier_hundredths


def make_play(player: Any, now: datetime) -> Play:
    table = set_up(player, now)
    return Play(table.game, table.epoch, table.now)
