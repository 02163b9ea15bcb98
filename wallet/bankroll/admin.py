"""Bankrolls in the back office: looked at by all staff, set by those of risk, always with a reason."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.money import format_minor, parse_minor
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, money, row_or_404, row_or_none
from wallet.bankroll import operations
from wallet.bankroll.models import Bankroll

HISTORY = 25


class BankrollForm(forms.Form):
    """Capital in whole units, exactly; shares in percent. An empty capital leaves capital and gain as they are."""

    capital = forms.CharField(
        max_length=26,
        required=False,
        label="New capital",
        widget=UnfoldAdminTextInputWidget,
        help_text="In whole units, such as 250000 or 250000.50. It takes the place of the whole bankroll: gains are "
        "counted anew from now. Empty: it stays.",
    )
    max_win = forms.DecimalField(
        label="A single bet may win, % of the bankroll",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    round = forms.DecimalField(
        label="The bets of one crash round may win together, %",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    reason = forms.CharField(max_length=200, label="Why", widget=UnfoldAdminTextInputWidget)

    def __init__(self, *arguments: Any, bankroll: Bankroll, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.bankroll = bankroll
        self.fields["max_win"].initial = Decimal(bankroll.max_win_bps) / 100
        self.fields["round"].initial = Decimal(bankroll.round_bps) / 100

    def clean_capital(self) -> int | None:
        typed = self.cleaned_data["capital"].strip()
        if not typed:
            return None
        minor = parse_minor(typed, self.bankroll.currency.denominator)
        if minor is None:
            raise forms.ValidationError("An amount in whole units, with no more decimals than the currency has.")
        return minor


@admin.register(Bankroll)
class BankrollAdmin(ReadOnlyAdmin):
    """What the house risks in each currency, in real and in demo money."""

    list_display = ("book", "has", "capital_put", "gained", "one_bet", "one_round")  # amounts of that book
    list_filter = ("is_demo",)
    list_select_related = ("currency",)
    ordering = ("is_demo", "book")
    fields = (
        ("book", "currency"),
        "bankroll",
        ("capital", "gain"),
        ("max_win", "round_win"),
        ("since", "counted_to"),
    )
    readonly_fields = ("bankroll", "capital", "gain", "max_win", "round_win")
    actions_detail = ("set_bankroll", "count_again")
    change_form_after_template = "admin/panels.html"

    def has_set_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("bankroll.change_bankroll")

    @display(description="bankroll")
    def has(self, row: Bankroll) -> str:
        return _amount(row, row.standing.bankroll_minor)

    @display(description="capital")
    def capital_put(self, row: Bankroll) -> str:
        return _amount(row, row.capital_minor)

    @display(description="gain since")
    def gained(self, row: Bankroll) -> str:
        return _amount(row, row.gain_minor)

    @display(description="a bet may win")
    def one_bet(self, row: Bankroll) -> str:
        return _amount(row, row.standing.max_win_minor)

    @display(description="a crash round")
    def one_round(self, row: Bankroll) -> str:
        return _amount(row, row.standing.round_minor)

    @display(description="bankroll")
    def bankroll(self, row: Bankroll) -> str:
        return _money(row, row.standing.bankroll_minor)

    @display(description="capital")
    def capital(self, row: Bankroll) -> str:
        return _money(row, row.capital_minor)

    @display(description="gain since")
    def gain(self, row: Bankroll) -> str:
        return _money(row, row.gain_minor)

    @display(description="a bet may win")
    def max_win(self, row: Bankroll) -> str:
        return f"{_money(row, row.standing.max_win_minor)} ({row.max_win_bps / 100:.2f} %)"

    @display(description="a crash round may win")
    def round_win(self, row: Bankroll) -> str:
        return f"{_money(row, row.standing.round_minor)} ({row.round_bps / 100:.2f} %)"

    @action(description="Set capital and shares", url_path="set", permissions=["set"], icon="savings")
    def set_bankroll(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(object_id)
        form = BankrollForm(request.POST or None, bankroll=row)

        def perform(data: dict[str, Any]) -> str:
            made = operations.change(
                row.pk,
                capital_minor=data["capital"],
                max_win_bps=int(data["max_win"] * 100),
                round_bps=int(data["round"] * 100),
                reason=data["reason"],
                actor=_actor(request),
                now=system_clock.now(),
            )
            return f"A single bet may win {_money(made, made.standing.max_win_minor)} from now on."

        return form_page(
            request,
            self,
            row,
            title=f"What the house risks in {row.book}",
            form=form,
            perform=perform,
            button="Set it",
            intro=f"The bankroll is {_money(row, row.standing.bankroll_minor)} now. It refuses bets beforehand and has "
            "no part in any outcome; bets that were taken stay as they are.",
        )

    @action(description="Count the gain again", url_path="count", permissions=["set"], icon="restart_alt")
    def count_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.count_again(row.pk, actor=_actor(request), now=system_clock.now())
            return "The gain is counted anew; that takes the worker a minute or more."

        return form_page(
            request,
            self,
            row,
            title=f"Count the gain in {row.book} again",
            form=forms.Form(request.POST),
            perform=perform,
            button="Count again",
            intro="For when the audit of the books names this bankroll. Until then, what has been counted counts.",
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        row = row_or_none(Bankroll.objects.select_related("currency"), object_id)
        panels = [history_panel(row)] if row and self.has_view_permission(request, row) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def history_panel(row: Bankroll) -> Panel:
    return Panel(
        title="What was decided",
        headers=("when (UTC)", "by", "bankroll before", "capital", "a bet", "a round", "why"),
        rows=[
            (
                f"{change.at:%Y-%m-%d %H:%M}",
                str(change.actor),
                _money(row, change.left_minor),
                _money(row, change.capital_minor),
                f"{change.max_win_bps / 100:.2f} %",
                f"{change.round_bps / 100:.2f} %",
                change.reason,
            )
            for change in row.changes.select_related("actor").order_by("-at", "-pk")[:HISTORY]
        ],
        empty="Nobody has set it yet: it is what the installation came with.",
    )


def _row(object_id: str) -> Bankroll:
    return row_or_404(Bankroll.objects.select_related("currency"), object_id)


def _amount(row: Bankroll, amount_minor: int) -> str:
    return format_minor(amount_minor, row.currency.denominator)


def _money(row: Bankroll, amount_minor: int) -> str:
    return money(amount_minor, row.currency.denominator, row.book)


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
