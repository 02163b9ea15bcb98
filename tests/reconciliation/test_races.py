"""The same day compared several times at once: each difference is there once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from casino.lib.clock import ManualClock
from tests.reconciliation.lists import DAY
from tests.wallet.threads import at_once
from wallet.reconciliation.models import Difference
from wallet.reconciliation.operations import Busy, Report, reconcile
from wallet.reconciliation.rules import StatementLine
from wallet.reconciliation.sources import Listed

pytestmark = pytest.mark.usefixtures("committed_db")


def source(slug: str, lines: list[StatementLine]) -> Listed:
    return Listed("psp", slug, lambda day: [], lambda day: lines if day == DAY else [])


def test_a_day_compared_by_many_at_once_has_each_difference_once(make_player: Callable[..., Any]) -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    slug = f"race-{uuid4().hex[:8]}"
    lines = [StatementLine(f"{slug}-{number}", "deposit", "", 100, "BRL", at) for number in range(50)]

    def compare() -> Report:
        return reconcile(source(slug, lines), DAY, clock=ManualClock(at + timedelta(days=1)))

    results = at_once([compare] * 6)
    assert all(isinstance(result, Report | Busy) for result in results), results
    assert any(isinstance(result, Report) for result in results)
    assert sum(result.new for result in results if isinstance(result, Report)) == 50
    mine = Difference.objects.filter(source_slug=slug)
    assert mine.count() == 50
    # What is committed here stays: leave nothing open behind for the audits of other tests.
    assert reconcile(source(slug, []), DAY, clock=ManualClock(at + timedelta(days=1))).closed == 50
    assert not mine.filter(resolved_at=None).exists()
