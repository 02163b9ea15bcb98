"""From news to attempts: what is written, claimed, tried again and given up."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AuditEntry
from accounts.partners import operations as partners
from accounts.partners.rules import Environment
from accounts.webhooks import operations, queries, rules, worker
from accounts.webhooks.models import Attempt, Delivery, Endpoint, Event
from accounts.webhooks.operations import NewEndpoint, News, Outcome
from casino.lib.clock import ManualClock
from tests.webhooks.receiver import Receiver, a_receiver

FAILED = Outcome(500, "answered 500", "no", 12)
FINE = Outcome(204, "", "", 12)
NASTY = 'a "b" \\ {c},\tü\n\\N'
MIDDLE = 0.5  # of the jitter: exactly the schedule


def news(partner: Any, kind: str = "bet.settled", environment: str = "test", **data: Any) -> News:
    return News(partner.pk, environment, kind, data)


def the_delivery() -> Delivery:
    return Delivery.objects.select_related("event", "endpoint").get()


@pytest.mark.usefixtures("db")
class TestEmit:
    def test_only_endpoints_that_listen_in_that_environment_are_told(
        self, make_partner: Any, listen: Any, now: datetime
    ) -> None:
        acme, rival = make_partner(), make_partner()
        wanted = listen(acme, events=["bet.settled"]).endpoint
        listen(acme, events=["bet.voided"])
        listen(acme, environment="live")
        listen(rival)
        off = listen(acme).endpoint
        operations.update_endpoint(off, actor=None, now=now, is_active=False)
        gone = listen(acme).endpoint
        operations.delete_endpoint(gone, actor=None, now=now)
        assert operations.emit([news(acme, payout=5, note=NASTY)], now=now) == 1
        told = the_delivery()
        assert told.endpoint == wanted
        assert json.loads(told.event.body) == {
            "type": "bet.settled",
            "timestamp": "2026-03-01T12:00:00.000Z",
            "data": {"payout": 5, "note": NASTY},
        }

    def test_news_for_all_reach_every_partner_in_both_environments(
        self, make_partner: Any, listen: Any, now: datetime
    ) -> None:
        acme, rival = make_partner(), make_partner()
        for partner, environment in ((acme, "test"), (acme, "live"), (rival, "test")):
            listen(partner, environment=environment)
        assert operations.emit([News(None, None, "round.finished", {})], now=now) == 3
        assert set(Event.objects.values_list("partner_id", "environment")) == {
            (acme.pk, "test"),
            (acme.pk, "live"),
            (rival.pk, "test"),
        }

    def test_what_was_rolled_back_is_never_told(self, make_partner: Any, listen: Any, now: datetime) -> None:
        acme = make_partner()
        listen(acme)
        with transaction.atomic():
            assert operations.emit([news(acme)], now=now) == 1
            transaction.set_rollback(True)
        assert not Event.objects.exists()

    def test_a_thousand_news_take_as_many_queries_as_one(
        self, make_partner: Any, listen: Any, now: datetime, django_assert_max_num_queries: Any
    ) -> None:
        acme = make_partner()
        listen(acme)
        with django_assert_max_num_queries(3):
            assert operations.emit([news(acme, n=n) for n in range(1000)], now=now) == 1000


@pytest.mark.usefixtures("db")
class TestRetries:
    @pytest.fixture
    def told(self, make_partner: Any, listen: Callable[..., NewEndpoint], now: datetime) -> Delivery:
        acme = make_partner()
        listen(acme)
        operations.emit([news(acme)], now=now)
        return the_delivery()

    def attempt(self, outcome: Outcome, now: datetime) -> Delivery | None:
        """None where nothing is due."""
        claimed = operations.claim(limit=10, now=now)
        for one in claimed:
            operations.conclude(one, outcome, now=now, chance=MIDDLE)
        return the_delivery() if claimed else None

    def test_a_failure_is_tried_again_by_the_schedule_and_given_up_after_the_last(
        self, told: Delivery, now: datetime
    ) -> None:
        for delay in rules.RETRIES:
            assert self.attempt(FAILED, now) is not None
            assert self.attempt(FAILED, now + delay - timedelta(seconds=1)) is None
            now += delay
        last = self.attempt(FAILED, now)
        assert last is not None
        assert last.state == Delivery.State.FAILED
        assert Attempt.objects.filter(delivery=told).count() == len(rules.RETRIES) + 1

    def test_a_success_ends_it_and_the_log_shows_both_attempts(self, told: Delivery, now: datetime) -> None:
        self.attempt(FAILED, now)
        later = now + rules.RETRIES[0]
        done = self.attempt(FINE, later)
        assert done is not None
        assert (done.state, done.delivered_at, done.attempts) == (Delivery.State.DELIVERED, later, 2)
        log = Attempt.objects.order_by("number").values_list("number", "status", "error", "duration_ms")
        assert list(log) == [(1, 500, "answered 500", 12), (2, 204, "", 12)]
        assert Endpoint.objects.get().failing_since is None
        assert self.attempt(FINE, later + timedelta(days=10)) is None

    def test_a_receiver_that_asks_to_wait_is_not_called_before_and_not_kept_waiting_for_ever(
        self, told: Delivery, now: datetime
    ) -> None:
        self.attempt(Outcome(429, "answered 429", "", 1, timedelta(hours=3)), now)
        assert the_delivery().next_attempt_at == now + timedelta(hours=3)
        self.attempt(Outcome(429, "answered 429", "", 1, timedelta(days=900)), now + timedelta(hours=3))
        assert the_delivery().next_attempt_at == now + timedelta(hours=3) + rules.LONGEST_WAIT

    def test_an_endpoint_that_is_gone_is_switched_off_at_once(self, told: Delivery, now: datetime) -> None:
        done = self.attempt(Outcome(410, "answered 410", "", 1), now)
        assert done is not None
        assert done.state == Delivery.State.FAILED
        assert (done.endpoint.is_active, done.endpoint.disabled_reason) == (False, "it answered 410 Gone")
        assert AuditEntry.objects.filter(action="webhook.disabled").count() == 1

    def test_an_endpoint_without_a_success_for_five_days_is_switched_off(self, told: Delivery, now: datetime) -> None:
        while Endpoint.objects.get().is_active:
            assert now < told.next_attempt_at + timedelta(days=8)
            operations.emit([News(told.event.partner_id, "test", "bet.settled", {})], now=now)
            for one in operations.claim(limit=10, now=now):
                operations.conclude(one, FAILED, now=now, chance=MIDDLE)
            now += timedelta(hours=6)
        assert now - told.next_attempt_at > rules.DISABLED_AFTER
        assert Endpoint.objects.get().disabled_reason == "failing for 5 days"

    def test_a_claim_holds_others_off_until_it_runs_out(self, told: Delivery, now: datetime) -> None:
        assert len(operations.claim(limit=10, now=now)) == 1
        assert operations.claim(limit=10, now=now) == []
        assert len(operations.claim(limit=10, now=now + operations.CLAIM)) == 1

    def test_sending_by_hand_tries_again_under_the_same_id(self, told: Delivery, now: datetime) -> None:
        self.attempt(FINE, now)
        operations.resend(the_delivery(), now=now)
        (again,) = operations.claim(limit=10, now=now)
        assert (again.pk, again.event_id) == (told.pk, told.event_id)

    def test_one_endpoint_never_takes_all_the_room(self, told: Delivery, listen: Any, now: datetime) -> None:
        partner = told.endpoint.partner
        operations.emit([news(partner, n=n) for n in range(40)], now=now)
        calm = listen(partner).endpoint
        operations.send_test(calm, now=now + timedelta(seconds=1))
        first = operations.claim(limit=100, now=now + timedelta(seconds=1))
        hung = [one for one in first if one.endpoint_id == told.endpoint_id]
        assert len(hung) == operations.PER_ENDPOINT
        assert [one.endpoint_id for one in first if one not in hung] == [calm.pk]
        busy = {told.endpoint_id: operations.PER_ENDPOINT}
        assert operations.claim(limit=100, now=now + timedelta(seconds=1), busy=busy) == []

    def test_old_events_go_with_their_log_and_those_under_way_stay(self, told: Delivery, now: datetime) -> None:
        late = now + operations.KEPT + timedelta(days=1)
        assert operations.forget_old(now=late) == 0
        self.attempt(FINE, now)
        assert operations.forget_old(now=late) == 1
        assert not Event.objects.exists()
        assert not Attempt.objects.exists()


@pytest.mark.usefixtures("db")
class TestEndpoints:
    def test_a_new_secret_leaves_the_old_one_valid_for_a_day(
        self, make_partner: Any, listen: Any, now: datetime
    ) -> None:
        made = listen(make_partner())
        again = operations.rotate_secret(made.endpoint, actor=None, now=now)
        assert again.secret != made.secret
        soon = now + timedelta(hours=23)
        assert operations.secrets_of(again.endpoint, now=soon) == [again.secret, made.secret]
        assert operations.secrets_of(again.endpoint, now=now + timedelta(hours=24)) == [again.secret]

    def test_no_secret_is_stored_as_it_is(self, make_partner: Any, listen: Any) -> None:
        made = listen(make_partner())
        assert made.secret not in json.dumps(Endpoint.objects.values().get(), default=str)

    def test_there_are_at_most_twenty_per_environment(self, make_partner: Any, listen: Any) -> None:
        acme = make_partner()
        for _ in range(rules.MAX_ENDPOINTS):
            listen(acme)
        with pytest.raises(rules.Invalid):
            listen(acme)
        assert listen(acme, environment="live")
        assert queries.endpoints_of(acme.pk, "test").count() == rules.MAX_ENDPOINTS

    def test_every_change_is_in_the_audit_trail_without_a_secret(
        self, make_partner: Any, listen: Any, now: datetime
    ) -> None:
        made = listen(make_partner())
        operations.update_endpoint(made.endpoint, actor=None, now=now, events=["bet.voided"])
        secret = operations.rotate_secret(made.endpoint, actor=None, now=now).secret
        operations.delete_endpoint(made.endpoint, actor=None, now=now)
        rows = AuditEntry.objects.filter(action__startswith="webhook.").order_by("pk")
        assert [row.action for row in rows] == [
            f"webhook.{verb}" for verb in ("created", "changed", "rotated", "deleted")
        ]
        assert not any(secret in str(row.details) or made.secret in str(row.details) for row in rows)


@pytest.mark.usefixtures("db")
def test_a_key_that_runs_out_is_announced_a_week_and_a_day_before_and_never_twice(
    make_partner: Any, listen: Any, now: datetime
) -> None:
    acme = make_partner()
    listen(acme, events=["key.expiring"])
    ends = now + timedelta(days=30)
    key = partners.issue_key(
        acme, Environment.TEST, scopes=["read:bets"], expires_at=ends, actor=None, now=now, label="till"
    ).key
    told = [worker.warn_of_expiring_keys(clock=ManualClock(ends - timedelta(hours=h))) for h in range(240, 0, -6)]
    assert sum(told) == 2
    data = [json.loads(event.body)["data"] for event in Event.objects.order_by("created_at")]
    assert data == [{"key_id": key.key_id, "label": "till", "expires_at": "2026-03-31T12:00:00.000Z"}] * 2


@pytest.mark.usefixtures("committed_db", "db_exists")
def test_the_worker_delivers_in_time_to_all_while_one_receiver_hangs(
    make_partner: Any, listen: Any, receiver: Receiver
) -> None:
    acme, clock = make_partner(), ManualClock(datetime.now(UTC))
    with a_receiver() as hung:
        hung.hold = Flag()
        listen(acme, hung.url)
        fine = listen(acme, receiver.url).endpoint
        operations.emit([news(acme, n=n) for n in range(15)], now=clock.now())

        async def work() -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(worker.run_worker(stop, clock=clock))
            async with asyncio.timeout(20):
                while len(receiver.received) < 15 or len(hung.received) < operations.PER_ENDPOINT:
                    await asyncio.sleep(0.02)
                stop.set()
                assert hung.hold is not None
                hung.hold.set()
                await running

        asyncio.run(work())
    assert sorted(json.loads(got.body)["data"]["n"] for got in receiver.received) == list(range(15))
    assert set(queries.deliveries_of(fine).values_list("state", "attempts")) == {("delivered", 1)}


@pytest.fixture
def db_exists(django_db_setup: None) -> None:
    """The test database, for tests that commit."""
