"""Where bets and deposits are refused. Usually one query says that nobody of a batch has a limit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django.db import transaction

from accounts.models import User
from accounts.partners.models import PartnerPlayer
from accounts.protection import queries as protection
from accounts.protection import rules
from accounts.protection.errors import Excluded, LimitReached
from accounts.protection.models import Reached
from accounts.protection.rules import Kind, Slot, Standing, Tally
from accounts.webhooks.operations import News, emit
from casino.lib.clock import iso
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from wallet import queries as wallet
from wallet.models import Account, Currency
from wallet.protection.queries import tallies


class Stake(Protocol):
    """What is asked of a bet, whatever game it is of."""

    @property
    def player_id(self) -> int: ...
    @property
    def account_id(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def is_demo(self) -> bool: ...
    @property
    def stake_minor(self) -> int: ...


def refuse_bets(batch: Sequence[Stake], now: datetime) -> list[DomainError | None]:
    """
    A refusal or None for each bet, in order. Call it while the players' accounts are locked: what it has let pass is in
    the books before anyone else is judged on the same account.

    Two queries at most, whatever the size of the batch (a limit that is met for the first time in its period costs some
    more, to tell the partner). Bets of one player in the batch add up, also those that fail later for another reason.
    """
    standings = protection.standings({stake.player_id for stake in batch}, now=now)
    if not standings:
        return [None] * len(batch)
    counted = {
        stake.account_id
        for stake in batch
        if (held := standings.get(stake.player_id)) and held.amounts(Kind.STAKE, Kind.LOSS) and not held.exclusion
    }
    done = tallies(counted, now=now)
    answers: list[DomainError | None] = []
    met: list[_Met] = []
    for stake in batch:
        standing = standings.get(stake.player_id)
        if standing is None:
            answers.append(None)
        elif standing.exclusion is not None:
            answers.append(Excluded(standing.exclusion))
        else:
            tally = done.get(stake.account_id, Tally())
            crossed = tally.crossed(standing, stake.stake_minor, Kind.STAKE, Kind.LOSS, now=now)
            if crossed is None:
                tally.stake(stake.stake_minor)
                answers.append(None)
            else:
                slot, limit = crossed
                met.append(_Met(stake, standing, slot, limit, tally.used(*slot)))
                answers.append(_refusal(slot, limit, stake.currency, now))
    _tell(met, now=now)
    return answers


def refuse_confirmations(player_ids: Iterable[int], now: datetime) -> dict[int, DomainError]:
    """
    Refusals by player, of those who are excluded: what they reserved does not become a bet any more and goes back to
    them when betting ends. Limits let it pass: it was counted when it was set aside.
    """
    standings = protection.standings(set(player_ids), now=now)
    return {key: Excluded(held.exclusion) for key, held in standings.items() if held.exclusion is not None}


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money from outside that is about to become a player's."""

    player_id: int
    account_id: int
    currency: str
    amount_minor: int


def refuse_deposits(
    batch: Sequence[Deposit], now: datetime, *, under_way: Callable[[int], int] = lambda account_id: 0
) -> list[DomainError | None]:
    """
    A refusal or None for each deposit, in order; call it while the accounts are locked, in the transaction that notes
    the deposits. Two queries at most.

    `under_way` gives what was let pass before and is not in the books yet, by account; it is asked only where there is
    a limit. Money that has arrived already is the player's, and is not asked about here.
    """
    standings = protection.standings({deposit.player_id for deposit in batch}, now=now)
    limited = {d.account_id for d in batch if (held := standings.get(d.player_id)) and held.amounts(Kind.DEPOSIT)}
    done = tallies(limited, now=now)
    for account_id, tally in done.items():
        tally.deposit(under_way(account_id))
    answers: list[DomainError | None] = []
    for deposit in batch:
        standing = standings.get(deposit.player_id, Standing())
        tally = done.get(deposit.account_id, Tally())
        crossed = tally.crossed(standing, deposit.amount_minor, Kind.DEPOSIT, now=now)
        if standing.exclusion is not None:
            answers.append(Excluded(standing.exclusion))
        elif crossed is not None:
            answers.append(_refusal(*crossed, deposit.currency, now))
        else:
            tally.deposit(deposit.amount_minor)
            answers.append(None)
    return answers


