"""A payment provider, for tests: it signs with somebody else's code and reports over HTTP."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.test import Client
from standardwebhooks.webhooks import Webhook

from accounts.models import User
from tests.wallet.ledger_table import books_sum
from wallet import queries
from wallet.chart import House
from wallet.psp import audit as psp_audit
from wallet.psp import operations
from wallet.psp.models import Payment, Provider, Report
from wallet.psp.rules import read_report

Json = dict[str, Any]


def signed(secret: str, body: str, *, message_id: str, at: datetime | None = None) -> dict[str, str]:
    moment = at or datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }


@dataclass
class Psp:
    provider: Provider
    secret: str

    def report(self, kind: str, about: Payment | str, **changes: Any) -> Json:
        """What it says of a payment; `changes` are lies and mistakes."""
        known = isinstance(about, Payment)
        data: Json = {
            "reference": about.reference if isinstance(about, Payment) else about,
            "provider_reference": "p-1",
            "amount": about.amount_minor if isinstance(about, Payment) else 100,
            "currency": about.currency_id if known and isinstance(about, Payment) else "BRL",
            "at": "2026-03-01T12:00:00Z",
        }
        return {"type": kind, "data": {**data, **changes}}

    def tell(self, kind: str, about: Payment | str, *, now: datetime, message_id: str = "", **changes: Any) -> Report:
        """Straight to the operation."""
        body = json.dumps(self.report(kind, about, **changes))
        said = read_report(body.encode())
        return operations.receive(self.provider, message_id=message_id or uuid4().hex, body=body, said=said, now=now)

    def send(self, report: Any, *, message_id: str = "", at: datetime | None = None, **changes: Any) -> Any:
        """Over HTTP; `changes` replace headers, None leaves one out."""
        body = report if isinstance(report, str) else json.dumps(report)
        headers: dict[str, Any] = signed(self.secret, body, message_id=message_id or uuid4().hex, at=at)
        headers |= {name.replace("_", "-"): value for name, value in changes.items() if name.startswith("webhook")}
        given = {name: value for name, value in headers.items() if value is not None}
        path = f"/api/v1/psp/{changes.get('slug', self.provider.slug)}/webhook"
        content_type = changes.get("content_type", "application/json")
        return Client().generic("POST", path, body, content_type=content_type, headers=given)


def money(player: User) -> tuple[int, int]:
    """What a player has available, and set aside."""
    found = queries.balance(player, is_demo=False)
    return found.available_minor, found.held_minor


def house(kind: House, book: str = "BRL") -> int:
    return queries.house_balance(kind, book)


def sound(now: datetime) -> bool:
    """All books add up to zero, and payments and ledger agree."""
    assert psp_audit.findings(now) == []
    return books_sum("BRL") == 0
