"""A partner whose players' money is at a running operator, and a table that they play at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import Partner, PartnerPlayer
from accounts.partners.rules import Environment
from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from games.crash import audit as crash_audit
from games.crash import operations as crash
from games.crash.operations import BetAction, BetRequest, remote
from games.crash.operations.remote import Wanted
from tests.games.crash.playing import Play, account_of
from tests.operators.running import SECRET, RunningOperator
from wallet import audit as wallet_audit
from wallet import operations as wallet
from wallet.operators import audit, operations
from wallet.operators.client import Caller
from wallet.operators.models import Operator, RemoteCall
from wallet.operators.protocol import Call, Confirmed


@dataclass
class Seamless:
    partner: Partner
    operator: Operator
    server: RunningOperator
    play: Play
    clock: Clock

    @classmethod
    def set_up(
        cls, server: RunningOperator, now: datetime, clock: Clock, environment: Environment = Environment.LIVE
    ) -> "Seamless":
        slug = f"op-{uuid4().hex[:8]}"
        partner = partners.create_partner(slug, slug=slug, owner=User.objects.create(username=slug), now=now)
        operator, _ = operations.connect(
            partner, environment, slug=slug, base_url=server.url, secret=SECRET, actor=None, now=now
        )
        game = f"T{uuid4().hex[:8]}"
        crash.ensure_game(slug=game, title=game, now=now)
        lease = crash.take_lease(game, holder="test", now=now)
        assert lease is not None
        return cls(partner, operator, server, Play(game, lease.epoch, now), clock)

    def seat(self, balance: int = 10_000) -> PartnerPlayer:
        """A player who has that much at the operator."""
        name = self.server.player(balance)
        player, _, _ = wallet.seat_partner_player(
            self.partner,
            Environment(self.operator.environment),
            name,
            currency="BRL",
            wallet="seamless",
            now=self.play.now,
        )
        return player

    def wish(self, player: PartnerPlayer, identifier: int = 1, *, stake: int = 1000, **more: Any) -> BetRequest:
        user, account = player.user, account_of(player.user)
        names = (self.play.game, user.pk, user.username, account, "BRL", False, stake, identifier)
        return BetRequest(*names, more.pop("auto", None), operator_id=self.operator.pk, **more)

    def ask(self, *wishes: BetRequest) -> list[BetRequest]:
        return remote.with_debits([Wanted(wish) for wish in wishes], self.clock)

    def bet(self, player: PartnerPlayer, identifier: int = 1, **wish: Any) -> Any:
        asked = self.ask(self.wish(player, identifier, **wish))
        return crash.place_bets(self.play.game, asked, now=self.play.now)[0]

    def placed(self, player: PartnerPlayer, identifier: int = 1, **wish: Any) -> UUID:
        answer = self.bet(player, identifier, **wish)
        assert not isinstance(answer, DomainError), answer
        return UUID(str(answer.bet_id))

    def out(self, player: PartnerPlayer, bet: UUID, ms: int, **more: Any) -> Any:
        return self.play.out(player.user, bet, ms, **more)

    def act(self, verb: Any, player: PartnerPlayer, bet: UUID) -> Any:
        action = BetAction(player.user_id, account_of(player.user), bet, self.play.now)
        return verb([action], now=self.play.now)[0]

    def deliver(self, now: datetime, caller: Caller) -> int:
        """What the worker does with what is due."""
        claimed = operations.claim(limit=100, now=now)
        verdicts = [
            (one, caller.submit(operations.endpoint_of(one.operator), Call(one.kind), operations.body_of(one)).result())
            for one in claimed
        ]
        operations.settle(verdicts, now=now, chance=0.5)
        return len(claimed)

    def has(self, player: PartnerPlayer, caller: Caller) -> int:
        """At the operator, as it says itself."""
        who = {"user": player.external_id, "currency": "BRL"}
        verdict = caller.submit(self.server.endpoint(), Call.BALANCE, who).result()
        assert isinstance(verdict, Confirmed), verdict
        return verdict.balance_minor

    def calls(self) -> list[tuple[str, str, int]]:
        """Kind, state and amount of what was asked of it and is owed to it."""
        found = RemoteCall.objects.filter(operator=self.operator).order_by("created_at", "kind")
        return list(found.values_list("kind", "state", "amount_minor"))


def findings(now: datetime) -> list[str]:
    return [*wallet_audit.findings(now), *audit.findings(now), *crash_audit.findings(now)]
