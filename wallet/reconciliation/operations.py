"""Verbs: comparing a day with a source, and resolving a difference."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import User
from casino.lib.clock import Clock, iso
from casino.lib.errors import DomainError
from casino.ops.locks import take_names
from wallet.reconciliation import rules
from wallet.reconciliation.models import Difference, Run
from wallet.reconciliation.rules import Comparison, Found, StatementLine
from wallet.reconciliation.sources import Source, SourceUnavailable, checked

KEPT = 10_000  # differences of a run; where there are more, something is wrong with a whole list
BATCH = 1_000


class Busy(DomainError):
    code = "temporarily_unavailable"
    status = 503
    message = "This day is being compared elsewhere right now."


class NotOpen(DomainError):
    code = "difference_not_open"
    status = 409
    message = "This difference is closed already."


class ReasonMissing(DomainError):
    message = "A difference is resolved with a reason."


@dataclass(frozen=True, slots=True)
class Report:
    """What a run changed: differences that are new, and open ones of before that are gone."""

    run: Run
    new: int
    closed: int


def reconcile(source: Source, day: date, *, clock: Clock) -> Report:
    """
    Compare a day with a source and write down what does not agree. Repeating it doubles nothing; differences that have
    vanished are closed by themselves.

    Reading takes as long as the other side does, so it is outside of any transaction. Without their list the run is
    recorded with its error and nothing else changes.
    """
    started = clock.now()
    try:
        comparison = _compare(source, day, started)
    except SourceUnavailable as error:
        run = _begin(source, day, started)
        run.error, run.finished_at = error.message[:500], clock.now()
        run.save()
        raise
    return _write(source, day, comparison, started, clock.now())


def _compare(source: Source, day: date, now: datetime) -> Comparison:
    return rules.compare(
        source.ours,
        lambda other: checked(source.theirs(other)),
        day=day,
        ours_named=lambda ids: source.ours_named(ids, day),
        now=now,
        in_flight=timedelta(minutes=settings.RECONCILIATION_IN_FLIGHT_MINUTES),
    )


def _begin(source: Source, day: date, started: datetime) -> Run:
    return Run(day=day, source_kind=source.kind, source_slug=source.slug, started_at=started)


@transaction.atomic
def _write(source: Source, day: date, comparison: Comparison, started: datetime, now: datetime) -> Report:
    name = f"reconcile:{source.kind}:{source.slug}:{day}"
    if name not in take_names([name]):
        raise Busy
    run = _begin(source, day, started)
    run.finished_at = now
    run.matched, run.pending, run.differences = comparison.matched, comparison.pending, len(comparison.differences)
    run.totals = {"ours": asdict(comparison.ours), "theirs": asdict(comparison.theirs)}
    run.save()
    of_day = Difference.objects.filter(source_kind=source.kind, source_slug=source.slug, day=day)
    known = {(row.transaction_id, row.kind): row for row in of_day.filter(resolved_at=None)}
    resolved = {_content(row) for row in of_day.filter(resolved_by__isnull=False)}
    new: list[Difference] = []
    seen: set[int] = set()
    for found in comparison.differences[:KEPT]:
        wanted = _row(found, run, now)
        before = known.get((found.id, str(found.kind)))
        if before is not None:
            seen.add(before.pk)
            if _content(before) != _content(wanted):
                Difference.objects.filter(pk=before.pk).update(ours=wanted.ours, theirs=wanted.theirs)
        elif _content(wanted) not in resolved:
            new.append(wanted)
    new = _once(new)
    Difference.objects.bulk_create(new, batch_size=BATCH)
    gone = {row.pk for row in known.values()} - seen
    if len(comparison.differences) > KEPT:
        gone = set()  # which of them are gone is not known where not all were written down
    _update(seen, run=run)
    _update(gone, resolved_at=now, reason=f"gone in run {run.pk}")
    return Report(run, len(new), len(gone))


def _update(keys: set[int], **values: Any) -> None:
    ordered = sorted(keys)
    for start in range(0, len(ordered), BATCH):
        Difference.objects.filter(pk__in=ordered[start : start + BATCH]).update(**values)


def _once(rows: Iterable[Difference]) -> list[Difference]:
    """A transaction that they list three times has the same difference twice: once is enough."""
    return list({(row.transaction_id, row.kind): row for row in rows}.values())


def _row(found: Found, run: Run, now: datetime) -> Difference:
    return Difference(
        run=run,
        day=run.day,
        source_kind=run.source_kind,
        source_slug=run.source_slug,
        kind=found.kind,
        transaction_id=found.id,
        ours=_shown(found.ours),
        theirs=_shown(found.theirs),
        found_at=now,
    )


def _shown(line: StatementLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    fields = line._asdict()
    return {name: fields[name] for name in ("kind", "user", "amount_minor", "currency", "status")} | {
        "at": iso(line.at)
    }


def _content(row: Difference) -> tuple[Any, ...]:
    """What it says: the same again is the same difference."""
    return (row.transaction_id, str(row.kind), _items(row.ours), _items(row.theirs))


def _items(line: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...] | None:
    return tuple(sorted(line.items())) if line is not None else None


@transaction.atomic
def resolve(difference: Difference, *, actor: User, reason: str, now: datetime) -> Difference:
    """Somebody has looked into it: it is closed with their name and reason, and money is moved elsewhere or not."""
    if not reason.strip():
        raise ReasonMissing
    open_one = Difference.objects.filter(pk=difference.pk, resolved_at=None)
    if not open_one.update(resolved_at=now, resolved_by=actor, reason=reason.strip()[:500]):
        raise NotOpen
    difference.refresh_from_db()
    audit.record(
        "difference.resolved",
        f"difference:{difference.pk}",
        actor=actor,
        now=now,
        transaction=difference.transaction_id,
        kind=difference.kind,
        source=f"{difference.source_kind} {difference.source_slug}",
        reason=difference.reason,
    )
    return difference
