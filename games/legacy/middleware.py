"""
Around everything that the paths of the legacy APIs reach, views or not:

- A key in the address is taken out of it, before a log, an error report or the name of a request could hold it.
- A body that says that it is too large is not read.
- Every error has the dialect's shape, also of what no view of theirs has answered.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse

from games.legacy.dialects import of_path, refused
from games.legacy.errors import Refusal
from games.legacy.params import MAX_BODY

KEY = "api_key"
MASK = f"{KEY}=***"
# Where servers leave the address a second time.
RAW = ("RAW_URI", "REQUEST_URI", "UNENCODED_URL")
KEPT = ("Allow", "Retry-After")
_ours = re.compile(settings.LEGACY_API_PATHS)


class LegacyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _ours.fullmatch(request.path_info):
            return self.get_response(request)
        take_keys_out(request)
        refusal = _unreadable(request)
        if refusal is not None:
            answer = refused(of_path(request.path_info), refusal)
            answer["Cache-Control"] = "no-store"
            return answer
        answer = self.get_response(request)
        if answer.status_code < 400 or answer.get("Content-Type") == "application/json":
            return answer
        told = {name: answer[name] for name in KEPT if name in answer}
        plain = refused(of_path(request.path_info), Refusal(answer.status_code, headers=told))
        plain["Cache-Control"] = "no-store"
        return plain


def take_keys_out(request: HttpRequest) -> None:
    """The keys of the query go to `request.keys_of_query`, and a mask takes their place."""
    keys, rest = [], []
    for part in str(request.META.get("QUERY_STRING", "")).split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name).removesuffix("[]") == KEY:
            keys.append(unquote_plus(value))
        else:
            rest.append(part)
    if keys:
        request.keys_of_query = keys  # type: ignore[attr-defined]
        request.META["QUERY_STRING"] = "&".join([*filter(None, rest), MASK])
        for name in RAW:
            request.META.pop(name, None)
    request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]  # for error reports


def _unreadable(request: HttpRequest) -> Refusal | None:
    if "\0" in request.path_info:
        return Refusal(404)
    if isinstance(request, WSGIRequest) and "HTTP_TRANSFER_ENCODING" in request.META:
        return Refusal(411)  # by WSGI a body without a length is an empty one, which would be the wrong error
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        return Refusal(400, message="Content-Length is not a number.")
    return Refusal(413) if len(length) > 10 or int(length) > MAX_BODY else None
