"""What the verbs share: the rows of calls under lock, what is said in them, and what balances were told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from casino.ops.bulk import AnyOf, update_rows
from wallet.operators.models import RemoteCall, RemoteWallet
from wallet.operators.protocol import Refused, Unknown

State = RemoteCall.State
Row = tuple[Any, ...]
CALL_COLUMNS = (
    "id",
    "kind",
    "state",
    "operator",
    "wallet",
    "game",
    "round_id",
    "bet_id",
    "amount_minor",
    "multiplier_hundredths",
    "origin",
    "attempts",
    "next_attempt_at",
    "error",
    "created_at",
)


def body_for(
    name: str,
    user: str,
    game: str,
    round_id: str,
    bet_id: UUID,
    amount_minor: int,
    currency: str,
    denominator: int,
    is_demo: bool,
) -> dict[str, Any]:
    return {
        "transaction_id": name,
        "user": user,
        "game": game,
        "round_id": round_id,
        "bet_id": str(bet_id),
        "amount": amount_minor,
        "currency": currency,
        "denominator": denominator,
        "is_test": is_demo,
    }


def held(names: "Sequence[str] | set[str] | Mapping[str, Any]", state: str) -> dict[str, int]:
    """Of these calls those in that state, with their wallets; nobody else changes them before this transaction ends."""
    calls = RemoteCall.objects.filter(AnyOf(F("id"), list(names)), state=state).order_by("id")
    if connection.vendor == "postgresql":
        calls = calls.select_for_update(no_key=True)
    return dict(calls.values_list("id", "wallet_id"))


def why(verdict: Refused | Unknown) -> str:
    if isinstance(verdict, Unknown):
        return verdict.reason[:200]
    return f"{verdict.code}: {verdict.message}"[:200]


def tell_balances(balances: Mapping[int, int], *, now: datetime) -> None:
    """What operators say their players have. Wallets are locked by id, so that batches cannot hold each other up."""
    wallets = RemoteWallet.objects.filter(AnyOf(F("account_id"), list(balances))).order_by("account_id")
    with transaction.atomic(savepoint=False):
        if connection.vendor == "postgresql" and balances:
            list(wallets.select_for_update(no_key=True).values_list("account_id", flat=True))
        update_rows(RemoteWallet, "account", ("balance_minor",), sorted(balances.items()), same={"told_at": now})
