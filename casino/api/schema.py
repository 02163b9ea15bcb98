"""
How views become the OpenAPI document: drf-spectacular, told about our keys, scopes, errors and headers.

What every answer has in common is written once, in the components, and referred to.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from casino.api.fields import InputSerializer, PlainRegexField, StrictCharField

Json = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PROBLEM = "application/problem+json"


class ApiSchema(AutoSchema):
    def get_operation(self, path: str, *args: Any, **options: Any) -> Json | None:
        """With the scope that the key needs, as `x-scope` for programs and in words for people."""
        operation: Json | None = super().get_operation(path, *args, **options)
        scope = getattr(self.view, "scopes", {}).get(self.method)
        if operation is not None and scope:
            operation["x-scope"] = scope
            needs = f"Needs the scope `{scope}`."
            operation["description"] = f"{operation.get('description', '')} {needs}".strip()
        return operation

    def get_auth(self) -> list[Json]:
        """Either header carries a key: ways to choose from, where the framework would ask for both."""
        return [{name: scopes} for way in super().get_auth() for name, scopes in way.items()]

    def _get_serializer_name(self, serializer: Any, direction: Any, *args: Any, **options: Any) -> str:
        """`BetShape` is what describes a bet: the document calls it `Bet`."""
        name = str(super()._get_serializer_name(serializer, direction, *args, **options))
        return name.removesuffix("Shape")

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **options: Any) -> Json:
        schema: Json = super()._map_serializer_field(field, direction, *args, **options)
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema.setdefault("minItems", 1)
        if isinstance(field, StrictCharField) and not isinstance(field, PlainRegexField):
            schema.setdefault("pattern", r"^[^\x00-\x1f\x7f]*$")
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Json:
        schema: Json = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, InputSerializer):
            schema["additionalProperties"] = False  # refused as unknown fields
            if type(serializer).__doc__ is None:
                schema.pop("description", None)  # it is the base class's
        return schema


def _header(about: str, kind: str = "string", *, always: bool = False) -> Json:
    return {"description": about, "required": always, "schema": {"type": kind}}


HEADERS = {
    "X-Request-Id": _header("names this request; yours is kept, if it is sane", always=True),
    "X-API-Version": _header("the version that answered", always=True),
    "RateLimit-Policy": _header('`"class";q=quota;w=window in seconds`'),
    "RateLimit": _header('`"class";r=remaining;t=seconds until it is full again`'),
    "X-RateLimit-Limit": _header("requests in the window", "integer"),
    "X-RateLimit-Remaining": _header("requests left in it", "integer"),
    "X-RateLimit-Reset": _header("seconds until it is full again", "integer"),
    "Retry-After": _header("seconds to wait", "integer"),
    "WWW-Authenticate": _header("how to show a key", always=True),
    "Idempotent-Replayed": _header("`true` where the answer is that of an earlier call"),
    "ETag": _header("of the content; send it as If-None-Match"),
}
EVERY = ("X-Request-Id", "X-API-Version")
LIMITED = ("RateLimit-Policy", "RateLimit", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def finish(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """The last step of making the document (a hook of drf-spectacular)."""
    components = result["components"]
    components["headers"] = HEADERS
    components["examples"] = {}
    for operation in operations(result):
        operation.setdefault("security", [])
        body = operation.get("requestBody", {})
        if any(content["schema"].get("required") for content in body.get("content", {}).values()):
            body["required"] = True  # the framework sees it for its own shapes only
        for status, response in operation["responses"].items():
            response["description"] = response.get("description") or HTTPStatus(int(status)).phrase
            names = _headers_of(operation, status)
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
            problems = response.get("content", {}).get(PROBLEM, {})
            if problems:
                problems["examples"] = dict(_shared(problems.get("examples", {}), components["examples"]))
    return result


def operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from (methods[method] for method in METHODS if method in methods)


def moves_money(operation: Mapping[str, Any]) -> bool:
    return any(given["name"] == "X-Signature" and given.get("required") for given in operation.get("parameters", ()))


def _headers_of(operation: Json, status: str) -> list[str]:
    names = list(EVERY)
    if operation["security"]:
        names += LIMITED
    if status == "401":
        names.append("WWW-Authenticate")
    if status in ("409", "429"):
        names.append("Retry-After")
    if moves_money(operation):
        names.append("Idempotent-Replayed")
    if "304" in operation["responses"] and status in ("200", "304"):
        names.append("ETag")
    return names


def _shared(examples: Json, components: Json) -> Iterator[tuple[str, Json]]:
    """The example of a code is the same at every operation."""
    for example in examples.values():
        code = example["value"]["code"]
        components[code] = example
        yield code, {"$ref": f"#/components/examples/{code}"}
