"""`/user/limits`: what protects a partner's player."""

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.partners.models import PartnerPlayer
from accounts.protection import operations
from accounts.protection.rules import Invalid, Source
from casino.api import caching, docs
from casino.api.fields import checked
from casino.api.problems import Problem
from wallet.api import PlayerView, UserQuery
from wallet.protection import queries, shapes

CHANGE = {
    "user": "p-1",
    "limits": [{"kind": "stake", "period": "day", "amount": 5000}, {"kind": "session", "minutes": 120}],
    "reality_check_minutes": 30,
}


class Limits(PlayerView):
    scopes: ClassVar = {"GET": "write:users", "PUT": "write:users"}

    def show(self, player: PartnerPlayer) -> dict[str, Any]:
        found = queries.overview(player.user, is_demo=player.is_demo, now=self.clock.now())
        house_minutes = settings.REALITY_CHECK_MINUTES
        return shapes.shown(found, user=player.external_id, is_demo=player.is_demo, house_minutes=house_minutes)

    @extend_schema(
        operation_id="user_limits",
        summary="A player's limits, exclusions and reality checks",
        description="Limits count stakes, losses and deposits by calendar periods in UTC, real and demo money apart. "
        "A loss is what was staked less what was won and given back, and never below zero. May be kept for 15 minutes "
        "by you alone; `used` grows meanwhile.",
        tags=["Players"],
        parameters=[UserQuery, docs.IF_NONE_MATCH],
        responses={
            200: shapes.PlayerLimitsShape,
            **docs.NOT_MODIFIED,
            **docs.problems("invalid_request", "not_found"),
        },
        examples=[docs.example("a player's limits", shapes.LIMITS)],
    )
    def get(self, request: Request) -> Response:
        player = self.player(checked(UserQuery, request.query_params)["user"])
        return caching.cacheable(request, self.show(player), seconds=caching.PREFERENCES, private=True)

    @extend_schema(
        operation_id="user_limits_set",
        summary="Set limits, a cool-off or self-exclusion of a player",
        description="Changes what is named. A tighter limit holds at once, a looser or lifted one after 24 hours "
        "(`pending`); asking for what holds now takes a waiting change back. Beside yours the player's own limits and "
        "those of our staff count: the tightest holds. A cool-off and self-exclusion end game sessions at once, refuse "
        "bets, deposits and new sessions with `player_blocked`, and cannot be ended early by anybody; open bets are "
        "settled, and what the player has can be cashed out, cancelled and withdrawn.",
        tags=["Players"],
        request=shapes.PlayerLimitsInput,
        responses={
            200: shapes.PlayerLimitsShape,
            **docs.problems("invalid_request", "not_found", "unsupported_media_type", "payload_too_large"),
        },
        examples=[docs.example("two limits", CHANGE, request=True), docs.example("set", shapes.LIMITS)],
    )
    def put(self, request: Request) -> Response:
        data = checked(shapes.PlayerLimitsInput, request.data)
        player = self.player(data["user"])
        try:
            operations.change(
                player.user,
                shapes.wish_of(data),
                source=Source.PARTNER,
                actor=None,
                now=self.clock.now(),
                noted={"key": self.key.key_id},
            )
        except Invalid as refusal:
            raise Problem("invalid_request", errors=[{"field": refusal.field, "message": refusal.message}]) from None
        return Response(self.show(player))
