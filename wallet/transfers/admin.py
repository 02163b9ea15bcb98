"""Partners' transfers, to be looked at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from casino.ops.backoffice import ReadOnlyAdmin, link_to, money
from wallet.transfers.models import PartnerTransfer


@admin.register(PartnerTransfer)
class PartnerTransferAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "partner", "environment", "who", "direction", "amount", "reference")
    list_filter = ("direction", "environment", "partner")
    ordering = ("-pk",)
    search_fields = ("=reference",)
    search_help_text = "A partner's exact reference"
    fields = (
        "reference",
        ("partner", "environment"),
        ("who", "account_link"),
        ("direction", "amount"),
        "created_at",
        "ledger_id",
    )
    readonly_fields = ("who", "account_link", "amount", "ledger_id")

    @display(description="player")
    def who(self, row: PartnerTransfer) -> str:
        return row.player.external_id

    @display(description="account")
    def account_link(self, row: PartnerTransfer) -> str:
        return link_to(row.account)

    @display(description="amount")
    def amount(self, row: PartnerTransfer) -> str:
        return money(row.amount_minor, row.account.currency.denominator, row.account.book)

    @display(description="transfer")
    def ledger_id(self, row: PartnerTransfer) -> str:
        return row.transfer_id

    def get_queryset(self, request: HttpRequest) -> QuerySet[PartnerTransfer]:
        found: QuerySet[PartnerTransfer] = super().get_queryset(request)
        return found.select_related("partner", "player", "account__currency")
