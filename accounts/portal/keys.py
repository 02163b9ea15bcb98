"""A partner's keys in the portal: seen, made, rotated, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import once
from accounts.partners import operations, queries, rules
from accounts.partners.models import ApiKey, Member
from accounts.partners.rules import Environment
from accounts.portal.access import for_members, may_edit
from accounts.portal.forms import KeyForm, RotateForm
from casino.lib.clock import system_clock

ENDS_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ShownKey:
    key: ApiKey
    state: str  # live, ending (soon), expired, revoked

    @property
    def is_live(self) -> bool:
        return self.state in ("live", "ending")


def shown(key: ApiKey, now: datetime) -> ShownKey:
    if key.revoked_at is not None:
        return ShownKey(key, "revoked")
    if key.expires_at is None:
        return ShownKey(key, "live")
    if key.expires_at <= now:
        return ShownKey(key, "expired")
    return ShownKey(key, "ending" if key.expires_at - now <= ENDS_SOON else "live")


def page(request: HttpRequest, template: str, member: Member, environment: Environment, **more: Any) -> HttpResponse:
    context = {"member": member, "environment": str(environment), "may_edit": may_edit(member), **more}
    return render(request, f"developers/{template}.html", context)


def _key(member: Member, environment: Environment, key_id: str) -> ApiKey:
    key = queries.key_of(member.partner, key_id)
    if key is None or key.environment != environment:
        raise Http404
    return key


@require_GET
@for_members
def key_list(request: HttpRequest, member: Member, environment: Environment) -> HttpResponse:
    now = system_clock.now()
    keys: Sequence[ShownKey] = [shown(key, now) for key in queries.keys_of(member.partner, environment)]
    return page(
        request,
        "keys",
        member,
        environment,
        live=[key for key in keys if key.is_live],
        dead=[key for key in keys if not key.is_live],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def new_key(request: HttpRequest, member: Member, environment: Environment) -> HttpResponse:
    form = KeyForm(request.POST or None, initial={"scopes": [s for s in rules.SCOPES if s != "manage:webhooks"]})
    if request.method == "POST" and form.is_valid():
        if not once.take(request):
            messages.info(request, "This key was made already. Its secrets were shown that one time.")
            return redirect("developers-keys", environment)
        now = system_clock.now()
        given = form.cleaned_data
        issued = operations.issue_key(
            member.partner,
            environment,
            scopes=given["scopes"],
            cidrs=given["cidrs"],
            expires_at=None if given["days"] is None else now + given["days"],
            label=given["label"],
            only_signature_v2=given["only_signature_v2"],
            actor=member.user,
            now=now,
        )
        return page(request, "key_made", member, environment, issued=issued)
    return page(request, "key_new", member, environment, form=form, once=once.name())


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def rotate_key(request: HttpRequest, member: Member, environment: Environment, key_id: str) -> HttpResponse:
    key = _key(member, environment, key_id)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not once.take(request):
            messages.info(request, "This key was rotated already. The new secrets were shown that one time.")
            return redirect("developers-keys", environment)
        try:
            issued = operations.rotate_key(key, actor=member.user, now=system_clock.now(), overlap=form.overlap)
        except rules.Invalid as error:
            messages.error(request, f"{str(error).capitalize()}.")
            return redirect("developers-keys", environment)
        key.refresh_from_db()
        return page(request, "key_made", member, environment, issued=issued, rotated=key)
    return page(request, "key_rotate", member, environment, form=form, key=key, once=once.name())


@require_POST
@for_members
def revoke_key(request: HttpRequest, member: Member, environment: Environment, key_id: str) -> HttpResponse:
    key = _key(member, environment, key_id)
    operations.revoke_key(key, actor=member.user, now=system_clock.now())
    messages.success(request, f"{key.label or key.key_id} opens nothing any more.")
    return redirect("developers-keys", environment)
