"""Providers and the cashier's limits, as staff set them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.partners.models import sealer
from wallet.psp.models import CashierLimits, Provider


@transaction.atomic
def ensure_provider(
    slug: str, *, name: str, base_url: str, secret: str, enabled: bool, now: datetime, actor: User | None = None
) -> Provider:
    """Made or brought to these values; repeating it changes nothing."""
    found = Provider.objects.select_for_update().filter(slug=slug).first()
    if found is None:
        sealed = sealer().seal(secret)
        found = Provider.objects.create(
            slug=slug, name=name, base_url=base_url, secret_sealed=sealed, enabled=enabled, created_at=now
        )
        audit.record("provider.created", f"provider:{slug}", actor=actor, now=now, base_url=base_url)
        return found
    return change_provider(found, actor=actor, now=now, name=name, base_url=base_url, secret=secret, enabled=enabled)


@transaction.atomic
def change_provider(provider: Provider, *, actor: User | None, now: datetime, **wanted: Any) -> Provider:
    """`name`, `base_url`, `enabled`, `secret` (that is stored sealed); what is not given stays."""
    found = Provider.objects.select_for_update().get(pk=provider.pk)
    secret = wanted.pop("secret", "")
    changes = {name: [getattr(found, name), value] for name, value in wanted.items() if getattr(found, name) != value}
    for name, (_, value) in changes.items():
        setattr(found, name, value)
    if secret and secret != found.secret:
        found.secret_sealed = sealer().seal(secret)
        changes["secret"] = ["•", "•"]
    if changes:
        found.save()
        audit.record("provider.changed", f"provider:{found.slug}", actor=actor, now=now, changes=changes)
    return found


@transaction.atomic
def change_limits(limits: CashierLimits, *, actor: User, now: datetime, **wanted: int) -> None:
    found = CashierLimits.objects.select_for_update().get(pk=limits.pk)
    changes = {name: [getattr(found, name), value] for name, value in wanted.items() if getattr(found, name) != value}
    if changes:
        CashierLimits.objects.filter(pk=found.pk).update(**wanted)
        audit.record("cashier.limits_changed", f"currency:{found.pk}", actor=actor, now=now, changes=changes)
