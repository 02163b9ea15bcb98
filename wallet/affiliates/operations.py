"""Closing days: what affiliates get of each is booked, once."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction

from accounts.affiliates import queries as affiliates
from accounts.affiliates.models import Affiliate
from casino.lib.errors import DomainError
from casino.ops.locks import take_names
from casino.ops.settled import settled_until
from wallet import ledger
from wallet.affiliates import queries, rules
from wallet.affiliates.models import ClosedDay, Share
from wallet.affiliates.queries import DAY, Earned
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.models import Account
from wallet.queries import house_accounts


class DayNotOver(DomainError):
    code = "day_not_over"
    status = 409
    message = "This day is not over: what happens on it can still change."


# Asked of the games, which are above: is a bet that was placed before the first time still open, or was one decided
# after the second?
undecided: list[Callable[[datetime, datetime], bool]] = []


def is_over(day: date, *, now: datetime) -> bool:
    """No bet dated on this day can come any more, and nothing can come back of those that have."""
    end, settled = queries.begin(day + DAY), settled_until(now)
    return settled >= end and not any(ask(end, settled) for ask in undecided)


def close_days(*, now: datetime, until: date | None = None) -> list[ClosedDay]:
    """
    Close all days that are over, in order, up to `until`; each in a transaction of its own, so that whoever comes after
    a crash goes on with the next one. Raises DayNotOver where `until` is not.
    """
    if until is not None and not is_over(until, now=now):
        raise DayNotOver
    closed = []
    while (one := close_next_day(now=now, until=until)) is not None:
        closed.append(one)
    return closed


@transaction.atomic
def close_next_day(*, now: datetime, until: date | None = None) -> ClosedDay | None:
    """The first day that is not closed yet, where it is over. None where there is none, or somebody else is at it."""
    if not take_names(["affiliates:close a day"]):
        return None
    day = queries.next_day()
    if day is None or (until is not None and day > until) or not is_over(day, now=now):
        return None
    found = queries.earned(day, day)
    shares = _shares(found, day, now=now)
    _book(shares, now=now)
    Share.objects.bulk_create(shares)
    return ClosedDay.objects.create(day=day, shares=len(shares), closed_at=now)


def _shares(found: Sequence[Earned], day: date, *, now: datetime) -> list[Share]:
    ids = {one.affiliate_id for one in found}
    rates = affiliates.rates_on(day, ids)
    begun = queries.carried(day, ids, {one.book for one in found})
    accounts = _accounts(found)
    shares = []
    for one in found:
        owed = begun.get((one.affiliate_id, one.book), 0)
        share_bps = rates.get(one.affiliate_id, 0)
        result = rules.close(one.gain_minor, owed, share_bps)
        shares.append(
            Share(
                affiliate_id=one.affiliate_id,
                currency_id=one.book,  # a book of real money is called as its currency
                book=one.book,
                day=day,
                players=one.players,
                staked_minor=one.staked_minor,
                paid_minor=one.paid_minor,
                begun_minor=owed,
                share_bps=share_bps,
                share_minor=result.share_minor,
                carried_minor=result.carried_minor,
                account_id=accounts[one.affiliate_id, one.book] if result.share_minor else None,
                closed_at=now,
            )
        )
    return shares


def _accounts(found: Sequence[Earned]) -> dict[tuple[int, str], int]:
    """Where each share goes: to the owner's account in that book, or to what the house has yet to pay out."""
    books = {one.book for one in found}
    owners = dict(Affiliate.objects.filter(pk__in={one.affiliate_id for one in found}).values_list("pk", "owner_id"))
    own = Account.objects.filter(owner_id__in={owner for owner in owners.values() if owner}, book__in=books)
    accounts = {(owner, book): key for key, owner, book in own.values_list("pk", "owner_id", "book")}
    payable = house_accounts(House.PAYABLE, books)
    return {
        (one.affiliate_id, one.book): accounts.get((owners[one.affiliate_id], one.book), payable[one.book])
        for one in found
    }


def _book(shares: Sequence[Share], *, now: datetime) -> None:
    due = [share for share in shares if share.share_minor]
    house = house_accounts(House.AFFILIATES, {share.book for share in due})
    outcomes = ledger.post(
        [
            TransferRequest(
                id=(name := rules.transfer_id(share.affiliate_id, share.book, share.day)),
                debit_account_id=house[share.book],
                credit_account_id=share.account_id or 0,
                amount_minor=share.share_minor,
                code=Code.SHARE,
                reference=name,
            )
            for share in due
        ],
        now=now,
    )
    assert all(outcome.result is ledger.Result.OK for outcome in outcomes), "a day is closed once"
