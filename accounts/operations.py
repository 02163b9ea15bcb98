"""Verbs about people: sessions, keys, mutes, blocks. Each writes its audit row and announces itself on commit."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts import audit, queries
from accounts.models import GameSession, PlayerKey, User
from accounts.protection import queries as protection
from accounts.protection.errors import Excluded
from accounts.queries import hash_token
from casino.live.publisher import publish


@transaction.atomic
def open_session(
    player: User,
    *,
    is_demo: bool,
    now: datetime,
    address: str | None = None,
    user_agent: str = "",
    partner_key_id: int | None = None,
) -> tuple[str, GameSession]:
    """
    A game session and its token, which is shown this once and stored as a hash.

    Raises Excluded. Holds the player meanwhile, so that no session opens beside an exclusion that ends them all.
    """
    User.objects.select_for_update(no_key=True).get(pk=player.pk)
    held = protection.standing(player.pk, now=now)
    if held.exclusion is not None:
        raise Excluded(held.exclusion)
    length = timedelta(seconds=settings.SESSION_MAX_SECONDS)
    if held.session_minutes is not None:
        length = min(length, timedelta(minutes=held.session_minutes))
    token = secrets.token_urlsafe(32)
    session = GameSession.objects.create(
        token_hash=hash_token(token),
        player=player,
        is_demo=is_demo or player.is_demo,
        created_at=now,
        last_seen_at=now,
        expires_at=now + length,
        address=address,
        user_agent=user_agent[:200],
        partner_key_id=partner_key_id,
    )
    audit.record("session.opened", f"player:{player.pk}", actor=None, now=now, session=session.pk, demo=session.is_demo)
    return token, session


def touch_sessions(seen: Mapping[int, datetime]) -> None:
    """Note when sessions were last used; in bulk, so that a message costs no write."""
    sessions = GameSession.objects.filter(pk__in=list(seen))
    changed = []
    for session in sessions:
        if session.last_seen_at < seen[session.pk]:
            session.last_seen_at = seen[session.pk]
            changed.append(session)
    GameSession.objects.bulk_update(changed, ["last_seen_at"])


def revoke_session(session: GameSession, *, now: datetime, actor: User | None = None) -> None:
    one = GameSession.objects.filter(pk=session.pk)
    revoke_sessions(one, f"player:{session.player_id}", now=now, actor=actor)


def revoke_sessions_of(player: User, *, now: datetime, actor: User | None = None) -> None:
    """End every game session of a player, on every process, at once."""
    revoke_sessions(GameSession.objects.filter(player=player), f"player:{player.pk}", now=now, actor=actor)


@transaction.atomic
def revoke_sessions(sessions: QuerySet[GameSession], subject: str, *, now: datetime, actor: User | None = None) -> None:
    """Those that are live, however many, by one write; `subject` is whose trail says so."""
    if sessions.filter(revoked_at__isnull=True, expires_at__gt=now).update(revoked_at=now):
        ended = list(sessions.filter(revoked_at=now).order_by("pk").values_list("pk", flat=True))
        audit.record("session.revoked", subject, actor=actor, now=now, sessions=ended)
        event = {"kind": "control", "action": "close_sessions", "sessions": ended}
        transaction.on_commit(lambda: publish("control", event))


@transaction.atomic
def issue_player_key(player: User, *, now: datetime) -> str:
    """A new API key of the player's own, shown this once. Keys issued before stay valid until they are revoked."""
    key = f"pk_{secrets.token_urlsafe(32)}"
    PlayerKey.objects.create(key_hash=hash_token(key), hint=key[-4:], player=player, created_at=now)
    audit.record("player_key.issued", f"player:{player.pk}", actor=player, now=now, hint=key[-4:])
    return key


@transaction.atomic
def replace_player_keys(player: User, *, now: datetime) -> str:
    """A new API key of the player's own, shown this once; every key before it opens nothing any more."""
    revoke_player_keys(player, now=now)
    return issue_player_key(player, now=now)


@transaction.atomic
def close_all_of(player: User, *, now: datetime, actor: User) -> None:
    """
    All that plays for this player without signing in. For a new password: whoever knew the old one may have opened
    sessions and made keys.
    """
    revoke_sessions_of(player, now=now, actor=actor)
    revoke_player_keys(player, now=now, actor=actor)


@transaction.atomic
def revoke_player_keys(player: User, *, now: datetime, actor: User | None = None) -> int:
    """All of them, at once and on every process; how many there were. The player's own doing, if nobody else's."""
    User.objects.select_for_update(no_key=True).get(pk=player.pk)  # of two new keys at once, one is left
    keys = queries.live_player_keys(player)
    for key in keys:
        revoke_player_key(key, now=now, actor=actor or player)
    return len(keys)


@transaction.atomic
def revoke_player_key(key: PlayerKey, *, now: datetime, actor: User | None = None) -> None:
    if PlayerKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record("player_key.revoked", f"player:{key.player_id}", actor=actor, now=now, hint=key.hint)


@transaction.atomic
def mute(player: User, *, until: datetime, actor: User, now: datetime) -> None:
    """Nothing from this player in chat until then."""
    User.objects.filter(pk=player.pk).update(chat_muted_until=until)
    audit.record("chat.muted", f"player:{player.pk}", actor=actor, now=now, until=until.isoformat())


@transaction.atomic
def unmute(player: User, *, actor: User, now: datetime) -> None:
    User.objects.filter(pk=player.pk).update(chat_muted_until=None)
    audit.record("chat.unmuted", f"player:{player.pk}", actor=actor, now=now)


@transaction.atomic
def block(player: User, *, actor: User, now: datetime, reason: str) -> None:
    """The player can neither sign in nor play; sessions end at once. Open bets are settled as usual."""
    User.objects.filter(pk=player.pk).update(is_active=False)
    audit.record("player.blocked", f"player:{player.pk}", actor=actor, now=now, reason=reason)
    revoke_sessions_of(player, now=now, actor=actor)


@transaction.atomic
def unblock(player: User, *, actor: User, now: datetime, reason: str) -> None:
    User.objects.filter(pk=player.pk).update(is_active=True)
    audit.record("player.unblocked", f"player:{player.pk}", actor=actor, now=now, reason=reason)
