"""The player's own account page. Signing in, passwords and second factors are allauth's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import operations
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
