"""
Closing bets: cash-outs, auto cash-outs that are due, and the payment behind every way in which a bet ends.

In batches, each one transaction, with an answer per request, in order. A cash-out received before the crash is honoured
even where the settlement was faster than it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from casino.lib.clock import elapsed_ms
from casino.lib.errors import DomainError
from casino.lib.money import payout_minor
from casino.ops.bulk import AnyOf, update_rows
from games.crash.errors import BetNotFound, CannotCashOut, NoRoundRunning, RoundCrashed
from games.crash.operations import BetAction, ClosedBet
from games.crash.operations import remote as crash_remote
from games.crash.operations.closing import by_the_curve, closed_bet, house_of_bets
from games.crash.operations.values import Decided, HeldBet, Verdict
from games.crash.rules import CURVE, Payout, tick_at
from games.crash.sealed import course_of
from games.solo import publisher
from games.solo.errors import AlreadyOver, StartedAtOnce
from games.solo.models import Bet, Round
from games.solo.operations.locking import own_rounds
from games.solo.operations.values import PREFIX, held_bets
from wallet import ledger
from wallet.chart import Code
from wallet.ledger import Result, TransferRequest


def cash_outs(actions: Sequence[BetAction], *, now: datetime) -> list[ClosedBet | DomainError]:
    """Pay bets at the multiplier that was current when each request was received."""
    answers: list[ClosedBet | DomainError | None] = []
    decided: list[Decided] = []
    with transaction.atomic():
        bets, rounds = _lock({action.bet_id for action in actions})
        running = _running({action.account_id for action in actions})
        closed_here: set[UUID] = set()
        for i, action in enumerate(actions):
            bet = bets.get(action.bet_id)
            verdict: Verdict
            if bet is None or (bet.player_id, bet.account_id) != (action.player_id, action.account_id):
                verdict = BetNotFound() if action.account_id in running else NoRoundRunning()
            elif bet.id in closed_here:  # asked twice in one batch: the first one counts
                verdict = _cashed_out_already()
            else:
                verdict = _verdict(bet, rounds[bet.round_id], action, now=now)
            if isinstance(verdict, DomainError):
                answers.append(verdict)
                continue
            assert bet is not None
            closed_here.add(bet.id)
            answers.append(None)
            decided.append((i, bet, *verdict))
        closed = pay(decided, now=now)
        for i, answer in closed:
            answers[i] = answer
        transaction.on_commit(lambda: publisher.moved((bet.game, bet.account_id) for _, bet in closed))
    return [answer for answer in answers if answer is not None]


def _lock(bet_ids: set[UUID]) -> tuple[dict[UUID, HeldBet], dict[UUID, Round]]:
    """The bets and their rounds; nothing happens to them elsewhere before this transaction ends."""
    found = Bet.objects.filter(AnyOf(F("pk"), bet_ids))
    rounds = own_rounds(found.values_list("round_id", flat=True))
    return {bet.id: bet for bet in held_bets(found)}, rounds


def _running(account_ids: set[int]) -> set[int]:
    rounds = Round.objects.filter(AnyOf(F("account_id"), account_ids), state=Round.State.RUNNING)
    return set(rounds.values_list("account_id", flat=True))


def _cashed_out_already() -> DomainError:
    return CannotCashOut("The bet could not be cashed out: it is cashed out already.")


def _verdict(bet: HeldBet, round_: Round, action: BetAction, *, now: datetime) -> Verdict:
    if bet.status == Bet.Status.CASHED_OUT:
        return _cashed_out_already()
    if bet.status == Bet.Status.REFUNDED:
        return CannotCashOut("The bet could not be cashed out: the round was interrupted and its stake returned.")
    assert round_.started_at is not None, "a round with a bet has started"
    if is_told_as_lost(bet, round_, now=now):
        return RoundCrashed()
    return by_the_curve(bet, course_of(round_), round_.started_at, action)


def is_told_as_lost(bet: HeldBet, round_: Round, *, now: datetime) -> bool:
    """Its operator will have been told, or is about to be, that it was lost: nothing can come after that."""
    if bet.operator_id is None or bet.status != Bet.Status.LOST or round_.settled_at is None:
        return False
    return now - round_.settled_at > crash_remote.LATEST_CASH_OUT


def refuse_cancel(action: BetAction) -> DomainError:
    """A solo bet is its round's start, so there is no time in which it could be taken back."""
    bet = Bet.objects.filter(pk=action.bet_id, account_id=action.account_id, player_id=action.player_id).first()
    if bet is None:
        return BetNotFound()
    return StartedAtOnce() if bet.status == Bet.Status.OPEN else AlreadyOver()


