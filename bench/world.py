"""A database of its own for a benchmark, with players who have money and a round that takes bets."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")


def now() -> datetime:
    return datetime.now(UTC)


def postgres_answers() -> bool:
    import psycopg

    try:
        psycopg.connect(POSTGRES.replace("postgres://", "postgresql://"), connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


@contextmanager
def database(vendor: str) -> Iterator[str]:
    """The URL of a new, migrated database, which is dropped afterwards."""
    if vendor == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.sqlite3"
            _migrate(url)
            yield url
        return
    import psycopg

    name = f"bench_{uuid4().hex[:10]}"
    admin = psycopg.connect(POSTGRES.replace("postgres://", "postgresql://"), autocommit=True)
    admin.execute(f'CREATE DATABASE "{name}"')
    try:
        url = urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
        _migrate(url)
        yield url
    finally:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.close()


def _migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": ""},
        check=True,
    )


def seat_players(count: int, *, units: int = 1_000_000) -> list[tuple[int, str, int]]:
    """`count` players with real money: (player id, username, account id)."""
    from django.db import transaction

    from accounts.models import User
    from wallet import ledger, queries
    from wallet.chart import PLAYER, Code, House
    from wallet.models import Account

    prefix = uuid4().hex[:6]
    users = User.objects.bulk_create([User(username=f"{prefix}-{i}") for i in range(count)], batch_size=2000)
    at = now()
    accounts = Account.objects.bulk_create(
        [
            Account(
                kind=PLAYER,
                owner=user,
                currency_id="BRL",
                is_demo=False,
                book="BRL",
                posted_minor=0,
                held_minor=0,
                created_at=at,
            )
            for user in users
        ],
        batch_size=2000,
    )
    source = queries.house_accounts(House.FUNDING, ["BRL"])["BRL"]
    for start in range(0, count, 5000):
        with transaction.atomic():
            ledger.post(
                [
                    ledger.TransferRequest(
                        f"bench:{account.pk}", source, account.pk, units, Code.DEPOSIT, reference=f"bench:{account.pk}"
                    )
                    for account in accounts[start : start + 5000]
                ],
                now=at,
            )
    return [(user.pk, user.username, account.pk) for user, account in zip(users, accounts, strict=True)]


class Table:
    """A game with a waiting round; the benchmark is its engine."""

    def __init__(self, slug: str = "Bench") -> None:
        from games.crash import operations

        self.slug = slug
        operations.ensure_game(slug=slug, title=slug, now=now())
        lease = operations.take_lease(slug, holder="bench", now=now())
        assert lease is not None
        self.epoch = lease.epoch

    def open(self) -> Any:
        from games.crash import operations

        round_ = operations.open_round(self.slug, epoch=self.epoch, now=now(), wait_ms=3_600_000, tick_ms=200)
        assert round_ is not None
        return round_

    def open_long(self) -> Any:
        """One that will not crash at once."""
        from games.crash import operations
        from games.crash.sealed import course_of

        while True:
            round_ = self.open()
            if course_of(round_).crash_point > 101:
                return round_
            self.finish(round_)
            operations.settle_round(round_.pk, epoch=self.epoch, now=now())

    def finish(self, round_: Any) -> Any:
        """Launch and crash it: what is left is the settlement."""
        from games.crash import operations

        started = operations.launch_round(round_.pk, epoch=self.epoch, now=now())
        return operations.crash_round(started.pk, epoch=self.epoch, at=now() + timedelta(seconds=1))


def in_process(module: str, url: str, *arguments: str) -> str:
    """Run a benchmark module against a database in a process of its own; gives its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": "", "DJANGO_SETTINGS_MODULE": "casino.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
