"""The player's own account page. Signing in, passwords and second factors are allauth's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import once, operations, queries
from accounts.models import GameSession, User
from casino.lib.clock import system_clock

SESSIONS_SHOWN = 20


@require_GET
@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    now = system_clock.now()
    live = GameSession.objects.filter(player_id=request.user.pk, revoked_at__isnull=True, expires_at__gt=now)
    return render(request, "account/overview.html", {"game_sessions": live.order_by("-last_seen_at")[:SESSIONS_SHOWN]})


@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    player = request.user
    assert isinstance(player, User)
    operations.revoke_sessions_of(player, now=system_clock.now(), actor=player)
    messages.success(request, "All game sessions have been ended.")
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@sensitive_variables("made")
def api_key(request: HttpRequest) -> HttpResponse:
    """The player's own key: which there is, and a new one in its place, which this answer alone shows."""
    player = request.user
    assert isinstance(player, User)
    made = None
    if request.method == "POST":
        if not once.take(request):
            messages.info(request, "This key was made already. It was shown that one time.")
            return redirect("account-api-key")
        made = operations.replace_player_keys(player, now=system_clock.now())
    keys = queries.live_player_keys(player)
    context = {"keys": keys, "made": made, "once": once.name(), "base_url": request.build_absolute_uri("/")[:-1]}
    return render(request, "account/api_key.html", context)


@require_POST
@login_required
def revoke_api_key(request: HttpRequest) -> HttpResponse:
    player = request.user
    assert isinstance(player, User)
    if operations.revoke_player_keys(player, now=system_clock.now()):
        messages.success(request, "Your API key opens nothing any more.")
    return redirect("account-api-key")
