"""
How long a player has been at the instant games in this browser: for reality checks, and for the limit of a session that
a player may have set. These games have no socket and no game session, so it is kept with the sign-in.

A sitting goes on over reloads and from game to game, and ends when nothing has happened for as long as would end a game
session. Once it has lasted as long as its player wished no bet is taken, until they begin another one themselves.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.protection import queries as protection
from accounts.protection.errors import Excluded
from casino.lib.errors import DomainError

SINCE, SEEN = "instant_since", "instant_seen"
NOTED_EVERY = timedelta(minutes=1)  # a bet is no reason to write the sign-in's row


class SittingOver(DomainError):
    """`var` is the limit, in minutes."""

    code = "session_over"
    status = 403
    message = "Your session has reached the length that you set as its limit."


@dataclass(frozen=True, slots=True)
class Sitting:
    since: datetime
    check_every: timedelta | None  # time between two reality checks


def sit(store: MutableMapping[str, Any], player_id: int, *, now: datetime, again: bool = False) -> Sitting:
    """
    The sitting of this sign-in (`store` is its session), begun where there is none; `again` begins another one.

    Raises Excluded or SittingOver.
    """
    held = protection.standing(player_id, now=now)
    if held.exclusion is not None:
        raise Excluded(held.exclusion)
    since, seen = _read(store, SINCE), _read(store, SEEN)
    idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    if since is None or seen is None or now - seen >= idle or again:
        since = seen = now
        store[SINCE] = store[SEEN] = now.timestamp()
    minutes = held.session_minutes
    if minutes is not None and now - since >= timedelta(minutes=minutes):
        raise SittingOver(var=minutes)
    if now - seen >= NOTED_EVERY:
        store[SEEN] = now.timestamp()
    return Sitting(since, protection.reality_check_every(held))


def _read(store: MutableMapping[str, Any], name: str) -> datetime | None:
    value = store.get(name)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
