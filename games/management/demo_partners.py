"""Demo partners for `seed_demo`: keys that work at once, and a player of each."""

from datetime import datetime, timedelta
from typing import Any

from accounts import operations as accounts
from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.models import ApiKey, Partner
from accounts.partners.rules import SCOPES, SUGGESTED_LIFE, Environment, Role
from wallet import operations as wallet
from wallet.operators import operations as operators
from wallet.operators.models import Operator

LABEL = "made by seed_demo"
OLD = timedelta(days=1)  # keys of earlier runs stay good for whoever uses them still
LIVE_FUNDS = 100_000
OPERATOR, OPERATOR_PLAYER = "demo-operator", "s-1"


def ensure_partner(name: str, slug: str, member: User, now: datetime) -> Partner:
    found = Partner.objects.filter(slug=slug).first()
    if found is not None:
        if not found.members.filter(user=member).exists():
            partners.add_member(found, member, role=Role.OWNER, actor=None, now=now)
        return found
    return partners.create_partner(name, slug=slug, owner=member, now=now)


def fresh_key(partner: Partner, environment: Environment, now: datetime) -> dict[str, str]:
    for old in ApiKey.objects.filter(partner=partner, environment=environment, label=LABEL, created_at__lt=now - OLD):
        partners.revoke_key(old, actor=None, now=now)
    issued = partners.issue_key(
        partner, environment, scopes=SCOPES, actor=None, now=now, expires_at=now + SUGGESTED_LIFE, label=LABEL
    )
    return {"key": issued.token, "secret": issued.secret, "key_id": issued.key.key_id}


def seat(partner: Partner, environment: Environment, external_id: str, kind: str, now: datetime) -> dict[str, str]:
    """A player and a fresh session."""
    player, _, _ = wallet.seat_partner_player(partner, environment, external_id, currency="BRL", wallet=kind, now=now)
    if environment is Environment.LIVE:
        wallet.deposit(player.user, LIVE_FUNDS, reference=f"seed:{partner.slug}:{external_id}", now=now)
    token, _ = accounts.open_session(player.user, is_demo=player.is_demo, now=now, user_agent="seed_demo")
    return {"external_id": external_id, "session": token}


def seed_partner(member: User, password: str, now: datetime) -> dict[str, Any]:
    partner = ensure_partner("Demo Partner", "demo-partner", member, now)
    seat(partner, Environment.LIVE, "p-1", "transfer", now)
    return {
        "name": partner.name,
        "username": member.username,
        "password": password,
        "test": fresh_key(partner, Environment.TEST, now),
        "live": fresh_key(partner, Environment.LIVE, now),
        "player": seat(partner, Environment.TEST, "p-1", "transfer", now),
    }


def seed_operator(member: User, now: datetime) -> dict[str, Any]:
    """Its wallet server is a part of the embedded server (`demo_operator`), which says where it is when it starts."""
    partner = ensure_partner("Demo Operator (seamless)", OPERATOR, member, now)
    key = fresh_key(partner, Environment.TEST, now)
    operator = Operator.objects.filter(slug=OPERATOR).first()
    if operator is None:
        operator, _ = operators.connect(
            partner, Environment.TEST, slug=OPERATOR, base_url="http://127.0.0.1:9000", actor=None, now=now
        )
    return {
        "name": partner.name,
        "key": key["key"],
        "secret": key["secret"],
        "player": seat(partner, Environment.TEST, OPERATOR_PLAYER, "seamless", now),
        "wallet_url": operator.base_url,
        "wallet_secret": operator.secret,
    }
