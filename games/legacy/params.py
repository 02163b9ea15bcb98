"""
The parameters of a request: of its query, and of its body where it has one (JSON object or form). The body counts.

JSON is read exactly: a number with a point is a Decimal, never a float; NaN, Infinity and a name that stands twice are
refused. A name that comes several times in a form is a list, as is jQuery's `name[]`; what wants one value refuses it.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from casino.lib import exact_json
from games.legacy.errors import Refusal

MAX_BODY = 64 * 1024
Params = dict[str, Any]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def read(request: HttpRequest) -> Params:
    """Raises a Refusal with 400, 413 or 415."""
    body = _body(request)
    try:
        query = _of_form(request.GET)
        query.pop("api_key", None)  # the middleware has put it elsewhere, and a mask in its place
        return query | (_of_body(request, body) if body else {})
    except SuspiciousOperation as error:  # more fields than any action has
        raise Refusal(400) from error


def _body(request: HttpRequest) -> bytes:
    """At most so much is read, also of a body that does not say how long it is."""
    if request.method != "POST":
        return b""
    try:
        body = request.read(MAX_BODY + 1)
    except UnreadablePostError as error:  # its sender went away
        raise Refusal(400) from error
    if len(body) > MAX_BODY:
        raise Refusal(413)
    request._body = body  # the framework reads forms, and the CSRF check its token, from what it has read itself
    return body


def _of_body(request: HttpRequest, body: bytes) -> Params:
    if request.content_type == "application/json":
        found = exactly(body)
        if not isinstance(found, dict):
            raise Refusal(400, message="The body must be a JSON object.")
        return found
    if request.content_type in FORMS:
        try:
            return _of_form(request.POST)
        except MultiPartParserError as error:
            raise Refusal(400) from error
    raise Refusal(415)


def _of_form(form: QueryDict) -> Params:
    found: Params = {}
    for name, values in form.lists():
        plain = name.removesuffix("[]")
        found[plain] = values if name != plain or len(values) > 1 else values[0]
    return found


def exactly(text: str | bytes) -> Any:
    """JSON without a float in it. Raises a Refusal for what is not JSON."""
    try:
        return exact_json.loads(text)
    except ValueError as error:
        raise Refusal(400, message="This is not JSON.") from error


def as_list(params: Mapping[str, Any], name: str) -> Any:
    """A parameter that is a list, also where a form has it as one text: `[0,1]` or `0,1`."""
    value = params.get(name)
    if isinstance(value, str) and len(value) <= 2000:
        text = value.strip()
        if not text.startswith("["):
            return text.split(",")
        try:
            return exactly(text)
        except Refusal:
            return value
    return value
