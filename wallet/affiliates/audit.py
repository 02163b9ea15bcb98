"""Is what affiliates got of each closed day what the books make of it, and is it where it belongs?"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import pairwise

from django.db.models import Count, F

from accounts.affiliates.models import Referral, ShareRate
from wallet.affiliates import rules
from wallet.affiliates.models import ClosedDay, Share
from wallet.affiliates.queries import DAY, earned
from wallet.audit import capped, rows


def findings(now: datetime) -> list[str]:
    """A line per share, transfer, day and player that the other side does not explain."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        _days_off,
        _shares_off,
        _transfers_off,
        _transfers_without_share,
        _own_players,
    )
    return [line for check in checks for line in capped(check)]


def _closed() -> list[date]:
    return list(ClosedDay.objects.order_by("day").values_list("day", flat=True))


def _days_off() -> Iterator[str]:
    days = _closed()
    for before, day in pairwise(days):
        if day != before + DAY:
            yield f"affiliates: {day} was closed after {before}, and the days between are not"
    counted = dict.fromkeys(days, 0) | _count_shares()
    for day, shares in ClosedDay.objects.order_by("day").values_list("day", "shares"):
        if counted.pop(day) != shares:
            yield f"affiliates: {day} was closed with {shares} shares, and has others"
    for day in sorted(counted):
        yield f"affiliates: there are shares of {day}, which is not closed"


def _count_shares() -> dict[date, int]:
    by_day = Share.objects.order_by().values("day").annotate(shares=Count("pk"))
    return dict(by_day.values_list("day", "shares"))


def _shares_off() -> Iterator[str]:
    """From the transfers and the agreed shares again, day after day."""
    days = _closed()
    if not days:
        return
    made = {(one.affiliate_id, one.book, one.day): one for one in earned(days[0], days[-1])}
    rates = _Rates()
    last: dict[tuple[int, str], Share] = {}
    for share in Share.objects.order_by("day", "affiliate_id", "book").iterator(chunk_size=10_000):
        name = f"share of affiliate {share.affiliate_id} in {share.book} of {share.day}"
        one = made.pop((share.affiliate_id, share.book, share.day), None)
        if one is None or (one.staked_minor, one.paid_minor) != (share.staked_minor, share.paid_minor):
            have = f"{one.staked_minor} and {one.paid_minor}" if one else "none"
            yield f"{name}: {share.staked_minor} staked and {share.paid_minor} won, the transfers make {have}"
        before = last.get((share.affiliate_id, share.book))
        begun = before.carried_minor if before else 0
        agreed = rates.on(share.affiliate_id, share.day)
        right = (begun, agreed, *rules.close(share.gain_minor, begun, agreed))
        if (share.begun_minor, share.share_bps, share.share_minor, share.carried_minor) != right:
            yield f"{name}: {share.share_minor} with {share.carried_minor} carried over is not what the rule makes"
        last[share.affiliate_id, share.book] = share
    for affiliate, book, day in sorted(made):
        yield f"affiliate {affiliate}: players' bets in {book} of {day}, which is closed, and no share"


class _Rates:
    """All that was ever agreed, read once."""

    def __init__(self) -> None:
        self._of: dict[int, list[tuple[date, int]]] = {}
        rows = ShareRate.objects.order_by("from_day", "pk").values_list("affiliate_id", "from_day", "share_bps")
        for affiliate_id, from_day, share_bps in rows:
            self._of.setdefault(affiliate_id, []).append((from_day, share_bps))

    def on(self, affiliate_id: int, day: date) -> int:
        begun = [share_bps for from_day, share_bps in self._of.get(affiliate_id, []) if from_day <= day]
        return begun[-1] if begun else 0


def _transfers_off() -> Iterator[str]:
    sql = """
        SELECT s.affiliate_id, s.book, CAST(s.day AS text), s.share_minor, t.amount_minor FROM affiliate_shares_share s
        LEFT JOIN wallet_transfer t ON t.code = 'share' AND t.kind = 'posted' AND t.credit_account_id = s.account_id
            AND t.id = 'affiliate:' || CAST(s.affiliate_id AS text) || ':' || s.book || ':' || CAST(s.day AS text)
        WHERE s.share_minor > 0 AND (t.id IS NULL OR t.amount_minor <> s.share_minor) ORDER BY s.id
    """
    for affiliate, book, day, share, moved in rows(sql):
        have = "there is no such transfer" if moved is None else f"its transfer is of {moved}"
        yield f"share of affiliate {affiliate} in {book} of {day}: {share}, and {have}"


def _transfers_without_share() -> Iterator[str]:
    sql = """
        SELECT t.id, t.amount_minor FROM wallet_transfer t WHERE t.code = 'share' AND NOT EXISTS (
            SELECT 1 FROM affiliate_shares_share s WHERE s.share_minor > 0
            AND t.id = 'affiliate:' || CAST(s.affiliate_id AS text) || ':' || s.book || ':' || CAST(s.day AS text))
        ORDER BY t.id
    """
    for transfer, amount in rows(sql):
        yield f"transfer {transfer}: {amount}, and no share explains it"


def _own_players() -> Iterator[str]:
    for referral in Referral.objects.filter(affiliate__owner=F("player")).order_by("pk"):
        yield f"player {referral.player_id}: brought by an affiliate of their own"
