"""
`POST /multi`: up to 50 actions in one request, carried out in order, in one transaction.

Each action is an object with `action` (the path of an endpoint), `method` (default GET) and the action's parameters
beside them. A failed one is `{"error_code": <status>, "details": [...]}` in its place; the others go on. Bets that
follow one another are one batch. With an action that moves money in it, the request is signed and idempotent as a
whole.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.partners import queries as partners
from accounts.partners.models import ApiKey
from casino.api import docs
from casino.api.fields import checked
from casino.api.idempotency import Desk
from casino.api.problems import Problem, request_id_of
from casino.api.views import ApiView
from casino.lib.clock import Clock
from casino.lib.errors import DomainError
from games.crash import partner_queries, queries
from games.crash.api import bets, examples, shapes
from games.crash.api.inputs import BetInput, CashoutInput, GameQuery, NothingInput
from games.crash.api.views import found_game
from wallet.api import UserQuery, shown_balance

MOST_ACTIONS = 50
TICKET = r"/bets/(?P<ticket>[0-9a-fA-F-]{36})"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Context:
    key: ApiKey
    received_at: datetime
    request_id: str
    prepared: dict[int, bets.Asked] = field(default_factory=dict)  # bets whose stakes were asked for, by place


@dataclass(frozen=True, slots=True)
class Kind:
    """An action: which requests are it, the scope it needs, and what it does: an answer, or a wish that moves money."""

    method: str
    path: re.Pattern[str]
    scope: str
    run: Callable[[Context, Json, dict[str, str]], Any]

    @property
    def moves_money(self) -> bool:
        return self.method == "POST"


def _state(context: Context, data: Json, parts: dict[str, str]) -> Any:
    game = found_game(checked(GameQuery, data)["game"])
    state = partner_queries.game_state(game.pk, now=context.received_at)
    if state is None:
        raise Problem("temporarily_unavailable", "No round has been played yet.")
    return shapes.game_state(state, now=context.received_at)


def _config(context: Context, data: Json, parts: dict[str, str]) -> Any:
    return shapes.config(queries.current_config(found_game(parts["game"])))


def _round(context: Context, data: Json, parts: dict[str, str]) -> Any:
    round_ = partner_queries.round_by_id(_uuid(parts["round"]))
    if round_ is None:
        raise Problem("not_found", "There is no such round.")
    return shapes.round_(round_)


def _balance(context: Context, data: Json, parts: dict[str, str]) -> Any:
    key = context.key
    player = partners.player(key.partner_id, key.environment, checked(UserQuery, data)["user"])
    if player is None:
        raise Problem("not_found", "You have no player with this id.")
    return shown_balance(player)


def _bet(context: Context, data: Json, parts: dict[str, str]) -> Any:
    return shapes.bet(bets.found(context.key, _uuid(parts["ticket"])))


def _place(context: Context, data: Json, parts: dict[str, str]) -> Any:
    found = checked(BetInput, data)
    if not partner_queries.is_game(found["game"]):
        raise Problem("not_found", "There is no such game.")
    return bets.to_place(context.key, found)


def _confirm(context: Context, data: Json, parts: dict[str, str]) -> Any:
    checked(NothingInput, data)
    return bets.to_confirm(context.key, _uuid(parts["ticket"]), context.received_at)


def _cancel(context: Context, data: Json, parts: dict[str, str]) -> Any:
    checked(NothingInput, data)
    return bets.to_cancel(context.key, _uuid(parts["ticket"]), context.received_at)


def _cash_out(context: Context, data: Json, parts: dict[str, str]) -> Any:
    at = checked(CashoutInput, data)["cashout_at"]
    return bets.to_cash_out(context.key, _uuid(parts["ticket"]), context.received_at, at)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Problem("not_found") from error


def _kind(method: str, path: str, scope: str, run: Callable[[Context, Json, dict[str, str]], Any]) -> Kind:
    return Kind(method, re.compile(path), scope, run)


KINDS = (
    _kind("GET", "/game/state", "read:game_state", _state),
    _kind("GET", "/game/rounds/(?P<round>[0-9a-fA-F-]{36})", "read:rounds", _round),
    _kind("GET", "/games/(?P<game>[A-Za-z0-9_-]{1,32})/config", "read:game_state", _config),
    _kind("GET", "/user/balance", "read:balance", _balance),
    _kind("GET", TICKET, "read:bets", _bet),
    _kind("POST", "/bets", "write:bet", _place),
    _kind("POST", f"{TICKET}/confirm", "write:bet", _confirm),
    _kind("POST", f"{TICKET}/cancel", "write:bet", _cancel),
    _kind("POST", f"{TICKET}/cashout", "write:bet", _cash_out),
)


def _found(action: Any) -> tuple[Kind, dict[str, str]]:
    if not isinstance(action, dict) or not isinstance(action.get("action"), str):
        raise Problem("invalid_request", "An action is an object with the property `action`, a path.")
    method = str(action.get("method", "GET")).upper()
    matches = [(kind, match) for kind in KINDS if (match := kind.path.fullmatch(action["action"]))]
    for kind, match in matches:
        if kind.method == method:
            return kind, match.groupdict()
    raise Problem("method_not_allowed" if matches else "not_found", "There is no such action.")


def failed(problem: Problem) -> Json:
    """How a failed action looks: the status, and reasons that a program can read."""
    fields = [f"{error['field']}: {error['message']}" for error in problem.errors]
    return {"error_code": problem.status, "details": [problem.code, *fields], "message": problem.message}


def carry_out(context: Context, actions: Sequence[Any], now: datetime) -> list[Any]:
    """In order. A run of wishes of the same verb is one batch of the domain."""
    results: list[Any] = [None] * len(actions)
    run: list[tuple[int, bets.Asked]] = []

    def settle_run() -> None:
        if run:
            answers = bets.VERBS[run[0][1].verb]([asked.wish for _, asked in run], now)
            for (i, asked), answer in zip(run, answers, strict=True):
                refused = isinstance(answer, DomainError)
                results[i] = failed(Problem.of(answer)) if refused else asked.show(answer)
            run.clear()

    for i, action in enumerate(actions):
        try:
            kind, parts = _found(action)
            if kind.scope not in context.key.scopes:
                raise Problem("insufficient_scope", f"The key does not have the scope {kind.scope}.")
            data = {name: value for name, value in action.items() if name not in ("action", "method")}
            if not kind.moves_money:
                settle_run()
            answer = context.prepared.get(i) or kind.run(context, data, parts)
        except Problem as problem:
            results[i] = failed(problem)
            continue
        if not isinstance(answer, bets.Asked):
            results[i] = answer
            continue
        if run and run[-1][1].verb != answer.verb:
            settle_run()
        run.append((i, answer))
    settle_run()
    return results


def prepare_stakes(context: Context, actions: Sequence[Any], call_name: str, clock: Clock) -> None:
    """Ask operators for the stakes of bets of their players, all at once and before the transaction."""
    asked: dict[int, bets.Asked] = {}
    for i, action in enumerate(actions):
        try:
            kind, parts = _found(action)
            if kind.run is _place and kind.scope in context.key.scopes:
                data = {name: value for name, value in action.items() if name not in ("action", "method")}
                asked[i] = _place(context, data, parts)
        except Problem:
            continue  # told in its place
    asked = {i: one for i, one in asked.items() if one.wish.operator_id is not None}
    origins = [f"{call_name}:{i}" for i in asked]
    context.prepared.update(zip(asked, bets.with_stakes(list(asked.values()), origins, clock), strict=True))


def _together(wishes: Sequence[tuple[Context, Sequence[Any]]], now: datetime) -> list[list[Any]]:
    return [carry_out(context, actions, now) for context, actions in wishes]


DESK: Desk[tuple[Context, Sequence[Any]]] = Desk(_together)


# An action has no form that is wrong as a request: one that cannot be understood is refused in its place.
WANTED = {
    "type": "object",
    "properties": {
        "actions": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ACTIONS,
            "description": "carried out in this order",
            "items": {
                "description": "the action's parameters stand beside these",
                "properties": {
                    "action": {"description": "path below /api/v1, such as /bets"},
                    "method": {"description": "GET or POST", "default": "GET"},
                },
            },
        }
    },
    "required": ["actions"],
}
EXAMPLE = [{"action": "/game/state"}, {"action": "/bets", "method": "POST", "user": "p-1", "amount": 500}]
RESULTS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MOST_ACTIONS,
    "items": {
        "type": "object",
        "description": "what the action's endpoint answers, or why it failed",
        "properties": {
            "error_code": {"type": "integer", "description": "the status; only where it failed"},
            "details": {"type": "array", "items": {"type": "string"}, "description": "the error's code, and fields"},
            "message": {"type": "string"},
        },
    },
}


class Multi(ApiView):
    @extend_schema(
        operation_id="multi",
        summary="Several actions in one request",
        description=" ".join((__doc__ or "").split()),
        tags=["Multi"],
        parameters=docs.OPTIONAL_MONEY,
        request={"application/json": WANTED},
        responses={
            200: OpenApiResponse(RESULTS, description="the answers in the order of the actions"),
            **docs.problems(scope=False, money=True),
        },
        examples=[
            docs.example("two actions", {"actions": EXAMPLE}, request=True),
            docs.example("one of two failed", [examples.STATE, failed(Problem("insufficient_funds"))]),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        actions = request.data.get("actions") if isinstance(request.data, dict) else None
        if not isinstance(actions, list) or not 1 <= len(actions) <= MOST_ACTIONS:
            errors = [{"field": "actions", "message": f"A list of 1 to {MOST_ACTIONS} actions."}]
            raise Problem("invalid_request", errors=errors)
        context = Context(self.key, self.received_at, request_id_of(request))
        if not any(_moves_money(action) for action in actions):
            return Response(carry_out(context, actions, self.clock.now()))
        self.require_signature(request)
        if self.is_new():
            prepare_stakes(context, actions, self.call_name, self.clock)
        return self.once(DESK, (context, actions), lambda results: (200, results))


def _moves_money(action: Any) -> bool:
    try:
        return _found(action)[0].moves_money
    except Problem:
        return False
