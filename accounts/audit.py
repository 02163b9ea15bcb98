"""The audit trail: who did what to whom. Written in the transaction of what it records."""

from datetime import datetime
from typing import Any

from accounts.models import AuditEntry, User


def record(action: str, subject: str, *, actor: User | None, now: datetime, **details: Any) -> AuditEntry:
    """`action` is `thing.verb_past`, `subject` is `kind:id`; details are JSON, never secrets."""
    return AuditEntry.objects.create(at=now, actor=actor, action=action, subject=subject, details=details)
