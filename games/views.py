"""
The players' pages: lobby, crash table, fairness, rules; and the game session a page plays with.

Nothing here plays: a page gets a session token from `session` and does the rest over the game's socket.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import browser
from accounts import operations as accounts
from accounts.models import User
from accounts.protection import queries as protection
from accounts.protection.errors import Excluded
from accounts.queries import session_expiry
from casino.api.addresses import client_address
from casino.lib.clock import iso, system_clock
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from games.crash import queries
from games.crash.models import Game
from games.crash.rules import CAPS, largest_rounding_loss
from games.instant import facts as instant
from games.pace import TooMany, slow_down
from games.solo import queries as solo_queries
from wallet import operations as wallet
from wallet.queries import balance

HOME_GAME = "BigPanda"
POINTS = 27  # as many as the socket tells
SOLO_PAGE = "games/solo/table.html"
ALONE: dict[str, Any] = {"points": [], "panels": (1,)}
RECENT_SECONDS = 2  # how long all visitors of the lobby share one answer


def error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For what scripts call: signed-out visitors get a 401 to act on, not a page to sign in on; calls are counted."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return error(401, "authentication_failed", "Sign in to play.")
        try:
            slow_down(request.user)
        except TooMany as refused:
            answer = error(refused.status, refused.code, refused.message)
            answer["Retry-After"] = str(refused.var)
            return answer
        return view(request, *args, **kwargs)

    return guarded


def found_game(slug: str) -> Game:
    game = queries.game_by_slug(slug)
    if game is None:
        raise Http404
    return game


def band(hundredths: int) -> str:
    """The colour class of a crash point; `format.js` has the same borders."""
    return "high" if hundredths >= 10_00 else "mid" if hundredths >= 2_00 else "low"


def shown(hundredths: int) -> str:
    return f"{format_minor(hundredths, 100)}×"


def recent_points(game: Game) -> list[dict[str, Any]]:
    """The last crash points with their text and colour, one query for all visitors of these seconds."""

    def ask() -> list[dict[str, Any]]:
        return [
            {**row, "roundId": str(row["roundId"]), "text": shown(row["multiplier"]), "band": band(row["multiplier"])}
            for row in queries.recent_results(game.pk, POINTS)
        ]

    rows: list[dict[str, Any]] = cache.get_or_set(f"recent:{game.pk}", ask, RECENT_SECONDS) or []
    return rows


def config_facts(game: Game) -> dict[str, Any]:
    """What players are told about the rules in force: return, odds and limits."""
    config = queries.current_config(game)
    return {
        "rtp": shown_percent(config.rtp_bps),
        "bonus_probability": shown_percent(config.bonus_probability_bps),
        "has_bonus": config.bonus_probability_bps > 0,
        "boost": config.bonus_boost_percent,
        "volatility": config.get_volatility_display(),
        "cap": shown(CAPS[config.volatility]),
        "version": config.version,
        "limits": [
            {
                "currency": limit.currency.code,
                "min": format_minor(limit.min_stake_minor, limit.currency.denominator),
                "max": format_minor(limit.max_stake_minor, limit.currency.denominator),
                "rounding": f"{float(largest_rounding_loss(limit.min_stake_minor)):.2%}",
            }
            for limit in queries.stake_limits(config)
        ],
        "odds": [
            {"multiplier": shown(at), "percent": shown_percent(config.rtp_bps * 100 // at)}
            for at in (1_01, 1_50, 2_00, 5_00, 10_00, 100_00)
        ],
    }


def shown_percent(basis_points: int) -> str:
    """`9500` is `95`, `9550` is `95.5`."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)


def first_mode(request: HttpRequest) -> str:
    """Real money where the player has some, until the page's own switch says otherwise."""
    player = request.user
    has_real = isinstance(player, User) and not player.is_demo and balance(player, is_demo=False).available_minor > 0
    return "real" if has_real else "demo"


@require_GET
def lobby(request: HttpRequest) -> HttpResponse:
    game = queries.game_by_slug(HOME_GAME)
    context: dict[str, Any] = {
        "game": game,
        "points": recent_points(game) if game else [],
        "instant": instant.games_of(),
    }
    if game:
        context["facts"] = config_facts(game)
    return render(request, "games/lobby.html", context)


@require_GET
@never_cache
def crash(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "games/crash/table.html", {**_table(slug), **_visitor(request)})


