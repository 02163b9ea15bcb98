"""
The crash game in the back office: games with their rules (a change is a new version), rounds, bets, seed chains.

What a live round hides is never read here: the sealed columns are not even loaded.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts import audit
from accounts.models import User
from accounts.staff import player_panels
from casino.lib.clock import system_clock
from casino.ops.backoffice import (
    OfficeAdmin,
    ReadOnlyAdmin,
    form_page,
    link_to,
    list_url,
    money,
    multiplier,
    row_or_404,
    row_or_none,
)
from games.crash import operations, queries
from games.crash.models import Bet, Game, GameConfig, Round, SeedChain
from games.crash.operations.chains import ClientSeedRefused
from games.crash.staff_forms import ClientSeedForm, ConfigForm
from games.crash.staff_panels import (
    describe,
    limit_warnings,
    limits_panel,
    player_bets_panel,
    return_range,
    round_panels,
    versions_panel,
)
from wallet.models import Transfer


@admin.register(Game)
class GameAdmin(OfficeAdmin):
    list_display = ("title", "slug", "on", "rules", "interrupted_bets")
    fields = ("title", "slug", "enabled", "interrupted_bets")
    readonly_fields = ("title", "slug")
    ordering = ("slug",)
    actions_detail = ("change_rules",)
    change_form_after_template = "admin/panels.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        return False

    def has_change_rules_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("crash.add_gameconfig")

    @display(description="state", label={"on": "success", "off": "danger"})
    def on(self, game: Game) -> str:
        return "on" if game.enabled else "off"

    @display(description="rules")
    def rules(self, game: Game) -> str:
        return describe(queries.current_config(game))

    def save_model(self, request: HttpRequest, obj: Game, form: Any, change: bool) -> None:
        """On and off go through the operation; the round in play always ends as usual."""
        now, actor = system_clock.now(), actor_of(request)
        if "enabled" in form.changed_data:
            operations.set_enabled(obj, enabled=obj.enabled, actor=actor, now=now)
        if "interrupted_bets" in form.changed_data:
            Game.objects.filter(pk=obj.pk).update(interrupted_bets=obj.interrupted_bets)
            changes = [form.initial["interrupted_bets"], obj.interrupted_bets]
            audit.record("game.interrupted_bets_changed", f"game:{obj.pk}", actor=actor, now=now, changes=changes)

    @action(description="Change rules", url_path="rules", permissions=["change_rules"], icon="rule")
    def change_rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        game = row_or_404(Game, object_id)
        config = queries.current_config(game)
        form = ConfigForm(request.POST or None, config=config)

        def perform(data: dict[str, Any]) -> str:
            made = operations.change_config(game, author=actor_of(request), now=system_clock.now(), **form.changes())
            for warning in limit_warnings(made):
                messages.warning(request, warning)
            return f"Version {made.version} applies from the next round on."

        return form_page(
            request,
            self,
            game,
            title=f"Change the rules of {game.title}",
            form=form,
            perform=perform,
            button="Make a new version",
            intro=f"Version {config.version} is in force. Bets keep the version they were accepted under.",
            template="admin/config_form.html",
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        game = Game.objects.filter(pk=object_id).first()
        panels = []
        if game and self.has_view_permission(request, game):
            panels = [limits_panel(queries.current_config(game)), versions_panel(game)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


def actor_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@admin.register(GameConfig)
class GameConfigAdmin(ReadOnlyAdmin):
    """The history of the rules, with who made each version. New ones are made on the game's page."""

    list_display = ("version", "game", "rtp_percent", "volatility", "bonus", "author", "note", "created_at")
    list_filter = ("game",)
    list_select_related = ("game", "author")
    ordering = ("-created_at", "-version")
    fields = ("game", "version", "rtp_percent", "volatility", "bonus", "returns", "author", "note", "created_at")
    readonly_fields = ("rtp_percent", "bonus", "returns")
    change_form_after_template = "admin/panels.html"

    @display(description="return")
    def rtp_percent(self, config: GameConfig) -> str:
        return f"{config.rtp_bps / 100:.2f} %"

    @display(description="bonus")
    def bonus(self, config: GameConfig) -> str:
        if not config.bonus_probability_bps:
            return "none"
        return f"in {config.bonus_probability_bps / 100:.2f} % of rounds, +{config.bonus_boost_percent} %"

    @display(description="range of the return")
    def returns(self, config: GameConfig) -> str:
        low, high = return_range(config)
        return f"{float(low):.4%} to {float(high):.4%} before rounding, whatever the target"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        config = row_or_none(GameConfig, object_id)
        panels = [limits_panel(config)] if config and self.has_view_permission(request, config) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    """Rounds with their proof. Seed and result appear with the crash, as for everyone."""

    list_display = ("number", "game", "state_shown", "result", "bonus", "opened_at", "crashed_at")
    list_filter = ("game", "state", "interrupted", "had_bonus")
    list_select_related = ("game",)
    search_fields = ("=id", "=number", "=hash")
    search_help_text = "A round's number, id or hash"
    ordering = ("-opened_at",)
    fields = (
        "number",
        "game",
        "state_shown",
        "result",
        "bonus",
        "rules",
        "opened_at",
        "starts_at",
        "started_at",
        "crashed_at",
        "settled_at",
        "hash",
        "previous_result",
        "salt",
        "chain",
        "chain_index",
        "epoch",
        "tick_ms",
    )
    readonly_fields = ("state_shown", "result", "bonus", "rules")
    change_form_after_template = "admin/panels.html"

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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        found: QuerySet[Round] = super().get_queryset(request)
        return found.select_related("game", "config", "chain").defer("sealed", "chain__root_sealed")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        round_ = self.get_object(request, object_id)
        panels = round_panels(round_) if round_ and self.has_view_permission(request, round_) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


