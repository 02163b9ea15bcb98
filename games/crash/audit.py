"""
Is every bet's money in the books, and is everything in the books a bet's? Set-based, from the rows alone.

A bet's transfers are `stake:<id>`, then one of `payout:<id>` and `refund:<id>`, or none when it is open or lost. Of a
reservation it is `hold:<id>` first, then `stake:<id>` (confirmed) or `release:<id>` (given back), or none yet.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, Sum

from casino.lib.money import payout_minor
from games.crash.models import Bet, Round, RoundExposure
from games.crash.operations.exposure import terms_of
from games.crash.rules import largest_win
from wallet.audit import capped, rows
from wallet.chart import book_of

# The key of a bet in the ids of its transfers: SQLite keeps UUIDs as 32 hex digits, the ids have dashes.
BET_KEY = {
    "postgresql": "CAST(b.id AS text)",
    "sqlite": "substr(b.id, 1, 8) || '-' || substr(b.id, 9, 4) || '-' || substr(b.id, 13, 4) || '-' "
    "|| substr(b.id, 17, 4) || '-' || substr(b.id, 21)",
}


class Bets(NamedTuple):
    """Where a way to play has its bets, and what stands before a bet's id in the ids of its transfers."""

    table: str
    prefix: str = ""

    @property
    def id_of_transfer(self) -> str:
        """That the bet `b` is the one that the transfer `t` names."""
        part = f"substr(t.id, length(t.code) + {2 + len(self.prefix)})"
        if connection.vendor == "postgresql":
            return f"CAST(b.id AS text) = {part}"
        return f"b.id = replace({part}, '-', '')"


SHARED = Bets("crash_bet")
SOLO_PREFIX = "solo:"  # of the bets that players have for themselves: they have a table and an audit of their own
UNCONFIRMED = "(b.was_reserved AND b.confirmed_at IS NULL)"
STAKE_KIND = "CASE WHEN b.was_reserved THEN 'post' ELSE 'posted' END"
FROM_PLAYER = ("hold", "release", "stake")


def findings(now: datetime) -> list[str]:
    """A line per bet and per transfer of the game that the other side does not explain, and per bet settled wrongly."""
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: money_of_bets_off("hold", "b.was_reserved", "b.stake_minor", kind="pending"),
        lambda: money_of_bets_off("release", f"{UNCONFIRMED} AND b.status = 'cancelled'", "b.stake_minor", kind="void"),
        lambda: money_of_bets_off("stake", f"NOT ({UNCONFIRMED})", "b.stake_minor", kind=STAKE_KIND),
        lambda: money_of_bets_off("payout", "b.status = 'cashed_out'", "b.payout_minor"),
        lambda: money_of_bets_off(
            "refund", f"b.status IN ('cancelled', 'refunded') AND NOT ({UNCONFIRMED})", "b.stake_minor"
        ),
        lambda: transfers_without_bet(SHARED),
        lambda: accounts_off(Bet),
        lambda: payouts_off(Bet),
        _bets_against_their_round,
        _wins_not_paid,
        _exposure_off,
    )
    return [line for rule in rules for line in capped(rule)]


def money_of_bets_off(
    code: str, expected: str, amount: str, *, kind: str = "posted", bets: Bets = SHARED
) -> Iterator[str]:
    """The transfer of this code exists exactly for the bets it is expected for, with their amount and accounts."""
    player, house = ("debit", "credit") if code in FROM_PLAYER else ("credit", "debit")
    wanted_kind = kind if kind == STAKE_KIND else f"'{kind}'"
    sql = f"""
        SELECT b.id, b.status, {amount}, t.id, t.amount_minor FROM {bets.table} b
        JOIN wallet_account a ON a.id = b.account_id
        LEFT JOIN wallet_transfer t ON t.id = '{code}:{bets.prefix}' || {BET_KEY[connection.vendor]}
        LEFT JOIN wallet_account h ON h.id = t.{house}_account_id
        WHERE ({expected} AND (t.id IS NULL OR t.kind <> {wanted_kind} OR t.code <> '{code}'
                OR t.amount_minor <> {amount} OR t.{player}_account_id <> b.account_id
                OR t.book <> a.book OR h.kind <> 'crash' OR h.book <> a.book))
            OR (NOT ({expected}) AND t.id IS NOT NULL)
        ORDER BY b.id
    """  # noqa: S608 constants of this module only
    for bet, status, wanted, transfer, found in rows(sql):
        if transfer is None:
            yield f"bet {UUID(str(bet))} ({status}): its {code} of {wanted} is not in the books"
        else:
            yield f"bet {UUID(str(bet))} ({status}, {wanted}): the transfer {transfer} of {found} does not fit it"


