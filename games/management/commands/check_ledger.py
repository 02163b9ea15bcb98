"""Audit the books: a line per finding and exit code 1, or the totals of each book."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from casino.lib.clock import system_clock
from casino.lib.money import format_minor
from games.crash import audit as crash_audit
from games.instant import audit as instant_audit
from games.solo import audit as solo_audit
from wallet import audit as wallet_audit
from wallet.affiliates import audit as affiliates_audit
from wallet.audit import BookTotal
from wallet.bankroll import audit as bankroll_audit
from wallet.exchange import audit as exchange_audit
from wallet.models import Currency
from wallet.operators import audit as operators_audit
from wallet.psp import audit as psp_audit
from wallet.reconciliation import audit as reconciliation_audit
from wallet.transfers import audit as transfers_audit

AUDITS = (
    wallet_audit,
    operators_audit,
    transfers_audit,
    psp_audit,
    exchange_audit,
    reconciliation_audit,
    bankroll_audit,
    affiliates_audit,
    crash_audit,
    instant_audit,
    solo_audit,
)


@contextmanager
def one_moment() -> Iterator[None]:
    """
    All questions see the same state, while players play on.

    PostgreSQL: a repeatable-read, read-only transaction. SQLite: a deferred one, since Django's own would take the
    write lock and hold up every bet; under WAL its first read fixes what it sees.
    """
    if connection.in_atomic_block:  # a caller's transaction (tests): its own view is the moment
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


class Command(BaseCommand):
    help = "Audits the books. Exit code 1 and a line per finding when anything does not add up."

    def handle(self, *args: Any, **options: Any) -> None:
        now = system_clock.now()
        with one_moment():
            findings = [line for audit in AUDITS for line in audit.findings(now)]
            totals = wallet_audit.totals()
            denominators = dict(Currency.objects.values_list("code", "denominator"))
        for finding in findings:
            self.stdout.write(finding)
        if findings:
            raise CommandError(f"{len(findings)} findings: the books do not add up.", returncode=1)
        for total in totals:
            self.stdout.write(_line(total, denominators[total.book.partition(".")[0]]))
        self.stdout.write("The books add up.")


def _line(total: BookTotal, denominator: int) -> str:
    house = " ".join(f"{kind} {format_minor(amount, denominator)}" for kind, amount in total.house_minor.items())
    held = f" ({format_minor(total.held_minor, denominator)} set aside)" if total.held_minor else ""
    return (
        f"{total.book}: {total.transfers} transfers, {total.accounts} players hold "
        f"{format_minor(total.players_minor, denominator)}{held}; house: {house}"
    )
