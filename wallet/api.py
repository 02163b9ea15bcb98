"""A partner's players: making them, their sessions, their balances. Each view parses, makes one call, answers."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.partners import queries as partners
from accounts.partners.models import PartnerPlayer
from accounts.partners.operations import PlayerBlocked, open_session
from accounts.partners.rules import EXTERNAL_ID, Environment
from accounts.queries import session_expiry
from casino.api import docs
from casino.api.fields import InputSerializer, PlainRegexField, QuerySerializer, StrictChoiceField, checked
from casino.api.problems import Problem
from casino.api.views import ApiView
from casino.lib.clock import iso
from wallet import operations, queries
from wallet.operators import operations as operators

WALLETS = ["transfer", "seamless"]
ENVIRONMENTS = [str(environment) for environment in Environment]
SLUG = r"^[A-Za-z0-9_-]{1,32}$"
USER = {
    "external_id": "p-1",
    "currency": "BRL",
    "wallet": "transfer",
    "environment": "test",
    "is_demo": True,
    "is_blocked": False,
    "created_at": "2026-11-21T12:00:00.000Z",
}
BALANCE = {
    "user": "p-1",
    "balance": 100000,
    "available": 100000,
    "held": 0,
    "denominator": 100,
    "currency": "BRL",
    "is_demo": True,
}
SESSION = {
    "session": "q7Jm…",
    "game": "BigPanda",
    "launch_url": "https://casino.example/games/BigPanda/launch/#session=q7Jm…",
    "socket_url": "wss://casino.example/ws/BigPanda?session=q7Jm…",
    "expires_at": "2026-11-22T12:00:00.000Z",
    "expires_idle_at": "2026-11-21T12:30:00.000Z",
}


# --- what is asked ----------------------------------------------------------------------------------------------------
class UserInput(InputSerializer):
    external_id = PlainRegexField(EXTERNAL_ID, max_length=64, help_text="your id of the player")
    currency = PlainRegexField(r"^[A-Z]{2,8}$", max_length=8)
    wallet = StrictChoiceField(choices=WALLETS, default="transfer")


class SessionInput(InputSerializer):
    user = PlainRegexField(EXTERNAL_ID, max_length=64)
    game = PlainRegexField(SLUG, max_length=32, default="BigPanda")
    token = PlainRegexField(
        r"^[\x21-\x7e]{1,255}$",
        max_length=255,
        default=None,
        allow_null=True,
        help_text="seamless wallet: your own session of the player, given back to you with `authenticate`",
    )


class UserQuery(QuerySerializer):
    user = serializers.RegexField(EXTERNAL_ID, max_length=64)


# --- what is answered -------------------------------------------------------------------------------------------------
class UserShape(serializers.Serializer[Any]):
    external_id = serializers.CharField()
    currency = serializers.CharField()
    wallet = serializers.ChoiceField(choices=WALLETS)
    environment = serializers.ChoiceField(choices=ENVIRONMENTS)
    is_demo = serializers.BooleanField()
    is_blocked = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class SessionShape(serializers.Serializer[Any]):
    session = serializers.CharField(help_text="the game session token: for the player's socket, shown once")
    game = serializers.CharField()
    launch_url = serializers.CharField(help_text="a page that plays with it")
    socket_url = serializers.CharField()
    expires_at = serializers.DateTimeField(help_text="at the latest")
    expires_idle_at = serializers.DateTimeField(help_text="if it is not used")


class BalanceShape(serializers.Serializer[Any]):
    user = serializers.CharField()
    balance = serializers.IntegerField(help_text="minor units, what is set aside included")
    available = serializers.IntegerField()
    held = serializers.IntegerField(help_text="set aside by reservations and withdrawals")
    denominator = serializers.IntegerField()
    currency = serializers.CharField()
    is_demo = serializers.BooleanField()


def shown(player: PartnerPlayer) -> dict[str, Any]:
    return {
        "external_id": player.external_id,
        "currency": player.user.currency_code,
        "wallet": player.wallet,
        "environment": player.environment,
        "is_demo": player.is_demo,
        "is_blocked": not player.user.is_active,
        "created_at": iso(player.created_at),
    }


class PlayerView(ApiView):
    """An endpoint about players of the key's partner, in the key's environment."""

    def player(self, external_id: str) -> PartnerPlayer:
        found = partners.player(self.key.partner_id, self.key.environment, external_id)
        if found is None:
            raise Problem("not_found", "You have no player with this id.")
        return found


class Users(PlayerView):
    scopes: ClassVar = {"POST": "write:users"}

    @extend_schema(
        operation_id="users_create",
        summary="Make a player of yours; repeating it changes nothing",
        description="A player of the test environment starts with demo money.",
        tags=["Players"],
        request=UserInput,
        responses={
            201: UserShape,
            200: UserShape,
            **docs.problems("invalid_request", "idempotency_mismatch", "unsupported_media_type", "payload_too_large"),
        },
        examples=[
            docs.example("a player", {"external_id": "p-1", "currency": "BRL"}, request=True),
            docs.example("made", USER),
        ],
    )
    def post(self, request: Request) -> Response:
        data = checked(UserInput, request.data)
        if not queries.is_currency(data["currency"]):
            errors = [{"field": "currency", "message": "Not a currency that is played here."}]
            raise Problem("invalid_request", errors=errors)
        player, _, created = operations.seat_partner_player(
            self.key.partner,
            Environment(self.key.environment),
            data["external_id"],
            currency=data["currency"],
            wallet=data["wallet"],
            now=self.clock.now(),
        )
        return Response(shown(player), status=201 if created else 200)


class UserDetail(PlayerView):
    scopes: ClassVar = {"GET": "write:users"}

    @extend_schema(
        operation_id="users_get",
        summary="One of your players",
        tags=["Players"],
        responses={200: UserShape, **docs.problems("not_found")},
        examples=[docs.example("a player", USER)],
    )
    def get(self, request: Request, external_id: str) -> Response:
        return Response(shown(self.player(external_id)))


class Sessions(PlayerView):
    scopes: ClassVar = {"POST": "write:users"}

    @extend_schema(
        operation_id="sessions_create",
        summary="A game session of a player, and where to play with it",
        tags=["Players"],
        request=SessionInput,
        responses={
            201: SessionShape,
            **docs.problems(
                "invalid_request",
                "not_found",
                "player_blocked",
                "unsupported_media_type",
                "payload_too_large",
                "temporarily_unavailable",
            ),
        },
        examples=[docs.example("a session", {"user": "p-1"}, request=True), docs.example("opened", SESSION)],
    )
    def post(self, request: Request) -> Response:
        data = checked(SessionInput, request.data)
        player = self.player(data["user"])
        if not player.user.is_active:
            raise Problem.of(PlayerBlocked())
        operators.admit(player, data["token"], now=self.clock.now())
        token, session = open_session(player, self.key, now=self.clock.now())
        game = data["game"]
        body = {
            "session": token,
            "game": game,
            "launch_url": request.build_absolute_uri(f"/games/{game}/launch/#session={token}"),
            "socket_url": request.build_absolute_uri(f"/ws/{game}?session={token}").replace("http", "ws", 1),
            "expires_at": iso(session.expires_at),
            "expires_idle_at": iso(session_expiry(session)),
        }
        return Response(body, status=201)


class Balance(PlayerView):
    scopes: ClassVar = {"GET": "read:balance"}

    @extend_schema(
        operation_id="user_balance",
        summary="What a player has",
        tags=["Players"],
        parameters=[UserQuery],
        responses={200: BalanceShape, **docs.problems("invalid_request", "not_found")},
        examples=[docs.example("a balance", BALANCE)],
    )
    def get(self, request: Request) -> Response:
        player = self.player(checked(UserQuery, request.query_params)["user"])
        operators.ask_balance_of(player, now=self.clock.now())
        return Response(shown_balance(player))


def shown_balance(player: PartnerPlayer) -> dict[str, Any]:
    held = queries.balance(player.user, is_demo=player.is_demo)
    return {
        "user": player.external_id,
        "balance": held.available_minor + held.held_minor,
        "available": held.available_minor,
        "held": held.held_minor,
        "denominator": held.denominator,
        "currency": held.currency,
        "is_demo": held.is_demo,
    }
