"""
Solo crash in the back office: rounds with their bet and proof, chains, and when the platform was away. Read only.

What a live round hides is never read here: the sealed columns are not even loaded.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from accounts.models import User
from accounts.staff import player_panels
from casino.ops.backoffice import Panel, ReadOnlyAdmin, link_to, list_url, money, multiplier
from games.crash.staff_panels import bets_panel, describe
from games.solo.models import Bet, Chain, Outage, Round
from games.solo.operations.values import PREFIX
from games.solo.verification import verify
from wallet.models import Transfer


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    """With their proof. Seed and result appear when they are over, as for everyone."""

    list_display = ("opened_at", "game", "who", "number", "state_shown", "result", "started_at", "crashed_at")
    list_filter = ("game", "state", "interrupted")
    search_fields = ("=id", "=hash", "=account__owner__username")
    search_help_text = "A round's id or hash, or a player's exact name"
    ordering = ("-id",)  # ids rise with time
    fields = (
        "id",
        "number",
        "game",
        "who",
        "account",
        "state_shown",
        "result",
        "bonus",
        "rules",
        "opened_at",
        "started_at",
        "crashed_at",
        "settled_at",
        "hash",
        "previous_result",
        "salt",
        "chain",
        "chain_index",
        "tick_ms",
    )
    readonly_fields = ("id", "who", "state_shown", "result", "bonus", "rules")
    change_form_after_template = "admin/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        found: QuerySet[Round] = super().get_queryset(request)
        found = found.select_related("game", "config", "chain", "account__owner")
        return found.defer("sealed", "chain__root_sealed")

    @display(description="player")
    def who(self, round_: Round) -> str:
        return link_to(round_.account.owner)

    @display(
        description="state",
        label={
            "waiting": "info",
            "running": "warning",
            "settled": "success",
            "interrupted": "danger",
            "voided": "danger",
        },
    )
    def state_shown(self, round_: Round) -> str:
        return "interrupted" if round_.interrupted else round_.state

    @display(description="crash point")
    def result(self, round_: Round) -> str:
        return multiplier(round_.result_hundredths)

    @display(description="bonus at")
    def bonus(self, round_: Round) -> str:
        return multiplier(round_.bonus_hundredths)

    @display(description="rules")
    def rules(self, round_: Round) -> str:
        return link_to(round_.config, describe(round_.config))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        round_ = self.get_object(request, object_id)
        panels = _panels(round_) if round_ and self.has_view_permission(request, round_) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def _panels(round_: Round) -> list[Panel]:
    checks = verify(round_.pk) if round_.salt is not None else []
    rows = [(check.what, "✓ holds" if check.holds else f"✗ does not hold: {check.detail}") for check in checks]
    bets = Bet.objects.select_related("player", "currency").filter(round=round_)
    return [
        Panel("Recomputed just now", ("claim", "result"), rows, empty="The seed is secret until the crash."),
        bets_panel("Its bet", list(bets), list_url(Bet, round__id__exact=round_.pk)),
    ]


def player_solo_panel(player: User) -> Panel:
    bets = Bet.objects.select_related("player", "currency").filter(account__owner=player).order_by("-placed_at")[:10]
    return bets_panel("Last solo bets", list(bets), list_url(Bet, q=player.username))


player_panels.append(player_solo_panel)


@admin.register(Bet)
class BetAdmin(ReadOnlyAdmin):
    list_display = ("placed_at", "who", "stake", "auto", "status_shown", "at", "paid", "money_kind", "of_round")
    list_filter = ("status", "is_demo", "currency", "was_auto")
    search_fields = ("=id", "=player__username")
    search_help_text = "A bet's id or a player's exact name"
    ordering = ("-id",)
    fields = (
        "id",
        "who",
        "account",
        "of_round",
        "identifier",
        "stake",
        "auto",
        "status_shown",
        "at",
        "boost_percent",
        "was_auto",
        "paid",
        "balance_before",
        "rules",
        "placed_at",
        "settled_at",
        "transfers",
    )
    readonly_fields = (
        "id",
        "who",
        "of_round",
        "stake",
        "auto",
        "status_shown",
        "at",
        "paid",
        "balance_before",
        "rules",
        "transfers",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bet]:
        found: QuerySet[Bet] = super().get_queryset(request)
        return found.select_related("player", "currency", "round", "config", "account").defer("round__sealed")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "round__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description="player")
    def who(self, bet: Bet) -> str:
        return link_to(bet.player)

    @display(description="stake")
    def stake(self, bet: Bet) -> str:
        return money(bet.stake_minor, bet.currency.denominator, bet.currency_id)

    @display(description="paid")
    def paid(self, bet: Bet) -> str:
        return money(bet.payout_minor or None, bet.currency.denominator, bet.currency_id)

    @display(description="balance before")
    def balance_before(self, bet: Bet) -> str:
        return money(bet.balance_before_minor, bet.currency.denominator, bet.currency_id)

    @display(description="auto cash-out")
    def auto(self, bet: Bet) -> str:
        return multiplier(bet.auto_cashout_hundredths)

    @display(description="cashed out at")
    def at(self, bet: Bet) -> str:
        return multiplier(bet.multiplier_hundredths)

    @display(
        description="status",
        label={"open": "info", "cashed out": "success", "lost": "danger", "refunded": "warning"},
    )
    def status_shown(self, bet: Bet) -> str:
        return bet.status.replace("_", " ")

    @display(description="money")
    def money_kind(self, bet: Bet) -> str:
        return "demo" if bet.is_demo else "real"

    @display(description="round")
    def of_round(self, bet: Bet) -> str:
        return link_to(bet.round)

    @display(description="rules")
    def rules(self, bet: Bet) -> str:
        return link_to(bet.config, describe(bet.config))

    @display(description="transfers")
    def transfers(self, bet: Bet) -> str:
        url = list_url(Transfer, q=f"{PREFIX}{bet.pk}")
        return format_html('<a class="bo-link" href="{}">in the ledger</a>', url)


@admin.register(Chain)
class ChainAdmin(ReadOnlyAdmin):
    list_display = ("id", "game", "who", "number", "played", "terminal_hash", "client_seed", "announced_at")
    search_fields = ("=terminal_hash", "=account__owner__username")
    search_help_text = "A terminal hash or a player's exact name"
    ordering = ("-id",)
    fields = (
        "game",
        "who",
        "number",
        "played",
        "terminal_hash",
        "announced_at",
        "client_seed",
        "client_seed_source",
        "client_seed_at",
    )
    readonly_fields = ("who", "played")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chain]:
        found: QuerySet[Chain] = super().get_queryset(request)
        return found.select_related("game", "account__owner").defer("root_sealed")

    @display(description="player")
    def who(self, chain: Chain) -> str:
        return link_to(chain.account.owner)

    @display(description="played")
    def played(self, chain: Chain) -> str:
        return f"{chain.next_index:,} of {chain.length:,}"


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    """When nobody served players: open solo bets of that time without a due auto cash-out were given back."""

    list_display = ("began_at", "ended_at", "seconds")
    ordering = ("-ended_at",)
    readonly_fields = ("seconds",)

    @display(description="seconds")
    def seconds(self, outage: Outage) -> str:
        return f"{(outage.ended_at - outage.began_at).total_seconds():.1f}"
