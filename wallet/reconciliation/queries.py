"""Questions: what the ledger says of a day, and which differences are open."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from wallet.chart import House, Kind
from wallet.models import Transfer
from wallet.reconciliation.models import Difference
from wallet.reconciliation.rules import StatementLine

PAGE = 2_000
DAY = timedelta(days=1)


def bounds(day: date) -> tuple[datetime, datetime]:
    """Of a day in UTC: from its first moment until the next one's."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    return start, start + DAY


def transfers_of(house: House, day: date) -> Iterator[Transfer]:
    """What was moved (not only set aside) between players and this account of the house, in all books, page by page."""
    start, end = bounds(day)
    rows = (
        Transfer.objects.select_related("debit_account__owner", "credit_account__owner", "debit_account__currency")
        .filter(Q(debit_account__kind=str(house)) | Q(credit_account__kind=str(house)))
        .filter(kind__in=[Kind.POSTED, Kind.POST], created_at__gte=start, created_at__lt=end)
        .order_by("created_at", "pk")
    )
    return paged(rows)


def paged(rows: QuerySet[Transfer], size: int = PAGE) -> Iterator[Transfer]:
    """Rows in order of `created_at, pk`, a page at a time: the next one begins after the last row of this one."""
    page: list[Transfer] = list(rows[:size])
    while page:
        yield from page
        if len(page) < size:
            return
        last = page[-1]
        after = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)
        page = list(rows.filter(after)[:size])


def ledger_lines(
    house: House,
    day: date,
    *,
    name: Callable[[Transfer], str] = lambda transfer: transfer.reference,
    user: Callable[[Transfer], str] = lambda transfer: "",
    wanted: Callable[[Transfer], bool] = lambda transfer: True,
) -> Iterator[StatementLine]:
    """
    The ledger's own statement of an account of the house. `name` is the id that the other side knows a transfer by,
    `user` the player's name there, `wanted` leaves out what belongs to another party.
    """
    for transfer in transfers_of(house, day):
        if wanted(transfer):
            yield StatementLine(
                id=name(transfer),
                kind=transfer.code,
                user=user(transfer),
                amount_minor=transfer.amount_minor,
                currency=transfer.debit_account.currency_id,
                at=transfer.created_at,
            )


def open_differences() -> QuerySet[Difference]:
    return Difference.objects.filter(resolved_at=None).order_by(
        "day", "source_kind", "source_slug", "transaction_id", "kind"
    )
