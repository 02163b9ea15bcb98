"""
Payment providers: deposits and withdrawals that went through, against the provider's report of the day.

The report is `GET {base_url}/report?day=2026-11-21`, signed like its webhooks: `{"payments": [{"type", "status",
"reference", "provider_reference", "amount", "currency", "at"}]}`. What failed there moved nothing and is left out.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import F, QuerySet

from accounts.webhooks.rules import BadSignature, check_signed
from casino.lib.clock import system_clock
from casino.ops.bulk import AnyOf
from wallet.operators.client import Endpoint, OperatorClients
from wallet.operators.protocol import Unknown
from wallet.psp.models import Payment, Provider
from wallet.psp.rules import Status
from wallet.reconciliation.models import Run
from wallet.reconciliation.queries import bounds
from wallet.reconciliation.rules import StatementLine
from wallet.reconciliation.sources import Lines, SourceUnavailable

SECONDS = 15.0
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProviderSource:
    provider: Provider
    kind: str = Run.SourceKind.PSP.value

    @property
    def slug(self) -> str:
        return self.provider.slug

    def ours(self, day: date) -> Lines:
        start, end = bounds(day)
        paid = self._paid().filter(concluded_at__gte=start, concluded_at__lt=end).order_by("concluded_at", "pk")
        return (_line(payment) for payment in paid.iterator(chunk_size=2_000))

    def ours_named(self, ids: list[str], day: date) -> Lines:
        return (_line(payment) for payment in self._paid().filter(AnyOf(F("reference"), ids)))

    def theirs(self, day: date) -> Iterator[StatementLine]:
        try:
            payments = self._report(day)["payments"]
            for each in payments:
                if each["status"] == Status.SUCCEEDED:
                    yield StatementLine(
                        each["reference"], each["type"], "", each["amount"], each["currency"], _time(each["at"])
                    )
        except (KeyError, TypeError, ValueError) as error:
            raise SourceUnavailable(f"Their report of {day} cannot be read: {error!r}.") from error

    def _paid(self) -> "QuerySet[Payment]":
        return Payment.objects.filter(provider=self.provider, status=Status.SUCCEEDED)

    def _report(self, day: date) -> Any:
        provider = self.provider
        # The bundled sandbox is on this very host, wherever that is.
        base = urljoin(settings.SITE_ORIGIN, provider.base_url) if provider.is_on_this_host else provider.base_url
        allowed = provider.is_on_this_host or settings.WEBHOOKS_ALLOW_PRIVATE
        answer = asyncio.run(_fetch(Endpoint(0, base, "", SECONDS, 1, allowed), f"/report?day={day}"))
        if isinstance(answer, Unknown) or answer.status != 200:
            why = answer.reason if isinstance(answer, Unknown) else f"it answered {answer.status}"
            raise SourceUnavailable(f"No report of {day}: {why}.")
        told = {name.lower(): value for name, value in answer.headers.items()}
        try:
            check_signed(
                [provider.secret],
                message_id=told.get("webhook-id", ""),
                timestamp=told.get("webhook-timestamp", ""),
                signatures=told.get("webhook-signature", ""),
                body=answer.body,
                now=system_clock.now(),
            )
        except BadSignature as error:
            raise SourceUnavailable(f"Their report of {day} is not signed by them: {error}") from error
        return json.loads(answer.body)


async def _fetch(endpoint: Endpoint, path: str) -> Any:
    clients = OperatorClients()
    try:
        return await clients.exchange(endpoint, "GET", path, b"", {}, seconds=SECONDS, largest=LARGEST)
    finally:
        await clients.aclose()


def _line(payment: Payment) -> StatementLine:
    assert payment.concluded_at is not None
    ids = (payment.reference, payment.direction, "")
    return StatementLine(*ids, payment.amount_minor, payment.currency_id, payment.concluded_at)


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at


def sources() -> list[ProviderSource]:
    return [ProviderSource(provider) for provider in Provider.objects.filter(enabled=True).order_by("pk")]
