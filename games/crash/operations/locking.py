"""
Locks of the crash game, in the one order that everything takes them in:

    1 the engine's lease   2 the round   3 player accounts, by id

A bet's row changes only under its round's lock, shared together with its account's, or exclusive. So bets need no lock
of their own, players never wait for each other, and the settlement waits for whoever is still at it and is then alone.
On SQLite a write transaction is alone from its beginning, and these are plain reads.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import CharField, F, QuerySet

from casino.ops.bulk import AnyOf, lock_clause
from casino.ops.composed import Asked, Given, sharing
from games.crash.errors import EngineFenced
from games.crash.models import EngineLease, Round
from wallet.models import Account


def share_waiting_round(game: str) -> Round | None:
    """The game's round that takes bets; it cannot be launched before this transaction ends."""
    return next(iter(_waiting_round(game=game)), None)


def sharing_waiting_round(game: str) -> Asked:
    """What `share_waiting_round` asks."""
    return _waiting_round.about(game=game)


@sharing
def _waiting_round() -> QuerySet[Round]:
    return Round.objects.filter(game=Given("game", CharField()), state=Round.State.WAITING)


def share_rounds(ids: Iterable[UUID]) -> dict[UUID, Round]:
    """Rounds of cash-outs; they cannot be settled before this transaction ends."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    sql = f"SELECT * FROM crash_round WHERE id IN ({marks}) ORDER BY id"  # noqa: S608 only marks are put in
    keys = wanted if connection.vendor == "postgresql" else [key.hex for key in wanted]
    return {round_.pk: round_ for round_ in Round.objects.raw(sql + lock_clause("FOR SHARE"), keys)}


def own_round(round_id: UUID, *, epoch: int) -> Round:
    """The engine's round, alone; EngineFenced where a newer engine has taken it."""
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_id)
    if round_.epoch != epoch:
        raise EngineFenced
    return round_


def own_lease(game: str, *, epoch: int) -> EngineLease:
    """The game's lease, alone; EngineFenced where another engine holds it."""
    lease = EngineLease.objects.select_for_update(no_key=True).get(pk=game)
    if lease.epoch != epoch:
        raise EngineFenced
    return lease


def lock_accounts(ids: Iterable[int]) -> None:
    """The players' accounts, by id: what one of them does with its bets happens one after the other."""
    accounts = Account.objects.filter(AnyOf(F("id"), sorted(set(ids)))).order_by("id")
    if connection.vendor == "postgresql":
        list(accounts.select_for_update(no_key=True).values_list("id", flat=True))
