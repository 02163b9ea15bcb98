"""
Locks of solo play, in the order of the whole house: rounds by id, then player accounts by id.

A round and its bet change only under the round's lock; which rounds an account has, only under the account's. On SQLite
a write transaction is alone from its beginning, and these are plain reads.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import F

from casino.ops.bulk import AnyOf
from games.solo.models import Round

Place = tuple[str, int]  # game, account


def live_rounds(account_ids: Collection[int]) -> dict[Place, Round]:
    """The rounds of these accounts that wait or run, with their rules and chains; nothing is locked."""
    rounds = Round.objects.select_related("config", "chain").filter(
        AnyOf(F("account_id"), account_ids), state__in=Round.LIVE
    )
    return {(round_.game_id, round_.account_id): round_ for round_ in rounds}


def own_live_rounds(account_ids: Collection[int]) -> dict[Place, Round]:
    """
    The same, ours alone until this transaction ends. A round that another has just opened while we waited for the one
    before it is not among them.
    """
    rounds = Round.objects.filter(AnyOf(F("account_id"), account_ids), state__in=Round.LIVE)
    locked = rounds.order_by("id").select_for_update(no_key=True)
    return {(round_.game_id, round_.account_id): round_ for round_ in locked}


def own_rounds(ids: Iterable[UUID], *, skip_locked: bool = False) -> dict[UUID, Round]:
    """These rounds, ours alone; with `skip_locked` without those that somebody else is at."""
    rounds = Round.objects.filter(AnyOf(F("id"), sorted(set(ids)))).order_by("id")
    return {round_.pk: round_ for round_ in rounds.select_for_update(no_key=True, skip_locked=skip_locked)}
