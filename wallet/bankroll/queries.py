"""
How much may be won. Asked before a bet is taken, and never when it is decided: no outcome depends on the bankroll.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from casino.ops.bulk import AnyOf
from casino.ops.composed import Given
from wallet.bankroll import rules
from wallet.bankroll.models import Bankroll
from wallet.bankroll.rules import NOTHING, Standing

KEPT_FOR = timedelta(seconds=1)


def standing(books: Iterable[str], now: datetime) -> dict[str, Standing]:
    """
    Of each of these books; of one that has no row, or no capital, that nothing may be won.

    This process keeps it for a second: one query a second, however many bets. The snapshot behind it is a minute old
    in any case, and a bet that was on its way when staff changed it might as well have been a moment faster.
    """
    if _kept.read_at is None or not timedelta(0) <= now - _kept.read_at < KEPT_FOR:
        # Replaced as a whole, so that other threads see either the old ones or the new ones.
        _kept.standings = {row.book: row.standing for row in Bankroll.objects.all()}
        _kept.read_at = now
    standings = _kept.standings
    return {book: standings.get(book, NOTHING) for book in books}


class _Kept:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.read_at: datetime | None = None
        self.standings: dict[str, Standing] = {}


_kept = _Kept()


def forget() -> None:
    """Read anew at the next question: after a change by this process."""
    _kept.forget()


TERMS = ("capital_minor", "gain_minor", "max_win_bps", "round_bps")


def of_books(books: Given) -> QuerySet[Bankroll]:
    """The rows themselves, for who reads `TERMS` and more along with them; some may be missing."""
    return Bankroll.objects.filter(AnyOf(F("book"), books))


def standing_of(terms: Sequence[int]) -> Standing:
    """By the values of `TERMS`."""
    return rules.standing(**dict(zip(TERMS, terms, strict=True)))


def bankrolls() -> QuerySet[Bankroll]:
    """Of real money in the currencies that are in use, to be shown."""
    return Bankroll.objects.filter(is_demo=False, currency__enabled=True).select_related("currency").order_by("book")
