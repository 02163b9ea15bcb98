"""Questions about partners, their keys and their players. Each one that a partner asks goes through that partner."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import User
from accounts.partners.models import ApiKey, Member, Partner, PartnerPlayer
from accounts.queries import hash_token
from casino.ops.bulk import AnyOf
from casino.ops.composed import Given, builder, composed
from casino.ops.remembered import Memory


def key_by_token(token: str, find: "Find | None" = None) -> ApiKey | None:
    """
    The key of a token in whatever state it is, so that its owner is told which; None for an unknown one. `find` looks
    it up.
    """
    return (find or Memory.look_up)(KEYS, hash_token(token))


KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]
PARTNER_COLUMNS = [field.attname for field in Partner._meta.concrete_fields]
_key, _partner = builder(ApiKey, KEY_COLUMNS), builder(Partner, PARTNER_COLUMNS)


@composed
def _keys_and_partners() -> "QuerySet[ApiKey, tuple[Any, ...]]":
    of_partner = [f"partner__{name}" for name in PARTNER_COLUMNS]
    return ApiKey.objects.filter(AnyOf(F("key_hash"), Given("hashes"))).values_list(*KEY_COLUMNS, *of_partner)


def _made(row: tuple[Any, ...]) -> ApiKey:
    key = _key(row[: len(KEY_COLUMNS)])
    key.partner = _partner(row[len(KEY_COLUMNS) :])
    return key


_USAGE = {KEY_COLUMNS.index("last_used_at"), KEY_COLUMNS.index("last_used_address")}
_HASH = KEY_COLUMNS.index("key_hash")
Find = Callable[["Memory[str, ApiKey]", str], ApiKey | None]
KEYS: Memory[str, ApiKey] = Memory(
    _keys_and_partners,
    lambda hashes: {"hashes": list(hashes)},
    of=lambda row: row[_HASH],
    make=_made,
    judged=lambda row: tuple(value for i, value in enumerate(row) if i not in _USAGE),
)


def key_is_live(key: ApiKey, *, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now) and key.partner.is_active


def dead_keys(key_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Those of the keys that open nothing any more: revoked, expired, or of a partner that was switched off."""
    wanted = list(key_ids)
    keys = ApiKey.objects.select_related("partner").filter(pk__in=wanted)
    live = {key.pk for key in keys if key_is_live(key, now=now)}
    return [pk for pk in wanted if pk not in live]


def keys_of(partner: Partner, environment: str) -> list[ApiKey]:
    """Newest first, dead ones included."""
    keys = ApiKey.objects.select_related("successor", "created_by")
    return list(keys.filter(partner=partner, environment=environment).order_by("-created_at"))


def key_of(partner: Partner, key_id: str) -> ApiKey | None:
    return ApiKey.objects.select_related("partner").filter(partner=partner, key_id=key_id).first()


def membership(user: User) -> Member | None:
    """Whom the signed-in person works for."""
    if not user.is_authenticated:
        return None
    return Member.objects.select_related("partner").filter(user=user, partner__is_active=True).first()


def members_of(partner: Partner) -> list[Member]:
    return list(Member.objects.select_related("user").filter(partner=partner).order_by("created_at", "pk"))


def player(partner_id: int, environment: str, external_id: str) -> PartnerPlayer | None:
    players = PartnerPlayer.objects.select_related("user")
    return players.filter(partner_id=partner_id, environment=environment, external_id=external_id).first()


def is_partners(user: User) -> bool:
    """Did a partner bring this player?"""
    return PartnerPlayer.objects.filter(user=user).exists()
