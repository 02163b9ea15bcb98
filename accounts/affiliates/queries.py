"""Questions about affiliates. Nothing here changes anything."""

from collections.abc import Collection
from datetime import date

from accounts.affiliates.models import Affiliate, ShareRate
from accounts.affiliates.rules import is_code


def is_known(code: str) -> bool:
    """Whether this is the code of an affiliate who is credited with players now."""
    return by_code(code) is not None


def by_code(code: str) -> Affiliate | None:
    """The active affiliate of this code; what cannot be one is not asked for."""
    return Affiliate.objects.filter(code=code, active=True).first() if is_code(code) else None


def rates_on(day: date, affiliate_ids: Collection[int]) -> dict[int, int]:
    """Shares in 1/10,000 by affiliate, as they were set for that day. One query."""
    rows = ShareRate.objects.filter(affiliate_id__in=affiliate_ids, from_day__lte=day).order_by("from_day", "pk")
    return dict(rows.values_list("affiliate_id", "share_bps"))  # the last one of each stays
