"""
Taking stakes at operators. A stake is asked for in three steps, so that no transaction waits for anyone outside:

    request    rows `requested`, committed
    the call   `/bet`, at most the operator's timeout
    confirm    in the transaction that places the bet; or `conclude`, where the operator refused or did not answer

A row that stays `requested` (this process was killed, say) is found by the worker and refunded. `confirm` and that
sweep both change only rows that are still `requested`, so one of them is first and the other finds nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F

from casino.lib.errors import DomainError
from casino.ops.bulk import AnyOf, insert_rows, update_rows
from casino.ops.locks import take_names
from wallet.operators.client import Endpoint
from wallet.operators.models import RemoteCall, RemoteWallet, transaction_id
from wallet.operators.operations.owed import Credit, owe
from wallet.operators.operations.rows import CALL_COLUMNS, Row, State, body_for, held, tell_balances, why
from wallet.operators.operations.setup import NoOperator, endpoint_of
from wallet.operators.protocol import Refused, Unknown

FORGOTTEN = timedelta(seconds=30)  # after which nobody can be waiting for the answer to a bet any more


class StakeInFlight(DomainError):
    code = "idempotency_in_progress"
    status = 409
    socket_code = 1004
    message = "This bet is being asked for at the operator."


@dataclass(frozen=True, slots=True)
class StakeWish:
    """A stake to be taken at the operator, for a bet that is to be placed in that round."""

    bet_id: UUID
    account_id: int
    game: str
    round_id: str
    amount_minor: int
    currency: str
    denominator: int
    is_demo: bool
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class StakeCall:
    """A call that is written down and may now be made."""

    transaction_id: str
    round_id: str
    endpoint: Endpoint
    body: dict[str, Any]


class Debit(NamedTuple):
    """A stake that the operator says it has taken."""

    transaction_id: str
    round_id: str
    balance_minor: int


def request_stakes(wishes: Sequence[StakeWish], *, now: datetime) -> list[StakeCall | DomainError]:
    """Write down that these stakes are asked for. Three queries, however many they are."""
    with transaction.atomic():
        wallets = _wallets(wish.account_id for wish in wishes)
        free = _free_origins(wishes)
        answers: list[StakeCall | DomainError] = []
        rows: list[Row] = []
        for wish in wishes:
            wallet = wallets.get(wish.account_id)
            if wallet is None or not wallet.operator.is_active:
                answers.append(NoOperator())
                continue
            if wish.origin is not None and wish.origin not in free:
                answers.append(StakeInFlight())
                continue
            free.discard(wish.origin)
            name = transaction_id("bet", wish.bet_id)
            told = (wish.game, wish.round_id, wish.bet_id, wish.amount_minor, None)
            row = (name, "bet", State.REQUESTED.value, wallet.operator_id, wallet.pk, *told)
            rows.append((*row, wish.origin, 1, None, "", now))
            body = body_for(name, wallet.user, *told[:4], wish.currency, wish.denominator, wish.is_demo)
            answers.append(StakeCall(name, wish.round_id, endpoint_of(wallet.operator), body))
        insert_rows(RemoteCall, CALL_COLUMNS, rows)
    return answers


def _free_origins(wishes: Sequence[StakeWish]) -> set[str | None]:
    """Calls from outside that have no stake asked for now; ours alone until this transaction ends."""
    named = {wish.origin for wish in wishes if wish.origin is not None}
    if not named:
        return set()
    held: set[str | None] = {name for name in named if name in take_names(named)}
    asked = RemoteCall.objects.filter(origin__in=held, state=State.REQUESTED)
    return held.difference(asked.values_list("origin", flat=True))


def _wallets(account_ids: Any) -> dict[int, RemoteWallet]:
    wanted = set(account_ids)
    return {w.pk: w for w in RemoteWallet.objects.select_related("operator").filter(AnyOf(F("account_id"), wanted))}


def confirm(debits: Sequence[Debit], *, now: datetime) -> set[str]:
    """
    In the transaction that places the bets: those of the stakes that are ours to place with. The others were given up
    and go back.
    """
    if not debits:
        return set()
    found = held({debit.transaction_id for debit in debits}, State.REQUESTED)
    told = {debit.transaction_id: debit.balance_minor for debit in debits}
    update_rows(
        RemoteCall,
        "id",
        ("balance_minor",),
        [(name, told[name]) for name in found],
        same={"state": State.CONFIRMED.value, "concluded_at": now},
    )
    tell_balances({wallet: told[name] for name, wallet in found.items()}, now=now)
    return set(found)


def conclude(verdicts: Mapping[str, Refused | Unknown], *, now: datetime) -> None:
    """Stakes that were not taken, or of which nobody knows: those are refunded until that is acknowledged."""
    with transaction.atomic():
        found = held(verdicts, State.REQUESTED)
        for state, kind in ((State.REFUSED, Refused), (State.UNKNOWN, Unknown)):
            rows = [(name, why(verdicts[name])) for name in found if isinstance(verdicts[name], kind)]
            update_rows(RemoteCall, "id", ("error",), rows, same={"state": state.value, "concluded_at": now})
        unknown = [name for name in found if isinstance(verdicts[name], Unknown)]
        refund(unknown, now=now)


def refund(stake_ids: Sequence[str], *, now: datetime) -> None:
    """The operator is to give these stakes back, whether or not it has ever heard of them."""
    if not stake_ids:
        return
    stakes = RemoteCall.objects.filter(AnyOf(F("id"), stake_ids), kind="bet")
    credits = [
        Credit("refund", s.bet_id, s.wallet_id, s.operator_id, s.game, s.round_id, s.amount_minor, None, now)
        for s in stakes
    ]
    owe(credits, now=now)


def give_up_forgotten(*, now: datetime) -> int:
    """Stakes whose asker is gone: nobody can place with them any more, and they go back."""
    old = RemoteCall.objects.filter(state=State.REQUESTED, created_at__lte=now - FORGOTTEN)
    names = list(old.order_by("created_at").values_list("pk", flat=True)[:500])
    if names:
        conclude({name: Unknown("its asker was gone before the answer") for name in names}, now=now)
    return len(names)


def stakes_of_round(round_id: str) -> dict[UUID, RemoteCall]:
    """Confirmed stakes of a round by bet; one look at an index where there are none."""
    stakes = RemoteCall.objects.filter(round_id=round_id, kind="bet", state=State.CONFIRMED)
    return {stake.bet_id: stake for stake in stakes}
