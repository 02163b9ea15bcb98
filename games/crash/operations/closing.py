"""
Closing bets: cancel, cash out, and the payment behind every way in which a bet ends. And confirming reservations.

In batches, each one transaction, with an answer per request, in order, as in `placing`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from heapq import nlargest
from operator import itemgetter
from uuid import UUID

from django.db import transaction

from casino.lib.clock import elapsed_ms
from casino.lib.errors import DomainError
from casino.lib.money import payout_minor
from casino.ops.bulk import insert_rows, update_rows
from games.crash import publisher
from games.crash.errors import (
    BetNotFound,
    BettingClosed,
    CannotCancel,
    CannotCashOut,
    NoRoundRunning,
    NotReserved,
    RoundCrashed,
)
from games.crash.models import Bet, Round, TopWin
from games.crash.operations import exposure, partner_events, remote
from games.crash.operations.locking import lock_accounts, share_rounds
from games.crash.operations.values import BetAction, ClosedBet, Decided, HeldBet, PlacedBet, Verdict, held_bets
from games.crash.queries import TOP_WINS
from games.crash.rules import Course, Payout, Refusal
from games.crash.sealed import course_of
from wallet import ledger
from wallet.chart import Code, House, Kind, book_of
from wallet.ledger import Outcome, Result, TransferRequest
from wallet.protection import refuse_confirmations
from wallet.queries import house_accounts

TOP_WIN_COLUMNS = ("bet", "game", "payout_reference_micros", "won_at")


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
    if bet.status == Bet.Status.RESERVED:
        return bet.stake_minor, None
    if round_.state != Round.State.WAITING:
        return BettingClosed()
    return bet.stake_minor, None


def _cash_out_verdict(bet: HeldBet, round_: Round, action: BetAction) -> Verdict:
    if bet.status == Bet.Status.CASHED_OUT:
        return CannotCashOut("The bet could not be cashed out: it is cashed out already.")
    if bet.status in (Bet.Status.CANCELLED, Bet.Status.REFUNDED, Bet.Status.RESERVED):
        return CannotCashOut(f"The bet could not be cashed out: it was {bet.status}.")
    if round_.state == Round.State.WAITING or round_.started_at is None:
        return NoRoundRunning()
    if round_.interrupted:
        return RoundCrashed("The round was interrupted; its open bets are settled by the published rule.")
    return by_the_curve(bet, course_of(round_), round_.started_at, action)


def by_the_curve(bet: HeldBet, course: Course, started_at: datetime, action: BetAction) -> Verdict:
    """What an open (or just lost) bet is paid for a cash-out received at that moment, or why nothing."""
    verdict = course.cash_out(
        elapsed_ms=elapsed_ms(started_at, action.received_at),
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
    bets, rounds = _lock(requests)
    answers: list[ClosedBet | DomainError | None] = []
    decided: list[Decided] = []
    closed_here: set[UUID] = set()
    for i, request in enumerate(requests):
        bet = bets.get(request.bet_id)
        if bet is None or bet.player_id != request.player_id or bet.account_id != request.account_id:
            answers.append(BetNotFound())
            continue
        verdict = decide(bet, rounds[bet.round_id], request)
        if remote.is_told_as_lost(bet, rounds[bet.round_id], now=now):
            verdict = RoundCrashed()
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
    reserved = [row for row in decided if row[1].status == Bet.Status.RESERVED]
    for i, closed in [
        *pay([row for row in decided if row[1].status != Bet.Status.RESERVED], now=now),
        *_release([(i, bet) for i, bet, _, _ in reserved], now=now),
    ]:
        answers[i] = closed
    exposure.give_back([bet for _, bet, _, payout in decided if payout is None], rounds)
    return [answer for answer in answers if answer is not None]


def _lock(requests: Sequence[BetAction], *, with_times: bool = False) -> tuple[dict[UUID, HeldBet], dict[UUID, Round]]:
    """The requested bets and their rounds; nothing happens to them elsewhere before this transaction ends."""
    wanted = {request.bet_id for request in requests}
    touched = list(Bet.objects.filter(pk__in=wanted).values_list("round_id", "account_id"))
    rounds = share_rounds(round_id for round_id, _ in touched)
    lock_accounts(account_id for _, account_id in touched)
    bets = held_bets(Bet.objects.filter(pk__in=wanted), with_times=with_times)
    return {bet.id: bet for bet in bets}, rounds


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
    house_of = house_of_bets([bet for _, bet, _, _ in decided])
    names = [str(bet.id) for _, bet, _, _ in decided]
    owed = remote.credits(decided, now=now)
    outcomes = ledger.post(
        [
            *(
                TransferRequest(
                    id=f"refund:{name}" if payout is None else f"payout:{name}",
                    debit_account_id=house_of[bet.currency, bet.is_demo],
                    credit_account_id=bet.account_id,
                    amount_minor=amount,
                    code=Code.REFUND if payout is None else Code.PAYOUT,
                    reference=name,
                )
                for name, (_, bet, amount, payout) in zip(names, decided, strict=True)
            ),
            *remote.transfers(owed),
        ],
        now=now,
        fresh=True,  # these bets are open and under lock: each is paid by whoever closes it
    )
    assert all(outcome.result is Result.OK for outcome in outcomes), "a bet under lock is paid exactly once"
    _write_closed(names, decided, given_back, now=now)
    remote.owe(owed, now=now)
    closed = [
        (i, closed_bet(bet, amount, payout, outcome.credit_balance_minor or 0, now))
        for (i, bet, amount, payout), outcome in zip(decided, outcomes, strict=False)  # theirs come after
    ]
    partner_events.bets_closed([bet for _, bet in closed], given_back=given_back.value, now=now)
    return closed


def _write_closed(names: Sequence[str], decided: Sequence[Decided], given_back: Bet.Status, *, now: datetime) -> None:
    won: list[tuple[object, ...]] = []
    returned: list[tuple[object, ...]] = []
    shown: list[tuple[int, HeldBet]] = []  # to all, in a leaderboard
    for name, (_, bet, amount, payout) in zip(names, decided, strict=True):
        if payout is None:
            returned.append((name, amount))
        else:
            reference = bet.stake_reference_micros * amount // bet.stake_minor
            won.append((name, payout.multiplier, payout.boost_percent, payout.auto, amount, reference))
            if not bet.is_demo:
                shown.append((reference, bet))
    columns = ("multiplier_hundredths", "boost_percent", "was_auto", "payout_minor", "payout_reference_micros")
    open_or_lost = "t.status IN ('open', 'lost')"
    paid = {"status": Bet.Status.CASHED_OUT.value, "settled_at": now}
    changed = update_rows(Bet, "id", columns, won, same=paid, where=open_or_lost)
    back = {"status": given_back.value, "settled_at": now}
    if given_back is Bet.Status.CANCELLED:
        back["cancelled_at"] = now
    changed += update_rows(Bet, "id", ("payout_minor",), returned, same=back, where=open_or_lost)
    assert changed == len(decided), "bets changed under their lock"
    largest = nlargest(TOP_WINS, shown, key=itemgetter(0))
    insert_rows(TopWin, TOP_WIN_COLUMNS, [(bet.id, bet.game, reference, now) for reference, bet in largest])


# --- reservations -----------------------------------------------------------------------------------------------------
def confirm_bets(requests: Sequence[BetAction], *, now: datetime) -> list[PlacedBet | DomainError]:
    """Reserved stakes become bets, as long as the round waits."""
    with transaction.atomic():
        bets, rounds = _lock(requests, with_times=True)
        excluded = refuse_confirmations({bet.player_id for bet in bets.values()}, now)
        answers: list[PlacedBet | DomainError | None] = []
        confirmed: dict[UUID, tuple[int, HeldBet]] = {}
        for i, request in enumerate(requests):
            bet = bets.get(request.bet_id)
            refusal: DomainError | None = None
            if bet is None or bet.player_id != request.player_id or bet.account_id != request.account_id:
                refusal = BetNotFound()
            elif rounds[bet.round_id].state != Round.State.WAITING:
                refusal = BettingClosed()
            elif bet.status != Bet.Status.RESERVED or bet.id in confirmed:
                refusal = NotReserved()
            elif bet.player_id in excluded:
                refusal = excluded[bet.player_id]
            else:
                confirmed[bet.id] = (i, bet)
            answers.append(refusal)
        outcomes = _resolve_holds([bet for _, bet in confirmed.values()], Kind.POST, now=now)
        update_rows(
            Bet,
            "id",
            ("status",),
            [(bet_id, Bet.Status.OPEN.value) for bet_id in confirmed],
            same={"confirmed_at": now},
            where="t.status = 'reserved'",
        )
        for (i, bet), outcome in zip(confirmed.values(), outcomes, strict=True):
            balance_minor = outcome.debit_balance_minor if bet.operator_id is None else bet.told_minor
            answers[i] = _confirmed(bet, balance_minor or 0)
        placed = [answer for answer in answers if isinstance(answer, PlacedBet)]
        transaction.on_commit(lambda: publisher.bets_confirmed([(bets[bet.bet_id].game, bet) for bet in placed]))
    return [answer for answer in answers if answer is not None]


def release_reserved(round_: Round, *, now: datetime) -> None:
    """Give back what was set aside in a round that takes no more bets, and that is held alone."""
    bets = held_bets(Bet.objects.filter(round=round_, was_reserved=True, status=Bet.Status.RESERVED))
    if bets:
        closed = [bet for _, bet in _release(list(enumerate(bets)), now=now)]
        exposure.give_back(bets, {round_.pk: round_})
        transaction.on_commit(lambda: publisher.reservations_ended(closed))


def _release(reserved: Sequence[tuple[int, HeldBet]], *, now: datetime) -> list[tuple[int, ClosedBet]]:
    outcomes = _resolve_holds([bet for _, bet in reserved], Kind.VOID, now=now)
    changed = update_rows(
        Bet,
        "id",
        ("payout_minor",),
        [(bet.id, bet.stake_minor) for _, bet in reserved],
        same={"status": Bet.Status.CANCELLED.value, "settled_at": now, "cancelled_at": now},
        where="t.status = 'reserved'",
    )
    assert changed == len(reserved), "bets changed under their lock"
    owed = remote.credits([(i, bet, bet.stake_minor, None) for i, bet in reserved], now=now)
    ledger.post(remote.transfers(owed), now=now, fresh=True)
    remote.owe(owed, now=now)
    closed = [
        (i, closed_bet(bet, bet.stake_minor, None, outcome.debit_balance_minor or 0, now))
        for (i, bet), outcome in zip(reserved, outcomes, strict=True)
    ]
    partner_events.bets_closed([bet for _, bet in closed], given_back=Bet.Status.CANCELLED.value, now=now)
    return closed


def _resolve_holds(bets: Sequence[HeldBet], kind: Kind, *, now: datetime) -> list[Outcome]:
    house_of = house_of_bets(bets)
    name, code = ("stake", Code.STAKE) if kind is Kind.POST else ("release", Code.RELEASE)
    outcomes = ledger.post(
        [
            TransferRequest(
                id=f"{name}:{bet.id}",
                debit_account_id=bet.account_id,
                credit_account_id=house_of[bet.currency, bet.is_demo],
                amount_minor=bet.stake_minor,
                code=code,
                kind=kind,
                pending_id=f"hold:{bet.id}",
                reference=str(bet.id),
            )
            for bet in bets
        ],
        now=now,
    )
    assert all(outcome.result is Result.OK for outcome in outcomes), "a hold under lock is resolved exactly once"
    return outcomes


def house_of_bets(bets: Sequence[HeldBet]) -> dict[tuple[str, bool], int]:
    books = {(bet.currency, bet.is_demo): book_of(bet.currency, is_demo=bet.is_demo) for bet in bets}
    house = house_accounts(House.CRASH, books.values()) if books else {}
    return {key: house[book] for key, book in books.items()}


def _confirmed(bet: HeldBet, balance_minor: int) -> PlacedBet:
    assert bet.placed_at is not None
    return PlacedBet(
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
        auto_cashout=bet.auto_cashout,
        balance_minor=balance_minor,
        placed_at=bet.placed_at,
        partner=bet.partner,
    )


def closed_bet(bet: HeldBet, amount: int, payout: Payout | None, balance_minor: int, now: datetime) -> ClosedBet:
    """What its player is told of a bet that was paid; `balance_minor` is what the ledger has after it."""
    if bet.operator_id is not None:  # what its operator will say, once it has been told
        balance_minor = (bet.told_minor or 0) + amount
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
        reserved=bet.status == Bet.Status.RESERVED,
        closed_at=now,
        partner=bet.partner,
    )
