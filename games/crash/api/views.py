"""The endpoints. Each one parses, makes one call of the domain, and answers."""

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from casino.api import caching, docs
from casino.api.fields import checked
from casino.api.pagination import Newest
from casino.api.problems import Problem, request_id_of
from casino.api.views import ApiView
from games.crash import partner_queries, queries
from games.crash.api import bets, examples, shapes
from games.crash.api.inputs import BetInput, BetsQuery, CashoutInput, GameQuery, NothingInput
from games.crash.models import Game
from games.crash.partner_queries import SEATS

SETTLED_FOR_GOOD = timedelta(minutes=2)


def found_game(slug: str) -> Game:
    game = queries.game_by_slug(slug)
    if game is None:
        raise Problem("not_found", "There is no such game.")
    return game


class GameState(ApiView):
    scopes: ClassVar = {"GET": "read:game_state"}

    @extend_schema(
        operation_id="game_state",
        summary="Where the game is now",
        tags=["Game"],
        parameters=[GameQuery],
        responses={
            200: shapes.StateShape,
            **docs.problems("invalid_request", "not_found", "temporarily_unavailable"),
        },
        examples=[docs.example("running", examples.STATE)],
    )
    def get(self, request: Request) -> Response:
        slug = checked(GameQuery, request.query_params)["game"]
        state = partner_queries.game_state(slug, now=self.clock.now())
        if state is None:
            found_game(slug)
            raise Problem("temporarily_unavailable", "No round has been played yet.")
        return Response(shapes.game_state(state, now=self.clock.now()))


class Rounds(ApiView):
    scopes: ClassVar = {"GET": "read:rounds"}

    @extend_schema(
        operation_id="rounds_list",
        summary="Rounds, newest first",
        tags=["Rounds"],
        parameters=[GameQuery, docs.LIMIT, docs.CURSOR],
        responses={
            200: docs.listing(shapes.RoundShape, "RoundList"),
            **docs.problems("invalid_request", "not_found"),
        },
        examples=[docs.example("rounds", docs.page(examples.ROUND))],
    )
    def get(self, request: Request) -> Response:
        game = found_game(checked(GameQuery, request.query_params)["game"])
        rounds = partner_queries.rounds_of(game.pk)
        return Response(Newest("-number").listing(rounds, request, shapes.round_))


class RoundDetail(ApiView):
    scopes: ClassVar = {"GET": "read:rounds"}

    @extend_schema(
        operation_id="rounds_get",
        summary="One round, with its fairness data once it is over",
        description="Rounds that ended more than two minutes ago may be cached for an hour (strong ETag).",
        tags=["Rounds"],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: shapes.RoundShape, **docs.NOT_MODIFIED, **docs.problems("not_found")},
        examples=[docs.example("finished", examples.ROUND)],
    )
    def get(self, request: Request, round_id: UUID) -> Response:
        round_ = partner_queries.round_by_id(round_id)
        if round_ is None:
            raise Problem("not_found", "There is no such round.")
        body = shapes.round_(round_)
        ended = round_.settled_at
        if ended is not None and ended < self.clock.now() - SETTLED_FOR_GOOD:
            return caching.cacheable(request, body, seconds=caching.FINISHED_ROUND, modified=ended)
        return Response(body)


class Games(ApiView):
    scopes: ClassVar = {"GET": "read:game_state"}

    @extend_schema(
        operation_id="games_list",
        summary="All games with their configuration",
        tags=["Game"],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: docs.listing(shapes.ConfigShape, "GameList"), **docs.NOT_MODIFIED, **docs.problems()},
        examples=[docs.example("games", docs.page(examples.CONFIG))],
    )
    def get(self, request: Request) -> Response:
        shown = [shapes.config(queries.current_config(game)) for game in queries.games()]
        body = {"results": shown, "next": None, "previous": None}
        return caching.cacheable(request, body, seconds=caching.GAME_METADATA)


class GameConfiguration(ApiView):
    scopes: ClassVar = {"GET": "read:game_state"}

    @extend_schema(
        operation_id="games_config",
        summary="Limits, return to player, volatility and currencies of a game",
        tags=["Game"],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: shapes.ConfigShape, **docs.NOT_MODIFIED, **docs.problems("not_found")},
        examples=[docs.example("a game", examples.CONFIG)],
    )
    def get(self, request: Request, game: str) -> Response:
        body = shapes.config(queries.current_config(found_game(game)))
        return caching.cacheable(request, body, seconds=caching.GAME_METADATA)


# --- bets -------------------------------------------------------------------------------------------------------------
class MoneyView(ApiView):
    scopes: ClassVar = {"GET": "read:bets", "POST": "write:bet"}
    money: ClassVar = frozenset({"POST"})

    def carry_out(self, request: Request, asked: bets.Asked) -> HttpResponse:
        return self.once(bets.DESKS[asked.verb], asked.wish, asked.render(request_id_of(request)))


