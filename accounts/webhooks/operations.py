"""
Telling partners: endpoints, events into the outbox, and what becomes of each attempt.

An event is written in the transaction of what it tells (`emit`), so it exists exactly when that happened. A worker
brings it to the endpoints, at least once: an endpoint knows a repetition by its `webhook-id`.
"""

import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accounts import audit
from accounts.models import User
from accounts.partners.models import Partner, sealer
from accounts.partners.rules import Environment
from accounts.webhooks import queries, rules
from accounts.webhooks.models import Attempt, Delivery, Endpoint, Event
from casino.lib.clock import iso
from casino.lib.ids import uuid7
from casino.ops.bulk import AnyOf, insert_rows
from casino.ops.composed import Asked, Given, composed

CLAIM = timedelta(seconds=60)  # far longer than an attempt may take
KEPT = timedelta(days=30)
PER_ENDPOINT = 10
EVENT_COLUMNS = ("id", "partner", "environment", "type", "body", "created_at")
DELIVERY_COLUMNS = ("id", "endpoint", "event", "state", "attempts", "next_attempt_at")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class News:
    """Something to tell a partner; `partner_id` None tells all of them, in both environments."""

    partner_id: int | None
    environment: str | None
    type: str
    data: dict[str, Any]
    name: str = ""  # of news that are told once only; told to one partner, in one environment


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    endpoint: Endpoint
    secret: str  # shown once


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt gave. `retry_after` is what the receiver asked for."""

    status: int | None
    error: str
    response: str
    duration_ms: int
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


# --- endpoints --------------------------------------------------------------------------------------------------------
@transaction.atomic
def create_endpoint(
    partner: Partner,
    environment: Environment,
    *,
    url: str,
    events: Iterable[str],
    description: str = "",
    actor: User | None,
    now: datetime,
) -> NewEndpoint:
    """Raises rules.Invalid, or rules.TooMany."""
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)  # so that two at once do not pass the limit
    if queries.endpoints_of(partner.pk, environment).count() >= rules.MAX_ENDPOINTS:
        raise rules.TooMany
    secret = rules.new_secret()
    endpoint = Endpoint.objects.create(
        endpoint_id=f"we_{secrets.token_hex(8)}",
        partner=partner,
        environment=str(environment),
        url=rules.checked_url(url, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE),
        description=description,
        events=rules.checked_events(events),
        secret_sealed=sealer().seal(secret),
        created_at=now,
    )
    _record("webhook.created", endpoint, actor, now, url=url, events=endpoint.events)
    return NewEndpoint(endpoint, secret)


@transaction.atomic
def update_endpoint(endpoint: Endpoint, *, actor: User | None, now: datetime, **changes: Any) -> Endpoint:
    """`url`, `events`, `description`, `is_active`; what is not given stays. Raises rules.Invalid."""
    endpoint = Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)
    if "url" in changes:
        endpoint.url = rules.checked_url(changes["url"], allow_private=settings.WEBHOOKS_ALLOW_PRIVATE)
    if "events" in changes:
        endpoint.events = rules.checked_events(changes["events"])
    if "description" in changes:
        endpoint.description = changes["description"]
    if "is_active" in changes:
        endpoint.is_active = changes["is_active"]
        endpoint.disabled_reason = "" if endpoint.is_active else "switched off"
        endpoint.failing_since = None
    endpoint.save()
    _record("webhook.changed", endpoint, actor, now, **changes)
    return endpoint


@transaction.atomic
def rotate_secret(
    endpoint: Endpoint, *, actor: User | None, now: datetime, overlap: timedelta = rules.SECRET_OVERLAP
) -> NewEndpoint:
    """A new secret; for `overlap` messages are signed with the old one as well."""
    endpoint = Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)
    secret = rules.new_secret()
    endpoint.previous_secret_sealed, endpoint.previous_until = endpoint.secret_sealed, now + overlap
    endpoint.secret_sealed = sealer().seal(secret)
    endpoint.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_until"])
    _record("webhook.rotated", endpoint, actor, now, overlap_hours=overlap.total_seconds() / 3600)
    return NewEndpoint(endpoint, secret)


@transaction.atomic
def delete_endpoint(endpoint: Endpoint, *, actor: User | None, now: datetime) -> None:
    """It hears nothing any more; what was tried stays in the log of staff."""
    if Endpoint.objects.filter(pk=endpoint.pk, deleted_at=None).update(deleted_at=now, is_active=False):
        _record("webhook.deleted", endpoint, actor, now, url=endpoint.url)


def _record(action: str, endpoint: Endpoint, actor: User | None, now: datetime, **details: Any) -> None:
    subject = f"partner:{endpoint.partner_id}"
    audit.record(action, subject, actor=actor, now=now, endpoint=endpoint.endpoint_id, **details)


# --- events -----------------------------------------------------------------------------------------------------------
def emit(news: Sequence[News], *, now: datetime) -> int:
    """
    Put news into the outbox, within the caller's transaction. Answers how many deliveries that makes.

    Two queries more where an endpoint listens, one where none does, none without news.
    """
    if not news:
        return 0
    to_all = any(item.partner_id is None for item in news)
    asked = _all_listeners.about() if to_all else asking(item.partner_id for item in news)
    listening: dict[tuple[int, str], list[_Listener]] = defaultdict(list)
    for row in asked.answer():
        endpoint = _Listener(*row)
        listening[endpoint.partner_id, endpoint.environment].append(endpoint)
    if not listening:
        return 0
    events: list[Row] = []
    deliveries: list[Row] = []
    for item in news:
        for (partner_id, environment), endpoints in listening.items():
            if item.partner_id is not None and (item.partner_id, item.environment) != (partner_id, environment):
                continue
            told = [endpoint for endpoint in endpoints if item.type in endpoint.events]
            if told:
                events.append(_event(partner_id, environment, item.type, item.data, now, item.name))
                deliveries += [_delivery(endpoint.pk, events[-1], now) for endpoint in told]
    insert_rows(Event, EVENT_COLUMNS, events)
    insert_rows(Delivery, DELIVERY_COLUMNS, deliveries)
    return len(deliveries)


def asking(partner_ids: Iterable[int | None]) -> Asked:
    """What `emit` asks for news to these partners."""
    return _listeners.about(partners=set(partner_ids))


class _Listener(NamedTuple):
    """An endpoint that news may go to; its fields are the model's."""

    pk: int
    partner_id: int
    environment: str
    events: list[str]


