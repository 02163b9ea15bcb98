"""
Verbs about protection. One: `change`, whoever asks for it. What it does holds from its commit on, everywhere.

A bet is judged while its player's account is locked; a change takes the same lock (through `still`), so no bet that
was judged before it is committed after it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import transaction

from accounts import audit
from accounts.models import GameSession, User
from accounts.operations import revoke_sessions_of
from accounts.protection import queries, rules
from accounts.protection.models import Exclusion, Limit
from accounts.protection.rules import PERMANENT, Ban, Kind, LimitWish, Setting, Source, Wish
from casino.lib.clock import iso
from casino.live.publisher import publish

# What else holds a player still meanwhile: the wallet, which this app need not know, adds the lock of the accounts.
still: list[Callable[[int], None]] = []


@transaction.atomic
def change(
    player: User,
    wish: Wish,
    *,
    source: Source,
    actor: User | None,
    now: datetime,
    noted: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """
    Carry out a wish, all of it or nothing. Raises rules.Invalid. `noted` goes into the audit trail: a partner's key,
    the reason of staff.

    Each source changes its own limits only. Sessions end at once with an exclusion; a shorter session limit also cuts
    those that are open.
    """
    wish.check()
    User.objects.select_for_update(no_key=True).get(pk=player.pk)
    for hold in still:
        hold(player.pk)
    record = _Record(player, source, actor, now, noted)
    kinds = {limit.kind for limit in wish.limits if _set(player, limit, source, record, now)}
    if Kind.SESSION in kinds:
        _cut_sessions(player, now=now)
    if Kind.REALITY_CHECK in kinds:
        event = {"kind": "aside", "action": "protection_changed", "player": player.pk}
        transaction.on_commit(lambda: publish("control", event))
    if wish.cool_off_hours is not None:
        _exclude(player, Ban.COOL_OFF, now + timedelta(hours=wish.cool_off_hours), source, record, now)
    if wish.exclusion_months is not None:
        months = wish.exclusion_months
        until = None if months == PERMANENT else rules.add_months(now, int(months))
        _exclude(player, Ban.SELF_EXCLUSION, until, source, record, now)


class _Record:
    """Writes the audit rows of one change."""

    def __init__(
        self, player: User, source: Source, actor: User | None, now: datetime, noted: Mapping[str, str]
    ) -> None:
        self._subject = f"player:{player.pk}"
        self._details = {"source": str(source), **noted}
        self._actor = actor
        self._now = now

    def write(self, action: str, **details: object) -> None:
        name = f"{queries.CHANGES}{action}"
        audit.record(name, self._subject, actor=self._actor, now=self._now, **self._details, **details)


def _set(player: User, wish: LimitWish, source: Source, record: _Record, now: datetime) -> bool:
    """Whether anything is different now."""
    row = Limit.objects.filter(player=player, kind=wish.kind, period=wish.period, source=source).first()
    before = row.setting if row else Setting()
    after = rules.changed(before, wish.value, kind=wish.kind, now=now)
    if after == before or (row is None and wish.value is None):
        return False
    row = row or Limit(player=player, kind=wish.kind.value, period=wish.period.value, source=source.value)
    row.value, row.next_value, row.next_at = after.value, after.next_value, after.next_at
    row.changed_at = now
    row.save()
    held = before.at(now)
    limit = {"kind": str(wish.kind), "period": str(wish.period) or None, "before": held}
    if after.next_at is not None:
        record.write("limit_waits", **limit, value=wish.value, effective_at=iso(after.next_at))
    elif wish.value == held and before.waits(now):
        record.write("change_taken_back", **limit, value=before.next_value)
    elif wish.value != held:
        record.write("limit_set", **limit, value=wish.value)
    return True


def _cut_sessions(player: User, *, now: datetime) -> None:
    """Sessions that are open end when the limit says; those that are past it, at once."""
    minutes = queries.standing(player.pk, now=now).session_minutes
    if minutes is None:
        return
    length = timedelta(minutes=minutes)
    sessions = GameSession.objects.filter(player=player, revoked_at__isnull=True, expires_at__gt=now)
    longer = [session for session in sessions if session.expires_at > session.created_at + length]
    for session in longer:
        session.expires_at = max(session.created_at + length, now)
    GameSession.objects.bulk_update(longer, ["expires_at"])
    over = [session.pk for session in longer if session.expires_at <= now]
    if over:
        event = {"kind": "control", "action": "close_sessions", "sessions": over}
        transaction.on_commit(lambda: publish("control", event))


def _exclude(player: User, ban: Ban, until: datetime | None, source: Source, record: _Record, now: datetime) -> None:
    """One that ends no later than another of its kind adds nothing; sessions end all the same."""
    held = Exclusion.objects.filter(player=player, ban=ban).values_list("ends_at", flat=True)
    if not any(end is None or (until is not None and end >= until) for end in held):
        Exclusion.objects.create(player=player, ban=ban.value, source=source.value, starts_at=now, ends_at=until)
        action = "cooled_off" if ban is Ban.COOL_OFF else "self_excluded"
        record.write(action, until=None if until is None else iso(until))
    revoke_sessions_of(player, now=now)
