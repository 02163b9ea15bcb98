"""One view for both dialects: parameters, the door, the action, and its answer or refusal in the dialect's shape."""

from contextlib import ExitStack

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from games.legacy import actions, door, multi, queue
from games.legacy.actions import Visit
from games.legacy.dialects import ONE, V1, Dialect, refused, response
from games.legacy.door import Player
from games.legacy.errors import Refusal
from games.legacy.params import Params, read

READING = ("GET", "HEAD")


@csrf_exempt  # who comes by the site's session is checked at the door; a key is sent by nobody's browser on its own
def v1(request: HttpRequest, path: str) -> HttpResponse:
    return _answered(request, path, V1)


@csrf_exempt  # as above
def one(request: HttpRequest, path: str = "") -> HttpResponse:
    return _answered(request, path, ONE)


@sensitive_variables()
def _answered(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    try:
        if dialect is ONE and path == multi.PATH:
            return response(_many(request))
        return response(_single(request, path, dialect))
    except Refusal as refusal:
        return refused(dialect, refusal)
    except DomainError as error:
        return refused(dialect, Refusal.of(error))


@sensitive_variables()
def _single(request: HttpRequest, path: str, dialect: Dialect) -> object:
    action, parts = actions.found(path)
    if dialect is V1 and not action.is_old:
        raise Refusal(404)
    _check_method(request, _methods(action, dialect))
    params = read(request)
    visit = _visit(request, params, dialect)
    with ExitStack() as waiting:
        if action.changes:
            door.may_change(request, visit.guest)
            waiting.enter_context(queue.place(visit.guest.user.pk))
        return actions.carry_out(visit, action, params, parts)


@sensitive_variables()
def _many(request: HttpRequest) -> object:
    """Whoever may not be here is told so in every place of the array, but for those who come too fast."""
    _check_method(request, (*READING, "POST"))
    params = read(request)
    wanted = multi.actions_of(params)
    unless: Refusal | None = None
    try:
        visit = _visit(request, params, ONE)
    except Refusal as refusal:
        if refusal.status == 429:
            raise
        unless, visit = refusal, Visit(ONE, None, system_clock, system_clock.now())
    with ExitStack() as waiting:
        no_change = None
        if visit.player is not None and multi.changes_something(wanted):
            no_change = _no_change(request, visit.player)
            waiting.enter_context(queue.place(visit.player.user.pk))
        return multi.carry_out(visit, wanted, unless=unless, no_change=no_change)


@sensitive_variables()
def _visit(request: HttpRequest, params: Params, dialect: Dialect) -> Visit:
    now = system_clock.now()
    key = door.presented(request, params)
    player = door.identified(request, key, now=now)
    door.credit_affiliate(request.headers, player, now=now)
    return Visit(dialect, player, system_clock, now)


def _no_change(request: HttpRequest, player: Player) -> Refusal | None:
    try:
        door.may_change(request, player)
    except Refusal as refusal:
        return refusal
    return None


def _methods(action: actions.Action, dialect: Dialect) -> tuple[str, ...]:
    if action.changes:
        return ("POST",)
    return (*READING, "POST") if dialect.reads_by_post else READING


def _check_method(request: HttpRequest, allowed: tuple[str, ...]) -> None:
    if request.method not in allowed:
        raise Refusal(405, headers={"Allow": ", ".join(allowed)})
