"""Set-based writes give the same rows as the ORM, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, GameSession, User
from casino.ops import bulk
from casino.ops.bulk import AnyOf, insert_rows, lock_clause, update_rows

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
COLUMNS = ("token_hash", "player", "is_demo", "created_at", "last_seen_at", "expires_at", "user_agent")


def sessions_of(player: User, count: int) -> list[GameSession]:
    rows = [(f"{player.pk}-{i}", player.pk, bool(i % 2), AT, AT, AT, f"é'\"\\{{}},{i}") for i in range(count)]
    insert_rows(GameSession, COLUMNS, rows)
    return list(GameSession.objects.filter(player=player).order_by("pk"))


def test_rows_arrive_as_they_were_given(make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    first, second, _ = sessions_of(alice, 3)
    assert (first.token_hash, first.is_demo, first.created_at) == (f"{alice.pk}-0", False, AT)
    assert first.user_agent == "é'\"\\{},0"
    assert (second.is_demo, second.revoked_at) == (True, None)
    assert GameSession.objects.filter(created_at=AT, player=alice).count() == 3  # stored as the ORM compares


def test_an_insert_is_one_statement_however_many_rows(make_player: Callable[..., Any]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert len(sessions_of(make_player("alice"), 3000)) == 3000
    assert len([q for q in captured if "INSERT" in q["sql"] and "gamesession" in q["sql"]]) == 1


def test_many_rows_are_copied_and_arrive_the_same(
    make_player: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told from the array way by setting the border down; every character that COPY treats in its own way is there."""
    monkeypatch.setattr(bulk, "COPIED_FROM", 3)
    alice = make_player("alice")
    odd = ["\\N", "a\tb\nc\rd", "\\.", "", "é'\"{},", "NULL", "plain"]
    rows = [(f"{i}", alice.pk, bool(i % 2), AT, AT, AT, text) for i, text in enumerate(odd)]
    insert_rows(GameSession, COLUMNS, rows)
    found = GameSession.objects.filter(player=alice).order_by("token_hash")
    assert [(s.user_agent, s.is_demo, s.created_at) for s in found] == [(row[6], row[2], AT) for row in rows]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(GameSession, COLUMNS, rows)  # the same tokens again


def test_json_and_nulls_can_be_inserted() -> None:
    subject = uuid4().hex
    insert_rows(AuditEntry, ("at", "actor", "action", "subject", "details"), [(AT, None, "x", subject, '{"a": [1]}')])
    assert AuditEntry.objects.get(subject=subject).actor is None


def test_rows_are_updated_by_key_and_the_changed_ones_counted(make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    sessions = sessions_of(alice, 4)
    later = AT.replace(hour=13)
    rows = [(session.pk, later, None) for session in sessions[:2]] + [(0, later, None)]
    assert update_rows(GameSession, "id", ("last_seen_at", "revoked_at"), rows) == 2
    times = GameSession.objects.filter(player=alice).order_by("pk").values_list("last_seen_at", flat=True)
    assert list(times) == [later, later, AT, AT]


def test_a_guard_leaves_other_rows_alone(make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    sessions = sessions_of(alice, 4)
    rows = [(session.pk, AT) for session in sessions]
    GameSession.objects.filter(pk=sessions[0].pk).update(revoked_at=AT)
    assert update_rows(GameSession, "id", ("revoked_at",), rows, where="t.revoked_at IS NULL") == 3
    assert update_rows(GameSession, "id", ("revoked_at",), rows, where="t.revoked_at IS NULL") == 0


def test_nothing_to_do_asks_the_database_nothing() -> None:
    with CaptureQueriesContext(connection) as captured:
        insert_rows(GameSession, COLUMNS, [])
        assert update_rows(GameSession, "id", ("is_demo",), []) == 0
    assert len(captured) == 0


def test_one_bad_row_keeps_all_out(make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(GameSession, COLUMNS, [(f"same-{alice.pk}", alice.pk, False, AT, AT, AT, "")] * 2)
    assert not GameSession.objects.filter(player=alice).exists()


def test_any_of_finds_what_an_in_list_finds(make_player: Callable[..., Any]) -> None:
    alice = make_player("alice")
    sessions = sessions_of(alice, 5)
    ids = [session.pk for session in sessions[:3]]
    assert set(GameSession.objects.filter(AnyOf(F("id"), ids)).values_list("pk", flat=True)) == set(ids)
    assert GameSession.objects.filter(AnyOf(F("token_hash"), {sessions[0].token_hash, "nope'"})).count() == 1
    assert GameSession.objects.filter(AnyOf(F("player"), [alice.pk])).count() == 5
    assert not GameSession.objects.filter(AnyOf(F("id"), [])).exists()


def test_locks_are_asked_for_where_there_are_any() -> None:
    assert lock_clause("FOR SHARE") == (" FOR SHARE" if connection.vendor == "postgresql" else "")