@composed
def _listeners() -> "QuerySet[Endpoint, tuple[Any, ...]]":
    listeners = Endpoint.objects.filter(AnyOf(F("partner_id"), Given("partners")), is_active=True)
    return listeners.values_list(*_Listener._fields)


@composed
def _all_listeners() -> "QuerySet[Endpoint, tuple[Any, ...]]":
    return Endpoint.objects.filter(is_active=True).values_list(*_Listener._fields)


def _event(partner_id: int, environment: str, kind: str, data: dict[str, Any], now: datetime, name: str = "") -> Row:
    body = json.dumps({"type": kind, "timestamp": iso(now), "data": data}, separators=(",", ":"))
    return (f"evt_{name or uuid7().hex}", partner_id, environment, kind, body, now)


def _delivery(endpoint_id: int, event: Row, now: datetime) -> Row:
    return (uuid7(), endpoint_id, event[0], Delivery.State.PENDING.value, 0, now)


@transaction.atomic
def send_test(endpoint: Endpoint, *, now: datetime) -> Delivery:
    """An `endpoint.test`, whatever the endpoint listens to."""
    data = {"endpoint_id": endpoint.endpoint_id}
    event = _event(endpoint.partner_id, endpoint.environment, rules.TEST_EVENT, data, now)
    insert_rows(Event, EVENT_COLUMNS, [event])
    delivery = _delivery(endpoint.pk, event, now)
    insert_rows(Delivery, DELIVERY_COLUMNS, [delivery])
    return Delivery.objects.select_related("event", "endpoint").get(pk=delivery[0])


