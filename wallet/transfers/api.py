"""The transfer wallet's endpoints. Each parses, makes one call, answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.partners.rules import EXTERNAL_ID
from casino.api import docs
from casino.api.fields import InputSerializer, PlainRegexField, StrictChoiceField, StrictIntegerField, checked
from casino.api.idempotency import Desk
from casino.api.problems import Problem, request_id_of
from casino.api.views import ApiView
from casino.lib.clock import iso
from casino.lib.errors import DomainError
from wallet.ledger import MAX_AMOUNT
from wallet.transfers import operations, queries
from wallet.transfers.operations import Wish
from wallet.transfers.queries import Moved

REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$"  # it stands in a path
DIRECTIONS = ["in", "out"]
TRANSFER = {
    "reference": "deposit-7001",
    "user": "p-1",
    "direction": "in",
    "amount": 50000,
    "currency": "BRL",
    "denominator": 100,
    "is_demo": True,
    "status": "completed",
    "balance": 150000,
    "transfer_id": "0198f2a1-c7d9-7c0f-9d0e-7f3b1c2d4e5f",
    "created_at": "2026-11-21T12:00:00.000Z",
}


class TransferInput(InputSerializer):
    user = PlainRegexField(EXTERNAL_ID, max_length=64, help_text="your id of the player")
    direction = StrictChoiceField(choices=DIRECTIONS, help_text="`in` to the player, `out` back to you")
    amount = StrictIntegerField(min_value=1, max_value=MAX_AMOUNT, help_text="minor units of the player's currency")
    reference = PlainRegexField(REFERENCE, max_length=64, help_text="your name of the transfer, unique for ever")


class TransferShape(serializers.Serializer[Any]):
    reference = serializers.CharField()
    user = serializers.CharField()
    direction = serializers.ChoiceField(choices=DIRECTIONS)
    amount = serializers.IntegerField(help_text="minor units")
    currency = serializers.CharField()
    denominator = serializers.IntegerField()
    is_demo = serializers.BooleanField()
    status = serializers.CharField(help_text="`completed`: a transfer is carried out whole, or refused")
    balance = serializers.IntegerField(help_text="what the player had available right after it")
    transfer_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()


def shown(moved: Moved) -> dict[str, Any]:
    row = moved.row
    return {
        "reference": row.reference,
        "user": row.player.external_id,
        "direction": row.direction,
        "amount": row.amount_minor,
        "currency": row.account.currency.code,
        "denominator": row.account.currency.denominator,
        "is_demo": row.account.is_demo,
        "status": "completed",
        "balance": moved.balance_minor,
        "transfer_id": str(row.pk),
        "created_at": iso(row.created_at),
    }


def _render(request_id: str) -> Callable[[Moved | DomainError], tuple[int, dict[str, Any]]]:
    def rendered(answer: Moved | DomainError) -> tuple[int, dict[str, Any]]:
        if isinstance(answer, DomainError):
            problem = Problem.of(answer)
            return problem.status, problem.body(request_id)
        return 201, shown(answer)

    return rendered


def _move(wishes: Sequence[Wish], now: datetime) -> list[Moved | DomainError]:
    return operations.move(wishes, now=now)


DESK: Desk[Wish] = Desk(_move)


class Transfers(ApiView):
    scopes: ClassVar = {"POST": "write:transfer"}
    money: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="transfers_create",
        summary="Move money between you and a player of yours",
        description="For players with `wallet: transfer`. Carried out whole or not at all, and once per `reference`: "
        "the same reference with the same content gives the same answer and moves nothing; with another content it is "
        "refused. A refused transfer takes up no reference. A test key moves demo money.",
        tags=["Transfers"],
        parameters=docs.MONEY,
        request=TransferInput,
        responses={
            201: TransferShape,
            **docs.problems("not_found", "insufficient_funds", "player_blocked", "limit_reached", money=True),
        },
        examples=[
            docs.example(
                "to the player",
                {"user": "p-1", "direction": "in", "amount": 50000, "reference": "deposit-7001"},
                request=True,
            ),
            docs.example("moved", TRANSFER),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        data = checked(TransferInput, request.data)
        found = queries.wallet_of(self.key.partner_id, self.key.environment, data["user"])
        if found is None or found[1] is None:
            raise Problem("not_found", "You have no player with this id.")
        wish = Wish(found[0], found[1], data["direction"], data["amount"], data["reference"])
        return self.once(DESK, wish, _render(request_id_of(request)))


class TransferDetail(ApiView):
    scopes: ClassVar = {"GET": "write:transfer"}

    @extend_schema(
        operation_id="transfers_get",
        summary="A transfer of yours, by your reference",
        description="404 means that it was not carried out.",
        tags=["Transfers"],
        responses={200: TransferShape, **docs.problems("not_found")},
        examples=[docs.example("moved", TRANSFER)],
    )
    def get(self, request: Request, reference: str) -> Response:
        moved = queries.by_reference(self.key.partner_id, self.key.environment, reference)
        if moved is None:
            raise Problem("not_found", "You have no transfer with this reference.")
        return Response(shown(moved))
