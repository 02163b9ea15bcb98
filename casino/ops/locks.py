"""Names that one transaction holds alone, without waiting: who does not get one is told so at once."""

import hashlib
from collections.abc import Iterable

from django.db import connection

from casino.ops.composed import Asked, Slot, written


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
    held = dict(_tried(numbers=list(wanted.values())))
    return {name for name, number in wanted.items() if held[number]}


def taking(names: Iterable[str]) -> Asked:
    """What `take_names` asks (PostgreSQL only; see `asked_together`)."""
    return _tried.about(numbers=[_number(name) for name in sorted(set(names))])


_tried = written(
    lambda: "SELECT n, pg_try_advisory_xact_lock(n) FROM unnest(%s::bigint[]) AS n",
    Slot("numbers", lambda numbers: "{" + ",".join(map(str, numbers)) + "}"),
)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