PASSING = ("temporarily_unavailable", "idempotency_in_progress")
PLACING = (
    "not_found",
    "insufficient_funds",
    "player_blocked",
    "limit_reached",
    "round_closed",
    "already_placed",
    "temporarily_unavailable",
)
AMOUNTS = ("amount_below_minimum", "amount_above_maximum", "invalid_auto_cashout")


class Bets(MoneyView):
    @extend_schema(
        operation_id="bets_place",
        summary="Place or reserve a bet",
        description="`confirm: false` only sets the amount aside; a reservation that nobody confirmed is given back "
        "when betting ends.",
        tags=["Bets"],
        parameters=docs.MONEY,
        request=BetInput,
        responses={201: shapes.MovedBetShape, **docs.problems(*PLACING, *AMOUNTS, money=True)},
        examples=[
            docs.example("a bet", {"user": "p-1", "amount": 500, "auto_cashout": 250}, request=True),
            docs.example("placed", examples.PLACED),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        data = checked(BetInput, request.data)
        if not partner_queries.is_game(data["game"]):
            raise Problem("not_found", "There is no such game.")
        asked = bets.to_place(self.key, data, partial(self.recalled, SEATS))
        if asked.wish.operator_id is not None and self.is_new():
            [asked] = bets.with_stakes([asked], [self.call_name], self.clock)
            refused = asked.wish.refused
            if refused is not None and refused.code in PASSING:
                raise Problem.of(refused)  # it is not written down as the answer of this call for ever
        return self.carry_out(request, asked)

    @extend_schema(
        operation_id="bets_list",
        summary="Your players' bets, newest first",
        tags=["Bets"],
        parameters=[BetsQuery, docs.LIMIT, docs.CURSOR],
        responses={200: docs.listing(shapes.BetShape, "BetList"), **docs.problems("invalid_request")},
        examples=[docs.example("bets", docs.page(examples.BET))],
    )
    def get(self, request: Request) -> Response:
        wanted = checked(BetsQuery, request.query_params)
        rows = partner_queries.partner_bets(self.key.partner_id, self.key.environment)
        names = {"user": "player__external_id", "round": "bet__round_id", "status": "bet__status"}
        rows = rows.filter(**{names[name]: value for name, value in wanted.items()})
        return Response(Newest("-bet_id").listing(rows, request, shapes.bet))


class BetDetail(ApiView):
    scopes: ClassVar = {"GET": "read:bets"}

    @extend_schema(
        operation_id="bets_get",
        summary="One bet",
        tags=["Bets"],
        responses={200: shapes.BetShape, **docs.problems("not_found")},
        examples=[docs.example("open", examples.BET)],
    )
    def get(self, request: Request, ticket_id: UUID) -> Response:
        return Response(shapes.bet(bets.found(self.key, ticket_id)))


def _no_body(request: Request) -> None:
    checked(NothingInput, request.data or {})


class ConfirmBet(MoneyView):
    @extend_schema(
        operation_id="bets_confirm",
        summary="Confirm a reservation",
        tags=["Bets"],
        parameters=docs.MONEY,
        request=None,
        responses={
            200: shapes.MovedBetShape,
            **docs.problems("not_found", "round_closed", "bet_not_open", money=True),
        },
        examples=[docs.example("confirmed", examples.PLACED)],
    )
    def post(self, request: Request, ticket_id: UUID) -> HttpResponse:
        _no_body(request)
        return self.carry_out(request, bets.to_confirm(self.key, ticket_id, self.received_at))


class CancelBet(MoneyView):
    @extend_schema(
        operation_id="bets_cancel",
        summary="Give the stake back, while betting is open",
        tags=["Bets"],
        parameters=docs.MONEY,
        request=None,
        responses={
            200: shapes.MovedBetShape,
            **docs.problems("not_found", "round_closed", "bet_not_open", money=True),
        },
        examples=[docs.example("cancelled", examples.CANCELLED)],
    )
    def post(self, request: Request, ticket_id: UUID) -> HttpResponse:
        _no_body(request)
        return self.carry_out(request, bets.to_cancel(self.key, ticket_id, self.received_at))


class CashOutBet(MoneyView):
    @extend_schema(
        operation_id="bets_cashout",
        summary="Cash out at the multiplier of the moment this was received",
        tags=["Bets"],
        parameters=docs.MONEY,
        request=CashoutInput,
        responses={
            200: shapes.MovedBetShape,
            **docs.problems("not_found", "round_closed", "bet_not_open", money=True),
        },
        examples=[docs.example("at once", {}, request=True), docs.example("paid", examples.PAID)],
    )
    def post(self, request: Request, ticket_id: UUID) -> HttpResponse:
        data: dict[str, Any] = checked(CashoutInput, request.data or {})
        asked = bets.to_cash_out(self.key, ticket_id, self.received_at, data["cashout_at"])
        return self.carry_out(request, asked)
