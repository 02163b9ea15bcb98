"""
Errors as RFC 9457 problem details: `application/problem+json` under `/api/`, whatever went wrong.

    {"type", "title", "status", "code", "message", "request_id", "errors"?: [{"field", "message"}]}

`code` is the word that a program decides by; the catalogue below is all there are.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from rest_framework import exceptions

from casino.lib.errors import DomainError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
DOCS = "/developers/docs/errors/"

# code: (status, what it means and what to do about it)
CATALOGUE: dict[str, tuple[int, str]] = {
    "invalid_request": (400, "The request does not fit the description of the endpoint; `errors` says where."),
    "authentication_failed": (401, "No key, or one that does not exist."),
    "key_revoked": (401, "The key was revoked. Use its successor."),
    "key_expired": (401, "The key has run out. Rotate keys before they do."),
    "signature_missing": (401, "A call that moves money needs X-Timestamp and X-Signature."),
    "signature_invalid": (401, "The signature does not fit the request, or its version is not accepted by the key."),
    "signature_reused": (401, "This signature was used for another request. Sign every request anew."),
    "timestamp_out_of_range": (401, "X-Timestamp is more than 300 seconds away from our clock."),
    "insufficient_funds": (402, "The player's available balance is below the amount."),
    "insufficient_scope": (403, "The key does not have the scope that the endpoint needs."),
    "ip_not_allowed": (403, "The key is not accepted from this address."),
    "player_blocked": (403, "The player is blocked, or has excluded themselves."),
    "limit_reached": (403, "A limit of the player or of the game stands in the way."),
    "not_found": (404, "There is no such thing, or it is not yours."),
    "method_not_allowed": (405, "The path exists, but not with this method."),
    "not_acceptable": (406, "The endpoint does not answer in the wanted format."),
    "round_closed": (409, "The round does not take this any more: betting has ended, or it has crashed."),
    "bet_not_open": (409, "The bet is not in the state that this needs: cancelled, cashed out, or settled."),
    "already_placed": (409, "The player has a bet with this identifier in the round."),
    "idempotency_in_progress": (
        409,
        "The first request with this Idempotency-Key is still running. Repeat in a moment.",
    ),
    "payload_too_large": (413, "The body is larger than the endpoint takes."),
    "unsupported_media_type": (415, "Send the body as application/json."),
    "idempotency_mismatch": (422, "This key or reference was used for another request before."),
    "amount_below_minimum": (422, "The amount is below the game's minimum."),
    "amount_above_maximum": (422, "The amount is above the game's maximum."),
    "invalid_auto_cashout": (422, "The auto cash-out is below 1.01x or above the game's maximum."),
    "rate_limited": (429, "Too many requests. Wait as long as Retry-After says."),
    "internal_error": (500, "Our mistake. It was recorded under the request id; repeat with the same Idempotency-Key."),
    "temporarily_unavailable": (503, "We cannot serve this now. Repeat with a backoff."),
}
_BY_STATUS = {
    400: "invalid_request",
    401: "authentication_failed",
    403: "insufficient_scope",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "temporarily_unavailable",
}
FieldErrors = Sequence[Mapping[str, str]]


class Problem(Exception):
    """An answer that is an error. Status and a general message come from the catalogue."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        errors: FieldErrors = (),
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        self.code = code
        known_status, meaning = CATALOGUE[code]
        self.status = status or known_status
        self.message = message or meaning
        self.errors = list(errors)
        self.headers = dict(headers or {})
        if self.status == 401:
            self.headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')
        super().__init__(self.message)

    @classmethod
    def of(cls, error: DomainError) -> "Problem":
        return cls(error.code if error.code in CATALOGUE else "invalid_request", error.message, status=error.status)

    def body(self, request_id: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"{DOCS}#{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "request_id": request_id,
        }
        if self.errors:
            body["errors"] = self.errors
        return body


def request_id_of(request: Any) -> str:
    """Of Django's request or of the REST framework's around it."""
    return str(getattr(request, "request_id", "") or "")


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """For what is refused outside of a view of the REST framework."""
    body = problem.body(request_id_of(request))
    return JsonResponse(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def of_status(status: int) -> Problem:
    """For a plain Django answer that has a status only."""
    code = _BY_STATUS.get(status, "internal_error" if status >= 500 else "invalid_request")
    return Problem(code, status=status)


def to_problem(error: Exception) -> Problem:
    """What any exception of a view becomes. What nobody expected is logged and tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DomainError):
        return Problem.of(error)
    if isinstance(error, Http404):
        return Problem("not_found")
    if isinstance(error, PermissionDenied):
        return Problem("insufficient_scope")
    if isinstance(error, RequestDataTooBig):  # a body that did not say how long it is
        return Problem("payload_too_large")
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem("invalid_request")
    if isinstance(error, exceptions.ValidationError):
        return Problem("invalid_request", errors=field_errors(error.detail))
    if isinstance(error, exceptions.ParseError):
        return Problem("invalid_request", str(error.detail))
    if isinstance(error, exceptions.APIException):
        code = _BY_STATUS.get(error.status_code, "invalid_request")
        return Problem(code, str(error.detail), status=error.status_code)
    logger.exception("an API request failed", exc_info=error)
    return Problem("internal_error")


def field_errors(detail: Any, path: str = "") -> list[dict[str, str]]:
    """The REST framework's nested details as one flat list; `field` is a dotted path."""
    if isinstance(detail, dict):
        found: list[dict[str, str]] = []
        for name, inner in detail.items():
            here = "" if name == "non_field_errors" else str(name)
            found += field_errors(inner, f"{path}.{here}".strip("."))
        return found
    if isinstance(detail, list):
        if all(not isinstance(inner, dict | list) for inner in detail):
            return [{"field": path, "message": str(inner)} for inner in detail]
        return [line for i, inner in enumerate(detail) for line in field_errors(inner, f"{path}.{i}".strip("."))]
    return [{"field": path, "message": str(detail)}]
