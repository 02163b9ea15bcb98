"""Words for writing JSON Schemas by hand. Pure."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def text(about: str = "", **more: Any) -> Json:
    return _told({"type": "string", **more}, about)


def whole(about: str = "", **more: Any) -> Json:
    return _told({"type": "integer", **more}, about)


def number(about: str = "", **more: Any) -> Json:
    return _told({"type": "number", **more}, about)


def flag(about: str = "") -> Json:
    return _told({"type": "boolean"}, about)


def uuid(about: str = "") -> Json:
    return text(about, format="uuid")


def moment(about: str = "") -> Json:
    return text(about or "UTC, with milliseconds", format="date-time")


def one_of(values: Sequence[Any], about: str = "") -> Json:
    return _told({"enum": list(values)}, about)


def always(value: Any) -> Json:
    return {"const": value}


def maybe(schema: Json) -> Json:
    """Or null."""
    if "type" in schema and isinstance(schema["type"], str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(items: Json, about: str = "", **more: Any) -> Json:
    return _told({"type": "array", "items": items, **more}, about)


def record(fields: Json, about: str = "", *, optional: Json | None = None) -> Json:
    """An object; more fields may come with a later version."""
    schema = {"type": "object", "properties": {**fields, **(optional or {})}, "required": list(fields)}
    return _told(schema, about)


def _told(schema: Json, about: str) -> Json:
    return {**schema, "description": about} if about else schema
