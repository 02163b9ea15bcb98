from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import Partner
from accounts.partners.rules import SCOPES, Environment, Role


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def acme(db: None, now: datetime) -> Partner:
    return partners.create_partner("Acme", slug="acme", owner=User.objects.create(username="olga"), now=now)


@pytest.fixture
def rival(db: None, now: datetime) -> Partner:
    return partners.create_partner("Rival", slug="rival", owner=User.objects.create(username="rita"), now=now)


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    def sign_in(username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def olga(acme: Partner, signed_in: Callable[[str], Client]) -> Client:
    """Acme's owner, signed in."""
    return signed_in("olga")


@pytest.fixture
def vera(acme: Partner, now: datetime, signed_in: Callable[[str], Client]) -> Client:
    """Who may look only."""
    viewer = User.objects.create(username="vera")
    partners.add_member(acme, viewer, role=Role.VIEWER, actor=None, now=now)
    return signed_in("vera")


@pytest.fixture
def issue(now: datetime) -> Callable[..., Any]:
    def make(partner: Partner, environment: str = "test", **given: Any) -> Any:
        given.setdefault("scopes", SCOPES)
        return partners.issue_key(partner, Environment(environment), actor=None, now=now, **given)

    return make
