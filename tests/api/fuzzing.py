"""
A partner between Schemathesis and the API: what is generated as a right call is one.

Schemathesis knows the form of a signature and no secret: a call whose headers have the form is signed, just before it
reaches the API, over the bytes it really has. A call that was broken on purpose stays broken.
"""

import contextlib
import hashlib
import hmac
import io
import itertools
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from schemathesis.core.parameters import ParameterLocation

from casino.api import docs

Json = dict[str, Any]
Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]
_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(docs.IDEMPOTENCY_KEY_FORM)
_LONGEST_NAME_TO_ADD_TO = 240


class SigningPartner:
    """WSGI around WSGI. `secret` is set by the test, which makes the key."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.secret = ""
        self._numbers = itertools.count()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if self._is_well_formed(environ):
            self._sign(environ)
        return self.app(environ, start_response)

    @staticmethod
    def _is_well_formed(environ: Mapping[str, Any]) -> bool:
        given = [environ.get(f"HTTP_{name}", "") for name in ("X_SIGNATURE", "X_TIMESTAMP", "IDEMPOTENCY_KEY")]
        forms = (_SIGNATURE, _TIMESTAMP, _NAME)
        return all(form.fullmatch(text) for form, text in zip(forms, given, strict=True))

    def _sign(self, environ: Environ) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        number = next(self._numbers)
        # Equal calls follow one another: a time and a name of its own make each a new one.
        timestamp = str(int(time.time()) - 250 + number % 500)
        name = environ["HTTP_IDEMPOTENCY_KEY"]
        if len(name) < _LONGEST_NAME_TO_ADD_TO:
            environ["HTTP_IDEMPOTENCY_KEY"] = f"{name}-{number}"
        text = body + timestamp.encode()
        if environ.get("HTTP_X_SIGNATURE_VERSION") == "2":
            target = environ["RAW_URI"]
            text = f"{timestamp}\n{environ['REQUEST_METHOD']}\n{target}\n{hashlib.sha256(body).hexdigest()}".encode()
        environ["HTTP_X_TIMESTAMP"] = timestamp
        environ["HTTP_X_SIGNATURE"] = hmac.new(self.secret.encode(), text, hashlib.sha256).hexdigest()


def make_real(case: Any, things: Json) -> None:
    """
    Give what is well-formed its sense, where a schema cannot: names of what exists, and what holds between two values.

    What was made wrong on purpose stays as it is.
    """
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters = {name: things[name] for name in case.path_parameters}
    if not case.meta.is_negative_at(ParameterLocation.QUERY) and case.query:
        case.query = _real_query(dict(case.query), things)
    if not case.meta.is_negative_at(ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = _real_body(case.body, things)


def _real_query(query: Json, things: Json) -> Json:
    query.pop("cursor", None)  # opaque: only the API itself makes one
    query |= {name: things[name] for name in ("user", "game") if name in query}
    if {"from", "to"} <= query.keys():
        with contextlib.suppress(ValueError):
            days = (date.fromisoformat(query["to"]) - date.fromisoformat(query["from"])).days
            query["to"] = query["to"] if 0 <= days < 366 else query["from"]
    return query


def _real_body(body: Json, things: Json) -> Json:
    # JSON Schema takes 5.0 for an integer. Money is written without a fraction here, so that nobody reads a float.
    body = {name: int(value) if _is_whole_float(value) else value for name, value in body.items()}
    if isinstance(body.get("limits"), list):
        rows = [_real_body(limit, {}) if isinstance(limit, dict) else limit for limit in body["limits"]]
        once = {str([row.get("kind"), row.get("period")]) if isinstance(row, dict) else str(row): row for row in rows}
        body["limits"] = list(once.values())
    return {name: things.get(name, value) if value is not None else None for name, value in body.items()}


def _is_whole_float(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()
