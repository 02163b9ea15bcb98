"""
The HTTP call of a webhook.

It goes to an address that was looked at (`casino.ops.outgoing`). No redirects, no cookies, a few seconds, and little
of the answer is read.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx2

from accounts.webhooks import rules
from accounts.webhooks.operations import Outcome
from casino.lib.calling import retry_after
from casino.ops import outgoing

TIMEOUT = httpx2.Timeout(10, connect=5)
WHOLE_SECONDS = 15
READ_BYTES = 2_000


class Clients:
    """
    A client per receiver, one set of them per worker: connections are kept alive, and HTTP/2 is spoken where the
    receiver does.

    Not one for all: connections are made to addresses, and one whose certificate was checked for one name must not
    serve another name that has the same address.
    """

    def __init__(self) -> None:
        self._of: dict[str, httpx2.AsyncClient] = {}
        self._tls = ssl.create_default_context()

    def of(self, url: str) -> httpx2.AsyncClient:
        name = urlsplit(url).netloc.lower()
        if name not in self._of:
            limits = httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30)
            self._of[name] = httpx2.AsyncClient(
                http2=True, timeout=TIMEOUT, limits=limits, verify=self._tls, follow_redirects=False, trust_env=False
            )
        return self._of[name]

    async def __aenter__(self) -> "Clients":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._of.values():
            await client.aclose()


async def post(
    clients: Clients,
    url: str,
    body: bytes,
    *,
    message_id: str,
    secrets: Sequence[str],
    now: datetime,
    allow_private: bool,
) -> Outcome:
    """One attempt. Never raises for what the other side does."""
    started = time.monotonic()

    def outcome(status: int | None, error: str = "", response: str = "", retry: timedelta | None = None) -> Outcome:
        return Outcome(status, error, response, int((time.monotonic() - started) * 1000), retry)

    at = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "casino-webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(rules.signature(secret, message_id, at, body) for secret in secrets),
    }
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            client = clients.of(url)
            target = await outgoing.find(url, allow_private=allow_private)
            request = target.request(client, "POST", url, content=body, headers=headers)
            answer = await client.send(request, stream=True)
            try:
                text = await _beginning(answer)
            finally:
                await answer.aclose()
    except outgoing.NotAllowed as refusal:
        return outcome(None, str(refusal))
    except TimeoutError:
        return outcome(None, "no answer in time")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError) as error:
        return outcome(None, f"{type(error).__name__}: {error}"[:200])
    problem = "" if 200 <= answer.status_code < 300 else f"answered {answer.status_code}"
    return outcome(answer.status_code, problem, text, _retry_after(answer, now))


async def _beginning(answer: httpx2.Response) -> str:
    kept = b""
    async for part in answer.aiter_raw():
        kept += part
        if len(kept) >= READ_BYTES:
            break
    return kept[:READ_BYTES].decode(errors="replace").replace("\x00", "")[:500]


def _retry_after(answer: httpx2.Response, now: datetime) -> timedelta | None:
    if answer.status_code not in (429, 503):
        return None
    seconds = retry_after(answer.headers.get("Retry-After", ""), now.timestamp())
    return None if seconds is None else timedelta(seconds=seconds)
