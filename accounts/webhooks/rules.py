"""
What a webhook is: its events, when it is tried again, how it is signed, where it may go. Pure: no framework.

Signing and the schedule are those of Standard Webhooks 1.0.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from casino.lib.calling import is_public, literal

EVENTS = {
    "bet.settled": "a bet of your players has ended: cashed out or lost",
    "bet.voided": "a stake went back: cancelled, released or refunded",
    "balance.changed": "a player's balance has changed",
    "round.finished": "a round was settled, with its seeds",
    "key.expiring": "one of your keys runs out soon",
    "player.limit_reached": "a player has reached a limit",
}
TEST_EVENT = "endpoint.test"  # sent by hand, to an endpoint whatever it listens to

# After a failed attempt, the next comes so much later (Standard Webhooks), give or take a fifth.
RETRIES = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
JITTER = 0.2
LONGEST_WAIT = timedelta(days=1)  # that a Retry-After is followed for
DISABLED_AFTER = timedelta(days=5)  # without a single success
SECRET_OVERLAP = timedelta(hours=24)
TOLERANCE = timedelta(minutes=5)  # how far the time of a message that comes to us may be off
MAX_MESSAGE_ID = 120
MAX_ENDPOINTS = 20
MAX_URL = 500


class Invalid(ValueError):
    """A wish for an endpoint that cannot be granted; `field` is the one to blame."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class BadSignature(ValueError):
    """A message that cannot be believed; `code` says why, as the API's errors do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooMany(Invalid):
    """The partner has as many endpoints as one may have."""

    def __init__(self) -> None:
        super().__init__("url", f"At most {MAX_ENDPOINTS} endpoints.")


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` of HMAC-SHA256 over `id.timestamp.body`, with the secret's raw bytes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def check_signed(
    secrets: Sequence[str], *, message_id: str, timestamp: str, signatures: str, body: bytes, now: datetime
) -> None:
    """
    Raises BadSignature unless a message that came to us is signed with one of the secrets, and of about now.

    The signature is looked at before the time, so that only who can sign learns whether the clocks agree.
    """
    if not message_id or not timestamp or not signatures:
        raise BadSignature("signature_missing", "Send webhook-id, webhook-timestamp and webhook-signature.")
    if len(message_id) > MAX_MESSAGE_ID or not message_id.isascii() or not message_id.isprintable():
        raise BadSignature("signature_invalid", f"A webhook-id has at most {MAX_MESSAGE_ID} printable characters.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("timestamp_out_of_range", "webhook-timestamp is a time in whole Unix seconds.")
    given = [text.encode("utf-8", "surrogatepass") for text in signatures.split(" ")[:10]]
    right = [signature(secret, message_id, int(timestamp), body).encode() for secret in secrets]
    if not any(hmac.compare_digest(one, other) for one in given for other in right):
        raise BadSignature("signature_invalid", "The signature does not fit the message.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature("timestamp_out_of_range", "webhook-timestamp is more than 5 minutes away from our clock.")


def next_delay(attempts: int, *, chance: float) -> timedelta | None:
    """How long after so many failed attempts the next one comes; None when it was the last. `chance` is in [0, 1)."""
    if attempts > len(RETRIES):
        return None
    return RETRIES[attempts - 1] * (1 + JITTER * (2 * chance - 1))


def checked_events(names: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in EVENTS]
    if unknown or not wanted:
        raise Invalid("events", f"One or more of {', '.join(EVENTS)}.")
    return wanted


def checked_url(url: str, *, allow_private: bool) -> str:
    """An https address without user or fragment (http too where private targets are allowed)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Invalid("url", "Not an address.") from None
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not host or len(url) > MAX_URL or not url.isascii() or " " in url:
        raise Invalid("url", f"An https address of at most {MAX_URL} characters.")
    if parts.username or parts.password or parts.fragment or port == 0:
        raise Invalid("url", "An address without user, password and fragment.")
    if not allow_private:
        address = literal(host)
        if address is not None and not is_public(address):
            raise Invalid("url", "Private, loopback and reserved addresses are not called.")
        if address is None and ("." not in host.strip(".") or host.rstrip(".").endswith((".localhost", ".internal"))):
            raise Invalid("url", "The host is not a public name.")
    return url
