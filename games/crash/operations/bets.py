"""
What players do: place, cancel, cash out. In batches; a single bet is a batch of one.

Each function is one transaction and answers per request, in order: a value, or a DomainError as a value. One refused
request never spoils the others. What happened is announced on commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from casino.lib.clock import elapsed_ms
from casino.lib.errors import DomainError
from casino.lib.ids import uuid7
from casino.lib.money import payout_minor
from casino.ops.bulk import insert_rows, update_rows
from games.crash import publisher
from games.crash.errors import (
    AboveMaximum,
    AlreadyPlaced,
    BelowMinimum,
    BetNotFound,
    BettingClosed,
    CannotCancel,
    CannotCashOut,
    CannotPlace,
    InsufficientFunds,
    InvalidAutoCashout,
    NoRoundRunning,
    RoundCrashed,
)
from games.crash.models import Bet, ConfigLimit, Round
from games.crash.operations.locking import lock_accounts, share_rounds, share_waiting_round
from games.crash.rules import CAPS, MAX_IDENTIFIER, MIN_CASHOUT, Payout, Refusal
from games.crash.sealed import course_of
from wallet import ledger
from wallet.chart import Code, House, book_of
from wallet.ledger import Result, TransferRequest
from wallet.queries import house_accounts


@dataclass(frozen=True, slots=True)
class BetRequest:
    """A stake in minor units for the next round; `auto_cashout` in hundredths. Who plays is the caller's word."""

    game: str
    player_id: int
    username: str
    account_id: int
    currency: str
    is_demo: bool
    stake_minor: int
    identifier: int
    auto_cashout: int | None
    bet_id: UUID = field(default_factory=uuid7)


class PlacedBet(NamedTuple):
    bet_id: UUID
    round_id: UUID
    player_id: int
    account_id: int
    username: str
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    auto_cashout: int | None
    balance_minor: int
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class BetAction:
    """A cancel or a cash-out of an own bet. `received_at` is when this platform got it, and decides."""

    player_id: int
    account_id: int
    bet_id: UUID
    received_at: datetime
    cashout_at: int | None = None


class ClosedBet(NamedTuple):
    """
    A bet that was cancelled or paid; `paid_minor` went to the player, `balance_minor` is available after it.

    A tuple like the others here that a settlement makes a hundred thousand of.
    """

    game: str
    bet_id: UUID
    round_id: UUID
    player_id: int
    account_id: int
    username: str
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    paid_minor: int
    balance_minor: int
    multiplier: int | None = None
    boost_percent: int = 0
    auto: bool = False


class HeldBet(NamedTuple):
    """A bet read under lock. A tuple, since a settlement reads a hundred thousand of them."""

    id: UUID
    game: str
    round_id: UUID
    player_id: int
    username: str
    account_id: int
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    stake_reference_micros: int
    auto_cashout: int | None
    status: str


_HELD_COLUMNS = (
    "pk",
    "round__game_id",
    "round_id",
    "player_id",
    "player__username",
    "account_id",
    "currency_id",
    "currency__denominator",
    "is_demo",
    "identifier",
    "stake_minor",
    "stake_reference_micros",
    "auto_cashout_hundredths",
    "status",
)

Verdict = DomainError | tuple[int, Payout | None]  # refused, or what is paid and why (None: the stake goes back)
Decided = tuple[int, HeldBet, int, Payout | None]


def held_bets(bets: QuerySet[Bet]) -> list[HeldBet]:
    return [HeldBet._make(row) for row in bets.values_list(*_HELD_COLUMNS)]


# --- placing ----------------------------------------------------------------------------------------------------------
BET_COLUMNS = (
    "id",
    "round",
    "player",
    "account",
    "config",
    "currency",
    "is_demo",
    "identifier",
    "stake_minor",
    "stake_reference_micros",
    "payout_reference_micros",
    "auto_cashout_hundredths",
    "status",
    "boost_percent",
    "was_auto",
    "payout_minor",
    "balance_before_minor",
    "placed_at",
)


