"""The call itself, to a real server."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from accounts.webhooks import delivery, rules
from accounts.webhooks.operations import Outcome
from tests.webhooks.receiver import Receiver

BODY = b'{"type":"bet.settled","timestamp":"2026-03-01T12:00:00.000Z","data":{"payout":5}}'


def sent(url: str, *, secrets: tuple[str, ...] = (), allow_private: bool = True) -> Outcome:
    async def go() -> Outcome:
        async with delivery.Clients() as clients:
            return await delivery.post(
                clients,
                url,
                BODY,
                message_id="evt_1",
                secrets=secrets or (rules.new_secret(),),
                now=datetime.now(UTC),
                allow_private=allow_private,
            )

    return asyncio.run(go())


def test_a_message_arrives_byte_for_byte_with_a_signature_per_secret(receiver: Receiver) -> None:
    new, old = rules.new_secret(), rules.new_secret()
    assert sent(receiver.url, secrets=(new, old)).delivered
    (got,) = receiver.received
    assert (got.path, got.body) == ("/hooks?who=acme", BODY)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.split("/")[2]
    for secret in (new, old):
        assert Webhook(secret).verify(got.body, got.headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(rules.new_secret()).verify(got.body, got.headers)


def test_a_host_name_is_called_by_the_address_that_was_looked_at(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    outcome = sent(url)
    assert outcome.delivered
    assert receiver.received[0].headers["host"] == url.split("/")[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_not_called_whatever_name_it_has(receiver: Receiver, host: str) -> None:
    outcome = sent(receiver.url.replace("127.0.0.1", host), allow_private=False)
    assert not outcome.delivered
    assert "private" in outcome.error
    assert receiver.received == []


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500, 503])
def test_what_is_not_a_success_is_a_failure_and_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, {"Location": receiver.url})]
    outcome = sent(receiver.url)
    assert (outcome.delivered, outcome.status, outcome.error) == (False, status, f"answered {status}")
    assert outcome.response == "<b>thanks</b>"
    assert len(receiver.received) == 1


def test_a_receiver_that_asks_for_patience_is_understood(receiver: Receiver) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    receiver.answers = [
        (429, {"Retry-After": "120"}),
        (503, {"Retry-After": format_datetime(later, usegmt=True)}),
        (429, {"Retry-After": "soon"}),
        (500, {"Retry-After": "120"}),
    ]
    first, second, third, fourth = (sent(receiver.url).retry_after for _ in range(4))
    assert first == timedelta(seconds=120)
    assert second is not None
    assert timedelta(minutes=59) < second <= timedelta(hours=1)
    assert (third, fourth) == (None, None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://nowhere.invalid/", "https://127.0.0.1:9/"])
def test_a_receiver_that_is_not_there_is_a_failure_with_its_reason(url: str) -> None:
    outcome = sent(url)
    assert (outcome.delivered, outcome.status) == (False, None)
    assert outcome.error


def test_a_receiver_that_never_answers_is_given_up(receiver: Receiver, monkeypatch: Any) -> None:
    from threading import Event

    receiver.hold = Event()
    monkeypatch.setattr(delivery, "WHOLE_SECONDS", 0.3)
    outcome = sent(receiver.url)
    assert (outcome.status, outcome.error) == (None, "no answer in time")


def test_a_connection_made_for_one_name_serves_no_other_name_at_that_address(receiver: Receiver) -> None:
    async def go() -> None:
        secret, now = rules.new_secret(), datetime.now(UTC)
        async with delivery.Clients() as clients:
            for host in ("127.0.0.1", "localhost") * 2:
                url = receiver.url.replace("127.0.0.1", host)
                outcome = await delivery.post(
                    clients, url, BODY, message_id="evt_1", secrets=(secret,), now=now, allow_private=True
                )
                assert outcome.delivered

    asyncio.run(go())
    served = [(got.connection, got.headers["host"].partition(":")[0]) for got in receiver.received]
    assert [host for _, host in served] == ["127.0.0.1", "localhost"] * 2
    assert len({connection for connection, _ in served}) == 2
    assert len(set(served)) == 2
