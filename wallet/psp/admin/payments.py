"""Payments in the back office: read-only rows, the queue of what fits nothing, and decisions with two people."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.staff import player_panels
from accounts.webhooks.rules import Invalid, checked_url
from casino.lib.clock import system_clock
from casino.ops.backoffice import OfficeAdmin, Panel, ReadOnlyAdmin, form_page, link_to, list_url, money, row_or_404
from wallet.psp import operations
from wallet.psp.forms import WHSEC, ReasonForm, SecretForm
from wallet.psp.models import CashierLimits, Handover, Payment, Provider, Report
from wallet.psp.rules import OPEN, Status

LABELS = {
    "requested": "warning",
    "pending": "warning",
    "succeeded": "success",
    "failed": "danger",
    "cancelled": "info",
}


def actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


class NewProviderForm(forms.ModelForm):
    secret = forms.RegexField(
        WHSEC,
        widget=UnfoldAdminTextInputWidget,
        help_text="whsec_…, as the provider's own page shows it. Stored encrypted, and not shown again.",
    )

    class Meta:
        model = Provider
        fields = ("slug", "name", "base_url")
        widgets = dict.fromkeys(fields, UnfoldAdminTextInputWidget)

    def clean_base_url(self) -> str:
        try:
            return checked_url(self.cleaned_data["base_url"], allow_private=settings.WEBHOOKS_ALLOW_PRIVATE)
        except Invalid as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    """Made here, then switched, or given another secret; what is under way with one goes on while it is off."""

    list_display = ("name", "slug", "base_url", "state", "created_at")
    ordering = ("name",)
    fields = (("slug", "name", "state"), "base_url", "created_at")
    readonly_fields = ("state",)
    actions_detail = ("switch", "secret")

    @display(description="state", label={"on": "success", "off": "danger"})
    def state(self, provider: Provider) -> str:
        return "on" if provider.enabled else "off"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        found: QuerySet[Provider] = super().get_queryset(request)
        return found.defer("secret_sealed")

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("psp.manage_provider")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_manage_permission(request)

    def get_form(self, request: HttpRequest, obj: Provider | None = None, change: bool = False, **options: Any) -> Any:
        return super().get_form(request, obj, change, **options) if obj else NewProviderForm

    def get_fields(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        return super().get_fields(request, obj) if obj else ("slug", "name", "base_url", "secret")

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        made = operations.ensure_provider(
            obj.slug,
            name=obj.name,
            base_url=obj.base_url.rstrip("/"),
            secret=form.cleaned_data["secret"],
            enabled=True,
            now=system_clock.now(),
            actor=actor(request),
        )
        obj.pk = made.pk

    @action(description="Switch off or on", url_path="switch", permissions=["manage"], icon="toggle_on")
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = row_or_404(Provider, object_id)
        verb = "Switch off" if provider.enabled else "Switch on"

        def perform(data: dict[str, Any]) -> str:
            operations.change_provider(
                provider, actor=actor(request), now=system_clock.now(), enabled=not provider.enabled
            )
            return f"{provider.name} is {'off: nothing new begins there' if provider.enabled else 'on'}."

        title = f"{verb} {provider.name}"
        return form_page(
            request, self, provider, title=title, form=forms.Form(request.POST), perform=perform, button=verb
        )

    @action(description="Another secret", url_path="secret", permissions=["manage"], icon="key")
    def secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = row_or_404(Provider, object_id)
        form = SecretForm(request.POST or None)
        form.fields["secret"].widget = UnfoldAdminPasswordWidget()

        def perform(data: dict[str, Any]) -> str:
            operations.change_provider(provider, actor=actor(request), now=system_clock.now(), secret=data["secret"])
            return f"{provider.name} signs with the new secret from now on."

        return form_page(
            request, self, provider, title="Another secret", form=form, perform=perform, button="Use this secret"
        )


@admin.register(CashierLimits)
class CashierLimitsAdmin(OfficeAdmin):
    """In minor units. Every change is in the audit trail."""

    list_display = ("currency", "deposits", "withdrawals", "reviewed")
    list_select_related = ("currency",)
    ordering = ("currency",)
    readonly_fields = ("currency",)

    def _shown(self, limits: CashierLimits, *amounts: int) -> str:
        unit = limits.currency.denominator
        return " to ".join(money(amount, unit, limits.currency_id) for amount in amounts)

    @display(description="a deposit")
    def deposits(self, limits: CashierLimits) -> str:
        return self._shown(limits, limits.min_deposit_minor, limits.max_deposit_minor)

    @display(description="a withdrawal")
    def withdrawals(self, limits: CashierLimits) -> str:
        return self._shown(limits, limits.min_withdrawal_minor, limits.max_withdrawal_minor)

    @display(description="reviewed above")
    def reviewed(self, limits: CashierLimits) -> str:
        return self._shown(limits, limits.review_above_minor)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CashierLimits | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CashierLimits, form: Any, change: bool) -> None:
        wanted = {name: form.cleaned_data[name] for name in form.changed_data}
        operations.change_limits(obj, actor=actor(request), now=system_clock.now(), **wanted)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "direction", "who", "amount", "state", "approval", "provider", "reference")
    list_filter = ("status", "direction", "needs_approval", "provider")
    ordering = ("-pk",)
    search_fields = ("=reference", "=provider_reference", "=player__username")
    search_help_text = "Our reference, the provider's, or a player's exact name"
    fields = (
        ("reference", "state"),
        ("direction", "amount"),
        ("who", "account_link"),
        ("provider", "provider_reference"),
        ("created_at", "concluded_at"),
        "reason",
        ("approval", "approved_by", "approved_at"),
    )
    readonly_fields = ("state", "amount", "who", "account_link", "approval")
    actions_detail = ("approve", "refuse")
    change_form_after_template = "admin/panels.html"

    @display(description="state", label=LABELS)
    def state(self, payment: Payment) -> str:
        return payment.status

    @display(description="amount")
    def amount(self, payment: Payment) -> str:
        return money(payment.amount_minor, payment.currency.denominator, payment.currency_id)

    @display(description="player")
    def who(self, payment: Payment) -> str:
        return link_to(payment.player)

    @display(description="account")
    def account_link(self, payment: Payment) -> str:
        return link_to(payment.account)

    @display(description="approval", label={"waits": "warning", "approved": "success"})
    def approval(self, payment: Payment) -> str | None:
        if not payment.needs_approval:
            return None
        if payment.approved_by_id:
            return "approved"
        return "waits" if payment.status == Status.REQUESTED else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        found: QuerySet[Payment] = super().get_queryset(request)
        return found.select_related("player", "account", "currency", "provider", "approved_by")

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("psp.decide_payment")

    @action(description="Approve", url_path="approve", permissions=["decide"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment = row_or_404(self.get_queryset(request), object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.approve_withdrawal(payment, actor=actor(request), now=system_clock.now())
            return f"{payment.reference} goes to {payment.provider.name}."

        title = f"Approve {self.amount(payment)} to {payment.player.username}"
        form = forms.Form(request.POST)
        return form_page(request, self, payment, title=title, form=form, perform=perform, button="Approve")

    @action(description="Refuse", url_path="refuse", permissions=["decide"], icon="block")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment = row_or_404(self.get_queryset(request), object_id)
        form = ReasonForm(request.POST or None)
        form.fields["reason"].widget = UnfoldAdminTextInputWidget()

        def perform(data: dict[str, Any]) -> str:
            operations.refuse_withdrawal(payment, actor=actor(request), reason=data["reason"], now=system_clock.now())
            return f"{payment.reference} is refused; {payment.player.username} has the money back."

        title = f"Refuse {self.amount(payment)} to {payment.player.username}"
        return form_page(request, self, payment, title=title, form=form, perform=perform, button="Refuse")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        payment = self.get_object(request, object_id)
        panels = [_handover(payment), _reports(payment)] if payment is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _handover(payment: Payment) -> Panel:
    found = Handover.objects.filter(pk=payment.pk)
    return Panel(
        title="Hand-over to the provider",
        headers=("to", "attempts", "last answer", "taken (UTC)", "next try (UTC)"),
        rows=[
            (
                row.url,
                row.attempts,
                row.last_answer or "–",
                f"{row.delivered_at:%Y-%m-%d %H:%M:%S}" if row.delivered_at else "–",
                f"{row.next_attempt_at:%Y-%m-%d %H:%M:%S}" if not row.delivered_at and payment.is_open else "–",
            )
            for row in found
        ],
        empty="Nothing to hand over.",
    )


def _reports(payment: Payment) -> Panel:
    return Panel(
        title="Reports",
        headers=("received (UTC)", "said", "did"),
        rows=[
            (link_to(row, f"{row.received_at:%Y-%m-%d %H:%M:%S}"), row.type, row.effect)
            for row in payment.reports.order_by("received_at")
        ],
        empty="The provider has not reported yet.",
    )


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "type", "amount", "effect", "reference")
    list_filter = ("effect", "type", "provider")
    list_select_related = ("provider", "payment")
    ordering = ("-pk",)
    search_fields = ("=reference", "=provider_reference", "=message_id")
    search_help_text = "Our reference, the provider's, or the webhook-id"
    fields = (
        ("message_id", "provider"),
        ("type", "effect"),
        ("reference", "provider_reference"),
        "amount",
        ("reported_at", "received_at"),
        "payment_link",
        "body",
    )
    readonly_fields = ("amount", "payment_link")

    @display(description="amount (minor units)")
    def amount(self, report: Report) -> str:
        return f"{report.amount_minor} {report.currency_code}"

    @display(description="payment")
    def payment_link(self, report: Report) -> str:
        return link_to(report.payment)


def payments_panel(player: User) -> Panel:
    rows = Payment.objects.select_related("currency").filter(player=player).order_by("-created_at")[:10]
    under_way = Payment.objects.filter(player=player, status__in=[str(s) for s in OPEN]).count()
    return Panel(
        title=f"Payments ({under_way} under way)" if under_way else "Payments",
        headers=("time (UTC)", "what", "amount", "state"),
        rows=[
            (
                link_to(row, f"{row.created_at:%Y-%m-%d %H:%M:%S}"),
                row.direction,
                money(row.amount_minor, row.currency.denominator, row.currency_id),
                row.status,
            )
            for row in rows
        ],
        more_url=list_url(Payment, q=player.username),
    )


player_panels.append(payments_panel)