@transaction.atomic
def resend(delivery: Delivery, *, now: datetime) -> Delivery:
    """Try it once more now, under the same webhook-id; the schedule begins anew."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("event", "endpoint").get(pk=delivery.pk)
    delivery.state, delivery.attempts = Delivery.State.PENDING, 0
    delivery.next_attempt_at = now
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    return delivery


# --- the worker's steps -----------------------------------------------------------------------------------------------
def claim(*, limit: int, now: datetime, busy: Mapping[int, int] | None = None) -> list[Delivery]:
    """
    Due deliveries that no other worker is at; ours until `CLAIM` has passed.

    An endpoint has at most `PER_ENDPOINT` at a time (`busy` counts those that the caller is at), so that one which
    hangs does not hold up the others.
    """
    under_way = Counter(busy or {})
    full = [pk for pk, count in under_way.items() if count >= PER_ENDPOINT]
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    due = Delivery.objects.filter(free, state=Delivery.State.PENDING, next_attempt_at__lte=now)
    due = due.exclude(endpoint__in=full).order_by("next_attempt_at")
    if limit <= 0 or not due.exists():  # asked without a lock: mostly there is nothing
        return []
    claimed: list[Delivery] = []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            due = due.select_for_update(of=("self",), skip_locked=True)
        for delivery in due.select_related("event", "endpoint")[:limit]:
            if under_way[delivery.endpoint_id] < PER_ENDPOINT:
                under_way[delivery.endpoint_id] += 1
                claimed.append(delivery)
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in claimed]).update(claimed_until=now + CLAIM)
    return claimed


@transaction.atomic
def conclude(delivery: Delivery, outcome: Outcome, *, now: datetime, chance: float) -> None:
    """Write down an attempt and what follows from it."""
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    number = Attempt.objects.filter(delivery=delivery).count() + 1
    Attempt.objects.create(
        delivery=delivery,
        number=number,
        at=now,
        duration_ms=outcome.duration_ms,
        status=outcome.status,
        error=outcome.error[:200],
        response=outcome.response[:500],
    )
    delivery.attempts += 1
    delivery.claimed_until = None
    if outcome.delivered:
        delivery.state, delivery.delivered_at = Delivery.State.DELIVERED, now
        Endpoint.objects.filter(pk=delivery.endpoint_id).exclude(failing_since=None).update(failing_since=None)
    else:
        delay = rules.next_delay(delivery.attempts, chance=chance)
        if delay is None or not _still_wanted(delivery.endpoint_id, outcome, now):
            delivery.state = Delivery.State.FAILED
        else:
            asked = min(outcome.retry_after or timedelta(0), rules.LONGEST_WAIT)
            delivery.next_attempt_at = now + max(delay, asked)
    delivery.save(update_fields=["state", "attempts", "next_attempt_at", "claimed_until", "delivered_at"])


def _still_wanted(endpoint_id: int, outcome: Outcome, now: datetime) -> bool:
    """An endpoint that is gone (410), or has failed for days, is switched off; what it should hear ends with it."""
    endpoint = Endpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint_id)
    if not endpoint.is_active:
        return False
    if endpoint.failing_since is None:
        endpoint.failing_since = now
    if outcome.status == 410:
        endpoint.is_active, endpoint.disabled_reason = False, "it answered 410 Gone"
    elif now - endpoint.failing_since >= rules.DISABLED_AFTER:
        endpoint.is_active, endpoint.disabled_reason = False, f"failing for {rules.DISABLED_AFTER.days} days"
    endpoint.save(update_fields=["failing_since", "is_active", "disabled_reason"])
    if not endpoint.is_active:
        audit.record(
            "webhook.disabled",
            f"partner:{endpoint.partner_id}",
            actor=None,
            now=now,
            endpoint=endpoint.endpoint_id,
            reason=endpoint.disabled_reason,
        )
    return endpoint.is_active


def secrets_of(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """What messages to it are signed with: the newest first, and the one before while it is still good."""
    found = [sealer().open(endpoint.secret_sealed)]
    if endpoint.previous_secret_sealed and endpoint.previous_until and endpoint.previous_until > now:
        found.append(sealer().open(endpoint.previous_secret_sealed))
    return found


def forget_old(*, now: datetime) -> int:
    """Events older than a month that are on no way any more, with their deliveries."""
    old = Event.objects.filter(created_at__lt=now - KEPT).exclude(deliveries__state=Delivery.State.PENDING)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:1000])
    Event.objects.filter(pk__in=ids).delete()
    return len(ids)
