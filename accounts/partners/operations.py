"""Verbs about partners: members, keys and their life, players and their sessions. Each writes its audit row."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import audit
from accounts import operations as people
from accounts.models import GameSession, User
from accounts.partners import queries
from accounts.partners.models import ApiKey, Member, Partner, PartnerPlayer, sealer
from accounts.partners.rules import (
    DEFAULT_OVERLAP,
    MAX_OVERLAP,
    Environment,
    Invalid,
    Role,
    checked_cidrs,
    checked_scopes,
)
from accounts.queries import hash_token
from casino.lib.errors import DomainError
from casino.live.publisher import publish


class PlayerDiffers(DomainError):
    """The player exists already, with another currency or wallet."""

    code = "idempotency_mismatch"
    status = 422
    message = "This player exists already with another currency or wallet."


class PlayerBlocked(DomainError):
    code = "player_blocked"
    status = 403
    message = "This player is blocked."


class LastOwner(DomainError):
    """Somebody must be there who may do everything."""

    status = 409
    message = "This is the partner's last owner: make another one first."


class NoMember(DomainError):
    status = 404
    message = "They do not work for this partner any more."


class KeyEnded(DomainError):
    """The key was good when the request came, and is not any more."""

    code = "key_revoked"
    status = 401
    message = "The key was revoked meanwhile."


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key with what is shown only this once."""

    key: ApiKey
    token: str
    secret: str


@transaction.atomic
def create_partner(name: str, *, slug: str, owner: User, now: datetime, actor: User | None = None) -> Partner:
    partner = Partner.objects.create(name=name, slug=slug, created_at=now)
    audit.record("partner.created", f"partner:{partner.pk}", actor=actor or owner, now=now, name=name)
    add_member(partner, owner, role=Role.OWNER, actor=actor or owner, now=now)
    return partner


@transaction.atomic
def add_member(partner: Partner, user: User, *, role: Role, actor: User | None, now: datetime) -> Member:
    member = Member.objects.create(partner=partner, user=user, role=role, created_at=now)
    audit.record("partner.member_added", f"partner:{partner.pk}", actor=actor, now=now, user=user.pk, role=str(role))
    return member


@transaction.atomic
def remove_member(member: Member, *, actor: User | None, now: datetime) -> None:
    """From the next request on the portal knows them no more; what they made stays the partner's. Raises LastOwner."""
    member = _held(member)
    _leave_an_owner(member)
    subject, user, role = f"partner:{member.partner_id}", member.user_id, member.role
    member.delete()
    audit.record("partner.member_removed", subject, actor=actor, now=now, user=user, role=role)


@transaction.atomic
def change_role(member: Member, *, role: Role, actor: User | None, now: datetime) -> None:
    """Raises LastOwner."""
    member = _held(member)
    if role == member.role:
        return
    _leave_an_owner(member)
    was, member.role = member.role, str(role)
    member.save(update_fields=["role"])
    subject, roles = f"partner:{member.partner_id}", [was, str(role)]
    audit.record("partner.member_changed", subject, actor=actor, now=now, user=member.user_id, role=roles)


def _held(member: Member) -> Member:
    """The row as it is, with its partner held: of two owners who remove each other at once, one stays."""
    Partner.objects.select_for_update(no_key=True).get(pk=member.partner_id)
    held = Member.objects.filter(pk=member.pk).first()
    if held is None:
        raise NoMember
    return held


def _leave_an_owner(member: Member) -> None:
    others = Member.objects.filter(partner=member.partner_id, role=Role.OWNER).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.exists():
        raise LastOwner


# --- keys -------------------------------------------------------------------------------------------------------------
@transaction.atomic
def issue_key(
    partner: Partner,
    environment: Environment,
    *,
    scopes: Iterable[str],
    actor: User | None,
    now: datetime,
    cidrs: Iterable[str] = (),
    expires_at: datetime | None = None,
    label: str = "",
    only_signature_v2: bool = False,
) -> IssuedKey:
    """A new key. Raises rules.Invalid where its scopes or ranges are not valid or it would be dead at birth."""
    if expires_at is not None and expires_at <= now:
        raise Invalid("a key expires in the future, or never")
    token = f"ck_{environment}_{secrets.token_urlsafe(32)}"
    secret = f"cs_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        key_id=f"key_{secrets.token_hex(8)}",
        partner=partner,
        environment=str(environment),
        label=label,
        key_hash=hash_token(token),
        hint=token[-4:],
        secret_sealed=sealer().seal(secret),
        scopes=checked_scopes(scopes),
        cidrs=checked_cidrs(cidrs),
        only_signature_v2=only_signature_v2,
        created_by=actor,
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(
        "api_key.issued",
        f"partner:{partner.pk}",
        actor=actor,
        now=now,
        key=key.key_id,
        scopes=key.scopes,
        env=environment,
    )
    return IssuedKey(key, token, secret)


