"""Pieces of the OpenAPI document that many operations share: errors by status, headers, examples."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from casino.api.problems import CATALOGUE, DOCS, Problem

CODES = sorted(CATALOGUE)


class FieldErrorShape(serializers.Serializer[Any]):
    field = serializers.CharField(allow_blank=True, help_text="dotted path of the field; empty where it is the whole")
    message = serializers.CharField()


class ProblemShape(serializers.Serializer[Any]):
    """An error (RFC 9457). Decide by `code`."""

    type = serializers.CharField(help_text=f"where the code is described, such as {DOCS}#not_found")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(choices=CODES)
    message = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldErrorShape(many=True, required=False)  # type: ignore[assignment]


# Visible ASCII, blanks only inside; at most 255 characters.
IDEMPOTENCY_KEY_FORM = r"^[!-~]([ -~]{0,253}[!-~])?$"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": IDEMPOTENCY_KEY_FORM},
    OpenApiParameter.HEADER,
    required=True,
    description="Your name of this call, at most 255 characters. The same key with the same request gives the same "
    "answer again (`Idempotent-Replayed: true`) and moves nothing.",
)
TIMESTAMP = OpenApiParameter(
    "X-Timestamp",
    {"type": "string", "pattern": "^[0-9]{1,12}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="Unix seconds, ±300.",
)
SIGNATURE = OpenApiParameter(
    "X-Signature",
    {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"},
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
# Where only some calls need them, those that do not may carry anything: their form is not looked at.
OPTIONAL_MONEY = [
    OpenApiParameter(
        given.name,
        OpenApiTypes.STR,
        given.location,
        description=f"Needed where an action moves money. {given.description}",
        default=given.default,
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


_BLAMED = [{"field": "amount", "message": "This field is required."}]


def _examples(codes: Sequence[str]) -> list[OpenApiExample]:
    return [
        OpenApiExample(
            code,
            value=Problem(code, errors=_BLAMED if code == "invalid_request" else ()).body("0198f2a1c7d94c0f"),
            response_only=True,
            media_type="application/problem+json",
        )
        for code in codes
    ]


ANSWERED = ["200", "201", "202"]


def example(name: str, value: Any, *, request: bool = False, media_type: str = "application/json") -> OpenApiExample:
    """Of a body that is sent, or of every answer that is no error."""
    if request:
        return OpenApiExample(name, value=value, request_only=True)
    return OpenApiExample(name, value=value, response_only=True, status_codes=ANSWERED, media_type=media_type)


def page(*rows: Any) -> dict[str, Any]:
    """The example of a list."""
    return {"results": list(rows), "next": None, "previous": None}


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


IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="the ETag of what you have"
)
NOT_MODIFIED: dict[Any, OpenApiResponse] = {304: OpenApiResponse(description="what you have is still right")}
CURSOR_FORM = r"^[A-Za-z0-9+/=_-]{0,400}$"
LIMIT = OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25})
CURSOR = OpenApiParameter(
    "cursor", {"type": "string", "pattern": CURSOR_FORM}, description="as in `next` or `previous`"
)
