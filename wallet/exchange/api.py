"""Currencies and exchange rates for partners: what is played in, and what one is worth in another."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from casino.api import caching, docs
from casino.api.fields import QuerySerializer, checked
from casino.api.views import ApiView
from casino.lib.clock import iso
from wallet.exchange import queries, rules
from wallet.exchange.queries import Found
from wallet.models import Currency

KINDS = [str(kind) for kind in Currency.Kind]
CODE = r"^[A-Z]{2,8}$"
CURRENCY = {"code": "BRL", "denominator": 100, "symbol": "R$", "kind": "fiat"}
RATE = {
    "base": "BRL",
    "quote": "EUR",
    "rate": "0.16",
    "exact": "4/25",
    "source": "central bank",
    "valid_from": "2026-11-21T12:00:00.000Z",
    "is_stale": False,
}


class RateQuery(QuerySerializer):
    base = serializers.RegexField(CODE, max_length=8, required=False, help_text="only rates of this currency")


class CurrencyShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    denominator = serializers.IntegerField(help_text="minor units of one whole unit")
    symbol = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)


class ExchangeRateShape(serializers.Serializer[Any]):
    base = serializers.CharField()
    quote = serializers.CharField()
    rate = serializers.CharField(help_text="what one whole unit of `base` is worth in `quote`, to twelve digits")
    exact = serializers.CharField(help_text="the same as an exact ratio: what money is exchanged by")
    # DRF takes `source` for itself: the field of that name is added below.
    valid_from = serializers.DateTimeField(
        allow_null=True,
        help_text="since when the oldest rate it is made of holds; null where it is fixed by definition",
    )
    is_stale = serializers.BooleanField(help_text="too old: nothing is exchanged by it until it is renewed")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return fields | {"source": serializers.CharField(help_text="who says so")}


def shown(found: Found) -> dict[str, Any]:
    return {
        "base": found.base.code,
        "quote": found.quote.code,
        "rate": rules.shown(found.rate),
        "exact": f"{found.rate.numerator}/{found.rate.denominator}",
        "source": found.source,
        "valid_from": iso(found.valid_from) if found.valid_from else None,
        "is_stale": found.is_stale,
    }


class Currencies(ApiView):
    scopes: ClassVar = {"GET": "read:game_state"}

    @extend_schema(
        operation_id="currencies_list",
        summary="The currencies that are enabled",
        tags=["Game"],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: docs.listing(CurrencyShape, "CurrencyList"), **docs.NOT_MODIFIED, **docs.problems()},
        examples=[docs.example("currencies", docs.page(CURRENCY))],
    )
    def get(self, request: Request) -> Response:
        names = tuple(CURRENCY)
        found = [{name: getattr(each, name) for name in names} for each in queries.enabled_currencies().values()]
        body = {"results": found, "next": None, "previous": None}
        return caching.cacheable(request, body, seconds=caching.GAME_METADATA)


class ExchangeRates(ApiView):
    scopes: ClassVar = {"GET": "read:game_state"}

    @extend_schema(
        operation_id="exchange_rates_list",
        summary="What one currency is worth in another, by whom and since when",
        description="Every pair of enabled currencies between which there is a way, with its exact ratio.",
        tags=["Game"],
        parameters=[RateQuery],
        responses={200: docs.listing(ExchangeRateShape, "ExchangeRateList"), **docs.problems("invalid_request")},
        examples=[docs.example("rates", docs.page(RATE))],
    )
    def get(self, request: Request) -> Response:
        base = checked(RateQuery, request.query_params).get("base")
        found = queries.listing(self.clock.now())
        results = [shown(each) for each in found if base in (None, each.base.code)]
        return Response({"results": results, "next": None, "previous": None})
