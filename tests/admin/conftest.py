"""A played game, and staff of every group with a signed-in client each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts import operations as account_operations
from accounts.models import AuditEntry, GameSession, PlayerKey, User
from casino.lib.clock import system_clock
from games.crash.models import Bet, GameConfig, Round, SeedChain
from games.social.models import ChatMessage
from tests.wallet.crash_table import Table, set_up
from wallet.models import Account, Transfer

GROUPS = ("support", "risk", "finance", "admin")


@dataclass
class World:
    table: Table
    bets: dict[str, UUID]
    alice: User
    session: GameSession
    key: PlayerKey
    message: ChatMessage

    @property
    def rows(self) -> dict[str, Any]:
        """One row of every model in the back office, by its address."""
        settled = Bet.objects.select_related("round").get(pk=self.bets["auto"]).round
        return {
            "accounts/user": self.alice.pk,
            "accounts/gamesession": self.session.pk,
            "accounts/playerkey": self.key.pk,
            "accounts/auditentry": AuditEntry.objects.latest("pk").pk,
            "wallet/account": self.table.account_id,
            "wallet/transfer": Transfer.objects.filter(debit_account_id=self.table.account_id).latest("created_at").pk,
            "wallet/currency": "BRL",
            "crash/game": self.table.game,
            "crash/gameconfig": GameConfig.objects.get(game=self.table.game).pk,
            "crash/round": settled.pk,
            "crash/bet": self.bets["auto"],
            "crash/seedchain": SeedChain.objects.filter(game=self.table.game).latest("pk").pk,
            "social/chatmessage": self.message.pk,
        }

    @property
    def waiting(self) -> Round:
        return Round.objects.get(game=self.table.game, state=Round.State.WAITING)

    @property
    def account(self) -> Account:
        return Account.objects.get(pk=self.table.account_id)


@pytest.fixture
def world(db: None, make_player: Callable[..., Any], now: datetime) -> World:
    alice = make_player("alice", real=1000_00)
    table = set_up(alice, now)
    bets = table.play()
    _, session = account_operations.open_session(alice, is_demo=False, now=system_clock.now(), address="203.0.113.7")
    account_operations.issue_player_key(alice, now=now)
    message = ChatMessage.objects.create(game=table.game, author=alice, text="hello <b>all</b>", created_at=now)
    return World(table, bets, alice, session, PlayerKey.objects.get(player=alice), message)


@pytest.fixture
def signed_in(db: None) -> Callable[[str], Client]:
    """`signed_in("risk")`: a client of a new member of that group; also `superuser` and `player`."""

    def sign_in(role: str) -> Client:
        name = f"{role}-{uuid4().hex[:8]}"
        user = User.objects.create(username=name, is_staff=role != "player", is_superuser=role == "superuser")
        if role in GROUPS:
            user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        client.staff = user  # type: ignore[attr-defined]
        return client

    return sign_in