def place_bets(game: str, requests: Sequence[BetRequest], *, now: datetime) -> list[PlacedBet | DomainError]:
    """Take stakes for the game's waiting round, all in one transaction."""
    answers: list[PlacedBet | DomainError | None] = [None] * len(requests)
    with transaction.atomic():
        round_ = share_waiting_round(game)
        limits = _limits(round_, game)
        wanted: list[tuple[int, BetRequest]] = []
        for i, request in enumerate(requests):
            refusal = _refusal(request, limits) or (BettingClosed() if round_ is None else None)
            if refusal is None:
                wanted.append((i, request))
            else:
                answers[i] = refusal
        if round_ is not None and wanted:
            for i, answer in _stake(round_, wanted, limits, now=now):
                answers[i] = answer
            placed = [answer for answer in answers if isinstance(answer, PlacedBet)]
            transaction.on_commit(lambda: publisher.bets_placed(game, round_.pk, placed))
    return [answer for answer in answers if answer is not None]


def _limits(round_: Round | None, game: str) -> dict[str, ConfigLimit]:
    """The round's limits by currency; between rounds, the game's latest, so that a refusal names the right reason."""
    limits = ConfigLimit.objects.select_related("currency", "config")
    if round_ is not None:
        found = limits.filter(config_id=round_.config_id)
    else:
        found = limits.filter(config__game_id=game).order_by("config__version")
    return {limit.currency_id: limit for limit in found}


def _refusal(request: BetRequest, limits: dict[str, ConfigLimit]) -> DomainError | None:
    limit = limits.get(request.currency)
    if limit is None or not limit.currency.enabled:
        return CannotPlace("The bet could not be placed: this game is not played in your currency.")
    if request.stake_minor < limit.min_stake_minor:
        return BelowMinimum(var=limit.min_stake_minor)
    if request.stake_minor > limit.max_stake_minor:
        return AboveMaximum(var=limit.max_stake_minor)
    auto = request.auto_cashout
    if auto is not None and auto < MIN_CASHOUT:
        return InvalidAutoCashout(var=MIN_CASHOUT)
    cap = CAPS[limit.config.volatility]
    if auto is not None and auto > cap:
        return InvalidAutoCashout(var=cap)
    if not 1 <= request.identifier <= MAX_IDENTIFIER:
        return CannotPlace(f"The bet could not be placed: identifier goes from 1 to {MAX_IDENTIFIER}.")
    return None


def _stake(
    round_: Round, wanted: Sequence[tuple[int, BetRequest]], limits: dict[str, ConfigLimit], *, now: datetime
) -> list[tuple[int, PlacedBet | DomainError]]:
    account_ids = {request.account_id for _, request in wanted}
    lock_accounts(account_ids)
    held = Bet.objects.filter(round=round_, account_id__in=account_ids).exclude(status=Bet.Status.CANCELLED)
    taken = set(held.values_list("account_id", "identifier"))
    answers: list[tuple[int, PlacedBet | DomainError]] = []
    staked: list[tuple[int, BetRequest]] = []
    for i, request in wanted:
        place = (request.account_id, request.identifier)
        if place in taken:
            answers.append((i, AlreadyPlaced()))
        else:
            taken.add(place)
            staked.append((i, request))
    house = house_accounts(House.CRASH, {book_of(r.currency, is_demo=r.is_demo) for _, r in staked})
    outcomes = ledger.post(
        [
            TransferRequest(
                id=f"stake:{request.bet_id}",
                debit_account_id=request.account_id,
                credit_account_id=house[book_of(request.currency, is_demo=request.is_demo)],
                amount_minor=request.stake_minor,
                code=Code.STAKE,
                reference=str(request.bet_id),
            )
            for _, request in staked
        ],
        now=now,
    )
    rows = []
    for (i, request), outcome in zip(staked, outcomes, strict=True):
        if outcome.result is Result.INSUFFICIENT_FUNDS:
            answers.append((i, InsufficientFunds()))
            continue
        if outcome.result is not Result.OK:
            answers.append((i, CannotPlace(f"The bet could not be placed: {outcome.result}.")))
            continue
        limit = limits[request.currency]
        balance_minor = outcome.debit_balance_minor or 0
        rows.append(
            (
                request.bet_id,
                round_.pk,
                request.player_id,
                request.account_id,
                round_.config_id,
                request.currency,
                request.is_demo,
                request.identifier,
                request.stake_minor,
                _reference_micros(request.stake_minor, limit),
                0,
                request.auto_cashout,
                str(Bet.Status.OPEN),
                0,
                False,
                0,
                balance_minor + request.stake_minor,
                now,
            )
        )
        answers.append((i, _placed(request, round_, limit.currency.denominator, balance_minor, now)))
    insert_rows(Bet, BET_COLUMNS, rows)
    return answers