def refuse_deposit(
    player: User, amount_minor: int, *, now: datetime, under_way: Callable[[int], int] = lambda account_id: 0
) -> None:
    """
    Raises Excluded or LimitReached where this real money must not be taken in. Locks the player's account, so that two
    at once do not pass a limit together.
    """
    account = wallet.player_account(player, is_demo=False)
    account_id = account.pk if account else 0
    if account is not None:
        _lock([account.pk])
    deposit = Deposit(player.pk, account_id, player.currency_code, amount_minor)
    (refusal,) = refuse_deposits([deposit], now, under_way=under_way)
    if refusal is not None:
        raise refusal


def hold_accounts_of(player_id: int) -> None:
    """While a player's limits change, nobody is at their accounts (`accounts.protection.operations.still`)."""
    _lock(Account.objects.filter(owner_id=player_id).values_list("pk", flat=True))


def _lock(account_ids: Iterable[int]) -> None:
    accounts = Account.objects.filter(pk__in=list(account_ids)).order_by("pk")
    list(accounts.select_for_update(no_key=True).values_list("pk", flat=True))


@lru_cache(maxsize=64)
def _denominator(currency: str) -> int:
    """Never changes, and is needed for words only."""
    return Currency.objects.values_list("denominator", flat=True).get(pk=currency)


def _refusal(slot: Slot, limit_minor: int, currency: str, now: datetime) -> LimitReached:
    kind, period = slot
    shown = f"{format_minor(limit_minor, _denominator(currency))} {currency}"
    return LimitReached(kind, period, limit=shown, resets_at=rules.resets_at(period, now))


# --- telling the partner ----------------------------------------------------------------------------------------------
class _Met:
    """A limit that stood in a bet's way."""

    def __init__(self, stake: Stake, standing: Standing, slot: Slot, limit_minor: int, used_minor: int) -> None:
        self.stake = stake
        self.standing = standing
        self.slot = slot
        self.limit_minor = limit_minor
        self.used_minor = used_minor


def _tell(met: Sequence[_Met], *, now: datetime) -> None:
    """Note limits that were met for the first time in their period, and tell the partner whose player it is."""
    first: list[_Met] = []
    noted: set[tuple[int, Slot, bool]] = set()
    starts = rules.starts(now)
    for one in met:
        kind, period = one.slot
        name = (one.stake.player_id, one.slot, one.stake.is_demo)
        if (kind, period, one.stake.is_demo, starts[period]) not in one.standing.reached and name not in noted:
            noted.add(name)
            first.append(one)
    if not first:
        return
    with transaction.atomic():
        news = [one for one in first if _note(one, starts[one.slot[1]], now)]
        players = PartnerPlayer.objects.filter(user_id__in={one.stake.player_id for one in news})
        whose = {player.user_id: player for player in players}
        emit([_news(one, whose[one.stake.player_id], now) for one in news if one.stake.player_id in whose], now=now)


def _note(one: _Met, since: datetime, now: datetime) -> bool:
    kind, period = one.slot
    _, is_new = Reached.objects.get_or_create(
        player_id=one.stake.player_id,
        kind=kind.value,
        period=period.value,
        is_demo=one.stake.is_demo,
        since=since,
        defaults={"at": now, "limit_minor": one.limit_minor},
    )
    return is_new


def _news(one: _Met, player: PartnerPlayer, now: datetime) -> News:
    kind, period = one.slot
    data = {
        "user": player.external_id,
        "kind": kind.value,
        "period": period.value,
        "amount": one.limit_minor,
        "used": one.used_minor,
        "denominator": _denominator(one.stake.currency),
        "currency": one.stake.currency,
        "is_demo": one.stake.is_demo,
        "resets_at": iso(rules.resets_at(period, now)),
    }
    return News(player.partner_id, player.environment, "player.limit_reached", data)
