"""
Bets of players whose money is at an operator (seamless wallet).

Before such a bet is placed its stake is asked for: `prepare` says of each wish what call to make, or why not; the
answer becomes the bet's `debit`, or a refusal. When a bet is closed its operator is owed a call: what was won, the
stake given back, or a win of nothing, which closes the bet at the operator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import F

from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from casino.ops.bulk import AnyOf
from casino.ops.together import release_connection
from games.crash.errors import CannotPlace, InsufficientFunds, OperatorUnavailable
from games.crash.models import Bet, Round
from games.crash.operations import placing
from games.crash.operations.values import BetRequest, Decided, HeldBet
from wallet.ledger import TransferRequest
from wallet.operators import operations as operators
from wallet.operators.client import caller
from wallet.operators.operations import Credit, Debit, StakeCall, StakeWish
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict

# A cash-out that was received before the crash counts even where the settlement was faster. Its operator has not been
# told by then that the bet was lost: that is said when no such cash-out can be under way any more.
LATEST_CASH_OUT = timedelta(seconds=30)
LOST_IS_TOLD = timedelta(seconds=60)


class Wanted(NamedTuple):
    """A bet, and the call from outside that wants it (it has one stake asked for at a time)."""

    request: BetRequest
    origin: str | None = None


class PlayerRefused(CannotPlace):
    code = "player_blocked"
    message = "The bet could not be placed: the player may not play."


# --- before a bet -----------------------------------------------------------------------------------------------------
def prepare(wishes: Sequence[Wanted], *, now: datetime) -> list[StakeCall | DomainError]:
    """Which stakes to ask for, written down; or why a bet would be refused anyway. Per game a handful of queries."""
    answers: list[StakeCall | DomainError | None] = [None] * len(wishes)
    for game in dict.fromkeys(wish.request.game for wish in wishes):
        places = [i for i, wish in enumerate(wishes) if wish.request.game == game]
        round_, found = placing.refusals(game, [wishes[i].request for i in places], now=now)
        for i, refusal in zip(places, found, strict=True):
            answers[i] = refusal
        asked = [i for i in places if answers[i] is None]
        if round_ is not None and asked:
            stakes = [stake_wish(wishes[i], round_.pk, placing.denominator(round_, wishes[i].request)) for i in asked]
            for i, answer in zip(asked, operators.request_stakes(stakes, now=now), strict=True):
                answers[i] = answer
    return [answer for answer in answers if answer is not None]


def stake_wish(wish: Wanted, round_id: UUID, denominator: int) -> StakeWish:
    """What the operator is asked for this bet of that round."""
    request = wish.request
    return StakeWish(
        bet_id=request.bet_id,
        account_id=request.account_id,
        game=request.game,
        round_id=str(round_id),
        amount_minor=request.stake_minor,
        currency=request.currency,
        denominator=denominator,
        is_demo=request.is_demo,
        origin=wish.origin,
    )


def with_debit(request: BetRequest, call: StakeCall, verdict: Verdict) -> BetRequest | DomainError:
    """The bet with the stake that was taken for it, or why it cannot be placed."""
    if isinstance(verdict, Confirmed):
        return replace(request, debit=Debit(call.transaction_id, call.round_id, verdict.balance_minor))
    return OperatorUnavailable() if isinstance(verdict, Unknown) else _refusal(verdict)


def with_debits(wishes: Sequence[Wanted], clock: Clock) -> list[BetRequest]:
    """For callers with a thread of their own, which waits outside a transaction; all are asked for at the same time."""
    away = [wish.request.operator_id is not None and caller().turns_away(wish.request.operator_id) for wish in wishes]
    prepared = iter(prepare([wish for wish, off in zip(wishes, away, strict=True) if not off], now=clock.now()))
    calls = [OperatorUnavailable() if off else next(prepared) for off in away]
    under_way = {
        i: caller().submit(call.endpoint, Call.BET, call.body)
        for i, call in enumerate(calls)
        if isinstance(call, StakeCall)
    }
    release_connection()
    verdicts = {i: future.result() for i, future in under_way.items()}
    found: list[BetRequest] = []
    missing: dict[str, Refused | Unknown] = {}
    for i, (wish, call) in enumerate(zip(wishes, calls, strict=True)):
        answer: BetRequest | DomainError
        if isinstance(call, DomainError):
            answer = call
        else:
            verdict = verdicts[i]
            answer = with_debit(wish.request, call, verdict)
            if not isinstance(verdict, Confirmed):
                missing[call.transaction_id] = verdict
        found.append(replace(wish.request, refused=answer) if isinstance(answer, DomainError) else answer)
    if missing:
        not_taken(missing, now=clock.now())
    return found


def _refusal(verdict: Refused) -> DomainError:
    match verdict.code:
        case "insufficient_funds":
            return InsufficientFunds()
        case "player_blocked" | "session_expired":
            return PlayerRefused()
        case "limit_reached":
            return CannotPlace("The bet could not be placed: a limit of the player's stands in the way.")
    return OperatorUnavailable()


def not_taken(verdicts: Mapping[str, Refused | Unknown], *, now: datetime) -> None:
    """Stakes that were refused; and those of which nobody knows, which go back."""
    operators.conclude(verdicts, now=now)


# --- when it is closed ------------------------------------------------------------------------------------------------
def credits(decided: Sequence[Decided], *, now: datetime) -> list[tuple[HeldBet, Credit]]:
    """What operators are owed for these; nothing for bets of players whose money is here."""
    return [
        (bet, _credit(bet, "refund" if payout is None else "win", amount, payout.multiplier if payout else None, now))
        for _, bet, amount, payout in decided
        if bet.operator_id is not None
    ]


def _credit(bet: HeldBet, kind: str, amount: int, multiplier: int | None, due_at: datetime) -> Credit:
    assert bet.operator_id is not None
    whose = (bet.id, bet.account_id, bet.operator_id, bet.game, str(bet.round_id))
    return Credit(kind, *whose, amount, multiplier, due_at)


def transfers(owed: Sequence[tuple[HeldBet, Credit]]) -> list[TransferRequest]:
    """After those that pay the players: the money goes on to their operators."""
    return [operators.credit_transfer(credit, currency=bet.currency, is_demo=bet.is_demo) for bet, credit in owed]


def owe(owed: Sequence[tuple[HeldBet, Credit]], *, now: datetime) -> None:
    if owed:
        operators.raise_wins([credit for bet, credit in owed if bet.status == Bet.Status.LOST])
        operators.owe([credit for bet, credit in owed if bet.status != Bet.Status.LOST], now=now)


def tell_lost(round_: Round, *, now: datetime) -> None:
    """A win of nothing for the bets that a settled round has left without; one look where there are none."""
    stakes = operators.stakes_of_round(str(round_.pk))
    if not stakes:
        return
    lost = Bet.objects.filter(AnyOf(F("pk"), list(stakes)), status=Bet.Status.LOST).values_list("pk", flat=True)
    due_at = now + LOST_IS_TOLD
    owed = [
        Credit("win", bet_id, s.wallet_id, s.operator_id, s.game, s.round_id, 0, None, due_at)
        for bet_id in lost
        if (s := stakes[bet_id])
    ]
    operators.owe(owed, now=now)


def is_told_as_lost(bet: HeldBet, round_: Round, *, now: datetime) -> bool:
    if bet.operator_id is None or bet.status != Bet.Status.LOST or round_.settled_at is None:
        return False
    return now - round_.settled_at > LATEST_CASH_OUT
