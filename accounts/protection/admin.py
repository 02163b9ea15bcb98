"""Limits and exclusions of all players, to be looked at: staff change their own part of them on the player's page."""

from django.contrib import admin
from unfold.decorators import display

from accounts.protection.models import Exclusion, Limit, Reached
from casino.lib.clock import system_clock
from casino.ops.backoffice import ReadOnlyAdmin, link_to


class _OfPlayers(ReadOnlyAdmin):
    list_select_related = ("player",)
    search_fields = ("=player__username",)
    search_help_text = "A player's exact name"
    ordering = ("-id",)
    readonly_fields = ("who",)

    @display(description="player")
    def who(self, row: Limit | Exclusion | Reached) -> str:
        return link_to(row.player)


@admin.register(Limit)
class LimitAdmin(_OfPlayers):
    """Amounts are minor units of the player's currency; of sessions and reality checks, minutes."""

    list_display = ("who", "kind", "period", "source", "value", "next_value", "next_at", "changed_at")
    list_filter = ("kind", "period", "source")
    fields = ("who", "kind", "period", "source", "value", "next_value", "next_at", "changed_at")


@admin.register(Exclusion)
class ExclusionAdmin(_OfPlayers):
    """Append-only, by a trigger of the database: nobody ends one early."""

    list_display = ("who", "ban", "source", "starts_at", "ends_at", "state")
    list_filter = ("ban", "source")
    fields = ("who", "ban", "source", "starts_at", "ends_at")

    @display(description="state", label={"in force": "danger", "over": "info"})
    def state(self, row: Exclusion) -> str:
        return "in force" if row.ends_at is None or row.ends_at > system_clock.now() else "over"


@admin.register(Reached)
class ReachedAdmin(_OfPlayers):
    """When a limit first stood in the way of a bet in its period."""

    list_display = ("at", "who", "kind", "period", "since", "is_demo", "limit_minor")
    list_filter = ("kind", "period", "is_demo")
    fields = ("who", "at", "kind", "period", "since", "is_demo", "limit_minor")
