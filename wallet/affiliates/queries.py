"""What affiliates' players have brought the house, from the ledger alone."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Max, Min, OuterRef, Subquery, Sum

from accounts.affiliates.models import Affiliate, Referral
from wallet.affiliates.models import ClosedDay, Share

DAY = timedelta(days=1)
DAY_OF = {"postgresql": "CAST(t.created_at AT TIME ZONE 'UTC' AS date)", "sqlite": "date(t.created_at)"}

# Real money only, and stakes from the moment on at which the affiliate was credited with the player; those of
# reservations count when they are confirmed. What comes back of a stake, as a win or whole, counts on the stake's day:
# else a bet that is cancelled after midnight would be a gain of the day before.
STAKED = """
    SELECT r.affiliate_id, r.player_id, t.book, {day} AS day, t.amount_minor AS staked, 0 AS paid
    FROM affiliates_referral r
    JOIN wallet_account a ON a.owner_id = r.player_id AND NOT a.is_demo
    JOIN wallet_transfer t ON t.debit_account_id = a.id AND t.code = 'stake' AND t.kind IN ('posted', 'post')
    WHERE t.created_at >= r.at AND t.created_at >= %s AND t.created_at < %s
"""
CAME_BACK = """
    SELECT r.affiliate_id, r.player_id, t.book, {day} AS day,
        CASE WHEN b.code = 'refund' THEN -b.amount_minor ELSE 0 END AS staked,
        CASE WHEN b.code = 'payout' THEN b.amount_minor ELSE 0 END AS paid
    FROM affiliates_referral r
    JOIN wallet_account a ON a.owner_id = r.player_id AND NOT a.is_demo
    JOIN wallet_transfer b ON b.credit_account_id = a.id AND b.code IN ('payout', 'refund') AND b.kind = 'posted'
    JOIN wallet_transfer t ON t.id = 'stake:' || b.reference
    WHERE b.created_at >= %s AND t.created_at >= r.at AND t.created_at >= %s AND t.created_at < %s
"""


class Earned(NamedTuple):
    """What the players of an affiliate did on a day in a book, in minor units."""

    affiliate_id: int
    book: str
    day: date
    players: int
    staked_minor: int
    paid_minor: int

    @property
    def gain_minor(self) -> int:
        return self.staked_minor - self.paid_minor


def earned(first: date, last: date) -> list[Earned]:
    """Of these days (UTC), both included; one statement, by affiliate, book and day."""
    of_day = DAY_OF[connection.vendor]
    moved = f"{STAKED.format(day=of_day)} UNION ALL {CAME_BACK.format(day=of_day)}"
    sql = (
        "SELECT affiliate_id, book, day, COUNT(DISTINCT player_id), SUM(staked), SUM(paid) "  # noqa: S608 our own text
        f"FROM ({moved}) moved GROUP BY affiliate_id, book, day ORDER BY affiliate_id, book, day"
    )
    since, until = (connection.ops.adapt_datetimefield_value(begin(day)) for day in (first, last + DAY))
    with connection.cursor() as cursor:
        cursor.execute(sql, [since, until, since, since, until])
        return [
            Earned(affiliate, book, _date(day), players, int(staked), int(paid))
            for affiliate, book, day, players, staked, paid in cursor.fetchall()
        ]


def _date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def begin(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def next_day() -> date | None:
    """The first day that is not closed; None as long as nobody has brought anybody."""
    last: date | None = ClosedDay.objects.aggregate(last=Max("day"))["last"]
    if last is not None:
        return last + DAY
    first: datetime | None = Referral.objects.aggregate(first=Min("at"))["first"]
    return first.astimezone(UTC).date() if first else None


def carried(day: date, affiliate_ids: Collection[int], books: Iterable[str]) -> dict[tuple[int, str], int]:
    """What this day has to make up of those before it, by affiliate and book. One query for each book."""
    found: dict[tuple[int, str], int] = {}
    for book in books:
        before = Share.objects.filter(affiliate=OuterRef("pk"), book=book, day__lt=day).order_by("-day")
        rows = Affiliate.objects.filter(pk__in=affiliate_ids).annotate(
            rest=Subquery(before.values("carried_minor")[:1])
        )
        found |= {(affiliate, book): rest or 0 for affiliate, rest in rows.values_list("pk", "rest")}
    return found


# --- reports ----------------------------------------------------------------------------------------------------------
class Total(NamedTuple):
    """All days of an affiliate in one book; `payable_minor` of the shares is kept in the house's PAYABLE."""

    book: str
    denominator: int
    days: int
    staked_minor: int
    paid_minor: int
    share_minor: int
    payable_minor: int


def totals(affiliate: Affiliate) -> list[Total]:
    sums = (
        Share.objects.filter(affiliate=affiliate)
        .values("book", denominator=F("currency__denominator"))
        .annotate(
            days=Count("pk"),
            staked=Sum("staked_minor"),
            paid=Sum("paid_minor"),
            share=Sum("share_minor"),
        )
        .order_by("book")
    )
    payable = dict(
        Share.objects.filter(affiliate=affiliate, account__owner=None)
        .values("book")
        .annotate(total=Sum("share_minor"))
        .values_list("book", "total")
    )
    return [
        Total(
            row["book"],
            row["denominator"],
            row["days"],
            row["staked"],
            row["paid"],
            row["share"],
            payable.get(row["book"], 0) or 0,
        )
        for row in sums
    ]


def days(affiliate: Affiliate, *, limit: int) -> Iterable[Share]:
    """Newest first."""
    shares = Share.objects.filter(affiliate=affiliate).select_related("currency", "account")
    return shares.order_by("-day", "book")[:limit]
