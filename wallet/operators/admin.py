"""Operators in the back office, and what was asked of them and is owed to them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.partners.models import ENVIRONMENTS, Partner
from accounts.partners.rules import Environment
from casino.lib.clock import system_clock
from casino.lib.money import format_minor
from casino.ops.backoffice import ReadOnlyAdmin, form_page, page_of, row_or_404
from wallet.operators import operations, rules
from wallet.operators.models import Operator, RemoteCall

STATES = {
    "confirmed": "success",
    "paid": "success",
    "refunded": "info",
    "refused": "info",
    "requested": "warning",
    "owed": "warning",
    "unknown": "danger",
}


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


class AddressForm(forms.Form):
    base_url = forms.CharField(
        label="Address",
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="without a call's name at its end",
    )

    def clean_base_url(self) -> str:
        try:
            return rules.checked_url(self.cleaned_data["base_url"], allow_private=settings.OPERATORS_ALLOW_PRIVATE)
        except rules.InvalidAddress as problem:
            raise forms.ValidationError(str(problem)) from problem


class ConnectForm(AddressForm):
    partner = forms.ModelChoiceField(Partner.objects.order_by("name"), widget=UnfoldAdminSelectWidget)
    environment = forms.ChoiceField(choices=ENVIRONMENTS, widget=UnfoldAdminSelectWidget)
    slug = forms.SlugField(
        max_length=40, widget=UnfoldAdminTextInputWidget, help_text="Short name in lists and commands; it stays."
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if Operator.objects.filter(slug=data.get("slug")).exists():
            self.add_error("slug", "There is an operator of this name.")
        if Operator.objects.filter(partner=data.get("partner"), environment=data.get("environment")).exists():
            self.add_error("partner", "This partner has an operator in this environment.")
        return data


@admin.register(Operator)
class OperatorAdmin(ReadOnlyAdmin):
    list_display = ("slug", "partner", "environment", "base_url", "state", "owed")
    list_filter = ("environment", "is_active")
    list_select_related = ("partner",)
    search_fields = ("=slug", "=partner__slug")
    fields = (
        ("slug", "state"),
        ("partner", "environment"),
        "base_url",
        ("timeout_ms", "max_connections"),
        "created_at",
    )
    readonly_fields = ("state",)
    actions_list = ("connect",)
    actions_detail = ("switch", "move", "renew_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operator]:
        found: QuerySet[Operator] = super().get_queryset(request)
        owed = RemoteCall.objects.filter(operator=OuterRef("pk"), state=RemoteCall.State.OWED)
        number = owed.order_by().values("operator").annotate(number=Count("pk")).values("number")
        return found.defer("secret_sealed").annotate(owed_calls=Subquery(number))

    @display(description="state", label={"on": "success", "off": "danger"})
    def state(self, operator: Operator) -> str:
        return "on" if operator.is_active else "off"

    @display(description="calls owed")
    def owed(self, operator: Any) -> int:
        return operator.owed_calls or 0

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("operators.manage_operator")

    @action(description="Connect an operator", url_path="connect", permissions=["manage"], icon="add")
    def connect(self, request: HttpRequest) -> HttpResponse:
        form = ConnectForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            made, secret = operations.connect(
                wanted["partner"],
                Environment(wanted["environment"]),
                slug=wanted["slug"],
                base_url=wanted["base_url"],
                actor=_actor(request),
                now=system_clock.now(),
            )
            return self._shown_once(request, made, secret, title=f"{made} is connected")
        context = {
            **self.admin_site.each_context(request),
            "title": "Connect an operator",
            "opts": self.opts,
            "form": form,
            "button": "Connect",
            "back_url": reverse("admin:operators_operator_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    @action(description="Switch off or on", url_path="switch", permissions=["manage"], icon="toggle_on")
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        operator = row_or_404(Operator, object_id)
        verb = "Switch off" if operator.is_active else "Switch on"

        def perform(data: dict[str, Any]) -> str:
            operations.switch(operator, active=not operator.is_active, actor=_actor(request), now=system_clock.now())
            return f"{operator} takes {'no stakes' if operator.is_active else 'stakes again'}."

        title = f"{verb} {operator}"
        return form_page(
            request, self, operator, title=title, form=forms.Form(request.POST), perform=perform, button=verb
        )

    @action(description="Move", url_path="move", permissions=["manage"], icon="edit")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        operator = row_or_404(Operator, object_id)
        form = AddressForm(request.POST or None, initial={"base_url": operator.base_url})

        def perform(data: dict[str, Any]) -> str:
            operations.move(operator, base_url=data["base_url"], actor=_actor(request), now=system_clock.now())
            return f"{operator} is called at {data['base_url']} from now on."

        return form_page(request, self, operator, title=f"Move {operator}", form=form, perform=perform, button="Move")

    @action(description="New secret", url_path="secret", permissions=["manage"], icon="key")
    def renew_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        operator = row_or_404(Operator, object_id)
        if request.method == "POST":
            secret = operations.renew_secret(operator, actor=_actor(request), now=system_clock.now())
            return self._shown_once(request, operator, secret, title=f"The new secret of {operator}")
        context = {
            **self.admin_site.each_context(request),
            "title": f"A new secret for {operator}: what is signed with the old one is refused at once",
            "opts": self.opts,
            "form": forms.Form(),
            "button": "Renew",
            "back_url": page_of(operator),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    def _shown_once(self, request: HttpRequest, operator: Operator, secret: str, *, title: str) -> HttpResponse:
        """In the answer to the form and nowhere else: what goes over a redirect is kept in between, in a cookie say."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": operator,
            "secret": secret,
            "back_url": page_of(operator),
        }
        return TemplateResponse(request, "admin/secret_made.html", context)


@admin.register(RemoteCall)
class RemoteCallAdmin(ReadOnlyAdmin):
    list_display = ("id", "operator", "status", "amount", "player", "attempts", "error", "created_at", "concluded_at")
    list_filter = ("kind", "state", "operator")
    list_select_related = ("operator", "wallet__account__currency")
    search_fields = ("=id", "=bet_id", "=wallet__user")
    search_help_text = "A transaction id, a bet's id or the operator's name of a player"
    ordering = ("-created_at",)
    show_full_result_count = False
    actions_detail = ("try_now",)

    @display(description="state", label=STATES)
    def status(self, call: RemoteCall) -> str:
        return call.state

    @display(description="amount")
    def amount(self, call: RemoteCall) -> str:
        currency = call.wallet.account.currency
        return f"{format_minor(call.amount_minor, currency.denominator)} {currency.code}"

    @display(description="player")
    def player(self, call: RemoteCall) -> str:
        return call.wallet.user

    def has_repeat_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("operators.repeat_remotecall")

    @action(description="Try now", url_path="try", permissions=["repeat"], icon="replay")
    def try_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        call = row_or_404(RemoteCall, unquote(object_id))  # `refund_…` comes quoted, as in the page's address

        def perform(data: dict[str, Any]) -> str:
            operations.try_now(call, actor=_actor(request), now=system_clock.now())
            return "It is said again within a second, under the same transaction id."

        if call.state != RemoteCall.State.OWED:
            messages.warning(request, "Nothing is owed here.")
            return redirect(reverse("admin:operators_remotecall_change", args=[call.pk]))
        title = f"Say {call} again now"
        return form_page(request, self, call, title=title, form=forms.Form(request.POST), perform=perform, button="Try")