@require_GET
@never_cache
def solo(request: HttpRequest, slug: str) -> HttpResponse:
    """The same game, each player for themselves. Their own last rounds come over the socket."""
    return render(request, SOLO_PAGE, {**_table(slug), **_visitor(request), **ALONE})


def _visitor(request: HttpRequest) -> dict[str, Any]:
    """Who looks at a table, and whether they may play."""
    exclusion = protection.standing(request.user.pk, now=system_clock.now()).exclusion if request.user.pk else None
    seated = request.user.is_authenticated and exclusion is None
    context: dict[str, Any] = {"seated": seated, "mode": first_mode(request)}
    if exclusion is not None:
        context["excluded"] = Excluded(exclusion).message
    return context


@require_GET
@never_cache
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """
    The table for a partner's player: `#session=<token>` of the address says who plays (`POST /api/v1/sessions`). What
    stands behind `#` reaches no server and no log; the page takes it out of the address at once.
    """
    return render(request, "games/crash/table.html", {**_table(slug), "seated": True, "launched": True})


@require_GET
@never_cache
def solo_launch(request: HttpRequest, slug: str) -> HttpResponse:
    """The same for solo play: the session is the one that this tab was launched with, or comes in the same way."""
    return render(request, SOLO_PAGE, {**_table(slug), **ALONE, "seated": True, "launched": True})


def _table(slug: str) -> dict[str, Any]:
    game = found_game(slug)
    return {"game": game, "facts": config_facts(game), "points": recent_points(game), "panels": (1, 2)}


@require_GET
def recent(request: HttpRequest, slug: str) -> HttpResponse:
    """The last crash points, for visitors without a socket."""
    response = JsonResponse({"points": recent_points(found_game(slug))})
    response["Cache-Control"] = f"public, max-age={RECENT_SECONDS}"
    return response


@require_GET
def fair(request: HttpRequest) -> HttpResponse:
    game = queries.game_by_slug(HOME_GAME)
    points = recent_points(game) if game else []
    facts = config_facts(game) if game else None
    context = {"game": game, "points": points, "facts": facts, "instant": instant.all_facts()}
    return render(request, "games/fair.html", context)


@require_GET
def fair_round(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """All that is needed to recompute a round; salt and result are null while it lives."""
    record = queries.fairness_record(round_id) or solo_queries.fairness_record(round_id)
    if record is None:
        return error(404, "not_found", "There is no such round.")
    response = JsonResponse(record)
    finished = record["state"] in ("settled", "voided")
    response["Cache-Control"] = "public, max-age=3600" if finished else "no-store"
    return response


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    game = queries.game_by_slug(HOME_GAME)
    facts = config_facts(game) if game else None
    return render(request, "games/rules.html", {"game": game, "facts": facts, "instant": instant.all_facts()})


@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this name where a page, such as bare JSON, names no icon."""
    return redirect(static("site/logo.svg"))


def wanted_mode(request: HttpRequest) -> str:
    """`real` or `demo`, from a JSON body."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise DomainError("The body is not JSON.") from problem
    mode = body.get("mode") if isinstance(body, dict) else None
    if mode not in ("real", "demo"):
        raise DomainError('"mode" must be "real" or "demo".')
    return str(mode)


@require_POST
@never_cache
@signed_in
def session(request: HttpRequest) -> HttpResponse:
    """A game session for this browser, until it signs out. The token is in this answer only."""
    player = request.user
    assert isinstance(player, User)
    now = system_clock.now()
    try:
        is_demo = player.is_demo or wanted_mode(request) == "demo"
        wallet.open_account(player, is_demo=is_demo, now=now)
        token, game_session = accounts.open_session(
            player,
            is_demo=is_demo,
            now=now,
            address=client_address(request.META, settings.TRUSTED_PROXY_IPS) or None,
            user_agent=request.headers.get("User-Agent", ""),
        )
    except DomainError as refused:
        return error(refused.status, refused.code, refused.message)
    browser.remember(request, game_session)
    expires = iso(session_expiry(game_session))
    return JsonResponse({"token": token, "expiresAt": expires, "isDemo": is_demo}, status=201)


@require_POST
@never_cache
@signed_in
def refill(request: HttpRequest) -> HttpResponse:
    """Demo money for a player who has run out of it."""
    player = request.user
    assert isinstance(player, User)
    wallet.refill_demo(player, now=system_clock.now())
    held = balance(player, is_demo=True)
    return JsonResponse({"balance": held.available_minor, "denominator": held.denominator, "currency": held.currency})
