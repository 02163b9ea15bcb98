"""What staff decide about a bankroll, and the worker's count of what the house has gained."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet, Sum

from accounts import audit
from accounts.models import User
from casino.lib.errors import DomainError
from casino.ops.settled import settled_until
from wallet.bankroll import queries
from wallet.bankroll.models import Bankroll, BankrollChange
from wallet.bankroll.rules import WHOLE
from wallet.chart import House, Kind
from wallet.models import Account, Transfer

# Stakes and payouts of every game, less what affiliates get of it: together the house's gain.
GAINS = (House.CRASH, House.INSTANT, House.AFFILIATES)
AT_ONCE = timedelta(days=1)  # of transfers that one count reads at most
MAX_CAPITAL = 10**16  # ten times a ledger's largest transfer; sums of it stay far from overflow


class BankrollRefused(DomainError):
    code = "bankroll_refused"
    status = 422
    message = "This bankroll is not allowed."


@transaction.atomic
def change(
    book: str,
    *,
    reason: str,
    actor: User,
    now: datetime,
    capital_minor: int | None = None,
    max_win_bps: int | None = None,
    round_bps: int | None = None,
) -> Bankroll:
    """
    What is at risk from now on; what is not given stays. Raises BankrollRefused.

    New capital takes the place of the whole bankroll: the gain is counted anew from now. The shares alone leave capital
    and gain as they are. Bets that were taken before stay as they are.
    """
    row = Bankroll.objects.select_for_update(no_key=True).get(pk=book)
    left = row.standing.bankroll_minor
    for share in (max_win_bps, round_bps):
        if share is not None and not 0 <= share <= WHOLE:
            raise BankrollRefused("A share is between 0 and 100 % of the bankroll.")
    if capital_minor is not None and not 0 <= capital_minor <= MAX_CAPITAL:
        raise BankrollRefused("The capital is zero or more, and at most 10^16 minor units.")
    if not reason.strip():
        raise BankrollRefused("Say why.")
    before = (row.capital_minor, row.max_win_bps, row.round_bps)
    if capital_minor is not None:
        row.capital_minor, row.since, row.gain_minor, row.counted_to = capital_minor, now, 0, now
    row.max_win_bps = row.max_win_bps if max_win_bps is None else max_win_bps
    row.round_bps = row.round_bps if round_bps is None else round_bps
    row.save()
    BankrollChange.objects.create(
        bankroll=row,
        capital_minor=row.capital_minor,
        max_win_bps=row.max_win_bps,
        round_bps=row.round_bps,
        left_minor=left,
        actor=actor,
        reason=reason.strip(),
        at=now,
    )
    names = ("capital_minor", "max_win_bps", "round_bps")
    changes = {
        name: [old, getattr(row, name)] for name, old in zip(names, before, strict=True) if old != getattr(row, name)
    }
    audit.record("bankroll.changed", f"bankroll:{book}", actor=actor, now=now, reason=reason.strip(), changes=changes)
    transaction.on_commit(queries.forget)
    return row


@transaction.atomic
def count_again(book: str, *, actor: User, now: datetime) -> None:
    """Forget the gain that was counted: the worker counts it anew from the books, all of it."""
    row = Bankroll.objects.select_for_update(no_key=True).get(pk=book)
    Bankroll.objects.filter(pk=book).update(gain_minor=0, counted_to=row.since)
    audit.record("bankroll.recounted", f"bankroll:{book}", actor=actor, now=now, gain_minor=row.gain_minor)


@transaction.atomic
def bring_forward(*, now: datetime) -> bool:
    """
    Count what has become final since the last time; True if there is more. Any number of processes may do so.

    It reads the new transfers of a few accounts from an index, so it costs what is new, and it locks nothing that a bet
    needs. The rows are always found through `counted_to`, under lock: nothing is counted twice.
    """
    until = settled_until(now)
    rows = list(Bankroll.objects.select_for_update(no_key=True).filter(counted_to__lt=until).order_by("book"))
    if not rows:
        return False
    first = Transfer.objects.aggregate(first=Min("created_at"))["first"] or until
    spans: dict[tuple[datetime, datetime], list[Bankroll]] = {}
    for row in rows:
        start = min(max(row.counted_to, first), until)  # before the first transfer there is nothing to read
        spans.setdefault((start, min(until, start + AT_ONCE)), []).append(row)
    for (start, end), same in spans.items():
        gains = gained([row.book for row in same], start=start, end=end)
        for row in same:
            row.gain_minor += gains.get(row.book, 0)
            row.counted_to = end
    Bankroll.objects.bulk_update(rows, ["gain_minor", "counted_to"])
    return any(row.counted_to < until for row in rows)


def gained(books: Collection[str], *, start: datetime, end: datetime) -> dict[str, int]:
    """By book: what the transfers of that time have left in the accounts of the house's gain. Two queries."""
    accounts = list(
        Account.objects.filter(owner=None, book__in=books, kind__in=[str(kind) for kind in GAINS]).values_list(
            "pk", flat=True
        )
    )
    moved = Transfer.objects.filter(
        kind__in=[Kind.POSTED.value, Kind.POST.value], created_at__gte=start, created_at__lt=end
    )
    gains: dict[str, int] = {}
    for sign, found in (
        (1, moved.filter(credit_account__in=accounts)),
        (-1, moved.filter(debit_account__in=accounts)),
    ):
        for book, total in _sums(found):
            gains[book] = gains.get(book, 0) + sign * int(total)
    return gains


def _sums(transfers: "QuerySet[Transfer]") -> list[tuple[str, int]]:
    return list(transfers.order_by().values("book").annotate(total=Sum("amount_minor")).values_list("book", "total"))
