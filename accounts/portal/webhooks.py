"""A partner's webhook endpoints in the portal, with every attempt."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import once
from accounts.partners.models import Member
from accounts.partners.rules import Environment
from accounts.portal.access import for_members
from accounts.portal.forms import EndpointForm
from accounts.portal.keys import page
from accounts.webhooks import operations, queries, rules
from accounts.webhooks.models import Endpoint
from casino.lib.clock import system_clock

DELIVERIES_SHOWN = 25


def _endpoint(member: Member, environment: Environment, endpoint_id: str) -> Endpoint:
    found = queries.endpoint_of(member.partner_id, environment, endpoint_id)
    if found is None:
        raise Http404
    return found


@require_GET
@for_members
def endpoint_list(request: HttpRequest, member: Member, environment: Environment) -> HttpResponse:
    return page(
        request, "webhooks", member, environment, endpoints=queries.endpoints_of(member.partner_id, environment)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def new_endpoint(request: HttpRequest, member: Member, environment: Environment) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial={"events": ["bet.settled", "bet.voided"]})
    if request.method == "POST" and form.is_valid():
        if not once.take(request):
            messages.info(request, "This endpoint was made already. Its secret was shown that one time.")
            return redirect("developers-webhooks", environment)
        try:
            made = operations.create_endpoint(
                member.partner, environment, **form.wanted(), actor=member.user, now=system_clock.now()
            )
        except rules.Invalid as error:
            form.blame(error)
        else:
            return page(request, "webhook_made", member, environment, made=made)
    return page(request, "webhook_new", member, environment, form=form, once=once.name())


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def endpoint_detail(request: HttpRequest, member: Member, environment: Environment, endpoint_id: str) -> HttpResponse:
    """The endpoint, its settings, and what was sent to it, newest first."""
    endpoint = _endpoint(member, environment, endpoint_id)
    now_set: dict[str, Any] = {name: getattr(endpoint, name) for name in ("url", "events", "description")}
    form = EndpointForm(request.POST or None, initial=now_set)
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_endpoint(endpoint, actor=member.user, now=system_clock.now(), **form.wanted())
        except rules.Invalid as error:
            form.blame(error)
        else:
            messages.success(request, "Saved.")
            return redirect("developers-webhook", environment, endpoint_id)
    deliveries = Paginator(queries.deliveries_of(endpoint).prefetch_related("log"), DELIVERIES_SHOWN)
    shown = deliveries.get_page(request.GET.get("page"))
    return page(
        request, "webhook", member, environment, endpoint=endpoint, form=form, deliveries=shown, once=once.name()
    )


@require_POST
@for_members
def rotate_secret(request: HttpRequest, member: Member, environment: Environment, endpoint_id: str) -> HttpResponse:
    endpoint = _endpoint(member, environment, endpoint_id)
    if not once.take(request):
        messages.info(request, "The secret was rotated already. The new one was shown that one time.")
        return redirect("developers-webhook", environment, endpoint_id)
    made = operations.rotate_secret(endpoint, actor=member.user, now=system_clock.now())
    return page(request, "webhook_made", member, environment, made=made, rotated=True)


@require_POST
@for_members
def switch_endpoint(request: HttpRequest, member: Member, environment: Environment, endpoint_id: str) -> HttpResponse:
    endpoint = _endpoint(member, environment, endpoint_id)
    on = request.POST.get("on") == "1"
    operations.update_endpoint(endpoint, actor=member.user, now=system_clock.now(), is_active=on)
    messages.success(request, "The endpoint is told again." if on else "The endpoint is told nothing for now.")
    return redirect("developers-webhook", environment, endpoint_id)


@require_POST
@for_members
def send_test(request: HttpRequest, member: Member, environment: Environment, endpoint_id: str) -> HttpResponse:
    operations.send_test(_endpoint(member, environment, endpoint_id), now=system_clock.now())
    messages.success(request, "A test message is on its way. Reload to see what came of it.")
    return redirect("developers-webhook", environment, endpoint_id)


@require_POST
@for_members
def delete_endpoint(request: HttpRequest, member: Member, environment: Environment, endpoint_id: str) -> HttpResponse:
    endpoint = _endpoint(member, environment, endpoint_id)
    operations.delete_endpoint(endpoint, actor=member.user, now=system_clock.now())
    messages.success(request, "The endpoint is gone.")
    return redirect("developers-webhooks", environment)


@require_POST
@for_members
def resend(request: HttpRequest, member: Member, environment: Environment, delivery_id: UUID) -> HttpResponse:
    delivery = queries.delivery_of(member.partner_id, environment, delivery_id)
    if delivery is None:
        raise Http404
    operations.resend(delivery, now=system_clock.now())
    messages.success(request, f"{delivery.event.type} is on its way again.")
    return redirect("developers-webhook", environment, delivery.endpoint.endpoint_id)
