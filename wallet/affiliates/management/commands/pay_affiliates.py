"""Close the days that are over for affiliates. The worker does so by itself; here it is said what was booked."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from wallet.affiliates import operations
from wallet.affiliates.models import Share


class Command(BaseCommand):
    help = "Books what affiliates get of the days that are over, in order, each once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", help="UTC, such as 2026-11-20: up to this one (default: all that are over)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            until = date.fromisoformat(options["day"]) if options["day"] else None
        except ValueError as error:
            raise CommandError(f"--day is a date such as 2026-11-20: {error}.") from error
        try:
            closed = operations.close_days(now=system_clock.now(), until=until)
        except DomainError as error:
            raise CommandError(error.message) from error
        for one in closed:
            self.stdout.write(f"{one.day}: {one.shares} shares")
            for share in Share.objects.filter(day=one.day).select_related("affiliate", "currency").order_by("pk"):
                self.stdout.write(f"  {_line(share)}")
        if not closed:
            self.stdout.write("Nothing is left to book.")


def _line(share: Share) -> str:
    gain, got, rest = (
        format_minor(amount, share.currency.denominator)
        for amount in (share.gain_minor, share.share_minor, share.carried_minor)
    )
    return (
        f"{share.affiliate}: {share.players} players, the house gained {gain} {share.book}, "
        f"share of {share.share_bps / 100:.2f} %: {got}, carried over {rest}"
    )
