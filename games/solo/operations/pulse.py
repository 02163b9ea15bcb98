"""
Was the platform there? Every process that serves players beats once a second; a gap between two beats is an outage.

A database that takes no beat is an outage as well: it takes no cash-out either.

A player whom only his own connection failed had the platform to come back to, and his round stands. While nobody served
players at all nobody could cash out, so what was open then and is not due by itself is given back (`settling`).
"""

from datetime import datetime, timedelta

from django.db import transaction

from games.solo.models import Outage, Pulse

BEAT = timedelta(seconds=1)
GAP = timedelta(seconds=3)  # from here on it counts: less is a slow moment, or the next process taking over


def beat(*, now: datetime) -> None:
    """We are there. The first one after a gap writes that down, too."""
    fresh = Pulse.objects.filter(pk=Pulse.ONLY, beat_at__gte=now - GAP)
    if fresh.filter(beat_at__lt=now - BEAT / 2).update(beat_at=now) or fresh.exists():
        return
    with transaction.atomic():
        last, made = Pulse.objects.get_or_create(pk=Pulse.ONLY, defaults={"beat_at": now})
        # Of several that find the same gap one writes it down; a clock that was set back finds none.
        if not made and last.beat_at < now and Pulse.objects.filter(beat_at=last.beat_at).update(beat_at=now):
            Outage.objects.create(began_at=last.beat_at, ended_at=now)


class Away:
    """When nobody was there, of what matters to rounds that began after `since`."""

    def __init__(self, *, since: datetime, now: datetime) -> None:
        found = Outage.objects.filter(ended_at__gt=since).order_by("began_at")
        self._gaps: list[tuple[datetime, datetime]] = list(found.values_list("began_at", "ended_at"))
        last = Pulse.objects.filter(pk=Pulse.ONLY).values_list("beat_at", flat=True).first()
        if last is not None and now - last > GAP:  # it lasts, or nobody has written it down yet
            self._gaps.append((last, now))

    def began(self, started_at: datetime, ended_at: datetime) -> datetime | None:
        """The last sign of life before the first gap between the two times; None where somebody was always there."""
        return next((began for began, ended in self._gaps if began < ended_at and ended > started_at), None)
