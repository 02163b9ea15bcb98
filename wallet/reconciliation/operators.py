"""
Operators (seamless wallet): what was asked of them or is owed to them, against their list of the day.

Ours stand under the day on which they were first said; a win may reach an operator that is down much later. What is
not sure to be there is optional: a bet without an answer, and what is still owed. The refund of a bet without an answer
stands under the day of its bet, whenever it was made.

Theirs: a refund that found no bet is told by them as not booked. It moved nothing and is left out, unless its bet is in
the same list after all: then they took a bet that had been taken back, a difference whatever we have.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from casino.ops.bulk import AnyOf
from wallet.operators.client import Caller, Endpoint, ListUnavailable, caller
from wallet.operators.models import Operator, RemoteCall, transaction_id
from wallet.operators.operations import endpoint_of
from wallet.operators.protocol import Listed
from wallet.reconciliation.models import Run
from wallet.reconciliation.queries import PAGE, bounds
from wallet.reconciliation.rules import DONE, StatementLine
from wallet.reconciliation.sources import Lines, SourceUnavailable

TOO_LATE = "not booked, though its bet is"
State = RemoteCall.State
Bets = dict[str, RemoteCall]


@dataclass(frozen=True, slots=True)
class OperatorSource:
    operator: Operator
    caller: Callable[[], Caller] = caller
    kind: str = Run.SourceKind.OPERATOR.value

    @property
    def slug(self) -> str:
        return self.operator.slug

    def ours(self, day: date) -> Lines:
        start, end = bounds(day)
        for page in _paged(_calls(self.operator).filter(created_at__gte=start, created_at__lt=end)):
            bets = _bets_of(page)
            yield from (_line(call, bets) for call in page if not _follows_its_bet(call, bets))
            unanswered = [call for call in page if call.kind == "bet" and call.balance_minor is None]
            refunds = _named(self.operator, [transaction_id("refund", bet.bet_id) for bet in unanswered])
            yield from (_line(refund, {bet.pk: bet for bet in unanswered}) for refund in refunds)

    def ours_named(self, ids: list[str], day: date) -> Lines:
        """By their id, whatever their day: they may have been booked there long after they were first said."""
        for start in range(0, len(ids), PAGE):
            found = list(_named(self.operator, ids[start : start + PAGE]))
            bets = _bets_of(found)
            yield from (_line(call, bets) for call in found)

    def theirs(self, day: date) -> Lines:
        return operator_list(endpoint_of(self.operator), self.caller)(day)


def sources() -> list[OperatorSource]:
    """All that are on, and those that are off and are still owed something."""
    owed = RemoteCall.objects.filter(state=State.OWED).values("operator")
    return [OperatorSource(each) for each in Operator.objects.filter(Q(is_active=True) | Q(pk__in=owed)).order_by("pk")]


def operator_list(endpoint: Endpoint, caller: Callable[[], Caller]) -> Callable[[date], Lines]:
    """Reads the whole list before its first line: they page it, and a list that breaks off is no list."""

    def theirs(day: date) -> Iterator[StatementLine]:
        try:
            rows = caller().transactions(endpoint, day).result()
        except ListUnavailable as error:
            raise SourceUnavailable(f"Their list of {day}: {error}.") from error
        bets = {row.transaction_id for row in rows if row.kind == "bet"}
        for row in rows:
            if row.booked or row.bet_transaction_id in bets:
                yield _their_line(row)

    return theirs


def _their_line(row: Listed) -> StatementLine:
    status = DONE if row.booked else TOO_LATE
    return StatementLine(row.transaction_id, row.kind, row.user, row.amount, row.currency, row.at, status)


def _calls(operator: Operator) -> "QuerySet[RemoteCall]":
    """What may be booked there: all but the bets that they refused."""
    calls = RemoteCall.objects.select_related("wallet__account").filter(operator=operator)
    return calls.exclude(state=State.REFUSED).order_by("created_at", "pk")


def _paged(calls: "QuerySet[RemoteCall]") -> Iterator[list[RemoteCall]]:
    page = list(calls[:PAGE])
    while page:
        yield page
        last = page[-1]
        after = Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk)
        page = list(calls.filter(after)[:PAGE]) if len(page) == PAGE else []


def _named(operator: Operator, ids: list[str]) -> "QuerySet[RemoteCall]":
    return _calls(operator).filter(AnyOf(F("id"), ids))


def _bets_of(calls: list[RemoteCall]) -> Bets:
    """Of the refunds among them."""
    ids = [call.debit_id for call in calls if call.kind == "refund"]
    return {bet.pk: bet for bet in RemoteCall.objects.filter(AnyOf(F("id"), ids))}


def _follows_its_bet(call: RemoteCall, bets: Bets) -> bool:
    """The refund of a bet without an answer. (A bet that was answered carries the balance that the answer told.)"""
    bet = bets.get(call.debit_id)
    return call.kind == "refund" and bet is not None and bet.balance_minor is None


def _line(call: RemoteCall, bets: Bets) -> StatementLine:
    line = StatementLine(
        call.pk, call.kind, call.wallet.user, call.amount_minor, call.wallet.account.currency_id, call.created_at
    )
    if call.kind == "bet":
        return line._replace(optional=call.balance_minor is None)
    line = line._replace(until=call.concluded_at, optional=call.state == State.OWED)
    if not _follows_its_bet(call, bets):
        return line
    bet = bets[call.debit_id]
    return line._replace(at=bet.created_at, optional=True, undoes="" if line.optional else bet.pk)
