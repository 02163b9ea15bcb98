"""Is the snapshot of each bankroll what a full count of the books makes?"""

from collections.abc import Iterator
from datetime import datetime

from wallet.audit import capped
from wallet.bankroll.models import Bankroll
from wallet.bankroll.operations import gained


def findings(now: datetime) -> list[str]:
    """A line per bankroll whose gain, or whose rows of history, are not what they must be."""
    return [*capped(_gains_off), *capped(_history_off)]


def _gains_off() -> Iterator[str]:
    for row in Bankroll.objects.order_by("book"):
        made = gained([row.book], start=row.since, end=row.counted_to).get(row.book, 0)
        if made != row.gain_minor:
            yield (
                f"bankroll {row.book}: a gain of {row.gain_minor} was counted up to "
                f"{row.counted_to:%Y-%m-%d %H:%M:%S} UTC, the transfers make {made}"
            )


def _history_off() -> Iterator[str]:
    for row in Bankroll.objects.order_by("book"):
        last = row.changes.order_by("-at", "-pk").first()
        terms = (row.capital_minor, row.max_win_bps, row.round_bps)
        if last is not None and (last.capital_minor, last.max_win_bps, last.round_bps) != terms:
            yield f"bankroll {row.book}: its capital or its shares are not what was decided last"
