"""The suspense queue of the back office: what fits no payment, until two people have said how it ends."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from casino.lib.clock import system_clock
from casino.ops.backoffice import ReadOnlyAdmin, form_page, link_to, money, row_or_404
from wallet.models import Currency
from wallet.psp import operations
from wallet.psp.admin.payments import actor
from wallet.psp.models import SuspenseCase
from wallet.psp.operations.cases import possible_ends
from wallet.psp.rules import Resolution

ENDS = {
    Resolution.CREDIT: "Credit it to a player",
    Resolution.RETURN: "It goes back to the provider",
    Resolution.CHARGE: "Charge it to a player",
    Resolution.RECOVER: "It came back to the provider",
    Resolution.WRITE_OFF: "The house bears it",
    Resolution.NOTE: "Nothing moved; close it",
}


class ProposalForm(forms.Form):
    resolution = forms.ChoiceField(label="How it ends", widget=UnfoldAdminSelectWidget)
    player = forms.CharField(
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The exact name, for a credit or a charge.",
    )
    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *arguments: Any, case: SuspenseCase, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["resolution"].choices = [(str(end), ENDS[end]) for end in possible_ends(case)]  # type: ignore[attr-defined]
        payment = case.report.payment
        if payment is not None:
            self.fields["player"].initial = payment.player.username

    def clean_player(self) -> User | None:
        name = self.cleaned_data["player"].strip()
        end = self.cleaned_data.get("resolution")
        if not name or end not in (Resolution.CREDIT, Resolution.CHARGE):
            return None
        found = User.objects.filter(username=name).first()
        if found is None:
            raise forms.ValidationError("There is no player of this name.")
        return found


class NoteForm(forms.Form):
    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(SuspenseCase)
class SuspenseCaseAdmin(ReadOnlyAdmin):
    """Open ones first. How one ends is proposed by one person of finance and approved by another."""

    list_display = ("created_at", "shown_state", "reason", "amount", "reference", "ends")
    list_filter = ("state", "reason", "book")
    ordering = ("state", "-created_at")  # open, proposed, resolved
    search_fields = ("=report__reference", "=report__provider_reference")
    search_help_text = "Our reference, or the provider's"
    fields = (
        ("shown_state", "reason"),
        ("amount", "created_at"),
        ("report_link", "payment_link"),
        ("said", "reference"),
        ("ends", "player", "note"),
        ("proposed_by", "approved_by", "resolved_at"),
    )
    readonly_fields = ("shown_state", "amount", "report_link", "payment_link", "said", "reference", "ends")
    actions_detail = ("propose", "approve", "reject")

    @display(description="state", label={"open": "danger", "waits for approval": "warning", "resolved": "success"})
    def shown_state(self, case: SuspenseCase) -> str:
        return str(case.get_state_display()).lower()

    @display(description="in suspense")
    def amount(self, case: Any) -> str:
        if not case.book:
            return "nothing booked"
        return money(case.suspense_minor, case.denominator or 1, case.book)

    @display(description="reference")
    def reference(self, case: SuspenseCase) -> str:
        return case.report.reference

    @display(description="the provider said")
    def said(self, case: SuspenseCase) -> str:
        return f"{case.report.type}, {case.report.amount_minor} {case.report.currency_code} (minor units)"

    @display(description="report")
    def report_link(self, case: SuspenseCase) -> str:
        return link_to(case.report)

    @display(description="payment")
    def payment_link(self, case: SuspenseCase) -> str:
        return link_to(case.report.payment)

    @display(description="ends")
    def ends(self, case: SuspenseCase) -> str:
        return str(case.get_resolution_display()) if case.resolution else "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SuspenseCase]:
        found: QuerySet[SuspenseCase] = super().get_queryset(request)
        unit = Currency.objects.filter(pk=OuterRef("book")).values("denominator")
        found = found.annotate(denominator=Subquery(unit))
        return found.select_related("report__payment__player", "player", "proposed_by", "approved_by")

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("psp.resolve_suspensecase")

    @action(description="Propose an end", url_path="propose", permissions=["resolve"], icon="edit_note")
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        case = row_or_404(self.get_queryset(request), object_id)
        form = ProposalForm(request.POST or None, case=case)

        def perform(data: dict[str, Any]) -> str:
            operations.propose_resolution(
                case,
                Resolution(data["resolution"]),
                player=data["player"],
                note=data["reason"],
                actor=actor(request),
                now=system_clock.now(),
            )
            return "Proposed. Somebody else of finance approves it."

        title = f"How case {case.pk} ends: {self.amount(case)}"
        return form_page(request, self, case, title=title, form=form, perform=perform, button="Propose")

    @action(description="Approve", url_path="approve", permissions=["resolve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        case = row_or_404(self.get_queryset(request), object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.approve_case(case, actor=actor(request), now=system_clock.now())
            return "Approved, booked and closed."

        proposer = case.proposed_by.username if case.proposed_by else "–"
        intro = f"{proposer} proposed: {self.ends(case)} {case.player or ''} ({case.note})"
        title = f"Approve the end of case {case.pk}: {self.amount(case)}"
        form = forms.Form(request.POST)
        return form_page(request, self, case, title=title, form=form, perform=perform, button="Approve", intro=intro)

    @action(description="Reject the proposal", url_path="reject", permissions=["resolve"], icon="undo")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        case = row_or_404(self.get_queryset(request), object_id)

        def perform(data: dict[str, Any]) -> str:
            operations.reject_proposal(case, actor=actor(request), note=data["reason"], now=system_clock.now())
            return "The case is open again."

        form = NoteForm(request.POST or None)
        title = f"Reject what was proposed for case {case.pk}"
        return form_page(request, self, case, title=title, form=form, perform=perform, button="Reject")
