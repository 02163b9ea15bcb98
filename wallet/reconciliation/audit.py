"""Open differences are findings: the books may add up here, and not with those of others."""

from collections.abc import Iterator
from datetime import datetime

from wallet.audit import capped
from wallet.reconciliation import queries


def findings(now: datetime) -> list[str]:
    return capped(_open)


def _open() -> Iterator[str]:
    for row in queries.open_differences().iterator():
        sides = " and ".join(
            f"{name} {line['amount_minor']} {line['currency']} ({line['kind']}, {line['status']})"
            for name, line in (("ours", row.ours), ("theirs", row.theirs))
            if line is not None
        )
        who = f"{row.source_kind} {row.source_slug}"
        yield f"difference {row.pk}: {who} on {row.day}, {row.transaction_id} {row.get_kind_display()}: {sides}"
