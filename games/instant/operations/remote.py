"""
Bets of players whose money is at an operator (seamless wallet): the stake is asked for first, outside a transaction.

What was taken becomes the request's `debit`; where nothing was, the request is `refused`. `play` then pays and, in the
same transaction, notes what the operator is owed: the payout, or a win of nothing, which closes the bet there.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from casino.ops.together import release_connection
from games.instant.errors import InsufficientFunds, LimitReached, PlayerRefused, WalletUnavailable
from games.instant.operations.playing import Taken, judge
from games.instant.operations.values import PlayRequest
from wallet.operators import operations as operators
from wallet.operators.client import caller
from wallet.operators.operations import Debit, StakeCall, StakeWish
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict
from wallet.operators.waiting import turn_to_wait
from wallet.protection import refuse_bets


def with_debits(requests: Sequence[PlayRequest], clock: Clock) -> list[PlayRequest]:
    """The requests with their stakes taken, where they are elsewhere; all operators are asked at the same time."""
    places = [i for i, request in enumerate(requests) if request.operator_id is not None]
    if not places:
        return list(requests)
    with turn_to_wait() as mine:
        if mine:
            return _with_debits(requests, places, clock)
    unavailable = WalletUnavailable("Too many wait for operators. Try again.")
    return [
        replace(request, refused=unavailable) if request.operator_id is not None else request for request in requests
    ]


def _with_debits(requests: Sequence[PlayRequest], places: Sequence[int], clock: Clock) -> list[PlayRequest]:
    found = list(requests)
    calls = _prepare([requests[i] for i in places], clock)
    under_way = {
        i: caller().submit(call.endpoint, Call.BET, call.body)
        for i, call in zip(places, calls, strict=True)
        if isinstance(call, StakeCall)
    }
    release_connection()
    missing: dict[str, Refused | Unknown] = {}
    for i, call in zip(places, calls, strict=True):
        if isinstance(call, DomainError):
            found[i] = replace(requests[i], refused=call)
            continue
        verdict = under_way[i].result()
        if isinstance(verdict, Confirmed):
            found[i] = replace(requests[i], debit=Debit(call.transaction_id, call.round_id, verdict.balance_minor))
        else:
            missing[call.transaction_id] = verdict
            found[i] = replace(requests[i], refused=_refusal(verdict))
    if missing:
        operators.conclude(missing, now=clock.now())
    return found


def _prepare(requests: Sequence[PlayRequest], clock: Clock) -> list[StakeCall | DomainError]:
    """Which stakes to ask for, written down; or why a bet would be refused anyway."""
    now = clock.now()
    answers: list[StakeCall | DomainError | None] = [None] * len(requests)
    judged = judge(requests, now=now)
    with transaction.atomic():  # it may tell a partner that a limit was met
        protected = refuse_bets(requests, now)
    wishes: list[tuple[int, StakeWish]] = []
    for i, (request, answer, refusal) in enumerate(zip(requests, judged, protected, strict=True)):
        if request.operator_id is not None and caller().turns_away(request.operator_id):
            answers[i] = WalletUnavailable()
        elif isinstance(answer, DomainError):
            answers[i] = answer
        elif refusal is not None:
            answers[i] = refusal
        else:
            wishes.append((i, _wish(answer)))
    if wishes:
        asked = operators.request_stakes([wish for _, wish in wishes], now=now)
        for (i, _), call in zip(wishes, asked, strict=True):
            answers[i] = call
    return [answer for answer in answers if answer is not None]


def _wish(taken: Taken) -> StakeWish:
    request = taken.request
    return StakeWish(
        bet_id=request.key,
        account_id=request.account_id,
        game=request.game,
        round_id=str(request.key),
        amount_minor=request.stake_minor,
        currency=request.currency,
        denominator=taken.game.limits[request.currency].denominator,
        is_demo=request.is_demo,
    )


def _refusal(verdict: Verdict) -> DomainError:
    if isinstance(verdict, Refused):
        match verdict.code:
            case "insufficient_funds":
                return InsufficientFunds()
            case "player_blocked" | "session_expired":
                return PlayerRefused()
            case "limit_reached":
                return LimitReached()
    return WalletUnavailable()
