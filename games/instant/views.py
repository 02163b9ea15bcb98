"""
The instant games' pages, and what their scripts call: JSON both ways, signed in, with the page's CSRF token.

A page calls `seat` first (money, limits, the hash of the next bet), then `bet`. Answers are never kept by anyone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.protection import queries as protection
from accounts.protection.errors import Excluded
from casino.lib import exact_json
from casino.lib.clock import iso, system_clock
from casino.lib.errors import DomainError
from games.instant import facts, queries, shapes, sittings
from games.instant.errors import InvalidBet, NoSuchBet, NotPlayedInCurrency
from games.instant.intake import choice_of, desk
from games.instant.operations import PlayRequest, next_hash, renew
from games.legacy.examples import examples
from games.pace import TooMany, slow_down
from wallet import operations as wallet
from wallet.bankroll.queries import standing
from wallet.chart import book_of
from wallet.models import Account
from wallet.operators import operations as operators
from wallet.protection.queries import figures_since
from wallet.queries import balance, player_account, shown_minor

PAGE = 50
LARGEST_BODY = 16 * 1024
LARGEST_STAKE = 10**15
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


# --- pages ------------------------------------------------------------------------------------------------------------
@require_GET
@never_cache
def page(request: HttpRequest, game: str) -> HttpResponse:
    found, enabled = _in_force(game)
    player = request.user if isinstance(request.user, User) else None
    exclusion = protection.standing(player.pk, now=system_clock.now()).exclusion if player else None
    context = {
        "game": facts.card(found, enabled),
        "facts": facts.facts(found),
        "rules_data": shapes.rules_of(found),
        "others": [other for other in facts.games_of() if other["slug"] != game],
        "seated": player is not None and exclusion is None,
        "excluded": Excluded(exclusion).message if exclusion else None,
        "examples": examples(game, request.build_absolute_uri("/").rstrip("/")),
        "mode": "real" if player and _has_real(player) else "demo",
        **{f"game_{part}": f"games/instant/{game}/{part}.html" for part in ("controls", "odds", "mapping")},
    }
    return render(request, f"games/instant/{game}.html", context)


def _in_force(game: str) -> tuple[queries.InForce, bool]:
    found = queries.in_force([game])
    if game not in found:
        raise Http404
    return found[game]


def _has_real(player: User) -> bool:
    return not player.is_demo and balance(player, is_demo=False).available_minor > 0


# --- what scripts call ------------------------------------------------------------------------------------------------
def answers(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """A view that gives JSON to a signed-in player, and refusals as `{"error": {code, message, field, limit}}`."""

    @never_cache
    @wraps(view)
    def answering(request: HttpRequest, game: str, **names: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return _error(401, code="authentication_failed", message="Sign in to play.")
        try:
            slow_down(request.user)
            return JsonResponse(view(request, request.user, game, **names))
        except TooMany as refused:
            answer = _error(refused.status, refused.code, refused.message)
            answer["Retry-After"] = str(refused.var)
            return answer
        except DomainError as refused:
            field = getattr(refused, "field", None)
            return _error(refused.status, refused.code, refused.message, field=field, limit=refused.var)

    return answering


def _error(status: int, code: str, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message, **more}}, status=status)


@dataclass(frozen=True, slots=True)
class Place:
    """Who plays, with which money."""

    player: User
    account: Account
    is_demo: bool


@require_POST
@answers
def seat(request: HttpRequest, player: User, game: str) -> dict[str, Any]:
    """
    `{"mode": "real" | "demo"}`: all that the page needs to offer a bet. `"again": true` begins another sitting where
    the last one has reached its limit.
    """
    body, now = _body(request), system_clock.now()
    place = _place(player, body.get("mode"))
    sitting = sittings.sit(request.session, player.pk, now=now, again=body.get("again") is True)
    found, enabled = _in_force(game)
    limit = found.limits.get(place.account.currency_id)
    if limit is None:
        raise NotPlayedInCurrency
    book = book_of(place.account.currency_id, is_demo=place.is_demo)
    return {
        "balance": shown_minor(place.account),
        "currency": place.account.currency_id,
        "denominator": place.account.currency.denominator,
        "isDemo": place.is_demo,
        "enabled": enabled,
        "limits": {"minimum": limit.minimum, "maximum": limit.maximum, "default": limit.default},
        "mostWin": standing([book], now)[book].max_win_minor,
        "hash": next_hash(place.account.pk, now=now),
        "rules": shapes.rules_of(found),
        "sitting": {
            "since": iso(sitting.since),
            "now": iso(now),
            "checkEverySeconds": int(sitting.check_every.total_seconds()) if sitting.check_every else None,
        },
    }


@require_POST
@answers
def bet(request: HttpRequest, player: User, game: str) -> dict[str, Any]:
    """
    `{"mode", "stake", "hash", "version", "clientseed"}` and what the game's rules ask for. `stake` is in minor units;
    `hash` and `version` of the rules are those that the page shows: what is sent twice plays once, and nothing is
    played at odds that the player did not see. `clientseed` -1 leaves it to the server, no `version` takes any rules.
    """
    body, now = _body(request), system_clock.now()
    choice, seed = choice_of(game, body)
    stake, seen = body.get("stake"), body.get("hash")
    if type(stake) is not int or not 0 < stake <= LARGEST_STAKE:
        raise InvalidBet("stake", "The stake must be a whole number of the smallest units, above zero.")
    if not isinstance(seen, str) or not _HASH.fullmatch(seen):
        raise InvalidBet("hash", "The bet must name the hash that it is held to.")
    version = body.get("version")
    if version is not None and (type(version) is not int or version < 1):
        raise InvalidBet("version", "The version of the rules is a whole number from 1.")
    place = _place(player, body.get("mode"))
    sittings.sit(request.session, player.pk, now=now)
    request_ = PlayRequest(
        game=game,
        player_id=player.pk,
        account_id=place.account.pk,
        currency=place.account.currency_id,
        is_demo=place.is_demo,
        stake_minor=stake,
        choice=choice,
        client_seed=seed,
        hash=seen,
        version=version,
        operator_id=operators.operator_of(place.account.pk),
    )
    return shapes.played(desk.submit_one(request_))


@require_POST
@answers
def new_hash(request: HttpRequest, player: User, game: str) -> dict[str, Any]:
    """Another secret for the next bet; the one before is dropped unseen."""
    place = _place(player, _body(request).get("mode"))
    return {"hash": renew(place.account.pk, now=system_clock.now())}


@require_GET
@answers
def history(request: HttpRequest, player: User, game: str) -> dict[str, Any]:
    """Own bets at this game, newest first, `PAGE` at a time; `next` is the `before` of the page that follows."""
    account = player_account(player, is_demo=_is_demo(player, request.GET.get("mode")))
    before = request.GET.get("before")
    if before is not None and not (before.isascii() and before.isdecimal() and len(before) <= 18):
        raise InvalidBet("before", "before is the id of a bet.")
    if account is None:
        return {"bets": [], "next": None}
    last = int(before) if before is not None else None
    bets = queries.last_bets(account.pk, game=game, limit=PAGE + 1, before=last)
    more = len(bets) > PAGE
    return {"bets": [shapes.recalled(bet) for bet in bets[:PAGE]], "next": bets[PAGE - 1].pk if more else None}


@require_GET
@answers
def own_bet(request: HttpRequest, player: User, game: str, bet_id: int) -> dict[str, Any]:
    """An own bet with the rules that it was played under: all that is needed to compute it again."""
    found = queries.bet_of_player(player.pk, game, bet_id)
    if found is None:
        raise NoSuchBet
    rules = queries.under([found.config_id])[found.config_id]
    return {**shapes.recalled(found), "rules": shapes.rules_of(rules)}


@require_GET
@answers
def reality(request: HttpRequest, player: User, game: str) -> dict[str, Any]:
    """What this sitting has come to, in one kind of money."""
    now = system_clock.now()
    place = _place(player, request.GET.get("mode"))
    sitting = sittings.sit(request.session, player.pk, now=now)
    figures = figures_since(place.account.pk, since=sitting.since)
    return {
        "secondsPlayed": int((now - sitting.since).total_seconds()),
        "staked": figures.staked_minor,
        "won": figures.won_minor,
        "net": figures.won_minor - figures.staked_minor,
        "denominator": figures.denominator,
        "currency": figures.currency,
    }


def _is_demo(player: User, mode: object) -> bool:
    if mode not in ("real", "demo"):
        raise InvalidBet("mode", '"mode" must be "real" or "demo".')
    return player.is_demo or mode == "demo"


def _place(player: User, mode: object) -> Place:
    is_demo = _is_demo(player, mode)
    return Place(player, wallet.open_account(player, is_demo=is_demo, now=system_clock.now()), is_demo)


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request, its decimals exact. Raises InvalidBet."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY or len(request.body) > LARGEST_BODY:
        raise InvalidBet("body", "The body is too large.")
    try:
        body = exact_json.loads(request.body)
    except ValueError:
        raise InvalidBet("body", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise InvalidBet("body", "The body must be a JSON object.")
    return body
