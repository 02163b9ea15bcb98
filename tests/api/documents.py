"""Reading our own descriptions in tests: where the operations are, and checking values against schemas."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.test import Client
from django.urls import URLPattern, get_resolver
from jsonschema import Draft202012Validator, FormatChecker

V1 = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")
Json = dict[str, Any]


class Operation(NamedTuple):
    method: str
    path: str
    body: Json


class Route(NamedTuple):
    name: str
    path: str  # with {parameters}
    view: Any


@cache
def described(name: str = "openapi.json") -> Json:
    """A document as anyone gets it."""
    answer = Client().get(f"{V1}/{name}")
    assert answer.status_code == 200
    document: Json = answer.json()
    return document


def operations() -> list[Operation]:
    paths = described()["paths"]
    return [Operation(verb, path, body) for path, verbs in paths.items() for verb, body in verbs.items()]


def routes(patterns: Any = None, prefix: str = "/") -> Iterator[Route]:
    """Every URL pattern that is named `api-…`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if not isinstance(pattern, URLPattern):
            yield from routes(pattern.url_patterns, route)
        elif (pattern.name or "").startswith("api-"):
            words = ["{" + word.split(":")[-1].strip("<>") + "}" if "<" in word else word for word in route.split("/")]
            yield Route(pattern.name or "", "/".join(words), pattern.callback.cls)  # type: ignore[attr-defined]


def faults(document: Json, schema: Json, value: Any) -> list[str]:
    """Why a value does not fit a schema of the document."""
    rooted = {**schema, "components": document["components"]}
    found = Draft202012Validator(rooted, format_checker=FormatChecker()).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]
