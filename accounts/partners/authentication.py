"""A partner's key at the door: `Authorization: Bearer <key>` or `X-API-Key: <key>`."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.partners import queries, usage
from accounts.partners.models import ApiKey, Partner
from accounts.partners.rules import address_allowed
from casino.api import limits
from casino.api.addresses import client_address
from casino.api.problems import Problem
from casino.lib.clock import system_clock

MAX_KEY = 200


class Principal:
    """Who calls: a partner in one environment, by one of its keys."""

    is_authenticated = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.pk = key.pk

    @property
    def partner(self) -> Partner:
        return self.key.partner


def presented(meta: Mapping[str, Any]) -> str:
    """The key that a request's headers carry, or nothing."""
    kind, _, token = str(meta.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    return str(meta.get("HTTP_X_API_KEY", "")).strip()


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Principal, ApiKey]:
        address = client_address(request.META, settings.TRUSTED_PROXY_IPS)
        key = live_key(presented(request.META), address, request.parser_context["view"].recalled)
        usage.note(key, address=address, now=system_clock.now())
        return Principal(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def live_key(token: str, address: str, find: queries.Find | None = None) -> ApiKey:
    """The key that may be used from there now. Raises the Problem that says why not. `find` looks the key up."""
    key = queries.key_by_token(token, find) if 0 < len(token) <= MAX_KEY else None
    if key is None:
        guesses = limits.take("guess", f"address:{address}")
        if not guesses.allowed:
            raise Problem("rate_limited", "Too many attempts with unknown keys.", headers=guesses.headers())
        raise Problem("authentication_failed", None if token else "No key: send Authorization: Bearer <key>.")
    now = system_clock.now()
    if key.revoked_at is not None or not key.partner.is_active:
        raise Problem("key_revoked")
    if key.expires_at is not None and key.expires_at <= now:
        raise Problem("key_expired")
    if not address_allowed(key.cidrs, address):
        raise Problem("ip_not_allowed")
    return key
