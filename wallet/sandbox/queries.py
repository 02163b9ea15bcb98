"""Questions about the sandbox provider's books."""

from datetime import UTC, date, datetime, time, timedelta

from wallet.sandbox.models import SandboxPayment


def payment(kind: str, reference: str) -> SandboxPayment | None:
    return SandboxPayment.objects.filter(kind=kind, reference=reference).first()


def concluded_on(day: date) -> list[SandboxPayment]:
    """Of one day (UTC), in order: what a provider's statement has."""
    start = datetime.combine(day, time(), UTC)
    ended = SandboxPayment.objects.filter(concluded_at__gte=start, concluded_at__lt=start + timedelta(days=1))
    return list(ended.order_by("concluded_at", "pk"))