def transfers_without_bet(bets: Bets) -> Iterator[str]:
    """Those whose ids have the prefix, or none where there is no prefix: what has another's is for its own audit."""
    named = f"substr(t.id, length(t.code) + 2, {len(SOLO_PREFIX)})"
    theirs = f"{named} {'=' if bets.prefix else '<>'} '{SOLO_PREFIX}'"
    sql = f"""
        SELECT t.id, t.amount_minor FROM wallet_transfer t
        JOIN wallet_account h ON h.kind = 'crash'
            AND h.id = CASE WHEN t.code IN ('payout', 'refund') THEN t.debit_account_id ELSE t.credit_account_id END
        LEFT JOIN {bets.table} b ON {bets.id_of_transfer}
        WHERE t.code IN ('hold', 'release', 'stake', 'payout', 'refund') AND {theirs}
            AND (b.id IS NULL OR t.id <> t.code || ':{bets.prefix}' || {BET_KEY[connection.vendor]})
        ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, amount in rows(sql):
        yield f"transfer {transfer} of {amount}: no bet explains it"


def accounts_off(model: type[Any]) -> Iterator[str]:
    mixed = (
        ~Q(account__owner_id=F("player_id"))
        | ~Q(account__is_demo=F("is_demo"))
        | ~Q(account__currency_id=F("currency_id"))
    )
    for bet in model.objects.filter(mixed).order_by("pk"):
        yield f"bet {bet.pk}: its account {bet.account_id} is not its player's in its money"


def payouts_off(model: type[Any]) -> Iterator[str]:
    """Recomputed in Python: stake × multiplier × boost does not fit into the integers of SQLite."""
    paid = model.objects.filter(status=Bet.Status.CASHED_OUT)
    columns = ("pk", "stake_minor", "multiplier_hundredths", "boost_percent", "payout_minor")
    for bet, stake, multiplier, boost, payout in paid.values_list(*columns).order_by().iterator(chunk_size=10_000):
        right = payout_minor(stake, multiplier, boost)
        if payout != right:
            yield f"bet {bet}: paid {payout}, but {stake} at {multiplier} with {boost} % more is {right}"


def _bets_against_their_round() -> Iterator[str]:
    status, state = Bet.Status, Round.State
    ended = Q(round__state__in=[state.CRASHED, state.SETTLED])
    impossible = {
        "is open in a round that is over": Q(status=status.OPEN, round__state__in=[state.SETTLED, state.VOIDED]),
        "is reserved in a round that does not wait": Q(status=status.RESERVED) & ~Q(round__state=state.WAITING),
        "is lost in a round that is not over": Q(status=status.LOST) & ~ended,
        "is cashed out in a round that did not run": Q(
            status=status.CASHED_OUT, round__state__in=[state.WAITING, state.VOIDED]
        ),
        "is cashed out above the round's crash point": Q(
            status=status.CASHED_OUT, multiplier_hundredths__gt=F("round__result_hundredths")
        ),
        "is cashed out above its auto cash-out": Q(
            status=status.CASHED_OUT, multiplier_hundredths__gt=F("auto_cashout_hundredths")
        ),
        "has a boost that its round did not give": Q(boost_percent__gt=0)
        & (~Q(boost_percent=F("config__bonus_boost_percent")) | (ended & Q(round__had_bonus=False))),
        "has a boost from below the bonus": Q(
            boost_percent__gt=0, multiplier_hundredths__lt=F("round__bonus_hundredths"), was_auto=True
        ),
        "is refunded in a round that was not undone": Q(status=status.REFUNDED, round__interrupted=False)
        & ~Q(round__state=state.VOIDED),
        "is of another version of the rules than its round": ~Q(config_id=F("round__config_id")),
    }
    for what, condition in impossible.items():
        for bet in Bet.objects.filter(condition).order_by("pk"):
            yield f"bet {bet.pk}: {what}"


def _wins_not_paid() -> Iterator[str]:
    """An auto cash-out that the curve reached is paid, whatever else happened."""
    settled = Bet.objects.filter(round__state=Round.State.SETTLED).exclude(status=Bet.Status.CANCELLED)
    reached = Q(round__interrupted=False, auto_cashout_hundredths__lte=F("round__result_hundredths")) | Q(
        round__interrupted=True, auto_cashout_hundredths__lte=F("round__interrupted_at_hundredths")
    )
    for bet in settled.filter(reached).exclude(status=Bet.Status.CASHED_OUT).order_by("pk"):
        yield f"bet {bet.pk}: its auto cash-out was reached and not paid"


def _exposure_off() -> Iterator[str]:
    """What a round that waits or runs could win is counted, bet by bet; and nothing is of one that is settled."""
    live = Bet.objects.filter(round__state__in=[Round.State.WAITING, Round.State.RUNNING])
    bets = live.exclude(status=Bet.Status.CANCELLED).select_related("config").order_by()
    made: dict[tuple[UUID, str], int] = {}
    for bet in bets.iterator(chunk_size=10_000):
        key = (bet.round_id, book_of(bet.currency_id, is_demo=bet.is_demo))
        win = largest_win(bet.stake_minor, bet.auto_cashout_hundredths, terms_of(bet.config))
        made[key] = made.get(key, 0) + win
    unsettled = RoundExposure.objects.exclude(round__state=Round.State.CRASHED)
    sums = unsettled.order_by().values_list("round_id", "book").annotate(total=Sum("amount_minor"))
    counted = {(round_id, book): int(total) for round_id, book, total in sums}
    for key in sorted(made.keys() | counted.keys(), key=str):
        if made.get(key, 0) != counted.get(key, 0):
            round_id, book = key
            yield f"round {round_id}: its bets could win {made.get(key, 0)} in {book}, {counted.get(key, 0)} is counted"
