"""Pieces of the OpenAPI document that many operations share: errors by status, headers, examples."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from casino.api.problems import CATALOGUE, DOCS, Problem


class FieldErrorShape(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="dotted path of the field; empty where it is the whole")
    message = serializers.CharField()


class ProblemShape(serializers.Serializer[Any]):
    """An error (RFC 9457). Decide by `code`."""

    type = serializers.CharField(help_text=f"where the code is described, such as {DOCS}#not_found")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(choices=sorted(CATALOGUE))
    message = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldErrorShape(many=True, required=False)  # type: ignore[assignment]


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Your name of this call, at most 255 characters. The same key with the same request gives the same "
    "answer again (`Idempotent-Replayed: true`) and moves nothing.",
)
TIMESTAMP = OpenApiParameter(
    "X-Timestamp", OpenApiTypes.INT64, OpenApiParameter.HEADER, required=True, description="Unix seconds, ±300."
)
SIGNATURE = OpenApiParameter(
    "X-Signature",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Hex HMAC-SHA256(secret, body + timestamp), or of the version 2 text.",
)
SIGNATURE_VERSION = OpenApiParameter(
    "X-Signature-Version",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    enum=["1", "2"],
    default="1",
    description="2 signs `timestamp\\nMETHOD\\npath?query\\nsha256hex(body)`.",
)
MONEY = [IDEMPOTENCY_KEY, TIMESTAMP, SIGNATURE, SIGNATURE_VERSION]
OPTIONAL_MONEY = [
    OpenApiParameter(
        given.name,
        given.type,
        given.location,
        required=False,
        description=f"Needed where an action moves money. {given.description}",
        enum=given.enum,
    )
    for given in MONEY
]
ALWAYS = ("authentication_failed", "key_revoked", "key_expired", "ip_not_allowed", "rate_limited", "internal_error")
SIGNED = (
    "signature_missing",
    "signature_invalid",
    "signature_reused",
    "timestamp_out_of_range",
    "idempotency_in_progress",
    "idempotency_mismatch",
    "temporarily_unavailable",
)


def problems(*codes: str, scope: bool = True, money: bool = False, public: bool = False) -> dict[Any, OpenApiResponse]:
    """The error answers of an operation, one per status, with an example per code."""
    wanted = {*codes, *(("insufficient_scope",) if scope and not public else ()), *(SIGNED if money else ())}
    wanted |= {"internal_error", "method_not_allowed", "not_acceptable"} if public else set(ALWAYS)
    if money:
        wanted |= {"invalid_request", "unsupported_media_type", "payload_too_large"}
    wanted |= {"method_not_allowed", "not_acceptable"}
    by_status: dict[int, list[str]] = {}
    for code in sorted(wanted):
        by_status.setdefault(CATALOGUE[code][0], []).append(code)
    return {
        (status, "application/problem+json"): OpenApiResponse(
            ProblemShape, description=" · ".join(f"`{code}`" for code in found), examples=_examples(found)
        )
        for status, found in sorted(by_status.items())
    }


def _examples(codes: Sequence[str]) -> list[OpenApiExample]:
    return [
        OpenApiExample(
            code,
            value=Problem(code).body("0198f2a1c7d94c0f"),
            response_only=True,
            media_type="application/problem+json",
        )
        for code in codes
    ]


def example(name: str, value: Any, *, request: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=request, response_only=not request)


def listing(shape: type[serializers.BaseSerializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The shape of a list of these."""
    return type(
        name,
        (serializers.Serializer,),
        {
            "results": shape(many=True),
            "next": serializers.CharField(allow_null=True, help_text="URL of the next (older) page"),
            "previous": serializers.CharField(allow_null=True),
        },
    )


LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25})
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description="opaque, from `next` or `previous`")