def _reference_micros(amount_minor: int, limit: ConfigLimit) -> int:
    return amount_minor * limit.currency.reference_micros // limit.currency.denominator


def _placed(request: BetRequest, round_: Round, denominator: int, balance_minor: int, now: datetime) -> PlacedBet:
    return PlacedBet(
        bet_id=request.bet_id,
        round_id=round_.pk,
        player_id=request.player_id,
        account_id=request.account_id,
        username=request.username,
        currency=request.currency,
        denominator=denominator,
        is_demo=request.is_demo,
        identifier=request.identifier,
        stake_minor=request.stake_minor,
        auto_cashout=request.auto_cashout,
        balance_minor=balance_minor,
        placed_at=now,
    )


# --- cancelling and cashing out ---------------------------------------------------------------------------------------
def cancel_bets(requests: Sequence[BetAction], *, now: datetime) -> list[ClosedBet | DomainError]:
    """Give stakes back, as long as the round waits."""
    with transaction.atomic():
        answers = _act(requests, _cancel_verdict, now=now)
        closed = [answer for answer in answers if isinstance(answer, ClosedBet)]
        transaction.on_commit(lambda: publisher.bets_cancelled(closed))
    return answers


def cash_outs(requests: Sequence[BetAction], *, now: datetime) -> list[ClosedBet | DomainError]:
    """
    Pay bets at the multiplier that was current when each request was received.

    A request received before the crash is honoured even where the settlement was faster than it.
    """
    with transaction.atomic():
        answers = _act(requests, _cash_out_verdict, now=now)
        closed = [answer for answer in answers if isinstance(answer, ClosedBet)]
        transaction.on_commit(lambda: publisher.bets_cashed_out(closed))
    return answers


def _cancel_verdict(bet: HeldBet, round_: Round, action: BetAction) -> Verdict:
    if bet.status == Bet.Status.CANCELLED or round_.state == Round.State.VOIDED:
        return CannotCancel()
    if round_.state != Round.State.WAITING:
        return BettingClosed()
    return bet.stake_minor, None


def _cash_out_verdict(bet: HeldBet, round_: Round, action: BetAction) -> Verdict:
    if bet.status == Bet.Status.CASHED_OUT:
        return CannotCashOut("The bet could not be cashed out: it is cashed out already.")
    if bet.status in (Bet.Status.CANCELLED, Bet.Status.REFUNDED):
        return CannotCashOut(f"The bet could not be cashed out: it was {bet.status}.")
    if round_.state == Round.State.WAITING or round_.started_at is None:
        return NoRoundRunning()
    if round_.interrupted:
        return RoundCrashed("The round was interrupted; its open bets are settled by the published rule.")
    verdict = course_of(round_).cash_out(
        elapsed_ms=elapsed_ms(round_.started_at, action.received_at),
        cashout_at=action.cashout_at,
        auto_target=bet.auto_cashout,
    )
    match verdict:
        case Payout():
            return payout_minor(bet.stake_minor, verdict.multiplier, verdict.boost_percent), verdict
        case Refusal.CRASHED:
            return RoundCrashed()
        case Refusal.TOO_EARLY:
            return CannotCashOut("The bet could not be cashed out: cash-out is possible from 1.01x on.")
        case Refusal.AT_BELOW_MINIMUM:
            return CannotCashOut("The bet could not be cashed out: cashoutAt is below 1.01x.")
        case Refusal.AT_ABOVE_CURRENT:
            return CannotCashOut("The bet could not be cashed out: cashoutAt is above the current multiplier.")


