"""Names that one transaction holds alone, without waiting: who does not get one is told so at once."""

import hashlib
from collections.abc import Iterable

from django.db import connection


def take_names(names: Iterable[str]) -> set[str]:
    """
    Those of the names that this transaction holds now, until it ends.

    PostgreSQL: advisory locks, tried and never waited for, so batches cannot deadlock over them. SQLite: all, since a
    write transaction is alone there. (Two names that share a 64-bit hash exclude each other; nothing else happens.)
    """
    wanted = {name: _number(name) for name in sorted(set(names))}
    if not wanted:
        return set()
    assert connection.in_atomic_block, "a name is held until the end of a transaction"
    if connection.vendor != "postgresql":
        return set(wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, pg_try_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n", [list(wanted.values())])
        held = dict(cursor.fetchall())
    return {name for name, number in wanted.items() if held[number]}


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
