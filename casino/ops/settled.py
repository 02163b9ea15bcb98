"""Up to when the past is complete: what may be counted once and for all."""

from datetime import datetime, timedelta

from django.db import connection

# A transaction's rows carry a time that was taken just before it began: not much longer than any wait for a connection.
MARGIN = timedelta(minutes=1)


def settled_until(now: datetime) -> datetime:
    """
    No row dated before this will be committed any more.

    PostgreSQL: before the oldest transaction that has written something and is still open, with a margin; one that
    hangs holds the count up instead of being missed. SQLite: writers wait for each other for seconds, so the margin is
    enough.
    """
    oldest = now
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT MIN(xact_start) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
            )
            (started,) = cursor.fetchone()
            oldest = min(now, started or now)
    return oldest - MARGIN
