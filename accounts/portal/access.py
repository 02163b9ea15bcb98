"""Who sees what of the developer portal: members of a partner, each their own partner only."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import User
from accounts.partners import queries
from accounts.partners.models import Member
from accounts.partners.rules import Environment, Role

View = Callable[..., HttpResponse]
EDITORS = (Role.OWNER, Role.DEVELOPER)


def for_members(view: Callable[..., HttpResponse]) -> View:
    """
    `view(request, member, environment, …)` for someone who works for a partner; whoever does not is told how to.

    The name of the environment comes from the path. What changes something needs a role that may.
    """

    @wraps(view)
    def guarded(request: HttpRequest, environment: str, **given: Any) -> HttpResponse:
        member = queries.membership(cast(User, request.user))
        if member is None:
            return render(request, "developers/no_partner.html", status=403)
        if environment not in list(Environment):
            raise Http404
        if request.method == "POST" and not may_edit(member):
            raise PermissionDenied("Viewers look, and change nothing.")
        return view(request, member, Environment(environment), **given)

    return login_required(never_cache(guarded))


def may_edit(member: Member) -> bool:
    return member.role in EDITORS
