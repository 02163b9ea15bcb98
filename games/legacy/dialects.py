"""How each of the two APIs writes numbers and errors. Everything else about them is the same."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from django.http import HttpResponse

from games.legacy.errors import Refusal

Json = dict[str, Any]


def as_number(value: Decimal) -> msgspec.Raw:
    """A JSON number with all its decimals: 100.00, and never 100.0 or 1e-8."""
    return msgspec.Raw(f"{value:f}".encode())


def as_text(value: Decimal) -> str:
    return f"{value:f}"


def said_to_be_false(refusal: Refusal) -> Json:
    return {"success": False, "error": refusal.message}


def with_code_and_details(refusal: Refusal) -> Json:
    return {"error_code": refusal.status, "details": refusal.details, "message": refusal.message}


@dataclass(frozen=True, slots=True)
class Dialect:
    number: Callable[[Decimal], Any]  # what is not an integer
    error: Callable[[Refusal], Json]
    reads_by_post: bool


V1 = Dialect(as_number, said_to_be_false, reads_by_post=False)
ONE = Dialect(as_text, with_code_and_details, reads_by_post=True)


def of_path(path: str) -> Dialect:
    return V1 if path.startswith("/api/v1/") else ONE


def response(body: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")


def refused(dialect: Dialect, refusal: Refusal) -> HttpResponse:
    answer = response(dialect.error(refusal), status=refusal.status)
    for name, value in refusal.headers.items():
        answer[name] = value
    return answer
