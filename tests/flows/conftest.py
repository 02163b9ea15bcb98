"""Two servers and the engines a test starts, on a PostgreSQL database and a Redis prefix of their own."""

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg import sql

from tests.flows.books import Books
from tests.servers import Cluster, cluster

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL") or "postgresql://root@127.0.0.1:5432/postgres"
REDIS_URL = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379/9"


@pytest.fixture(scope="session")
def own_database() -> Iterator[str]:
    """A new database, dropped at the end; skipped where no PostgreSQL answers."""
    try:
        server = psycopg.connect(POSTGRES_URL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL answers for several processes (TEST_POSTGRES_URL): {error}")
    name = f"casino_flows_{uuid4().hex[:12]}"
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES_URL.rpartition('/')[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def own_redis() -> str:
    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        pytest.skip(f"no Redis answers for several processes (TEST_REDIS_URL): {error}")
    return REDIS_URL


@pytest.fixture(scope="session")
def processes(own_database: str, own_redis: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Rounds crash between 2.50 and 4.00: with a tick of 50 ms, five to seven seconds after their start."""
    names = {
        "DATABASE_URL": own_database,
        "REDIS_URL": own_redis,
        "DJANGO_SETTINGS_MODULE": "tests.flows.settings",
        "TEST_REDIS_PREFIX": f"flows-{uuid4().hex[:12]}",
    }
    with cluster(tmp_path_factory.mktemp("processes"), crash_between=(250, 400), **names) as running:
        yield running


@pytest.fixture
def books(processes: Cluster) -> Iterator[Books]:
    opened = Books(processes.database)
    yield opened
    opened.close()
