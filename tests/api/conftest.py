from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import Partner, PartnerPlayer
from accounts.partners.rules import SCOPES, Environment
from games.crash import operations
from tests.api.kit import Caller
from tests.games.crash.playing import Play
from wallet import operations as wallet


@pytest.fixture
def now() -> datetime:
    """The real time, since requests are received at it."""
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def limits_of_this_test(fresh_limits: None) -> None:
    pass


@pytest.fixture
def make_caller(db: None, now: datetime) -> Callable[..., Caller]:
    def make(name: str = "acme", environment: str = "test", **key: Any) -> Caller:
        partner = Partner.objects.filter(slug=name).first()
        if partner is None:
            owner = User.objects.create(username=f"{name}-owner")
            partner = partners.create_partner(name.title(), slug=name, owner=owner, now=now)
        key.setdefault("scopes", SCOPES)
        issued = partners.issue_key(partner, Environment(environment), actor=None, now=now, **key)
        return Caller(partner, issued.key, issued.token, issued.secret)

    return make


@pytest.fixture
def acme(make_caller: Callable[..., Caller]) -> Caller:
    """With a key of the test environment and every scope."""
    return make_caller()


@pytest.fixture
def seat(now: datetime) -> Callable[..., PartnerPlayer]:
    def make(caller: Caller, external_id: str = "p-1", *, funds: int = 100_000) -> PartnerPlayer:
        environment = Environment(caller.key.environment)
        player, _, created = wallet.seat_partner_player(
            caller.partner, environment, external_id, currency="BRL", wallet="transfer", now=now
        )
        if created and environment is Environment.LIVE and funds:
            wallet.deposit(player.user, funds, reference=f"test:{player.pk}", now=now)
        return player

    return make


@pytest.fixture
def pat(acme: Caller, seat: Callable[..., PartnerPlayer]) -> PartnerPlayer:
    """A player of Acme's, with demo money."""
    return seat(acme)


@pytest.fixture
def play(db: None, now: datetime) -> Play:
    """BigPanda, with an engine that the test is."""
    operations.ensure_game(slug="BigPanda", title="BigPanda", now=now)
    lease = operations.take_lease("BigPanda", holder="test", now=now)
    assert lease is not None
    return Play("BigPanda", lease.epoch, now)
