"""
The instant games in the back office: games with their rules (a change is a new version), and bets with their proof.

What a coming bet is held to is not here: commitments have no page.
"""

import re
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.models import User
from accounts.staff import player_panels
from casino.lib.clock import system_clock
from casino.lib.errors import DomainError
from casino.ops.backoffice import (
    OfficeAdmin,
    Panel,
    ReadOnlyAdmin,
    form_page,
    link_to,
    list_url,
    money,
    row_or_404,
    row_or_none,
)
from games.instant import audit, operations
from games.instant.models import InstantBet, InstantConfig, InstantGame
from games.instant.queries import newest_configs
from games.instant.staff_forms import RulesForm, stakes_of
from games.instant.staff_panels import (
    bet_panel,
    chosen,
    describe,
    player_bets_panel,
    rules_panels,
    versions_panel,
    watch_panel,
)
from wallet.models import Transfer

HASH = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def actor_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def config_panels(config: InstantConfig) -> list[Panel]:
    now = system_clock.now()
    return [*rules_panels(config.game_id, config.rtp, config.table, stakes_of(config), now), watch_panel(config)]


@admin.register(InstantGame)
class InstantGameAdmin(OfficeAdmin):
    list_display = ("title", "slug", "on", "rules")
    fields = ("title", "slug", "enabled")
    readonly_fields = ("title", "slug")
    ordering = ("slug",)
    actions_detail = ("change_rules",)
    change_form_after_template = "admin/panels.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InstantGame | None = None) -> bool:
        return False

    def has_change_rules_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("instant.add_instantconfig")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InstantGame]:
        found: QuerySet[InstantGame] = super().get_queryset(request)
        return found.prefetch_related(Prefetch("configs", queryset=newest_configs()))

    @display(description="state", label={"on": "success", "off": "danger"})
    def on(self, game: InstantGame) -> str:
        return "on" if game.enabled else "off"

    @display(description="rules")
    def rules(self, game: InstantGame) -> str:
        (newest,) = game.configs.all()
        return link_to(newest, describe(newest))

    def save_model(self, request: HttpRequest, obj: InstantGame, form: Any, change: bool) -> None:
        """On and off go through the operation; there is never a bet under way."""
        if "enabled" in form.changed_data:
            operations.set_enabled(obj, enabled=obj.enabled, actor=actor_of(request), now=system_clock.now())

    @action(description="Change rules", url_path="rules", permissions=["change_rules"], icon="rule")
    def change_rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what new rules would come to; what was looked at can then be saved."""
        game = row_or_404(InstantGame, object_id)
        config = InstantConfig.objects.filter(game=game).latest("version")
        form = RulesForm(request.POST.dict() or None, config=config)
        effects: list[Panel] = []
        shown_before = ready = False
        if form.is_bound and form.is_valid():
            effects = self._effects(form, game)
            shown_before = form.cleaned_data["seen"] == form.digest()
            ready = bool(effects) and shown_before and "confirm" in request.POST
            if effects and not shown_before:
                if form.cleaned_data["seen"] and "confirm" in request.POST:
                    messages.warning(request, "The rules were changed after they were looked at: look again.")
                form.look()

        def perform(data: dict[str, Any]) -> str:
            made = operations.change_config(
                game, author=actor_of(request), now=system_clock.now(), note=data["note"], **form.rules()
            )
            return f"Version {made.version} applies from the next bet on."

        return form_page(
            request,
            self,
            game,
            title=f"Change the rules of {game.title}",
            form=form,
            perform=perform,
            ready=ready,
            button="Make a new version",
            intro=f"Version {config.version} is in force. Bets keep the version they were played under.",
            template="admin/instant/rules_form.html",
            effects=effects,
        )

    def _effects(self, form: RulesForm, game: InstantGame) -> list[Panel]:
        """Empty where the rules are refused; the reason is then with the form."""
        rules = form.rules()
        try:
            operations.check_rules(game.pk, **rules)
        except DomainError as refused:
            form.add_error(None, refused.message)
            return []
        rtp = InstantConfig(rtp_bps=rules["rtp_bps"]).rtp
        return rules_panels(game.pk, rtp, rules["table"], rules["limits"], system_clock.now())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        game = InstantGame.objects.filter(pk=object_id).first()
        panels: list[Panel] = []
        if game and self.has_view_permission(request, game):
            panels = [*config_panels(InstantConfig.objects.filter(game=game).latest("version")), versions_panel(game)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


@admin.register(InstantConfig)
class InstantConfigAdmin(ReadOnlyAdmin):
    """The history of the rules, with who made each version. New ones are made on the game's page."""

    list_display = ("version_shown", "game", "rtp_percent", "author", "note", "created_at")
    list_filter = ("game",)
    list_select_related = ("game", "author")
    ordering = ("-created_at", "-version")
    fields = ("version", "game", "rtp_percent", "author", "note", "created_at")
    readonly_fields = ("rtp_percent",)
    change_form_after_template = "admin/panels.html"

    @display(description="version")
    def version_shown(self, config: InstantConfig) -> str:
        return f"v{config.version}"

    @display(description="return")
    def rtp_percent(self, config: InstantConfig) -> str:
        return f"{config.rtp_bps / 100:.2f} %"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        config = row_or_none(InstantConfig, object_id)
        panels = config_panels(config) if config and self.has_view_permission(request, config) else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})


