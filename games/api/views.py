"""Reports, changelog, status and the description of the API itself."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from casino.api import caching, docs
from casino.api.fields import QuerySerializer, checked
from casino.api.problems import Problem
from casino.api.version import API_VERSION, CHANGES
from casino.api.views import ApiView
from games.crash import partner_queries, queries
from games.instant import reports as instant
from games.solo import reports as solo
from games.totals import Total

LONGEST_REPORT = timedelta(days=366)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)  # at the ends of the calendar, no day is beside another
GAME_STATUSES = ["up", "off"]
COLUMNS = ("date", "game", "currency", "denominator", "bets", "stake", "payout", "ggr")


REPORT = {
    "results": [
        {
            "date": "2026-11-21",
            "game": "BigPanda",
            "currency": "BRL",
            "denominator": 100,
            "bets": 2,
            "stake": 1500,
            "payout": 1400,
            "ggr": 100,
        }
    ]
}
CSV_REPORT = f"{','.join(COLUMNS)}\r\n2026-11-21,BigPanda,BRL,100,2,1500,1400,100\r\n"


class ReportQuery(QuerySerializer):
    # `from` is a word of Python's: the field is named so by the dictionary below.
    to = serializers.DateField(help_text="last day, included (UTC)")
    format = serializers.ChoiceField(choices=["json", "csv"], default="json")

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(help_text="first day (UTC)"), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("from", "to"):
            if not FIRST_DAY <= attrs[name] <= LAST_DAY:
                raise serializers.ValidationError({name: [f"A day from {FIRST_DAY} to {LAST_DAY}."]})
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": ["Before `from`."]})
        if attrs["to"] - attrs["from"] >= LONGEST_REPORT:
            raise serializers.ValidationError({"to": [f"At most {LONGEST_REPORT.days} days."]})
        return attrs


class ActivityShape(serializers.Serializer[Any]):
    date = serializers.DateField()
    game = serializers.CharField()
    currency = serializers.CharField()
    denominator = serializers.IntegerField()
    bets = serializers.IntegerField()
    stake = serializers.IntegerField(help_text="minor units")
    payout = serializers.IntegerField()
    ggr = serializers.IntegerField(help_text="stake less payout")


class ReportShape(serializers.Serializer[Any]):
    results = ActivityShape(many=True)


def _row(day: Total) -> dict[str, Any]:
    values = (day.day.isoformat(), day.game, day.currency, day.denominator)
    return dict(zip(COLUMNS, (*values, day.bets, day.stake_minor, day.payout_minor, day.ggr_minor), strict=True))


class _Echo:
    def write(self, line: str) -> str:
        return line


class ActivityReport(ApiView):
    scopes: ClassVar = {"GET": "read:reports"}
    rate: ClassVar = {"GET": "report"}

    @extend_schema(
        operation_id="reports_activity",
        summary="Stakes, payouts and gross gaming revenue by day, currency and game",
        description="Settled bets of your players in the key's environment, by the day on which they were placed: "
        "those that you placed for them, and those that they placed themselves. The game of solo rounds is the crash "
        "game's with `/solo` added.",
        tags=["Reports"],
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="first day (UTC)"),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="last day, included"),
            OpenApiParameter("format", OpenApiTypes.STR, enum=["json", "csv"], default="json"),
        ],
        responses={
            (200, "application/json"): ReportShape,
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="the same, as CSV with a header line"),
            **docs.problems("invalid_request"),
        },
        examples=[docs.example("a day", REPORT), docs.example("a day", CSV_REPORT, media_type="text/csv")],
    )
    def get(self, request: Request) -> HttpResponseBase:
        wanted = checked(ReportQuery, request.query_params)
        whose, span = (self.key.partner_id, self.key.environment), {"first": wanted["from"], "last": wanted["to"]}
        days: list[Total] = [
            *partner_queries.activity(*whose, **span),
            *solo.activity(*whose, **span),
            *instant.activity(*whose, **span),
        ]
        days.sort(key=lambda day: (day.day, day.game, day.currency))
        if wanted["format"] == "json":
            return Response({"results": [_row(day) for day in days]})

        def lines() -> Iterator[str]:
            writer = csv.DictWriter(_Echo(), COLUMNS)
            yield writer.writeheader()
            for day in days:
                yield writer.writerow(_row(day))

        name = f"activity-{wanted['from']}-{wanted['to']}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)


# --- public -----------------------------------------------------------------------------------------------------------
class PublicView(ApiView):
    authentication_classes = ()


class ChangeShape(serializers.Serializer[Any]):
    version = serializers.CharField()
    date = serializers.DateField()
    kind = serializers.CharField()
    text = serializers.CharField()


class ChangelogShape(serializers.Serializer[Any]):
    version = serializers.CharField()
    results = ChangeShape(many=True)


class Changelog(PublicView):
    @extend_schema(
        operation_id="changelog",
        summary="What has changed in the API",
        tags=["About"],
        auth=[],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: ChangelogShape, **docs.NOT_MODIFIED, **docs.problems(public=True)},
        examples=[docs.example("changes", {"version": API_VERSION, "results": CHANGES[-1:]})],
    )
    def get(self, request: Request) -> Response:
        return caching.cacheable(request, {"version": API_VERSION, "results": CHANGES}, seconds=caching.GAME_METADATA)


class GameStatusShape(serializers.Serializer[Any]):
    game = serializers.CharField()
    status = serializers.ChoiceField(choices=GAME_STATUSES)


class StatusShape(serializers.Serializer[Any]):
    version = serializers.CharField()
    games = GameStatusShape(many=True)


class Status(PublicView):
    @extend_schema(
        operation_id="status",
        summary="Which games are played now",
        tags=["About"],
        auth=[],
        parameters=[docs.IF_NONE_MATCH],
        responses={200: StatusShape, **docs.NOT_MODIFIED, **docs.problems(public=True)},
        examples=[docs.example("up", {"version": API_VERSION, "games": [{"game": "BigPanda", "status": "up"}]})],
    )
    def get(self, request: Request) -> Response:
        games = [{"game": game.slug, "status": "up" if game.enabled else "off"} for game in queries.games()]
        return caching.cacheable(request, {"version": API_VERSION, "games": games}, seconds=caching.PROVIDER_STATUS)


class Unknown(PublicView):
    """Every other path under `/api/`: unknown, and said so in JSON."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Problem("not_found", "There is no such path.")
