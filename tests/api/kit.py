"""A partner who calls the API, for tests: signs as a partner would, with code of its own."""

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.partners.models import ApiKey, Partner, PartnerPlayer

V1 = "/api/v1"


@dataclass
class Caller:
    """One key of a partner. `last` is the last answer."""

    partner: Partner
    key: ApiKey
    token: str
    secret: str
    used: set[int] = field(default_factory=set)

    def _unused_timestamp(self) -> int:
        timestamp = int(time.time())
        while timestamp in self.used:
            timestamp -= 1
        self.used.add(timestamp)
        return timestamp

    def headers(self, method: str, target: str, body: bytes, **changes: Any) -> dict[str, str]:
        """
        As a partner's library makes them; `changes` replace some, None leaves one out.

        Each call has a timestamp of its own: the same call in the same second under another Idempotency-Key has the
        same signature, and would be refused for that.
        """
        version = changes.pop("version", "2")
        timestamp = str(changes.pop("timestamp", None) or self._unused_timestamp())
        secret = str(changes.pop("secret", self.secret)).encode()
        if version == "2":
            text = f"{timestamp}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}".encode()
        else:
            text = body + timestamp.encode()
        headers: dict[str, Any] = {
            "Authorization": f"Bearer {self.token}",
            "X-Timestamp": timestamp,
            "X-Signature": hmac.new(secret, text, hashlib.sha256).hexdigest(),
            "X-Signature-Version": version,
            "Idempotency-Key": changes.pop("idem", uuid.uuid4().hex),
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: str(value) for name, value in headers.items() if value is not None}

    def get(self, path: str, **headers: Any) -> Any:
        given = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return Client().get(V1 + path, headers=given)

    def post(self, path: str, data: Any = None, *, raw: bytes | None = None, **changes: Any) -> Any:
        body = raw if raw is not None else b"" if data is None else json.dumps(data).encode()
        target = V1 + path
        content_type = changes.pop("content_type", "application/json")
        headers = self.headers("POST", changes.pop("signed_target", target), body, **changes)
        return Client().generic("POST", target, body, content_type=content_type, headers=headers)

    def put(self, path: str, data: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return Client().put(V1 + path, json.dumps(data), content_type="application/json", headers=headers)

    def place(self, player: PartnerPlayer, amount: int = 500, **fields: Any) -> Any:
        headers = {name: fields.pop(name) for name in ("idem", "timestamp") if name in fields}
        return self.post("/bets", {"user": player.external_id, "amount": amount, **fields}, **headers)

    def balance(self, player: PartnerPlayer) -> int:
        return int(self.get(f"/user/balance?user={player.external_id}").json()["available"])


def code_of(response: Any) -> tuple[int, str]:
    """Status and code of an error, which has the shape that every error has."""
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json", response["Content-Type"]
    assert set(problem) - {"errors"} == {"type", "title", "status", "code", "message", "request_id"}
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response["X-Request-Id"]
    return response.status_code, problem["code"]