player_panels.append(player_bets_panel)


@admin.register(InstantBet)
class InstantBetAdmin(ReadOnlyAdmin):
    list_display = ("played_at", "game", "who", "stake", "paid", "money_kind", "id")
    list_filter = ("game", "is_demo", "currency")
    list_select_related = ("game", "player", "currency")
    search_fields = ("=id",)
    search_help_text = "A bet's number, key or hash, or a player's exact name"
    ordering = ("-id",)  # ids rise with time
    fields = (
        ("id", "game"),
        ("who", "account"),
        ("stake", "paid"),
        ("balance_before", "balance_after"),
        "choice_shown",
        "held_to",
        "rules",
        "played_at",
        "key",
        "transfers",
    )
    readonly_fields = (
        "id",
        "who",
        "stake",
        "paid",
        "balance_before",
        "balance_after",
        "choice_shown",
        "held_to",
        "rules",
        "transfers",
    )
    change_form_after_template = "admin/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[InstantBet]:
        found: QuerySet[InstantBet] = super().get_queryset(request)
        return found.select_related("game", "player", "currency", "config", "account")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InstantBet], search_term: str
    ) -> tuple[QuerySet[InstantBet], bool]:
        """One index for each kind of term, never all columns for any."""
        term = search_term.strip().lower()
        if not term:
            return queryset, False
        if HASH.fullmatch(term):
            return queryset.filter(hash=term), False
        if KEY.fullmatch(term):
            return queryset.filter(key=term), False
        player = Q(player__in=User.objects.filter(username=search_term.strip()).values("pk"))
        is_number = term.isascii() and term.isdecimal() and len(term) < 19
        return queryset.filter(player | Q(pk=int(term)) if is_number else player), False

    @display(description="player")
    def who(self, bet: InstantBet) -> str:
        return link_to(bet.player)

    @display(description="stake")
    def stake(self, bet: InstantBet) -> str:
        return money(bet.stake_minor, bet.currency.denominator, bet.currency_id)

    @display(description="paid")
    def paid(self, bet: InstantBet) -> str:
        return money(bet.payout_minor or None, bet.currency.denominator, bet.currency_id)

    @display(description="balance before")
    def balance_before(self, bet: InstantBet) -> str:
        return money(bet.balance_before_minor, bet.currency.denominator, bet.currency_id)

    @display(description="balance after")
    def balance_after(self, bet: InstantBet) -> str:
        return money(bet.balance_after_minor, bet.currency.denominator, bet.currency_id)

    @display(description="chosen")
    def choice_shown(self, bet: InstantBet) -> str:
        return chosen(bet.choice)

    @display(description="payout held to")
    def held_to(self, bet: InstantBet) -> str:
        return money(bet.most_payout_minor, bet.currency.denominator, bet.currency_id)

    @display(description="money")
    def money_kind(self, bet: InstantBet) -> str:
        return "demo" if bet.is_demo else "real"

    @display(description="rules")
    def rules(self, bet: InstantBet) -> str:
        return link_to(bet.config, describe(bet.config))

    @display(description="transfers")
    def transfers(self, bet: InstantBet) -> str:
        return format_html('<a class="bo-link" href="{}">in the ledger</a>', list_url(Transfer, q=bet.key))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        bet = self.get_object(request, object_id)
        panels = []
        if bet and self.has_view_permission(request, bet):
            panels = [bet_panel(bet, audit.recomputed(bet))]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})
