"""All days of an affiliate as a file for a spreadsheet."""

import csv
from collections.abc import Iterator

from accounts.affiliates.models import Affiliate
from casino.lib.money import format_minor
from wallet.affiliates import queries
from wallet.affiliates.models import Share
from wallet.psp.statement import plain

EXPORTED = 20_000  # days of currencies, the newest
COLUMNS = (
    "affiliate",
    "day",
    "currency",
    "players",
    "staked",
    "won",
    "house_gained",
    "share_percent",
    "share",
    "month_has_to_make_up",
)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(affiliate: Affiliate) -> Iterator[str]:
    """The file, line by line, newest day first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for share in queries.days(affiliate, limit=EXPORTED):
        yield writer.writerow(_record(affiliate, share))


def _record(affiliate: Affiliate, share: Share) -> tuple[object, ...]:
    amounts = (share.staked_minor, share.paid_minor, share.gain_minor, share.share_minor, -share.carried_minor)
    staked, paid, gain, booked, rest = (
        format_minor(amount, share.currency.denominator).replace(",", "") for amount in amounts
    )
    percent = f"{share.share_bps / 100:.2f}"
    return plain(affiliate.code), share.day, share.book, share.players, staked, paid, gain, percent, booked, rest
