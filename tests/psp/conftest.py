from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.webhooks.rules import new_secret
from casino.api import limits
from tests.psp.kit import Psp
from wallet.psp import operations
from wallet.psp.models import Payment


@pytest.fixture
def psp(now: datetime) -> Psp:
    """A provider of the test's own, elsewhere."""
    secret = new_secret()
    slug = f"psp-{uuid4().hex[:8]}"
    provider = operations.ensure_provider(
        slug, name="Test Pay", base_url="https://pay.example", secret=secret, enabled=True, now=now
    )
    return Psp(provider, secret)


@pytest.fixture
def deposit(psp: Psp, now: datetime) -> Callable[..., Payment]:
    def start(player: User, amount: int = 5_000, **given: Any) -> Payment:
        key = given.get("form_key") or uuid4()
        return operations.start_deposit(player, psp.provider.slug, amount, form_key=key, now=now)

    return start


@pytest.fixture
def withdraw(psp: Psp, now: datetime) -> Callable[..., Payment]:
    def request(player: User, amount: int = 5_000, **given: Any) -> Payment:
        key = given.get("form_key") or uuid4()
        return operations.request_withdrawal(
            player, psp.provider.slug, amount, form_key=key, origin="http://testserver/", now=now
        )

    return request


@pytest.fixture(autouse=True)
def fresh_limits(settings: Any) -> Any:
    """Counted in this process, and from zero for each test."""
    settings.REDIS_URLS = []
    limits._shared.cache_clear()
    limits._in_memory.cache_clear()
    yield
    limits._shared.cache_clear()
    limits._in_memory.cache_clear()
