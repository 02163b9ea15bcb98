from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import Partner
from accounts.partners.rules import Environment
from accounts.webhooks import operations
from accounts.webhooks.operations import NewEndpoint
from accounts.webhooks.rules import EVENTS
from tests.webhooks.receiver import Receiver, a_receiver


@pytest.fixture(autouse=True)
def private_targets(settings: Any) -> None:
    """The receivers of tests are on this machine."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as found:
        yield found


@pytest.fixture
def make_partner(now: datetime) -> Callable[[], Partner]:
    def make() -> Partner:
        name = f"acme-{uuid4().hex[:8]}"
        owner = User.objects.create(username=f"{name}-owner")
        return partners.create_partner(name, slug=name, owner=owner, now=now)

    return make


@pytest.fixture
def listen(now: datetime) -> Callable[..., NewEndpoint]:
    def make(
        partner: Partner, url: str = "http://127.0.0.1:9/", environment: str = "test", **given: Any
    ) -> NewEndpoint:
        given.setdefault("events", EVENTS)
        return operations.create_endpoint(partner, Environment(environment), url=url, actor=None, now=now, **given)

    return make
