"""
Affiliates in the back office: whom they brought, what the house gained from them, what they got of it by day.

All staff may look; finance makes affiliates and changes their terms.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action, display

from accounts.affiliates import operations as affiliates
from accounts.affiliates import queries as agreed
from accounts.affiliates.models import Affiliate, ShareRate
from accounts.models import User
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.lib.money import format_minor
from casino.ops.backoffice import Panel, ReadOnlyAdmin, form_page, link_to, money, row_or_404, row_or_none
from wallet.affiliates import exports, queries
from wallet.affiliates.forms import ChangeForm, NewAffiliateForm
from wallet.affiliates.models import Share

SHOWN_DAYS = 31


@admin.register(Affiliate)
class AffiliateAdmin(ReadOnlyAdmin):
    list_display = ("code", "who", "state", "share", "players", "created_at")
    list_filter = ("active",)
    list_select_related = ("owner",)
    search_fields = ("=code", "=owner__username", "^name")
    search_help_text = "An exact code, a player's exact name, or how a name begins"
    ordering = ("-id",)
    fields = ("code", ("who", "state"), ("share", "players"), "created_at")
    readonly_fields = ("who", "state", "share", "players")
    actions_list = ("new_affiliate",)
    actions_detail = ("change_terms", "export")
    change_form_after_template = "admin/panels.html"

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("affiliates.manage_affiliate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Affiliate]:
        found: QuerySet[Affiliate] = super().get_queryset(request)
        rates = ShareRate.objects.filter(affiliate=OuterRef("pk"), from_day__lte=system_clock.now().date())
        return found.select_related("owner").annotate(
            player_count=Count("referrals"),
            share_now=Subquery(rates.order_by("-from_day", "-pk").values("share_bps")[:1]),
        )

    @display(description="affiliate")
    def who(self, row: Affiliate) -> str:
        return link_to(row.owner) if row.owner else row.name

    @display(description="new players", label={"credited": "success", "not credited": "danger"})
    def state(self, row: Affiliate) -> str:
        return "credited" if row.active else "not credited"

    @display(description="share today")
    def share(self, row: Any) -> str:
        return f"{(row.share_now or 0) / 100:.2f} %"

    @display(description="players")
    def players(self, row: Any) -> str:
        return f"{row.player_count:,}"

    @action(description="New affiliate", url_path="new", permissions=["manage"], icon="group_add")
    def new_affiliate(self, request: HttpRequest) -> HttpResponse:
        form = NewAffiliateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                made = affiliates.create(
                    wanted["code"],
                    name=wanted["name"],
                    owner=wanted["owner"],
                    share_bps=form.share_bps,
                    actor=_actor(request),
                    now=system_clock.now(),
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, f"{made.code} is credited with players from now on.")
                return redirect("admin:affiliates_affiliate_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "New affiliate",
            "opts": self.opts,
            "form": form,
            "intro": "They get a share of what the house gains in real money from the players they bring, day by day.",
            "button": "Make it",
            "back_url": reverse("admin:affiliates_affiliate_changelist"),
        }
        return TemplateResponse(request, "admin/form_page.html", context)

    @action(description="Change terms", url_path="terms", permissions=["manage"], icon="contract_edit")
    def change_terms(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = _row(object_id)
        # What is agreed on for tomorrow is what another change takes the place of.
        tomorrow = system_clock.now().date() + timedelta(days=1)
        share_bps = agreed.rates_on(tomorrow, [row.pk]).get(row.pk, 0)
        form = ChangeForm(request.POST or None, affiliate=row, share_bps=share_bps)

        def perform(data: dict[str, Any]) -> str:
            affiliates.change(
                row,
                owner=data["owner"],
                name=data["name"],
                active=data["active"],
                share_bps=form.share_bps,
                reason=data["reason"],
                actor=_actor(request),
                now=system_clock.now(),
            )
            return f"The terms of {row.code} are changed."

        return form_page(
            request,
            self,
            row,
            title=f"Terms of {row.code}",
            form=form,
            perform=perform,
            button="Change them",
            intro="What is booked stays. Who brought a player stays as well, for ever.",
        )

    @action(description="CSV of all days", url_path="csv", permissions=["view"], icon="download")
    def export(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        answer = StreamingHttpResponse(exports.lines(_row(object_id)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="affiliate-{object_id}.csv"'
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        row = row_or_none(Affiliate, object_id)
        panels = list(_panels(row)) if row and self.has_view_permission(request, row) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _panels(row: Affiliate) -> Iterator[Panel]:
    yield totals_panel(row)
    yield days_panel(row)
    yield rates_panel(row)


def totals_panel(row: Affiliate) -> Panel:
    return Panel(
        title="All days, by currency",
        headers=("currency", "staked", "won", "house gained", "shares", "of it owed, in payable"),
        rows=[
            (
                total.book,
                format_minor(total.staked_minor, total.denominator),
                format_minor(total.paid_minor, total.denominator),
                format_minor(total.staked_minor - total.paid_minor, total.denominator),
                format_minor(total.share_minor, total.denominator),
                format_minor(total.payable_minor, total.denominator) if total.payable_minor else "–",
            )
            for total in queries.totals(row)
        ],
        empty="No day with bets of their players has been closed yet.",
    )


def days_panel(row: Affiliate) -> Panel:
    return Panel(
        title="Last days (UTC)",
        headers=("day", "players", "staked", "won", "house gained", "share", "booked", "month has to make up"),
        rows=[
            (
                f"{share.day}",
                share.players,
                money(share.staked_minor, share.currency.denominator, share.book),
                money(share.paid_minor, share.currency.denominator, share.book),
                money(share.gain_minor, share.currency.denominator, share.book),
                f"{share.share_bps / 100:.2f} %",
                _booked(share),
                money(-share.carried_minor, share.currency.denominator, share.book) if share.carried_minor else "–",
            )
            for share in queries.days(row, limit=SHOWN_DAYS)
        ],
        empty="Days are closed soon after midnight, when players they brought have bet real money.",
    )


def _booked(share: Share) -> str:
    if share.account is None:
        return "–"
    return link_to(share.account, money(share.share_minor, share.currency.denominator, share.book))


def rates_panel(row: Affiliate) -> Panel:
    return Panel(
        title="Shares that were agreed on",
        headers=("from", "share", "by", "why"),
        rows=[
            (f"{rate.from_day}", f"{rate.share_bps / 100:.2f} %", str(rate.set_by or "–"), rate.reason)
            for rate in row.rates.select_related("set_by").order_by("-from_day", "-pk")
        ],
    )


def _row(object_id: str) -> Affiliate:
    return row_or_404(Affiliate.objects.select_related("owner"), object_id)


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
