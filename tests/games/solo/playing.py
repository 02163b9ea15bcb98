"""
A player's own rounds with crash points that a test chooses, played at the times it likes.

The house cannot choose: a chain is announced before its client seed is brought. A test looks at the announced chain's
root, and then brings a client seed under which the next round is as it wants it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from games.crash import fairness
from games.crash import operations as crash
from games.crash.models import GameConfig
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet
from games.crash.rules import CAPS, CURVE, reaching_tick
from games.crash.sealed import course_of, sealer
from games.solo import audit, operations
from games.solo.models import Bet, Chain, Round
from games.solo.operations import chains
from tests.games.crash.playing import account_of
from wallet import audit as wallet_audit
from wallet import queries

TICK_MS = 200
LONG_AGO = datetime.min.replace(tzinfo=UTC)
Answer = ClosedBet | PlacedBet | DomainError


def steer(
    game: str,
    account_id: int,
    *,
    low: int,
    high: int,
    now: datetime,
    rounds: int = 1,
    bonus: bool | None = None,
    tick_ms: int = TICK_MS,
) -> Round:
    """Bring a client seed under which the next rounds crash between the two hundredths; the round that then waits."""
    operations.advance([(game, account_id)], now=now, tick_ms=tick_ms)
    config = GameConfig.objects.filter(game_id=game).latest("version")
    chain = chains.announced(game, account_id)
    assert chain is not None
    root = bytes.fromhex(sealer().open(chain.root_sealed))
    seeds = [fairness.seed_at(root, length=chain.length, index=index) for index in range(rounds)]

    def fits(client_seed: str) -> bool:
        for seed in seeds:
            found = fairness.result_of(
                seed,
                client_seed,
                rtp=config.rtp,
                cap=CAPS[config.volatility],
                bonus_probability=config.bonus_probability,
                boost_percent=config.bonus_boost_percent,
            )
            if not low <= found.crash_point <= high or bonus not in (None, found.bonus_tick is not None):
                return False
        return True

    wanted = next(text for number in count() if fits(text := f"steered-{number}"))
    return operations.bring_seed(game, account_id, wanted, now=now, tick_ms=tick_ms)


def steer_player(username: str, *, low: int, high: int, rounds: int, is_demo: bool = False) -> None:
    """Of a seeded player, beside a running server that does not show them their round yet."""
    account = queries.player_account(User.objects.get(username=username), is_demo=is_demo)
    assert account is not None
    now, tick_ms = system_clock.now(), settings.CRASH_TICK_MS
    steer("BigPanda", account.pk, low=low, high=high, rounds=rounds, now=now, tick_ms=tick_ms)


@dataclass
class Solo:
    """One player at one game. Times are milliseconds from the start of the round."""

    game: str
    player: Any
    now: datetime
    round: Round | None = None
    started: datetime = LONG_AGO

    @classmethod
    def set_up(cls, player: Any, now: datetime, **rules: Any) -> "Solo":
        game = f"S{uuid4().hex[:10]}"
        table = crash.ensure_game(slug=game, title=game, now=now)
        if rules:
            crash.change_config(table, author=player, now=now, **rules)
        return cls(game, player, now)

    def beside(self, player: Any) -> "Solo":
        """Another player at the same game."""
        return Solo(self.game, player, self.now)

    @property
    def account_id(self) -> int:
        return account_of(self.player)

    @property
    def place(self) -> tuple[str, int]:
        return self.game, self.account_id

    def advance(self) -> Round:
        (self.round,) = operations.advance([self.place], now=self.now, tick_ms=TICK_MS)
        return self.round

    def coming(self, low: int, high: int | None = None, *, bonus: bool | None = None) -> Round:
        """The next round crashes there."""
        self.round = steer(
            self.game, self.account_id, low=low, high=low if high is None else high, now=self.now, bonus=bonus
        )
        return self.round

    def request(self, *, stake: int = 1000, auto: int | None = None, identifier: int = 1) -> BetRequest:
        whose = (self.player.pk, self.player.username, self.account_id, "BRL", self.player.is_demo)
        return BetRequest(self.game, *whose, stake, identifier, auto)

    def bet(self, **wish: Any) -> Any:
        (answer,) = operations.start_rounds([self.request(**wish)], now=self.now)
        if isinstance(answer, PlacedBet):
            self.started = self.now
        return answer

    def placed(self, **wish: Any) -> UUID:
        answer = self.bet(**wish)
        assert isinstance(answer, PlacedBet), answer
        return answer.bet_id

    def at(self, milliseconds: int) -> datetime:
        return self.started + timedelta(milliseconds=milliseconds)

    def after(self, milliseconds: int) -> None:
        self.now = self.at(milliseconds)

    def action(self, bet: UUID, ms: int, at: int | None = None) -> BetAction:
        return BetAction(self.player.pk, self.account_id, bet, self.at(ms), at)

    def out(self, bet: UUID, ms: int, *, at: int | None = None) -> Any:
        """The answer to a cash-out received then (and committed whenever `now` is)."""
        (answer,) = operations.cash_outs([self.action(bet, ms, at)], now=max(self.now, self.at(ms)))
        return answer

    def crash_ms(self) -> int:
        assert self.round is not None
        return course_of(self.round).crash_ms

    def finish(self) -> Round:
        """Let the time of the round pass, and advance; the finished round."""
        assert self.round is not None
        finished = self.round.pk
        self.after(self.crash_ms())
        self.advance()
        return Round.objects.get(pk=finished)

    def money(self) -> int:
        return queries.balance(self.player, is_demo=self.player.is_demo).available_minor


def ms_of(multiplier: int) -> int:
    """When the curve shows at least that."""
    return reaching_tick(multiplier) * TICK_MS


def shown_at(ms: int) -> int:
    return CURVE[ms // TICK_MS]


def fate(bet: UUID) -> tuple[str, int, int | None]:
    row = Bet.objects.get(pk=bet)
    return row.status, row.payout_minor, row.multiplier_hundredths


def findings(now: datetime) -> list[str]:
    return [*audit.findings(now), *wallet_audit.findings(now)]


def chains_of(solo: Solo) -> list[Chain]:
    return list(Chain.objects.filter(account_id=solo.account_id, game_id=solo.game).order_by("number"))
