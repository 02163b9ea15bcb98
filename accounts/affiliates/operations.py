"""Crediting affiliates with players, and what staff agree with them."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.affiliates import queries
from accounts.affiliates.models import Affiliate, Referral, ShareRate
from accounts.affiliates.rules import DEFAULT_SHARE_BPS, WHOLE, is_code
from accounts.models import User
from casino.lib.errors import DomainError

MOST_REMEMBERED = 100_000


class AffiliateRefused(DomainError):
    code = "affiliate_refused"
    status = 422
    message = "This affiliate is not allowed."


# --- players ----------------------------------------------------------------------------------------------------------
_settled: set[int] = set()  # players whom somebody has brought: that never changes, so a process need not ask again


def credit(player_id: int, code: str, *, now: datetime, via: str = "api") -> bool:
    """
    This code came with the player: credit its affiliate, where nobody is credited yet. True where that was done now.

    Costs nothing for a player who is known to be credited, so it may be called with every request. False for codes that
    are unknown or inactive (`queries.is_known`), for the affiliate himself, and for players who were brought before;
    of several at once, one is credited, for ever.
    """
    if player_id in _settled:
        return False
    affiliate = queries.by_code(code)
    if affiliate is None or affiliate.owner_id == player_id:
        return False
    with transaction.atomic():
        _, is_new = Referral.objects.get_or_create(
            player_id=player_id, defaults={"affiliate": affiliate, "at": now, "via": via}
        )
        transaction.on_commit(lambda: _remember(player_id))
    return is_new


def _remember(player_id: int) -> None:
    if len(_settled) >= MOST_REMEMBERED:
        _settled.clear()
    _settled.add(player_id)


def forget() -> None:
    """This process remembers nobody any more (for tests, which undo what never changes)."""
    _settled.clear()


# --- affiliates -------------------------------------------------------------------------------------------------------
@transaction.atomic
def create(
    code: str,
    *,
    name: str = "",
    owner: User | None = None,
    share_bps: int = DEFAULT_SHARE_BPS,
    actor: User | None,
    now: datetime,
) -> Affiliate:
    """A new affiliate, whose share holds from today on. Raises AffiliateRefused."""
    if not is_code(code):
        raise AffiliateRefused("A code has 1 to 64 letters, digits and . _ ~ -, and begins with a letter or a digit.")
    if Affiliate.objects.filter(code=code).exists():
        raise AffiliateRefused("There is an affiliate with this code.")
    if owner is None and not name:
        raise AffiliateRefused("An affiliate is a player, or has a name.")
    _check_share(share_bps)
    made = Affiliate.objects.create(code=code, name=name, owner=owner, created_at=now)
    _set_rate(made, share_bps, actor=actor, reason="first share", from_day=now.date(), now=now)
    audit.record(
        "affiliate.created",
        f"affiliate:{code}",
        actor=actor,
        now=now,
        owner=owner.pk if owner else None,
        share_bps=share_bps,
    )
    return made


@transaction.atomic
def change(
    affiliate: Affiliate, *, actor: User, reason: str, now: datetime, share_bps: int | None = None, **wanted: Any
) -> Affiliate:
    """
    `name`, `owner`, `active`, `share_bps`; what is not given stays. Raises AffiliateRefused.

    A day has one share: another one holds from tomorrow on (UTC). Another owner gets what is booked from now on.
    """
    if not reason.strip():
        raise AffiliateRefused("Say why.")
    found = Affiliate.objects.select_for_update().get(pk=affiliate.pk)
    owner = wanted.get("owner", found.owner)
    if owner is None and not wanted.get("name", found.name):
        raise AffiliateRefused("An affiliate is a player, or has a name.")
    if owner is not None and Referral.objects.filter(player=owner, affiliate=found).exists():
        raise AffiliateRefused("This player was brought by this very affiliate.")
    names = {name: getattr(value, "pk", value) for name, value in wanted.items()}
    before = {name: getattr(getattr(found, name), "pk", getattr(found, name)) for name in wanted}
    changes: dict[str, Any] = {name: [before[name], names[name]] for name in wanted if before[name] != names[name]}
    for name, value in wanted.items():
        setattr(found, name, value)
    found.save(update_fields=list(wanted))
    tomorrow = now.date() + timedelta(days=1)
    current = queries.rates_on(tomorrow, [found.pk]).get(found.pk)
    if share_bps is not None and share_bps != current:
        _check_share(share_bps)
        _set_rate(found, share_bps, actor=actor, reason=reason.strip(), from_day=tomorrow, now=now)
        changes["share_bps"] = [current, share_bps]
    if changes:
        subject = f"affiliate:{found.code}"
        audit.record("affiliate.changed", subject, actor=actor, now=now, changes=changes, reason=reason.strip())
    return found


def _check_share(share_bps: int) -> None:
    if not 0 <= share_bps <= WHOLE:
        raise AffiliateRefused("A share is between 0 and 100 % of what the house gains.")


def _set_rate(
    affiliate: Affiliate, share_bps: int, *, actor: User | None, reason: str, from_day: Any, now: datetime
) -> None:
    ShareRate.objects.create(
        affiliate=affiliate, share_bps=share_bps, from_day=from_day, set_by=actor, reason=reason, created_at=now
    )
