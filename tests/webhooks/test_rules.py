"""Where webhooks may go, when they are tried again, and how they are signed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from accounts.webhooks import rules
from casino.lib.calling import is_public

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 not listened on
    "224.0.0.1",
    "255.255.255.255",
    "192.0.0.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_loopback_or_reserved_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


REFUSED = [
    "http://partner.example/",
    "ftp://partner.example/",
    "https://",
    "https:///path",
    "https://user@partner.example/",
    "https://user:secret@partner.example/",
    "https://partner.example/#part",
    "https://partner.example:0/",
    "https://partner.example:99999/",
    "https://localhost/",
    "https://intranet/",
    "https://db.internal/",
    "https://a.localhost/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[fe80::1%25eth0]/",
    "https://169.254.169.254/latest/meta-data",
    "https://exämple.com/",
    "https://partner.example/a b",
    "https://[::1",
    "https://partner.example/" + "a" * 500,
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_a_public_https_one_is_refused(url: str) -> None:
    with pytest.raises(rules.Invalid) as refused:
        rules.checked_url(url, allow_private=False)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url", ["https://partner.example/hooks", "https://partner.example:8443/?a=1", "https://8.8.8.8/"]
)
def test_a_public_https_address_is_taken_as_it_is(url: str) -> None:
    assert rules.checked_url(url, allow_private=False) == url


def test_plain_http_to_this_machine_needs_the_development_setting() -> None:
    assert rules.checked_url("http://127.0.0.1:9000/hooks", allow_private=True)
    with pytest.raises(rules.Invalid):
        rules.checked_url("http://127.0.0.1:9000/hooks", allow_private=False)


@given(st.text(max_size=60))
def test_no_text_breaks_the_check_of_an_address(text: str) -> None:
    try:
        rules.checked_url(text, allow_private=False)
    except rules.Invalid:
        return
    assert text.startswith(("https://", "HTTPS://")) or text.lower().startswith("https://")


def test_the_schedule_has_nine_retries_over_more_than_three_days_and_then_gives_up() -> None:
    delays = [rules.next_delay(attempts, chance=0.5) for attempts in range(1, 11)]
    assert delays[0] == timedelta(seconds=5)
    assert delays[-1] is None
    assert sum((delay for delay in delays if delay), timedelta()) > timedelta(days=3)


@given(st.floats(0, 0.999999), st.integers(1, 9))
def test_jitter_moves_a_retry_by_at_most_a_fifth(chance: float, attempts: int) -> None:
    delay, exact = rules.next_delay(attempts, chance=chance), rules.RETRIES[attempts - 1]
    assert delay is not None
    assert exact * 0.8 <= delay <= exact * 1.2


def test_somebody_elses_library_agrees_with_the_signature() -> None:
    secret, at = rules.new_secret(), datetime.now(UTC)
    body = '{"type":"bet.settled","data":{"ü":1}}'.encode()
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": rules.signature(secret, "evt_1", int(at.timestamp()), body),
    }
    assert Webhook(secret).verify(body, headers)["type"] == "bet.settled"
