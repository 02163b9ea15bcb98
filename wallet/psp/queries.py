"""Questions about payments. Those a player asks go through that player."""

from accounts.models import User
from wallet.psp.models import CashierLimits, Payment, Provider
from wallet.psp.rules import OPEN


def provider(slug: str) -> Provider | None:
    return Provider.objects.filter(slug=slug).first()


def enabled_providers() -> list[Provider]:
    return list(Provider.objects.filter(enabled=True).order_by("name"))


def cashier_limits(player: User) -> CashierLimits | None:
    """None where there is nothing to pay in or out: demo players, and currencies that are only played with."""
    if player.is_demo:
        return None
    limits = CashierLimits.objects.select_related("currency")
    return limits.filter(pk=player.currency_code, currency__enabled=True).first()


def payments_of(player: User, *, limit: int) -> list[Payment]:
    """Newest first."""
    rows = Payment.objects.select_related("provider", "currency").filter(player=player)
    return list(rows.order_by("-created_at")[:limit])


def payment_of(player: User, reference: str) -> Payment | None:
    return Payment.objects.select_related("provider", "currency").filter(player=player, reference=reference).first()


def standing_of(player: User, *, limit: int) -> list[tuple[str, str]]:
    """The newest payments' references and states: what a page asks again and again while one is open."""
    rows = Payment.objects.filter(player=player).order_by("-created_at")
    return list(rows.values_list("reference", "status")[:limit])


def has_open(player: User) -> bool:
    return Payment.objects.filter(player=player, status__in=[str(s) for s in OPEN]).exists()