def pay_due(round_id: UUID, *, now: datetime) -> bool:
    """Pay the round's auto cash-out at exactly its target, if the curve has reached it; True where this did it."""
    with transaction.atomic():
        round_ = own_rounds([round_id])[round_id]
        (bet,) = held_bets(Bet.objects.filter(round_id=round_id)) or (None,)
        if round_.state != Round.State.RUNNING or round_.started_at is None or bet is None:
            return False
        course = course_of(round_)
        elapsed = elapsed_ms(round_.started_at, now)
        reached = CURVE[tick_at(min(elapsed, course.crash_ms - 1), round_.tick_ms)]
        if bet.status != Bet.Status.OPEN or bet.auto_cashout is None or bet.auto_cashout > reached:
            return False
        pay([(0, bet, *at_its_target(bet, round_))], now=now)
    return True


def at_its_target(bet: HeldBet, round_: Round) -> tuple[int, Payout]:
    """What an auto cash-out that the curve has reached is paid."""
    assert bet.auto_cashout is not None
    payout = course_of(round_).auto_payout(bet.auto_cashout)
    return payout_minor(bet.stake_minor, payout.multiplier, payout.boost_percent), payout


def pay(decided: Sequence[Decided], *, now: datetime) -> list[tuple[int, ClosedBet]]:
    """
    Move what was decided (bets whose rounds are under lock: index, bet, amount, and the payout or None for a refund).

    The bets' rows and the money change together; each transfer can exist only once, whatever is repeated.
    """
    if not decided:
        return []
    house_of = house_of_bets([bet for _, bet, _, _ in decided])
    owed = crash_remote.credits(decided, now=now)
    outcomes = ledger.post(
        [
            *(
                TransferRequest(
                    id=f"{'refund' if payout is None else 'payout'}:{PREFIX}{bet.id}",
                    debit_account_id=house_of[bet.currency, bet.is_demo],
                    credit_account_id=bet.account_id,
                    amount_minor=amount,
                    code=Code.REFUND if payout is None else Code.PAYOUT,
                    reference=f"{PREFIX}{bet.id}",
                )
                for _, bet, amount, payout in decided
            ),
            *crash_remote.transfers(owed),
        ],
        now=now,
        fresh=True,  # these bets are open and under lock: each is paid by whoever closes it
    )
    assert all(outcome.result is Result.OK for outcome in outcomes), "a bet under lock is paid exactly once"
    _write(decided, now=now)
    crash_remote.owe(owed, now=now)
    return [
        (i, closed_bet(bet, amount, payout, outcome.credit_balance_minor or 0, now))
        for (i, bet, amount, payout), outcome in zip(decided, outcomes, strict=False)  # theirs come after
    ]


def _write(decided: Sequence[Decided], *, now: datetime) -> None:
    won = [(bet.id, p.multiplier, p.boost_percent, p.auto, amount) for _, bet, amount, p in decided if p is not None]
    columns = ("multiplier_hundredths", "boost_percent", "was_auto", "payout_minor")
    paid = {"status": Bet.Status.CASHED_OUT.value, "settled_at": now}
    changed = update_rows(Bet, "id", columns, won, same=paid, where="t.status IN ('open', 'lost')")
    back = [(bet.id, amount) for _, bet, amount, payout in decided if payout is None]
    refunded = {"status": Bet.Status.REFUNDED.value, "settled_at": now}
    changed += update_rows(Bet, "id", ("payout_minor",), back, same=refunded, where="t.status = 'open'")
    assert changed == len(decided), "bets changed under their lock"
