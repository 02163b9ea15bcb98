"""Money, to be looked at. Accounts and transfers are read-only for everyone; finance edits how currencies are shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts import audit
from accounts.models import User
from accounts.staff import player_panels, protection_pages
from casino.lib.clock import system_clock
from casino.ops.backoffice import OfficeAdmin, Panel, ReadOnlyAdmin, link_to, list_url, money, row_or_none
from wallet import queries
from wallet.chart import Kind
from wallet.models import Account, Currency, Transfer
from wallet.protection import admin as protection_admin

STATEMENT_ROWS = 25


@admin.register(Currency)
class CurrencyAdmin(OfficeAdmin):
    """A currency's units are part of every amount ever booked: they, and the list itself, are not edited here."""

    list_display = ("code", "symbol", "kind", "denominator", "enabled", "reference_micros")
    readonly_fields = ("code", "denominator", "kind")
    ordering = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Currency | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Currency, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changes = {name: [form.initial.get(name), form.cleaned_data[name]] for name in form.changed_data}
        now = system_clock.now()
        audit.record("currency.changed", f"currency:{obj.pk}", actor=request.user, now=now, changes=changes)  # type: ignore[arg-type]


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("who", "book", "posted", "held", "available", "last_transfer_at")
    list_filter = ("is_demo", "kind", "currency")
    list_select_related = ("owner", "currency")
    search_fields = ("=owner__username",)
    search_help_text = "A player's exact name"
    ordering = ("-id",)
    fields = ("who", "kind", "book", "posted", "held", "available", "last_transfer_at", "created_at")
    readonly_fields = ("who", "posted", "held", "available")
    change_form_after_template = "admin/panels.html"

    @display(description="account of")
    def who(self, account: Account) -> str:
        return link_to(account.owner) if account.owner_id else f"house: {account.kind}"

    @display(description="balance")
    def posted(self, account: Account) -> str:
        return money(account.posted_minor, account.currency.denominator, account.currency_id)

    @display(description="set aside")
    def held(self, account: Account) -> str:
        return money(account.held_minor, account.currency.denominator, account.currency_id)

    @display(description="available")
    def available(self, account: Account) -> str:
        available_minor = None if account.posted_minor is None else account.available_minor
        return money(available_minor, account.currency.denominator, account.currency_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        found: QuerySet[Account] = super().get_queryset(request)
        return found.select_related("owner", "currency")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        account = row_or_none(self.get_queryset(request), object_id)
        panels = [statement_panel(account)] if account and self.has_view_permission(request, account) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def statement_panel(account: Account) -> Panel:
    denominator, code = account.currency.denominator, account.currency_id
    return Panel(
        title="Last transfers",
        headers=("time (UTC)", "what", "amount", "balance after", "reference"),
        rows=[
            (
                row.at.strftime("%Y-%m-%d %H:%M:%S"),
                row.code if row.kind == Kind.POSTED else f"{row.code} ({row.kind})",
                money(row.amount_minor, denominator, code),
                money(row.balance_minor, denominator, code) if account.owner_id else "–",
                row.reference or row.transfer_id,
            )
            for row in queries.statement(account, limit=STATEMENT_ROWS)
        ],
        more_url=list_url(Transfer, account=account.pk),
    )


class OfAccount(admin.SimpleListFilter):
    """`?account=7`: both sides of one account. Offered only when it is in use; links lead here."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, f"account {chosen}")] if chosen.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> QuerySet[Transfer]:
        chosen = self.value()
        if not chosen or not chosen.isdecimal():
            return queryset
        return queryset.filter(Q(debit_account_id=chosen) | Q(credit_account_id=chosen))


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Newest first. Found by id, by the bet's id, or by a player's name; `?account=` shows one account's."""

    list_display = ("created_at", "code", "kind", "amount", "debit", "credit", "id")
    list_filter = (OfAccount, "code", "kind", "book")
    ordering = ("-created_at", "-id")
    search_fields = ("=id",)
    search_help_text = "A transfer's or a bet's exact id, or a player's exact name"
    fields = (
        "id",
        "created_at",
        "code",
        "kind",
        "book",
        "amount",
        "debit",
        "debit_balance_minor",
        "credit",
        "credit_balance_minor",
        "pending",
        "reference",
    )
    readonly_fields = ("amount", "debit", "credit")

    @display(description="amount")
    def amount(self, transfer: Transfer) -> str:
        currency = transfer.debit_account.currency
        return money(transfer.amount_minor, currency.denominator, transfer.book)

    @display(description="from")
    def debit(self, transfer: Transfer) -> str:
        return self._side(transfer.debit_account)

    @display(description="to")
    def credit(self, transfer: Transfer) -> str:
        return self._side(transfer.credit_account)

    def _side(self, account: Account) -> str:
        return link_to(account, account.owner.username if account.owner else f"house: {account.kind}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        found: QuerySet[Transfer] = super().get_queryset(request)
        return found.select_related(
            "debit_account__owner", "debit_account__currency", "credit_account__owner", "credit_account__currency"
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Transfer], search_term: str
    ) -> tuple[QuerySet[Transfer], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        accounts = list(Account.objects.filter(owner__username=term).values_list("pk", flat=True))
        if accounts:
            return queryset.filter(Q(debit_account_id__in=accounts) | Q(credit_account_id__in=accounts)), False
        ids = [f"{code}:{term}" for code in ("stake", "payout", "refund")]  # the transfers of a bet by the bet's id
        return queryset.filter(Q(pk__in=[term, *ids])), False


def balances_panel(player: User) -> Panel:
    accounts = Account.objects.select_related("currency").filter(owner=player).order_by("is_demo")
    return Panel(
        title="Balances",
        headers=("account", "balance", "set aside", "last transfer (UTC)"),
        rows=[
            (
                link_to(account, account.book),
                money(account.posted_minor, account.currency.denominator, account.currency_id),
                money(account.held_minor, account.currency.denominator, account.currency_id),
                f"{account.last_transfer_at:%Y-%m-%d %H:%M:%S}" if account.last_transfer_at else "–",
            )
            for account in accounts
        ],
        more_url=list_url(Account, q=player.username),
        empty="No account has been opened yet.",
    )


player_panels.append(balances_panel)
player_panels.append(protection_admin.protection_panel)
protection_pages.append(protection_admin.protect)