player_panels.append(player_bets_panel)


@admin.register(Bet)
class BetAdmin(ReadOnlyAdmin):
    list_display = ("placed_at", "who", "stake", "auto", "status_shown", "at", "paid", "money_kind", "round_number")
    list_filter = ("status", "is_demo", "currency", "was_auto")
    list_select_related = ("player", "currency", "round")
    search_fields = ("=id", "=player__username")
    search_help_text = "A bet's id or a player's exact name"
    ordering = ("-id",)  # ids rise with time
    fields = (
        "id",
        "who",
        "account",
        "round_number",
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
        "round_number",
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
        label={
            "open": "info",
            "cashed out": "success",
            "lost": "danger",
            "cancelled": "warning",
            "refunded": "warning",
        },
    )
    def status_shown(self, bet: Bet) -> str:
        return bet.status.replace("_", " ")

    @display(description="money")
    def money_kind(self, bet: Bet) -> str:
        return "demo" if bet.is_demo else "real"

    @display(description="round")
    def round_number(self, bet: Bet) -> str:
        return link_to(bet.round, f"{bet.round.game_id} #{bet.round.number}")

    @display(description="rules")
    def rules(self, bet: Bet) -> str:
        return link_to(bet.config, describe(bet.config))

    @display(description="transfers")
    def transfers(self, bet: Bet) -> str:
        return format_html('<a class="bo-link" href="{}">in the ledger</a>', list_url(Transfer, q=bet.pk))


@admin.register(SeedChain)
class SeedChainAdmin(ReadOnlyAdmin):
    list_display = ("id", "game", "played", "terminal_hash", "client_seed", "announced_at")
    list_filter = ("game",)
    ordering = ("-id",)
    fields = (
        "game",
        "played",
        "terminal_hash",
        "announced_at",
        "client_seed",
        "client_seed_source",
        "client_seed_at",
    )
    readonly_fields = ("played",)
    actions_detail = ("enter_client_seed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SeedChain]:
        found: QuerySet[SeedChain] = super().get_queryset(request)
        return found.select_related("game").defer("root_sealed")

    def has_client_seed_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("crash.change_seedchain")

    @display(description="played")
    def played(self, chain: SeedChain) -> str:
        return f"{chain.next_index:,} of {chain.length:,}"

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offered where staff enter client seeds, and once per chain."""
        waiting = settings.CRASH_CLIENT_SEED == "manual" and SeedChain.objects.filter(
            pk=object_id, client_seed__isnull=True
        )
        return super().get_actions_detail(request, object_id) if waiting else []

    @action(description="Enter client seed", url_path="client-seed", permissions=["client_seed"], icon="casino")
    def enter_client_seed(self, request: HttpRequest, object_id: str) -> HttpResponse:
        chain = row_or_404(SeedChain.objects.defer("root_sealed"), object_id)

        def perform(data: dict[str, Any]) -> str:
            if settings.CRASH_CLIENT_SEED != "manual":
                raise ClientSeedRefused("Client seeds are drawn by the server here.")
            operations.set_client_seed(
                chain, data["client_seed"], source=data["source"], now=system_clock.now(), actor=actor_of(request)
            )
            return "The chain can be played now."

        return form_page(
            request,
            self,
            chain,
            title=f"Client seed of {chain}",
            form=ClientSeedForm(request.POST or None),
            perform=perform,
            button="Set it, once and for all",
            intro=f"The chain was announced with the hash {chain.terminal_hash}.",
        )
