"""
The OpenAPI document as something to read: operations by tag, with their fields, examples and errors. Pure.

A page of our own and not a viewer's: it needs no script, no inline style that the site's policy would have to allow,
and it is dark where the site is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 4
_CODE = re.compile(r"`([a-z_]+)`")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field; `depth` is how far inside others it stands."""

    name: str
    kind: str
    about: str
    required: bool
    limits: Sequence[str] = ()
    depth: int = 0
    place: str = ""  # of a parameter: path, query, header


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    about: str
    fields: Sequence[Field]
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    is_public: bool
    moves_money: bool
    deprecated: bool
    parameters: Sequence[Field]
    body: Sequence[Field]
    call: str  # for a shell
    answers: Sequence[Answer]
    codes: Sequence[tuple[str, Sequence[str]]]  # status, error codes


@dataclass(slots=True)
class Group:
    name: str
    operations: list[Operation] = field(default_factory=list)


def groups(document: Json, *, base_url: str, order: Sequence[str] = ()) -> list[Group]:
    """By tag: those of `order` first and in that order, then the others."""
    found: dict[str, Group] = {name: Group(name) for name in order}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if (raw := methods.get(method)) is not None:
                group = found.setdefault((raw.get("tags") or ["Other"])[0], Group(""))
                group.name = (raw.get("tags") or ["Other"])[0]
                group.operations.append(_operation(document, base_url, path, method, raw))
    return [group for group in found.values() if group.operations]


def _operation(document: Json, base_url: str, path: str, method: str, raw: Json) -> Operation:
    parameters = [_parameter(document, each) for each in raw.get("parameters", ())]
    content = raw.get("requestBody", {}).get("content", {})
    taken = content.get("application/json", {})
    money = any(each.name == "Idempotency-Key" and each.required for each in parameters)
    scope = raw.get("x-scope", "")
    answers, codes = [], []
    for status, answer in sorted(raw.get("responses", {}).items()):
        if int(status) >= 400:
            codes.append((status, _CODE.findall(answer.get("description", ""))))
        else:
            answers.append(_answer(document, status, answer))
    return Operation(
        id=raw["operationId"],
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        about=raw.get("description", "").removesuffix(f"Needs the scope `{scope}`.").strip(),  # shown beside it
        scope=scope,
        is_public=not raw.get("security", True) or raw.get("security") == [{}],
        moves_money=money,
        deprecated=bool(raw.get("deprecated")),
        parameters=parameters,
        body=list(_fields(document, taken.get("schema", {}))),
        call=_call(base_url, path, method.upper(), raw, _example_of(taken), money=money),
        answers=answers,
        codes=codes,
    )


def _answer(document: Json, status: str, answer: Json) -> Answer:
    contents: Mapping[str, Json] = answer.get("content", {})
    kind, content = next(iter(contents.items()), ("", {}))
    example = _example_of(content)
    if example is None and kind == "application/json":
        example = _sample(document, content.get("schema", {}))
    text = "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
    fields = list(_fields(document, content.get("schema", {})))
    return Answer(status, answer.get("description", ""), fields, text)


def _parameter(document: Json, raw: Json) -> Field:
    schema = _resolved(document, raw.get("schema", {}))
    kind, limits = _kind(document, schema), _limits(schema)
    about = raw.get("description") or schema.get("description", "")
    return Field(raw["name"], kind, about, bool(raw.get("required")), limits, place=raw["in"])


def _fields(document: Json, schema: Json, depth: int = 0) -> Iterator[Field]:
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        yield from _fields(document, schema.get("items", {}), depth)
        return
    for name, raw in schema.get("properties", {}).items():
        inner = _resolved(document, raw)
        about = raw.get("description") or inner.get("description", "") if inner.get("type") != "object" else ""
        needed = name in schema.get("required", ())
        yield Field(name, _kind(document, inner), about, needed, _limits(inner), depth)
        if depth < DEEPEST:
            yield from _fields(document, inner, depth + 1)


def _resolved(document: Json, schema: Json) -> Json:
    """Follow a reference, or the one way of an `allOf` or of a `oneOf` with null."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
            continue
        ways = schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf") or ()
        real = [way for way in ways if way.get("type") != "null" and way.get("enum") != [None]]
        if len(real) != 1:
            return schema
        rest = {name: value for name, value in schema.items() if name not in ("allOf", "oneOf", "anyOf")}
        schema = {**real[0], **rest}


def _kind(document: Json, schema: Json) -> str:
    """`integer`, `string or null`, `list of string` …"""
    if schema.get("type") == "array":
        return f"list of {_kind(document, _resolved(document, schema.get('items', {})))}"
    types = schema.get("type", "any")
    types = [types] if isinstance(types, str) else types
    formats = {"date-time": "time", "date": "date", "uuid": "uuid", "uri": "url"}
    return " or ".join(formats.get(schema.get("format", ""), each) if each == "string" else each for each in types)


def _limits(schema: Json) -> list[str]:
    found = []
    if "enum" in schema:
        found.append(", ".join(json.dumps(each) if each is None else str(each) for each in schema["enum"]))
    if "minimum" in schema and abs(schema["minimum"]) < 2**53 - 1:
        found.append(f"from {schema['minimum']}")
    if "maximum" in schema and abs(schema["maximum"]) < 2**53 - 1:
        found.append(f"to {schema['maximum']}")
    if "maxLength" in schema:
        found.append(f"at most {schema['maxLength']} characters")
    if "default" in schema and schema["default"] not in (None, ""):
        found.append(f"default {json.dumps(schema['default'])}")
    return found


# --- examples ---------------------------------------------------------------------------------------------------------
def _example_of(content: Json) -> Any:
    for each in content.get("examples", {}).values():
        return each.get("value")
    return content.get("example")


def _sample(document: Json, schema: Json, depth: int = 0) -> Any:
    """Something that fits a schema, where the document brings no example."""
    schema = _resolved(document, schema)
    if "example" in schema:
        return schema["example"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind if isinstance(kind, str) else next(iter(kind or ()), None)
    if kind == "object":
        inner = schema.get("properties", {}) if depth < DEEPEST else {}
        return {name: _sample(document, each, depth + 1) for name, each in inner.items()}
    if kind == "array":
        return [_sample(document, schema.get("items", {}), depth + 1)]
    formats = {
        "date-time": "2026-11-21T12:00:00.000Z",
        "date": "2026-11-21",
        "uuid": "01980f3e-6a5c-7c3e-9d0e-7f3b1c2d4e5f",
    }
    texts = formats.get(schema.get("format", ""), "…")
    return {"string": texts, "integer": 1, "number": 1.0, "boolean": True}.get(str(kind))


def _call(base_url: str, path: str, method: str, raw: Json, example: Any, *, money: bool) -> str:
    query = "&".join(
        f"{each['name']}=…" for each in raw.get("parameters", ()) if each["in"] == "query" and each.get("required")
    )
    address = f"{base_url}{path}" + (f"?{query}" if query else "")
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}'{address}'"]
    if raw.get("security"):
        lines.append('-H "Authorization: Bearer $KEY"')
    if money:
        lines += ['-H "Idempotency-Key: $NAME"', '-H "X-Timestamp: $TIME" -H "X-Signature: $SIGNATURE"']
        lines.append('-H "X-Signature-Version: 2"')
    if example is not None:
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)
