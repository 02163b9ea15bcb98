"""Partners' webhook endpoints in the back office, and what became of each message."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from accounts.models import User
from accounts.webhooks import operations
from accounts.webhooks.models import Delivery, Endpoint
from casino.lib.clock import system_clock
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, link_to, list_url, row_or_404, row_or_none


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    list_display = ("endpoint_id", "partner", "environment", "url", "state", "created_at")
    list_filter = ("environment", "is_active", "partner")
    list_select_related = ("partner",)
    search_fields = ("=endpoint_id", "=partner__slug")
    search_help_text = "An endpoint's id or a partner's short name"
    ordering = ("-id",)
    fields = (
        ("endpoint_id", "state", "disabled_reason"),
        ("partner", "environment"),
        "url",
        "description",
        "events",
        ("failing_since", "created_at", "deleted_at"),
    )
    readonly_fields = ("state",)
    actions_detail = ("switch",)
    change_form_after_template = "admin/panels.html"

    @display(description="state", label={"on": "success", "failing": "warning", "off": "danger", "deleted": "info"})
    def state(self, endpoint: Endpoint) -> str:
        if endpoint.deleted_at:
            return "deleted"
        if not endpoint.is_active:
            return "off"
        return "failing" if endpoint.failing_since else "on"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        found: QuerySet[Endpoint] = super().get_queryset(request)
        return found.select_related("partner").defer("secret_sealed", "previous_secret_sealed")

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("partners.manage_partner")

    @action(description="Switch off or on", url_path="switch", permissions=["manage"], icon="toggle_on")
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = row_or_404(Endpoint.objects.filter(deleted_at=None), object_id)
        verb = "Switch off" if endpoint.is_active else "Switch on"

        def perform(data: dict[str, Any]) -> str:
            on = not endpoint.is_active
            operations.update_endpoint(endpoint, actor=_actor(request), now=system_clock.now(), is_active=on)
            return f"{endpoint.url} is {'told again' if on else 'told nothing for now'}."

        title = f"{verb} {endpoint.url}"
        return form_page(
            request, self, endpoint, title=title, form=forms.Form(request.POST), perform=perform, button=verb
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        endpoint = row_or_none(Endpoint, object_id)
        panels = [_deliveries(endpoint)] if endpoint is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _deliveries(endpoint: Endpoint) -> Panel:
    rows = Delivery.objects.select_related("event").filter(endpoint=endpoint).order_by("-pk")[:10]
    return Panel(
        title="Deliveries",
        headers=("time (UTC)", "event", "state", "attempts"),
        rows=[
            (link_to(row, f"{row.event.created_at:%Y-%m-%d %H:%M:%S}"), row.event.type, row.state, row.attempts)
            for row in rows
        ],
        more_url=list_url(Delivery, endpoint__id__exact=endpoint.pk),
        empty="Nothing was sent yet.",
    )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("told_at", "kind", "endpoint", "shown_state", "attempts", "next_attempt_at")
    list_filter = ("state",)
    list_select_related = ("event", "endpoint")
    search_fields = ("=event__id", "=endpoint__endpoint_id")
    search_help_text = "An event's id (the webhook-id) or an endpoint's"
    ordering = ("-pk",)
    fields = (("kind", "told_at", "shown_state"), "endpoint", "body", ("attempts", "next_attempt_at", "delivered_at"))
    readonly_fields = ("kind", "told_at", "shown_state", "body")
    actions_detail = ("resend",)
    change_form_after_template = "admin/panels.html"

    @display(description="time")
    def told_at(self, delivery: Delivery) -> Any:
        return delivery.event.created_at

    @display(description="event")
    def kind(self, delivery: Delivery) -> str:
        return delivery.event.type

    @display(description="body")
    def body(self, delivery: Delivery) -> str:
        return delivery.event.body

    @display(description="state", label={"pending": "warning", "delivered": "success", "failed": "danger"})
    def shown_state(self, delivery: Delivery) -> str:
        return delivery.state

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "endpoint__id__exact" or bool(super().lookup_allowed(lookup, value, request))

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("partners.manage_partner")

    @action(description="Send again", url_path="resend", permissions=["manage"], icon="send")
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = row_or_404(Delivery.objects.select_related("event"), object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.resend(delivery, now=system_clock.now())
            return f"{delivery.event.type} is on its way again."

        title = f"Send {delivery.event.type} again"
        return form_page(
            request, self, delivery, title=title, form=forms.Form(request.POST), perform=perform, button="Send"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        delivery = self.get_object(request, object_id)
        panels = [_attempts(delivery)] if delivery is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _attempts(delivery: Delivery) -> Panel:
    return Panel(
        title="Attempts",
        headers=("no.", "time (UTC)", "answer", "took", "said"),
        rows=[
            (
                each.number,
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                each.status or each.error,
                f"{each.duration_ms} ms",
                each.response,
            )
            for each in delivery.log.order_by("number")
        ],
        empty="None yet.",
    )
