"""The game sessions that a browser opened: they end when it signs out, and another browser's stay."""

from typing import Any

from django.http import HttpRequest

from accounts import operations
from accounts.models import GameSession, User
from casino.lib.clock import system_clock

NAME = "game_sessions"
KEPT = 20  # of the newest; a page asks for one only where it has none that is good


def remember(request: HttpRequest, session: GameSession) -> None:
    request.session[NAME] = [*request.session.get(NAME, []), session.pk][-KEPT:]


def end_sessions(*, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Heard on every sign-out, wherever it is asked for, while the browser's session is still there."""
    opened = getattr(request, "session", {}).get(NAME)
    if opened and isinstance(user, User):
        of_this_browser = GameSession.objects.filter(pk__in=opened, player=user)
        operations.revoke_sessions(of_this_browser, f"player:{user.pk}", now=system_clock.now(), actor=user)
