"""The exchange in the back office: rates with their history, to which finance adds; conversions, to be looked at."""

from fractions import Fraction
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.ops.backoffice import Panel, ReadOnlyAdmin, link_to, list_url, money, row_or_none
from wallet.exchange import operations, queries, rules
from wallet.exchange.models import Conversion, ExchangeRate
from wallet.models import Currency, Transfer


class RateForm(forms.Form):
    """A rate as people write it, parsed exactly."""

    base = forms.ModelChoiceField(Currency.objects.order_by("code"), label="One", widget=UnfoldAdminSelectWidget)
    rate = forms.CharField(
        label="is worth", max_length=40, widget=UnfoldAdminTextInputWidget, help_text="A decimal or a ratio: 0.16, 4/25"
    )
    quote = forms.ModelChoiceField(Currency.objects.order_by("code"), label="of", widget=UnfoldAdminSelectWidget)
    source = forms.CharField(
        max_length=100, widget=UnfoldAdminTextInputWidget, help_text="Where it comes from, so that anyone can look."
    )
    reason = forms.CharField(max_length=200, label="Why", widget=UnfoldAdminTextInputWidget)
    jump_is_meant = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="More than 20 % from the last rate, and it is meant",
        help_text="Only where the answer asks for it. It is recorded with your name.",
    )

    def clean_rate(self) -> Fraction:
        rate = rules.parse_rate(self.cleaned_data["rate"])
        if rate is None:
            raise forms.ValidationError(
                "A positive decimal (at most 12 places on either side), or a ratio such as 4/25."
            )
        return rate


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    """Every rate that was ever in force. A new one takes the place of the last; none is edited."""

    list_display = ("pair", "worth", "state", "valid_from", "source", "set_by")
    list_filter = ("base", "quote", "source")
    list_select_related = ("base", "quote", "set_by")
    ordering = ("-valid_from", "-id")
    fields = ("pair", "worth", "exact", "state", "valid_from", "source", "reason", "set_by", "created_at")
    readonly_fields = ("pair", "worth", "exact", "state")
    actions_list = ("set_rate",)

    def has_set_rate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("exchange.add_exchangerate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExchangeRate]:
        newer = ExchangeRate.objects.filter(base=OuterRef("base"), valid_from__gt=OuterRef("valid_from"))
        found: QuerySet[ExchangeRate] = super().get_queryset(request)
        return found.annotate(is_past=Exists(newer.filter(valid_from__lte=system_clock.now())))

    @display(description="pair")
    def pair(self, row: ExchangeRate) -> str:
        return f"{row.base_id} in {row.quote_id}"

    @display(description="one is worth")
    def worth(self, row: ExchangeRate) -> str:
        return f"{rules.shown(row.rate)} {row.quote_id}"

    @display(description="exactly")
    def exact(self, row: ExchangeRate) -> str:
        return str(row.rate)

    @display(
        description="state",
        label={"in force": "success", "fixed": "success", "too old": "danger", "to come": "info", "past": "warning"},
    )
    def state(self, row: Any) -> str:
        now = system_clock.now()
        if row.valid_from > now:
            return "to come"
        if row.is_past:
            return "past"
        if row.is_fixed:
            return "fixed"
        return "too old" if queries.is_stale(row, now) else "in force"

    @action(description="Set a rate", url_path="set", permissions=["set_rate"], icon="add")
    def set_rate(self, request: HttpRequest) -> HttpResponse:
        form = RateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            assert isinstance(request.user, User)
            try:
                made = operations.set_rate(
                    wanted["base"].pk,
                    wanted["quote"].pk,
                    wanted["rate"],
                    source=wanted["source"],
                    reason=wanted["reason"],
                    jump_is_meant=wanted["jump_is_meant"],
                    actor=request.user,
                    now=system_clock.now(),
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"One {made.base_id} is worth {rules.shown(made.rate)} {made.quote_id} now.")
                return redirect("admin:exchange_exchangerate_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Set a rate",
            "opts": self.opts,
            "form": form,
            "intro": "It is in force at once, for conversions from now on. Rates are never edited: set a new one.",
            "button": "Set it",
            "back_url": reverse("admin:exchange_exchangerate_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)


@admin.register(Conversion)
class ConversionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "who", "took", "gave", "reference")
    list_filter = ("source_account__currency", "target_account__currency")
    list_select_related = ("player", "source_account__currency", "target_account__currency")
    search_fields = ("=reference", "=player__username")
    search_help_text = "A reference, or a player's exact name"
    ordering = ("-created_at", "-id")
    fields = ("created_at", "who", "took", "rest", "gave", "rate", "spread_bps", "remainder", "reference", "transfers")
    readonly_fields = ("who", "took", "rest", "gave", "transfers")
    change_form_after_template = "admin/panels.html"

    @display(description="player")
    def who(self, conversion: Conversion) -> str:
        return link_to(conversion.player)

    @display(description="taken")
    def took(self, conversion: Conversion) -> str:
        currency = conversion.source_account.currency
        return money(conversion.source_minor, currency.denominator, currency.code)

    @display(description="of it rounding")
    def rest(self, conversion: Conversion) -> str:
        currency = conversion.source_account.currency
        return money(conversion.rest_minor, currency.denominator, currency.code)

    @display(description="given")
    def gave(self, conversion: Conversion) -> str:
        currency = conversion.target_account.currency
        return money(conversion.given_minor, currency.denominator, currency.code)

    @display(description="transfers")
    def transfers(self, conversion: Conversion) -> str:
        url = list_url(Transfer, account=conversion.source_account_id)
        return format_html('<a class="bo-link" href="{}">in the ledger</a>', url)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        conversion = row_or_none(Conversion, object_id)
        panels = [rates_panel(conversion)] if conversion and self.has_view_permission(request, conversion) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def rates_panel(conversion: Conversion) -> Panel:
    steps = conversion.steps.select_related("rate").order_by("position")
    return Panel(
        title="Rates it used",
        headers=("rate", "exactly", "direction", "source"),
        rows=[
            (link_to(step.rate), str(step.rate.rate), "inverted" if step.inverted else "as it stands", step.rate.source)
            for step in steps
        ],
    )
