"""Webhook endpoints in the portal."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.partners.models import Partner
from accounts.webhooks import operations
from accounts.webhooks.models import Delivery, Endpoint
from accounts.webhooks.operations import Outcome
from tests.portal.test_keys import once

pytestmark = pytest.mark.usefixtures("db")
URL = "https://partner.example/hooks"
NEW = "/developers/test/webhooks/new/"
ROW = '<details class="delivery">'


@pytest.fixture(autouse=True)
def only_public_targets(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False


@pytest.fixture
def endpoint(olga: Client) -> Endpoint:
    olga.post(NEW, {"url": URL, "events": ["bet.settled"], "once": once(olga, NEW)})
    return Endpoint.objects.get()


def home(endpoint: Endpoint) -> str:
    return f"/developers/test/webhooks/{endpoint.endpoint_id}/"


def test_an_endpoint_is_made_and_its_secret_shown_once(olga: Client) -> None:
    name = once(olga, NEW)
    page = olga.post(NEW, {"url": URL, "events": ["bet.settled"], "once": name}).content.decode()
    found = re.search(r"whsec_[\w+/=]+", page)
    assert found
    endpoint = Endpoint.objects.get()
    assert (endpoint.url, endpoint.events, endpoint.environment) == (URL, ["bet.settled"], "test")
    assert found[0] not in olga.get(home(endpoint)).content.decode()
    assert olga.post(NEW, {"url": URL, "events": ["bet.settled"], "once": name}).status_code == 302
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize("url", ["http://partner.example/", "https://127.0.0.1/", "https://10.1.2.3/x", "nonsense"])
def test_an_address_that_is_not_called_is_refused_at_its_field(olga: Client, url: str) -> None:
    page = olga.post(NEW, {"url": url, "events": ["bet.settled"], "once": once(olga, NEW)})
    assert 'id="id_url_error"' in page.content.decode()
    assert not Endpoint.objects.exists()


def test_attempts_are_shown_and_a_delivery_is_sent_again(olga: Client, endpoint: Endpoint, now: datetime) -> None:
    olga.post(f"{home(endpoint)}test/")
    (sent,) = operations.claim(limit=5, now=datetime.now(now.tzinfo))
    operations.conclude(sent, Outcome(503, "answered 503", "<script>alert(1)</script>", 41), now=now, chance=0.5)
    page = olga.get(home(endpoint)).content.decode()
    assert "endpoint.test" in page
    assert "503" in page
    assert "41 ms" in page
    assert "<script>alert" not in page
    before = Delivery.objects.get().next_attempt_at
    olga.post(f"/developers/test/deliveries/{sent.pk}/resend/")
    again = Delivery.objects.get()
    assert again.attempts == 0
    assert again.next_attempt_at != before


def test_settings_are_changed_switched_rotated_and_deleted(olga: Client, endpoint: Endpoint) -> None:
    olga.post(home(endpoint), {"url": f"{URL}/2", "events": ["bet.voided", "round.finished"], "description": "new"})
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events, endpoint.description) == (
        f"{URL}/2",
        ["bet.voided", "round.finished"],
        "new",
    )
    olga.post(f"{home(endpoint)}switch/", {"on": "0"})
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    olga.post(f"{home(endpoint)}switch/", {"on": "1"})
    before = endpoint.secret_sealed
    page = olga.post(f"{home(endpoint)}rotate/", {"once": once(olga, home(endpoint))})
    endpoint.refresh_from_db()
    assert endpoint.is_active
    assert "whsec_" in page.content.decode()
    assert endpoint.secret_sealed != before
    assert endpoint.previous_secret_sealed == before
    olga.post(f"{home(endpoint)}delete/")
    assert olga.get(home(endpoint)).status_code == 404
    endpoint.refresh_from_db()
    assert endpoint.deleted_at is not None


@pytest.mark.parametrize("who", ["rita", "vera"])
def test_strangers_find_nothing_and_viewers_change_nothing(
    who: str, rival: Partner, vera: Client, endpoint: Endpoint, signed_in: Any, olga: Client
) -> None:
    olga.post(f"{home(endpoint)}test/")
    before = list(Endpoint.objects.values()), list(Delivery.objects.values())
    delivery = Delivery.objects.get()
    refused = 404 if who == "rita" else 403
    client = signed_in(who)
    assert client.get(home(endpoint)).status_code == (404 if who == "rita" else 200)
    paths = [f"{home(endpoint)}{verb}" for verb in ("", "switch/", "rotate/", "test/", "delete/")]
    for path in [*paths, f"/developers/test/deliveries/{delivery.pk}/resend/"]:
        data = {"url": URL, "events": ["bet.voided"], "on": "0", "once": "x"}
        assert client.post(path, data).status_code == refused, path
    assert (list(Endpoint.objects.values()), list(Delivery.objects.values())) == before


def test_a_full_page_of_deliveries_takes_as_many_queries_as_one(
    olga: Client, endpoint: Endpoint, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        operations.send_test(endpoint, now=datetime.now(endpoint.created_at.tzinfo))
    with django_assert_max_num_queries(8):
        page = olga.get(home(endpoint)).content.decode()
    assert page.count(ROW) == 25
    assert olga.get(f"{home(endpoint)}?page=3").content.decode().count(ROW) == 10
    assert olga.get(f"{home(endpoint)}?page=nonsense").status_code == 200
