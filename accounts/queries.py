"""Questions about people, their sessions and their keys."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.models import GameSession, PlayerKey, User


def hash_token(token: str) -> str:
    """How tokens and keys are stored. They are random and long, so a plain SHA-256 keeps them; looking the hash up
    takes the same time whatever a guess has in common with a real one."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_by_token(token: str, *, now: datetime) -> GameSession | None:
    """The live session of a token; None where it is unknown, revoked, idle too long, run out, or its player blocked."""
    idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    sessions = GameSession.objects.select_related("player").filter(
        token_hash=hash_token(token),
        revoked_at__isnull=True,
        expires_at__gt=now,
        last_seen_at__gt=now - idle,
        player__is_active=True,
    )
    return sessions.first()


def player_key(key: str) -> PlayerKey | None:
    """A player's own API key with its player, in whatever state both are; None for an unknown one."""
    return PlayerKey.objects.select_related("player").filter(key_hash=hash_token(key)).first()


def live_player_keys(player: User) -> list[PlayerKey]:
    """Newest first."""
    return list(PlayerKey.objects.filter(player=player, revoked_at__isnull=True).order_by("-created_at", "-pk"))


def session_expiry(session: GameSession) -> datetime:
    """When the session ends if it is not used again: idle or whole time, whichever is sooner."""
    return min(session.expires_at, session.last_seen_at + timedelta(seconds=settings.SESSION_IDLE_SECONDS))


def ended_sessions(session_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Those of the sessions that are over: revoked, idle for too long, or run out."""
    wanted = list(session_ids)
    idle = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    live = GameSession.objects.filter(
        pk__in=wanted, revoked_at__isnull=True, expires_at__gt=now, last_seen_at__gt=now - idle
    )
    still = set(live.values_list("pk", flat=True))
    return [pk for pk in wanted if pk not in still]


def staff_standing(user: User) -> dict[str, Any]:
    """What makes somebody staff, and which, as it is stored; nothing of a row that is not there yet."""
    stored = User.objects.filter(pk=user.pk).first() if user.pk else None
    if stored is None:
        return {}
    groups = sorted(stored.groups.values_list("name", flat=True))
    return {"is_staff": stored.is_staff, "is_superuser": stored.is_superuser, "groups": groups}
