"""A played game, and staff of every group with a signed-in client each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from django.test import Client

from accounts import operations as account_operations
from accounts.affiliates import operations as affiliates
from accounts.affiliates.models import Affiliate
from accounts.models import AuditEntry, GameSession, PlayerKey, User
from accounts.partners import operations as partners
from accounts.partners.models import ApiKey
from accounts.partners.rules import Environment
from accounts.protection import operations as protection
from accounts.protection.models import Exclusion, Limit, Reached
from accounts.protection.rules import Kind, LimitWish, Period, Source
from accounts.protection.rules import Wish as Protection
from accounts.webhooks import operations as webhooks
from accounts.webhooks.models import Delivery
from accounts.webhooks.rules import new_secret
from casino.lib.clock import ManualClock, system_clock
from games.crash.models import Bet, GameConfig, Round, SeedChain
from games.instant.models import InstantBet, InstantConfig
from games.instant.operations import ensure_games
from games.social.models import ChatMessage
from tests.games.instant.casino import Casino
from tests.psp.kit import Psp
from tests.wallet.crash_table import Table, set_up
from wallet import operations as wallet
from wallet.exchange.models import Conversion, ExchangeRate
from wallet.exchange.operations import convert, set_rate
from wallet.models import Account, Transfer
from wallet.operators import operations as operators
from wallet.operators.models import RemoteCall
from wallet.operators.operations import StakeCall, StakeWish
from wallet.operators.protocol import Unknown
from wallet.psp import operations as payments
from wallet.psp.models import SuspenseCase
from wallet.reconciliation.models import Difference, Run
from wallet.reconciliation.operations import reconcile
from wallet.reconciliation.rules import StatementLine
from wallet.reconciliation.sources import Listed
from wallet.transfers.models import PartnerTransfer
from wallet.transfers.operations import Wish, move
from wallet.transfers.queries import Moved

GROUPS = ("support", "risk", "finance", "admin")


@dataclass
class World:
    table: Table
    bets: dict[str, UUID]
    alice: User
    session: GameSession
    key: PlayerKey
    message: ChatMessage
    api_key: ApiKey
    delivery: Delivery
    case: SuspenseCase
    moved: PartnerTransfer
    instant_bet: InstantBet

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
            "exchange/exchangerate": ExchangeRate.objects.latest("pk").pk,
            "exchange/conversion": Conversion.objects.latest("pk").pk,
            "crash/game": self.table.game,
            "crash/gameconfig": GameConfig.objects.get(game=self.table.game).pk,
            "crash/round": settled.pk,
            "crash/bet": self.bets["auto"],
            "crash/seedchain": SeedChain.objects.filter(game=self.table.game).latest("pk").pk,
            "bankroll/bankroll": "BRL",
            "affiliates/affiliate": Affiliate.objects.latest("pk").pk,
            "instant/instantgame": "dice",
            "instant/instantconfig": InstantConfig.objects.get(game="dice").pk,
            "instant/instantbet": self.instant_bet.pk,
            "reconciliation/run": Run.objects.latest("pk").pk,
            "reconciliation/difference": Difference.objects.latest("pk").pk,
            "social/chatmessage": self.message.pk,
            "partners/partner": self.api_key.partner_id,
            "partners/apikey": self.api_key.pk,
            "webhooks/endpoint": self.delivery.endpoint_id,
            "webhooks/delivery": self.delivery.pk,
            "operators/operator": RemoteCall.objects.latest("created_at").operator_id,
            "operators/remotecall": quote(RemoteCall.objects.get(kind="refund").pk),
            "psp/provider": self.case.report.provider_id,
            "psp/cashierlimits": "BRL",
            "psp/payment": self.case.report.payment_id,
            "psp/report": self.case.report_id,
            "psp/suspensecase": self.case.pk,
            "transfers/partnertransfer": self.moved.pk,
            "protection/limit": Limit.objects.latest("pk").pk,
            "protection/exclusion": Exclusion.objects.latest("pk").pk,
            "protection/reached": Reached.objects.latest("pk").pk,
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
    api_key, delivery = a_partner("acme", now)
    a_protected_player(make_player("carol"), now)
    keys = PlayerKey.objects.get(player=alice)
    case, moved = a_misfit(alice, now), a_transfer(api_key, now)
    set_rate("BRL", "EUR", Fraction("0.16"), source="bank", actor=None, now=now)
    convert(alice, source="BRL", target="EUR", amount_minor=10_05, reference="trip", now=now)
    a_difference(now)
    something_owed(api_key, now)
    affiliates.create("acme", name="Acme Ltd", actor=None, now=now)
    instant_bet = an_instant_bet(make_player, now)
    return World(table, bets, alice, session, keys, message, api_key, delivery, case, moved, instant_bet)


def an_instant_bet(make_player: Callable[..., Any], now: datetime) -> InstantBet:
    """With demo money, so that it is in no figure."""
    ensure_games(now=now)
    casino = Casino(make_player, now)
    casino.demo_player("eve")
    return InstantBet.objects.get(pk=casino.played("eve").id)


def something_owed(key: ApiKey, now: datetime) -> None:
    """A stake that nobody knows of goes back to the operator that was asked for it."""
    environment = Environment(key.environment)
    operators.connect(key.partner, environment, slug="acme-wallet", base_url="https://op.example", actor=None, now=now)
    _, account, _ = wallet.seat_partner_player(
        key.partner, environment, "s-1", currency="BRL", wallet="seamless", now=now
    )
    stake = StakeWish(uuid4(), account.pk, "BigPanda", "r", 500, "BRL", 100, is_demo=True)
    [call] = operators.request_stakes([stake], now=now)
    assert isinstance(call, StakeCall)
    operators.conclude({call.transaction_id: Unknown("no answer in time")}, now=now)


def a_misfit(player: User, now: datetime) -> SuspenseCase:
    """40.00 that arrived for a deposit of 50.00."""
    secret = new_secret()
    provider = payments.ensure_provider(
        "test-pay", name="Test Pay", base_url="https://pay.example", secret=secret, enabled=True, now=now
    )
    payment = payments.start_deposit(player, "test-pay", 5_000, form_key=uuid4(), now=now)
    found: SuspenseCase = Psp(provider, secret).tell("deposit.succeeded", payment, now=now, amount=4_000).case
    return found


def a_transfer(key: ApiKey, now: datetime) -> PartnerTransfer:
    player, account, _ = wallet.seat_partner_player(
        key.partner, Environment.TEST, "p-1", currency="BRL", wallet="transfer", now=now
    )
    (moved,) = move([Wish(player, account, "in", 700, "r-1")], now=now)
    assert isinstance(moved, Moved)
    return moved.row


def a_difference(now: datetime) -> None:
    """A provider tells of a deposit that is not in our books."""
    line = StatementLine("dep-1", "deposit", "", 50_00, "BRL", now)
    source = Listed("psp", "sandbox", lambda day: [], lambda day: [line] if day == now.date() else [])
    reconcile(source, now.date(), clock=ManualClock(now + timedelta(days=1)))


def a_protected_player(player: User, now: datetime) -> None:
    """With a limit that was reached, and excluded."""
    wish = Protection((LimitWish(Kind.STAKE, Period.DAY, 100),), exclusion_months=6)
    protection.change(player, wish, source=Source.PLAYER, actor=player, now=now)
    slot = {"kind": Kind.STAKE.value, "period": Period.DAY.value, "is_demo": False}
    Reached.objects.create(player=player, since=now, at=now, limit_minor=100, **slot)


def a_partner(name: str, now: datetime) -> tuple[ApiKey, Delivery]:
    """With a key, an endpoint, and a message on its way to it."""
    owner = User.objects.create(username=f"{name}-owner")
    partner = partners.create_partner(name.title(), slug=name, owner=owner, now=now)
    key = partners.issue_key(partner, Environment.TEST, scopes=["read:bets"], actor=None, now=now).key
    endpoint = webhooks.create_endpoint(
        partner, Environment.TEST, url="https://partner.example/", events=["bet.settled"], actor=None, now=now
    ).endpoint
    return key, webhooks.send_test(endpoint, now=now)


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
