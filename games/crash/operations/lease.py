"""The right to run a game. One engine holds it; every new holder gets a higher epoch, which fences the one before."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from games.crash.errors import EngineFenced
from games.crash.models import EngineLease

LEASE_TIME = timedelta(seconds=4)


def take_lease(game: str, *, holder: str, now: datetime) -> EngineLease | None:
    """The lease under a new epoch, or None while another engine holds it."""
    with transaction.atomic():
        EngineLease.objects.get_or_create(game_id=game, defaults={"expires_at": now})
        free = Q(expires_at__lte=now) | Q(holder="")
        taken = EngineLease.objects.filter(free, game_id=game).update(
            holder=holder, epoch=F("epoch") + 1, expires_at=now + LEASE_TIME
        )
        return EngineLease.objects.get(game_id=game) if taken else None


def announce(
    game: str, *, epoch: int, seq: int, now: datetime, round_id: UUID | None = None, tick: int | None = None
) -> None:
    """
    Write down what is about to be broadcast, and hold the lease for longer.

    It is written first, so after a crash of the engine the books know at least what any player saw.
    """
    changes: dict[str, object] = {"seq": seq, "expires_at": now + LEASE_TIME}
    if tick is not None:
        changes |= {"round_id": round_id, "tick": tick}
    if not EngineLease.objects.filter(game_id=game, epoch=epoch).update(**changes):
        raise EngineFenced


def renew_lease(game: str, *, epoch: int, now: datetime) -> None:
    if not EngineLease.objects.filter(game_id=game, epoch=epoch).update(expires_at=now + LEASE_TIME):
        raise EngineFenced


def release_lease(game: str, *, epoch: int, now: datetime) -> None:
    """Give it back at once (a clean stop); nothing happens where it was lost already."""
    EngineLease.objects.filter(game_id=game, epoch=epoch).update(holder="", expires_at=now)
