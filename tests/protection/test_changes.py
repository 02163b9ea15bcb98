"""Changes of protection: what they end, what they write down, and what the database itself refuses."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts import operations as accounts
from accounts.models import AuditEntry
from accounts.protection import queries
from accounts.protection.errors import Excluded
from accounts.protection.models import Exclusion, Limit, Reached
from accounts.queries import ended_sessions, session_by_token

Change = Callable[..., None]


# --- sessions ---------------------------------------------------------------------------------------------------------
def test_an_exclusion_ends_sessions_and_opens_none(alice: Any, bob: Any, exclude: Change, now: datetime) -> None:
    token, _ = accounts.open_session(alice, is_demo=False, now=now)
    other, _ = accounts.open_session(bob, is_demo=False, now=now)
    exclude(alice, hours=24)
    assert session_by_token(token, now=now) is None
    assert session_by_token(other, now=now) is not None
    for is_demo in (False, True):
        with pytest.raises(Excluded):
            accounts.open_session(alice, is_demo=is_demo, now=now)
    accounts.open_session(alice, is_demo=False, now=now + timedelta(hours=24))


def test_a_session_limit_cuts_those_that_are_open_and_shortens_new_ones(
    alice: Any, limit: Change, now: datetime
) -> None:
    _, old = accounts.open_session(alice, is_demo=False, now=now - timedelta(minutes=90))
    _, young = accounts.open_session(alice, is_demo=False, now=now - timedelta(minutes=20))
    limit(alice, "session", None, 60)
    assert ended_sessions([old.pk, young.pk], now=now) == [old.pk]
    young.refresh_from_db()
    assert young.expires_at == now + timedelta(minutes=40)
    _, new = accounts.open_session(alice, is_demo=False, now=now)
    assert new.expires_at == now + timedelta(minutes=60)
    limit(alice, "session", None, 120)  # looser: not yet
    _, newer = accounts.open_session(alice, is_demo=False, now=now + timedelta(hours=1))
    assert newer.expires_at == now + timedelta(hours=2)
    _, newest = accounts.open_session(alice, is_demo=False, now=now + timedelta(hours=25))
    assert newest.expires_at == now + timedelta(hours=27)


# --- what is held, and written down -----------------------------------------------------------------------------------
def test_a_shorter_exclusion_beside_a_longer_one_adds_nothing(alice: Any, exclude: Change, now: datetime) -> None:
    exclude(alice, months=12)
    exclude(alice, months=6)
    assert Exclusion.objects.count() == 1
    held = queries.held_exclusions(alice.pk, now=now)
    assert held.excluded_until == now.replace(year=2027)
    exclude(alice, months="permanent")
    held = queries.held_exclusions(alice.pk, now=now)
    assert (held.excluded_until, held.excluded_permanently) == (None, True)
    assert held.any


def test_a_cool_off_and_self_exclusion_stand_side_by_side(alice: Any, exclude: Change, now: datetime) -> None:
    exclude(alice, months=6)
    exclude(alice, hours=24)
    held = queries.held_exclusions(alice.pk, now=now)
    assert (held.cool_off_until, held.excluded_until) == (now + timedelta(hours=24), now.replace(month=9))


def test_what_waits_is_shown_until_it_holds(alice: Any, limit: Change, now: datetime) -> None:
    limit(alice, "stake", "day", 100)
    limit(alice, "stake", "day", None)
    slot, held = next(iter(queries.held_limits(alice.pk, now=now).items()))
    assert slot == ("stake", "day")
    assert (held.value, held.next_value, held.next_at) == (100, None, now + timedelta(hours=24))
    assert queries.held_limits(alice.pk, now=now + timedelta(hours=24)) == {}


def test_every_change_names_who_made_it_and_when(alice: Any, limit: Change, exclude: Change, now: datetime) -> None:
    limit(alice, "loss", "week", 100)
    limit(alice, "loss", "week", 200)
    limit(alice, "loss", "week", 100)
    exclude(alice, hours=24)
    told = [(entry.action, entry.details.get("value"), entry.at) for entry in reversed(queries.changes(alice))]
    assert told == [
        ("protection.limit_set", 100, now),
        ("protection.limit_waits", 200, now),
        ("protection.change_taken_back", 200, now),
        ("protection.cooled_off", None, now),
    ]
    cooled_off = AuditEntry.objects.get(action="protection.cooled_off")
    assert (cooled_off.actor_id, cooled_off.details["source"]) == (alice.pk, "player")


# --- what the database refuses, whoever asks --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"value": 101}, "looser"),
        ({"value": None}, "lifted"),
        ({"next_value": 50, "next_at": timedelta(hours=24)}, "tighter ones do not wait"),
        ({"next_value": 200, "next_at": timedelta(hours=23)}, "too soon"),
        ({"next_at": timedelta(minutes=1)}, "lifted too soon"),
        ({"value": 0}, "out of range"),
        ({"period": ""}, "an amount without a period"),
        ({"kind": "session"}, "a session over a period"),
        ({"source": "staff"}, "another source's"),
        ({"kind": "reality_check", "period": "", "value": 5000}, "another kind's"),
    ],
)
def test_the_database_keeps_limits_from_growing_looser(
    alice: Any, limit: Change, now: datetime, values: dict[str, Any], why: str
) -> None:
    limit(alice, "stake", "day", 100)
    row = Limit.objects.get()
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in values.items()}
    with pytest.raises(DatabaseError), transaction.atomic():
        Limit.objects.filter(pk=row.pk).update(changed_at=now, **values)
    assert Limit.objects.get() == row, why
    assert queries.standing(alice.pk, now=now).limits == {("stake", "day"): 100}


def test_the_database_lets_a_change_in_that_has_waited(alice: Any, limit: Change, now: datetime) -> None:
    limit(alice, "stake", "day", 100)
    limit(alice, "stake", "day", 200)
    ripe = now + timedelta(hours=24)
    for at in (ripe - timedelta(seconds=1), None):
        with pytest.raises(DatabaseError), transaction.atomic():
            Limit.objects.update(value=200, next_value=None, next_at=None, changed_at=at or now)
    with pytest.raises(DatabaseError), transaction.atomic():
        Limit.objects.update(value=201, next_value=None, next_at=None, changed_at=ripe)
    Limit.objects.update(value=200, next_value=None, next_at=None, changed_at=ripe)


@pytest.mark.parametrize(
    "values", [{"ends_at": None}, {"ends_at": timedelta(hours=1)}, {"starts_at": timedelta(days=1)}]
)
def test_the_database_keeps_exclusions_as_they_are(
    alice: Any, exclude: Change, now: datetime, values: dict[str, Any]
) -> None:
    exclude(alice, months=6)
    values = {name: now + value if isinstance(value, timedelta) else value for name, value in values.items()}
    with pytest.raises(DatabaseError), transaction.atomic():
        Exclusion.objects.update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        Exclusion.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Exclusion.objects.create(player=alice, ban="cool_off", source="player", starts_at=now, ends_at=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Exclusion.objects.create(player=alice, ban="self_exclusion", source="player", starts_at=now, ends_at=now)


def test_limits_are_never_deleted_and_a_reached_one_is_noted_once(alice: Any, limit: Change, now: datetime) -> None:
    limit(alice, "stake", "day", 100)
    with pytest.raises(DatabaseError), transaction.atomic():
        Limit.objects.all().delete()
    once = {"player": alice, "kind": "stake", "period": "day", "is_demo": False, "since": now, "at": now}
    Reached.objects.create(limit_minor=100, **once)
    with pytest.raises(DatabaseError), transaction.atomic():
        Reached.objects.create(limit_minor=100, **once)
