"""Reconciliation in the back office: runs to be looked at, differences that finance resolves with a reason."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import User
from casino.lib.clock import system_clock
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, list_url, row_or_404, row_or_none
from wallet.reconciliation import operations
from wallet.reconciliation.models import Difference, Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("day", "source", "result", "matched", "pending", "differences", "started_at", "finished_at")
    list_filter = ("source_kind", "source_slug", "day")
    ordering = ("-id",)
    fields = ("day", "source", "result", "matched", "pending", "differences", "started_at", "finished_at", "error")
    readonly_fields = ("source", "result")
    change_form_after_template = "admin/panels.html"

    @display(description="with")
    def source(self, run: Run) -> str:
        return f"{run.get_source_kind_display()} {run.source_slug}"

    @display(description="result", label={"agrees": "success", "differs": "danger", "no list": "warning"})
    def result(self, run: Run) -> str:
        if run.error:
            return "no list"
        return "differs" if run.differences else "agrees"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        run = row_or_none(Run, object_id)
        panels = [totals_panel(run)] if run and self.has_view_permission(request, run) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def totals_panel(run: Run) -> Panel:
    ours, theirs = (run.totals.get(side, {}).get("amounts", {}) for side in ("ours", "theirs"))
    return Panel(
        title="Totals of the day, in minor units",
        headers=("what", "ours", "our sum", "theirs", "their sum"),
        rows=[
            (what, *ours.get(what, (0, 0)), *theirs.get(what, (0, 0))) for what in sorted(ours.keys() | theirs.keys())
        ],
        more_url=list_url(Difference, day__exact=run.day, source_slug__exact=run.source_slug),
    )


class ResolveForm(forms.Form):
    reason = forms.CharField(
        max_length=500, widget=UnfoldAdminTextareaWidget, help_text="What it was, and what was done about it."
    )


class OpenOrClosed(admin.SimpleListFilter):
    """Open ones first come to mind, so they are what the list shows unless asked for others."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("closed", "closed"), ("all", "all")]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield (
                choice | {"display": "open"}
                if choice["query_string"] == changelist.get_query_string(remove=[self.parameter_name])
                else choice
            )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Difference]) -> QuerySet[Difference]:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "closed")


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    list_display = ("day", "source", "kind_shown", "transaction_id", "our_line", "their_line", "state")
    list_filter = (OpenOrClosed, "kind", "source_kind", "source_slug", "day")
    list_select_related = ("resolved_by",)
    search_fields = ("=transaction_id",)
    search_help_text = "A transaction's exact id"
    ordering = ("-day", "-id")
    fields = (
        "day",
        "source",
        "kind_shown",
        "transaction_id",
        "our_line",
        "their_line",
        "state",
        "found_at",
        "run",
        "resolved_at",
        "resolved_by",
        "reason",
    )
    readonly_fields = ("source", "kind_shown", "our_line", "their_line", "state")
    actions_detail = ("resolve",)

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("reconciliation.resolve_difference")

    @display(description="with")
    def source(self, row: Difference) -> str:
        return f"{row.get_source_kind_display()} {row.source_slug}"

    @display(description="what")
    def kind_shown(self, row: Difference) -> str:
        return row.get_kind_display()

    @display(description="ours")
    def our_line(self, row: Difference) -> str:
        return line_shown(row.ours)

    @display(description="theirs")
    def their_line(self, row: Difference) -> str:
        return line_shown(row.theirs)

    @display(description="state", label={"open": "danger", "resolved": "success", "gone": "info"})
    def state(self, row: Difference) -> str:
        if row.is_open:
            return "open"
        return "resolved" if row.resolved_by_id else "gone"

    @action(description="Resolve", url_path="resolve", permissions=["resolve"], icon="task_alt")
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = row_or_404(Difference, object_id)
        assert isinstance(request.user, User)
        actor = request.user

        def perform(data: dict[str, Any]) -> str:
            operations.resolve(row, actor=actor, reason=data["reason"], now=system_clock.now())
            return f"{row.transaction_id} is resolved."

        return form_page(
            request,
            self,
            row,
            title=f"Resolve {row}",
            form=ResolveForm(request.POST or None),
            perform=perform,
            button="Resolve it",
            intro="It moves no money: a correction is an adjustment of its own. "
            "It stays closed as long as both lines stay as they are.",
        )


def line_shown(line: dict[str, Any] | None) -> str:
    """`bet 5.00 …` would need the currency's denominator as the other side means it: minor units are what was said."""
    if line is None:
        return "–"
    return f"{line['kind']} {line['amount_minor']} {line['currency']} {line['user']} {line['status']} {line['at']}"
