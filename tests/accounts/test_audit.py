"""The audit trail cannot be edited, whoever tries."""

from datetime import datetime

import pytest
from django.db import DatabaseError, transaction

from accounts import audit
from accounts.models import AuditEntry

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def entry(now: datetime) -> AuditEntry:
    return audit.record("player.blocked", "player:1", actor=None, now=now, reason="test")


def test_an_entry_cannot_be_changed(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(action="player.unblocked")
    entry.refresh_from_db()
    assert entry.action == "player.blocked"


def test_an_entry_cannot_be_deleted(entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).delete()
    assert AuditEntry.objects.filter(pk=entry.pk).exists()
