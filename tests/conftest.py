"""
What all tests share.

Most tests run in a transaction that is rolled back (`django_db`). Tests with threads or servers use `committed_db`:
they really commit, never clean up (the ledger is append-only), and use players and games of their own.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from casino.lib.clock import ManualClock

_numbers = itertools.count(1)


# What touches the database that the settings name. Other tests need none, or start servers on one of their own.
OF_THE_DATABASE = {"db", "transactional_db", "committed_db", "django_db_setup"}
# Looks at pages whose questions are all the ORM's.
PAGES = {"admin", "portal"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only tests whose outcome may depend on DATABASE_URL")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _what_commits_comes_last(items)
    if not config.getoption("--only-database"):
        return
    kept, left = [], []
    for item in items:
        named = OF_THE_DATABASE.intersection(getattr(item, "fixturenames", ()))
        page = item.path.parent.name in PAGES
        (kept if (named or item.get_closest_marker("django_db")) and not page else left).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def _what_commits_comes_last(items: list[pytest.Item]) -> None:
    """
    Rows of `committed_db` stay, so no other test may come after it; a file's tests share a worker, and its servers.

    The workers take the groups in this order (`--dist loadgroup --no-loadscope-reorder`).
    """
    items.sort(key=_commits)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(f"{item.location[0]}{'+commits' if _commits(item) else ''}"))


def _commits(item: pytest.Item) -> bool:
    return "committed_db" in getattr(item, "fixturenames", ())


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    return ManualClock(now)


@pytest.fixture(autouse=True)
def house_accounts_asked_anew() -> None:
    """
    A process keeps the ids of the house's accounts, which never change; here they do, where a test is undone. The same
    with who was brought by an affiliate and with versions of rules, with partners' keys and players (which are proved
    before they count, but then asked again), and for a second with what the house risks.
    """
    from accounts.affiliates import operations as affiliates
    from accounts.partners import queries as partners
    from games.crash import partner_queries
    from games.instant import queries as instant
    from wallet import ledger, queries
    from wallet.bankroll import queries as bankroll

    ledger._house_books.clear()
    queries._house.clear()
    bankroll.forget()
    affiliates.forget()
    instant.forget()
    partners.KEYS.forget()
    partner_queries.SEATS.forget()


@pytest.fixture
def fresh_limits(settings: Any) -> Iterator[None]:
    """Counted in this process, and from zero for each test."""
    from casino.api import limits

    settings.REDIS_URLS = []
    limits._shared.cache_clear()
    limits._in_memory.cache_clear()
    yield
    limits._shared.cache_clear()
    limits._in_memory.cache_clear()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database with real commits; what a test writes stays, so use names of your own (`make_player`)."""
    from django.db import connection

    with django_db_blocker.unblock():
        # pytest-django makes the test database only when a collected test asks for `db`; never write to another one.
        if not Path(str(connection.settings_dict["NAME"])).name.startswith(("test_", "test.")):
            pytest.fail("no test database was made: collect a test that asks for `db` too")
        yield
        connection.close()


@pytest.fixture
def make_player(now: datetime) -> Callable[..., Any]:
    """`make_player("alice", real=100_00)`: a player with a unique name and that much in the real account."""

    def make(name: str = "player", *, currency: str = "BRL", real: int = 0, demo: bool = False) -> Any:
        from accounts.models import User
        from wallet import operations

        username = f"{name}-{next(_numbers)}-{uuid4().hex[:6]}"
        player = User.objects.create(username=username, currency_code=currency, is_demo=demo)
        operations.open_account(player, is_demo=demo, now=now)
        if real:
            operations.deposit(player, real, reference=f"test:{username}", now=now)
        return player

    return make


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The embedded server as a process of its own (one per test worker): `.url`, `.ws`, `.seed`, `.manage(...)`."""
    from tests.servers import embedded_site

    with embedded_site(tmp_path_factory.mktemp("site")) as site:
        yield site