def _act(
    requests: Sequence[BetAction], decide: Callable[[HeldBet, Round, BetAction], Verdict], *, now: datetime
) -> list[ClosedBet | DomainError]:
    """Lock what the batch touches, decide each request in order, and pay what was decided."""
    wanted = {request.bet_id for request in requests}
    touched = list(Bet.objects.filter(pk__in=wanted).values_list("round_id", "account_id"))
    rounds = share_rounds(round_id for round_id, _ in touched)
    lock_accounts(account_id for _, account_id in touched)
    bets = {bet.id: bet for bet in held_bets(Bet.objects.filter(pk__in=wanted))}
    answers: list[ClosedBet | DomainError | None] = []
    decided: list[Decided] = []
    closed_here: set[UUID] = set()
    for i, request in enumerate(requests):
        bet = bets.get(request.bet_id)
        if bet is None or bet.player_id != request.player_id or bet.account_id != request.account_id:
            answers.append(BetNotFound())
            continue
        verdict = decide(bet, rounds[bet.round_id], request)
        if isinstance(verdict, DomainError):
            answers.append(verdict)
            continue
        if bet.id in closed_here:  # asked twice in one batch: the first one counts
            twice = CannotCashOut("The bet could not be cashed out: it is cashed out already.")
            answers.append(twice if verdict[1] else CannotCancel())
            continue
        closed_here.add(bet.id)
        answers.append(None)
        decided.append((i, bet, *verdict))
    for i, closed in pay(decided, now=now):
        answers[i] = closed
    return [answer for answer in answers if answer is not None]


def pay(
    decided: Sequence[Decided], *, now: datetime, given_back: Bet.Status = Bet.Status.CANCELLED
) -> list[tuple[int, ClosedBet]]:
    """
    Move what was decided (bets under lock: index, bet, amount, and the payout or None for a stake given back).

    The bets' rows and the money change together; each transfer can exist only once, whatever is repeated.
    `given_back` is what a bet without payout becomes.
    """
    if not decided:
        return []
    books = {(bet.currency, bet.is_demo): book_of(bet.currency, is_demo=bet.is_demo) for _, bet, _, _ in decided}
    house = house_accounts(House.CRASH, books.values())
    house_of = {key: house[book] for key, book in books.items()}
    outcomes = ledger.post(
        [
            TransferRequest(
                id=f"{'refund' if payout is None else 'payout'}:{bet.id}",
                debit_account_id=house_of[bet.currency, bet.is_demo],
                credit_account_id=bet.account_id,
                amount_minor=amount,
                code=Code.REFUND if payout is None else Code.PAYOUT,
                reference=str(bet.id),
            )
            for _, bet, amount, payout in decided
        ],
        now=now,
    )
    assert all(outcome.result is Result.OK for outcome in outcomes), "a bet under lock is paid exactly once"
    _write_closed(decided, given_back, now=now)
    return [
        (i, _closed(bet, amount, payout, outcome.credit_balance_minor or 0))
        for (i, bet, amount, payout), outcome in zip(decided, outcomes, strict=True)
    ]


def _write_closed(decided: Sequence[Decided], given_back: Bet.Status, *, now: datetime) -> None:
    won: list[tuple[object, ...]] = []
    returned: list[tuple[object, ...]] = []
    for _, bet, amount, payout in decided:
        if payout is None:
            returned.append((bet.id, amount))
        else:
            reference = bet.stake_reference_micros * amount // bet.stake_minor
            won.append((bet.id, payout.multiplier, payout.boost_percent, payout.auto, amount, reference))
    columns = ("multiplier_hundredths", "boost_percent", "was_auto", "payout_minor", "payout_reference_micros")
    open_or_lost = "t.status IN ('open', 'lost')"
    paid = {"status": Bet.Status.CASHED_OUT.value, "settled_at": now}
    changed = update_rows(Bet, "id", columns, won, same=paid, where=open_or_lost)
    back = {"status": given_back.value, "settled_at": now}
    changed += update_rows(Bet, "id", ("payout_minor",), returned, same=back, where=open_or_lost)
    assert changed == len(decided), "bets changed under their lock"


def _closed(bet: HeldBet, amount: int, payout: Payout | None, balance_minor: int) -> ClosedBet:
    return ClosedBet(
        game=bet.game,
        bet_id=bet.id,
        round_id=bet.round_id,
        player_id=bet.player_id,
        account_id=bet.account_id,
        username=bet.username,
        currency=bet.currency,
        denominator=bet.denominator,
        is_demo=bet.is_demo,
        identifier=bet.identifier,
        stake_minor=bet.stake_minor,
        paid_minor=amount,
        balance_minor=balance_minor,
        multiplier=payout.multiplier if payout else None,
        boost_percent=payout.boost_percent if payout else 0,
        auto=payout.auto if payout else False,
    )