@transaction.atomic
def rotate_key(key: ApiKey, *, actor: User | None, now: datetime, overlap: timedelta = DEFAULT_OVERLAP) -> IssuedKey:
    """A successor with the same rights; the old key lives on for `overlap` (0: it ends at once)."""
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise Invalid(f"the overlap goes from 0 to {MAX_OVERLAP.days} days")
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("partner").get(pk=key.pk)
    if not queries.key_is_live(key, now=now):
        raise Invalid("this key is dead: issue a new one instead")
    if key.successor_id is not None:
        raise Invalid("this key was rotated already: rotate its successor")
    life = None if key.expires_at is None else key.expires_at - key.created_at
    issued = issue_key(
        key.partner,
        Environment(key.environment),
        scopes=key.scopes,
        cidrs=key.cidrs,
        expires_at=None if life is None else now + life,
        label=key.label,
        only_signature_v2=key.only_signature_v2,
        actor=actor,
        now=now,
    )
    key.successor = issued.key
    if overlap:
        ends = now + overlap
        key.expires_at = ends if key.expires_at is None else min(key.expires_at, ends)
    key.save(update_fields=["successor", "expires_at"])
    hours = overlap.total_seconds() / 3600
    audit.record(
        "api_key.rotated", f"partner:{key.partner_id}", actor=actor, now=now, key=key.key_id, overlap_hours=hours
    )
    if not overlap:
        revoke_key(key, actor=actor, now=now)
    return issued


@transaction.atomic
def revoke_key(key: ApiKey, *, actor: User | None, now: datetime) -> None:
    """From the next request on it opens nothing, on any process; its open feeds and what it opened are closed."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now):
        audit.record("api_key.revoked", f"partner:{key.partner_id}", actor=actor, now=now, key=key.key_id)
        event = {"kind": "control", "action": "close_keys", "keys": [key.pk]}
        transaction.on_commit(lambda: publish("control", event))
        opened = GameSession.objects.filter(partner_key=key)
        people.revoke_sessions(opened, f"partner:{key.partner_id}", now=now, actor=actor)


@transaction.atomic
def switch_partner(partner: Partner, *, active: bool, actor: User, now: datetime) -> None:
    """A partner that is off: none of its keys opens anything, and none of its players plays."""
    if Partner.objects.filter(pk=partner.pk).exclude(is_active=active).update(is_active=active):
        action = "partner.switched_on" if active else "partner.switched_off"
        audit.record(action, f"partner:{partner.pk}", actor=actor, now=now)
        if not active:
            keys = list(ApiKey.objects.filter(partner=partner).values_list("pk", flat=True))
            event = {"kind": "control", "action": "close_keys", "keys": keys}
            transaction.on_commit(lambda: publish("control", event))
            players = PartnerPlayer.objects.filter(partner=partner).values("user")
            opened = GameSession.objects.filter(player__in=players)
            people.revoke_sessions(opened, f"partner:{partner.pk}", now=now, actor=actor)


# --- players ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def ensure_player(
    partner: Partner, environment: Environment, external_id: str, *, currency: str, wallet: str, now: datetime
) -> tuple[PartnerPlayer, bool]:
    """The partner's player, made where it does not exist; and whether it was made now. Raises PlayerDiffers."""
    found = queries.player(partner.pk, environment, external_id)
    if found is None:
        try:
            with transaction.atomic():
                return _create_player(partner, environment, external_id, currency, wallet, now), True
        except IntegrityError:  # the same player at the same moment, from another request
            found = queries.player(partner.pk, environment, external_id)
            if found is None:
                raise
    if (found.user.currency_code, found.wallet) != (currency, wallet):
        raise PlayerDiffers
    return found, False


def _create_player(
    partner: Partner, environment: Environment, external_id: str, currency: str, wallet: str, now: datetime
) -> PartnerPlayer:
    user = User(
        # What other players see of it says nothing about who it is.
        username=f"guest-{secrets.token_hex(5)}",
        currency_code=currency,
        is_demo=environment is Environment.TEST,
    )
    user.set_unusable_password()
    user.save()
    return PartnerPlayer.objects.create(
        partner=partner, environment=str(environment), external_id=external_id, user=user, wallet=wallet, created_at=now
    )


@transaction.atomic
def open_session(player: PartnerPlayer, key: ApiKey, *, now: datetime) -> tuple[str, GameSession]:
    """
    A game session that a partner's key opens, and its token. Raises Excluded and KeyEnded.

    Holds key and partner from the session on, so that none opens beside a revocation that ends them all.
    """
    opened = people.open_session(
        player.user,
        is_demo=player.is_demo,
        now=now,
        user_agent=f"partner key {key.key_id}",
        partner_key_id=key.pk,
    )
    key = ApiKey.objects.select_for_update(no_key=True).select_related("partner").get(pk=key.pk)
    if key.revoked_at is not None or not key.partner.is_active:
        raise KeyEnded
    return opened
