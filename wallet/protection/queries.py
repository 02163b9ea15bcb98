"""Questions about what players have staked, won and paid in, and how much of their limits that is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Concat

from accounts.models import User
from accounts.protection import queries as protection
from accounts.protection import rules
from accounts.protection.queries import HeldExclusions, HeldLimit
from accounts.protection.rules import AMOUNTS, PERIODS, Period, Slot, Tally
from casino.ops.bulk import AnyOf
from wallet import queries
from wallet.chart import Code
from wallet.chart import Kind as TransferKind
from wallet.models import Account, Currency, Transfer

MOVED = [TransferKind.POSTED.value, TransferKind.POST.value]
# Money from outside that becomes the player's. (What was in suspense had come from outside, too.)
DEPOSITED = [Code.DEPOSIT.value, Code.TRANSFER_IN.value, Code.SUSPENSE.value]

# No bet is open for as long: a win that comes later than this in a period is of a stake in it, and need not be asked.
LONGEST = timedelta(hours=1)


def tallies(account_ids: Collection[int], *, now: datetime) -> dict[int, Tally]:
    """
    What these accounts have done since the day, the week and the month began. One query.

    A reservation counts as staked while it is held, and from its confirmation on. What came back of a stake, by a win
    or whole, counts in the period in which the stake was placed: so what comes after midnight does not widen the new
    day.
    """
    found = {account_id: Tally() for account_id in account_ids}
    if not found:
        return found
    starts = rules.starts(now)
    first = min(starts.values())
    unresolved = ~Exists(Transfer.objects.filter(pending_id=OuterRef("pk")))
    staked = Q(code=Code.STAKE.value, kind__in=MOVED) | (
        Q(code=Code.HOLD.value, kind=TransferKind.PENDING.value) & unresolved
    )
    debits = Transfer.objects.filter(staked, AnyOf(F("debit_account_id"), found), created_at__gte=first)
    stake_of = Transfer.objects.filter(pk=Concat(Value("stake:"), OuterRef("reference"))).values("created_at")
    early = Q(*(Q(created_at__gte=start, created_at__lt=start + LONGEST) for start in starts.values()), _connector=Q.OR)
    of_a_stake = Q(code=Code.REFUND.value) | Q(early, code=Code.PAYOUT.value)
    of_stake = When(of_a_stake, then=Coalesce(Subquery(stake_of), F("created_at")))
    credits = Transfer.objects.filter(
        AnyOf(F("credit_account_id"), found),
        code__in=[Code.PAYOUT.value, Code.REFUND.value, *DEPOSITED],
        kind__in=MOVED,
        created_at__gte=first,
    )
    of_debits = _sums(debits.annotate(counted_at=F("created_at")), F("debit_account_id"), starts)
    at = Case(of_stake, default=F("created_at"), output_field=DateTimeField())
    of_credits = _sums(credits.annotate(counted_at=at), F("credit_account_id"), starts)
    for account_id, code, *sums in of_debits.union(of_credits, all=True):
        tally = found[account_id]
        into, sign = _column(tally, code)
        for period, amount in zip(PERIODS, sums, strict=True):
            into[period] = into.get(period, 0) + sign * int(amount or 0)
    return found


def _sums(transfers: QuerySet[Transfer], account: F, starts: dict[Period, datetime]) -> "QuerySet[Transfer, Any]":
    """By account and code, a sum for each of the periods."""
    sums = {f"since_{p.value}": Sum("amount_minor", filter=Q(counted_at__gte=starts[p])) for p in PERIODS}
    return transfers.annotate(of=account).values("of", "code").annotate(**sums).values_list("of", "code", *sums)


def _column(tally: Tally, code: str) -> tuple[dict[Period, int], int]:
    if code in DEPOSITED:
        return tally.deposited, 1
    if code == Code.PAYOUT:
        return tally.won, 1
    return tally.staked, -1 if code == Code.REFUND else 1


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one session, for a reality check."""

    staked_minor: int
    won_minor: int
    denominator: int
    currency: str


def figures_since(account_id: int, *, since: datetime) -> Figures:
    """What an account has staked (less what was given back) and won since then."""
    sums = {
        "staked": Sum("amount_minor", filter=Q(debit_account_id=account_id, code=Code.STAKE.value)),
        "back": Sum("amount_minor", filter=Q(credit_account_id=account_id, code=Code.REFUND.value)),
        "won": Sum("amount_minor", filter=Q(credit_account_id=account_id, code=Code.PAYOUT.value)),
    }
    sides = Q(debit_account_id=account_id) | Q(credit_account_id=account_id)
    moved = Transfer.objects.filter(sides, kind__in=MOVED, created_at__gte=since).aggregate(**sums)
    currency = Currency.objects.get(pk=Account.objects.values_list("currency_id", flat=True).get(pk=account_id))
    staked = max(0, (moved["staked"] or 0) - (moved["back"] or 0))
    return Figures(staked, moved["won"] or 0, currency.denominator, currency.code)


@dataclass(frozen=True, slots=True)
class Overview:
    """All of a player's protection, with how much of each limit is used."""

    currency: str
    denominator: int
    is_demo: bool
    limits: dict[Slot, HeldLimit]
    used: dict[Slot, int]  # of the limits that are amounts
    exclusions: HeldExclusions
    now: datetime

    def resets_at(self, slot: Slot) -> datetime | None:
        kind, period = slot
        return rules.resets_at(period, self.now) if kind in AMOUNTS else None


def overview(player: User, *, is_demo: bool, now: datetime) -> Overview:
    """With what was used in real or in demo money: the same limit holds for each."""
    account = queries.player_account(player, is_demo=is_demo)
    currency = account.currency if account else Currency.objects.get(code=player.currency_code)
    limits = protection.held_limits(player.pk, now=now)
    tally = Tally()
    if account is not None and any(kind in AMOUNTS for kind, _ in limits):
        tally = tallies([account.pk], now=now)[account.pk]
    used = {(kind, period): tally.used(kind, period) for kind, period in limits if kind in AMOUNTS}
    exclusions = protection.held_exclusions(player.pk, now=now)
    return Overview(currency.code, currency.denominator, is_demo, limits, used, exclusions, now)
