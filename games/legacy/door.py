"""
Who asks, and whether they may go on now.

A key that is sent is the only thing that counts: one that opens nothing is refused, and no cookie is looked at. Without
a key the site's own session is taken, and then whatever changes something needs the page's CSRF token as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.debug import sensitive_variables

from accounts.affiliates import operations as affiliates
from accounts.affiliates.queries import is_known
from accounts.models import User
from accounts.queries import player_key
from casino.api import limits
from casino.api.addresses import client_address
from games.legacy.errors import Refusal, too_many
from games.legacy.params import Params
from wallet import operations as wallet
from wallet.models import Account
from wallet.queries import player_account

KEY = "api_key"
LONGEST_KEY = 100


@dataclass(frozen=True, slots=True)
class Player:
    """A player at the door, with the account that they play from."""

    user: User
    account: Account
    by_key: bool

    @property
    def currency(self) -> str:
        return self.account.currency_id

    @property
    def denominator(self) -> int:
        return self.account.currency.denominator

    @property
    def operator_id(self) -> int | None:
        """Who holds the player's money, where it is not here."""
        remote = getattr(self.account, "remote", None)
        return None if remote is None else remote.operator_id


@sensitive_variables()
def presented(request: HttpRequest, params: Params) -> str | None:
    """The key that the request carries, taken out of the parameters; None where there is none at all."""
    found = [*getattr(request, "keys_of_query", ())]
    if KEY in params:
        found.append(params.pop(KEY))
    header = request.headers.get("Authorization")
    if header is not None:
        kind, _, key = header.strip().partition(" ")
        found.append(key.strip() if kind.lower() == "bearer" else header.strip())
    if not found:
        return None
    if any(key != found[0] for key in found):
        raise Refusal(401, KEY, message="Two different API keys were sent.")
    return found[0] if isinstance(found[0], str) else ""


@sensitive_variables()
def identified(request: HttpRequest, key: str | None, *, now: datetime) -> Player | None:
    """Who it is; None for a visitor. Raises a Refusal: 401, 403 for a player who may not be here, 429."""
    if key is None:
        user = request.user
        found = user if isinstance(user, User) else None
    else:
        found = _owner(request, key)
    _slow_down(request, found)
    return None if found is None else Player(found, _account(found, now), by_key=key is not None)


def _owner(request: HttpRequest, key: str) -> User:
    """One look-up by the key's hash, the same for every key, known or not."""
    row = player_key(key) if 0 < len(key) <= LONGEST_KEY and key.isascii() else None
    if row is None or row.revoked_at is not None:
        guesses = limits.take("guess", f"address:{_address(request)}")
        if not guesses.allowed:
            raise too_many(guesses.reset_seconds, "Too many attempts with unknown keys.")
        raise Refusal(401, KEY, message="This API key opens nothing" + (" any more." if row else "."))
    if not row.player.is_active:
        raise Refusal(403, "user_is_banned", message="This player is blocked.")
    return row.player


def _slow_down(request: HttpRequest, player: User | None) -> None:
    who = f"address:{_address(request)}" if player is None else f"player:{player.pk}"
    standing = limits.take("play", who)
    if not standing.allowed:
        raise too_many(
            standing.reset_seconds, f"More than {standing.quota} requests in {standing.window_seconds} seconds."
        )


def _address(request: HttpRequest) -> str:
    return client_address(request.META, settings.TRUSTED_PROXY_IPS)


def _account(player: User, now: datetime) -> Account:
    """Demo players play with demo money, everybody else with real money."""
    found = player_account(player, is_demo=player.is_demo)
    return found or wallet.open_account(player, is_demo=player.is_demo, now=now)


def credit_affiliate(headers: Mapping[str, str], player: Player | None, *, now: datetime) -> None:
    """Whoever sent the player here, once for ever. Raises a Refusal for a name that nobody has."""
    code = headers.get("X-Affiliate-ID")
    if code is None:
        return
    if not is_known(code):
        raise Refusal(400, "affiliate_id", message="There is no such affiliate.")
    if player is not None:
        affiliates.credit(player.user.pk, code, now=now)


# --- what changes something -------------------------------------------------------------------------------------------
class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # what the framework calls to refuse
        raise Refusal(403, "csrf", message=f"With the site's session, send its CSRF token too. {reason}")


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def may_change(request: HttpRequest, player: Player) -> None:
    """Raises a Refusal where a page of somebody else's could have made the player's browser send this."""
    if request.method == "HEAD":
        raise Refusal(405, message="Nothing is changed by HEAD.", headers={"Allow": "GET, POST"})
    if player.by_key:
        return
    if request.method != "POST":
        raise Refusal(405, message="With the site's session, send this by POST.", headers={"Allow": "POST"})
    check = _CsrfCheck(_nothing)
    check.process_request(request)
    check.process_view(request, _nothing, (), {})
