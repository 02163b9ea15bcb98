"""
On PostgreSQL a transaction begins with the message of its first questions and is committed by that of its last rows.
It is a transaction like any other: whole or not at all, and Django's own rules hold for what is around it.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry
from casino.ops.bulk import insert_rows, written_together
from casino.ops.composed import Slot, asked_together, written

pytestmark = [
    pytest.mark.usefixtures("committed_db"),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite is in this process: there are no messages to save"
    ),
]
AT = datetime(2026, 3, 1, tzinfo=UTC)
COLUMNS = ("action", "subject", "details", "at")

_number = written(lambda: "SELECT %s::int", Slot("number", int))


@pytest.fixture
def subject() -> str:
    return uuid4().hex


def row(subject: str) -> tuple[Any, ...]:
    return ("test.messages", subject, {}, AT)


def written_down(subject: str) -> int:
    return AuditEntry.objects.filter(subject=subject).count()


def under_way() -> bool:
    return bool(connection.connection.info.transaction_status.name == "INTRANS")


def test_the_first_questions_begin_the_transaction(subject: str) -> None:
    with transaction.atomic():
        with asked_together(_number.about(number=7)):
            assert under_way()
            assert _number(number=7) == [(7,)]
        insert_rows(AuditEntry, COLUMNS, [row(subject)])
    assert (under_way(), written_down(subject)) == (False, 1)


def test_what_fails_after_them_leaves_nothing(subject: str) -> None:
    @transaction.atomic
    def failing() -> None:
        with asked_together(_number.about(number=7)):
            insert_rows(AuditEntry, COLUMNS, [row(subject)])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert (under_way(), written_down(subject)) == (False, 0)
    with transaction.atomic():  # and the connection is as before
        insert_rows(AuditEntry, COLUMNS, [row(subject)])
    assert written_down(subject) == 1


def test_later_questions_begin_nothing() -> None:
    with transaction.atomic():
        for number in (1, 2):
            with asked_together(_number.about(number=number)):
                assert _number(number=number) == [(number,)]
    assert not under_way()


def test_outside_a_transaction_none_is_begun() -> None:
    with asked_together(_number.about(number=7)):
        assert not under_way()
        assert _number(number=7) == [(7,)]


def test_the_last_rows_commit_it_and_hooks_run_after(subject: str) -> None:
    told: list[tuple[bool, int]] = []
    with transaction.atomic(), written_together(ends=True), asked_together(_number.about(number=7)):
        insert_rows(AuditEntry, COLUMNS, [row(subject)])
        transaction.on_commit(lambda: told.append((under_way(), written_down(subject))))
        assert under_way()
    assert told == [(False, 1)]


def test_what_the_database_refuses_there_undoes_all_of_it(subject: str) -> None:
    taken = AuditEntry.objects.create(action="test.messages", subject=f"{subject}-2", details={}, at=AT)
    told: list[None] = []

    def failing() -> None:
        with transaction.atomic(), written_together(ends=True), asked_together(_number.about(number=7)):
            insert_rows(AuditEntry, COLUMNS, [row(subject)])
            insert_rows(AuditEntry, ("id", *COLUMNS), [(taken.pk, *row(subject))])
            transaction.on_commit(lambda: told.append(None))

    with pytest.raises(IntegrityError):
        failing()
    assert (under_way(), written_down(subject), told) == (False, 0, [])
    assert _number(number=7) == [(7,)]


def test_as_part_of_a_larger_transaction_it_commits_nothing(subject: str) -> None:
    @transaction.atomic
    def failing() -> None:
        with transaction.atomic(), written_together(ends=True), asked_together(_number.about(number=7)):
            insert_rows(AuditEntry, COLUMNS, [row(subject)])
        assert (under_way(), written_down(subject)) == (True, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert written_down(subject) == 0


def test_within_a_block_of_its_own_it_commits_nothing_either(subject: str) -> None:
    """Also where the inner one makes no savepoint."""

    @transaction.atomic
    def failing() -> None:
        with transaction.atomic(savepoint=False), written_together(ends=True):
            insert_rows(AuditEntry, COLUMNS, [row(subject)])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert written_down(subject) == 0
