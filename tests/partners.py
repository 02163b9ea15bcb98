"""A partner at a real server, for tests: signed REST calls and the feed."""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.servers import Site

Message = dict[str, Any]
PATIENCE = 60.0  # seconds, of a machine that has much else to do


@dataclass(frozen=True)
class Answer:
    status: int
    body: Message
    headers: Mapping[str, str]

    @property
    def replayed(self) -> bool:
        return self.headers.get("Idempotent-Replayed") == "true"


def ask(
    site: Site, key: Message, method: str, path: str, body: Message | None = None, *, idempotency_key: str = ""
) -> Answer:
    """One call under /api/v1, signed with version 2 and, unless told otherwise, with an Idempotency-Key of its own."""
    data = b"" if body is None else json.dumps(body).encode()
    target = f"/api/v1{path}"
    at = str(int(time.time()))
    text = f"{at}\n{method}\n{target}\n{hashlib.sha256(data).hexdigest()}"
    headers = {
        "Authorization": f"Bearer {key['key']}",
        "Content-Type": "application/json",
        "Idempotency-Key": idempotency_key or uuid4().hex,
        "X-Timestamp": at,
        "X-Signature": hmac.new(key["secret"].encode(), text.encode(), hashlib.sha256).hexdigest(),
        "X-Signature-Version": "2",
    }
    request = urllib.request.Request(f"{site.url}{target}", data=data or None, headers=headers, method=method)  # noqa: S310 our own server
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 our own server
            return Answer(answer.status, json.loads(answer.read() or b"{}"), answer.headers)
    except urllib.error.HTTPError as error:
        return Answer(error.code, json.loads(error.read() or b"{}"), error.headers)


def call(site: Site, key: Message, method: str, path: str, body: Message | None = None) -> tuple[int, Message]:
    answer = ask(site, key, method, path, body)
    return answer.status, answer.body


def issue_key(site: Site, scopes: list[str]) -> Message:
    """Another test key of the demo partner: key, secret, pk."""
    script = (
        "from django.utils import timezone; from accounts.partners import operations as o; "
        "from accounts.partners.models import Partner; from accounts.partners.rules import Environment; import json; "
        "p = Partner.objects.get(name='Demo Partner'); "
        f"i = o.issue_key(p, Environment.TEST, scopes={scopes!r}, actor=None, now=timezone.now()); "
        "print(json.dumps({'key': i.token, 'secret': i.secret, 'pk': i.key.pk}))"
    )
    issued: Message = json.loads(site.manage("shell", "--no-imports", "-c", script).stdout)
    return issued


def revoke_key(site: Site, pk: int) -> None:
    script = (
        "from django.utils import timezone; from accounts.partners import operations as o; "
        "from accounts.partners.models import ApiKey; "
        f"o.revoke_key(ApiKey.objects.get(pk={pk}), actor=None, now=timezone.now())"
    )
    site.manage("shell", "--no-imports", "-c", script)


class FeedClient:
    """Sends and waits for messages of the feed, acknowledges heartbeats, keeps all that came."""

    def __init__(self, ws: str, key: str | None = None) -> None:
        self.seen: list[Message] = []
        self.acknowledges = True
        self._open = ExitStack()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.socket: ClientConnection = self._open.enter_context(
            connect(f"{ws}/ws/v1/feed", additional_headers=headers, max_queue=None, close_timeout=1)
        )

    def __enter__(self) -> "FeedClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def receive(self, timeout: float = PATIENCE) -> Message:
        message: Message = json.loads(self.socket.recv(timeout))
        self.seen.append(message)
        if message.get("op") == "heartbeat" and self.acknowledges:
            self.send(op="heartbeat_ack", n=message["n"])
        return message

    def wait_for(self, timeout: float = PATIENCE, **wanted: Any) -> Message:
        """The next message with these values."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, deadline - time.monotonic()))
            if all(message.get(name) == value for name, value in wanted.items()):
                return message

    def ask(self, **message: Any) -> Message:
        name = uuid4().hex
        self.send(**message, id=name)
        return self.wait_for(id=name)

    def close_code(self, timeout: float = PATIENCE) -> int | None:
        """Read to the end; the code the server closed with."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.receive(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def events(self, channel: str) -> list[Message]:
        return [message for message in self.seen if message.get("channel") == channel]
