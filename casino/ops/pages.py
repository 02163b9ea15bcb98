"""
What only the site's pages need: sessions, forms, messages, who is signed in. A call of the partner API (`is_call`, said
by its own middleware) knows none of it and goes past; together they would cost it more than its own layer.
"""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

_SESSION_KEY = re.compile(r"[a-z0-9]{8,64}", re.ASCII)


def is_call(request: HttpRequest) -> bool:
    return getattr(request, "is_call", False)


class Readable:
    """
    PostgreSQL takes no text with a zero in it, so no page is asked for with one: a path or a filter of a list would
    bring it there. What is called by programs answers for itself, by parameter.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not hasattr(request, "is_call") and ("\0" in request.path or "%00" in request.META["QUERY_STRING"]):
            raise BadRequest("There is a zero in the address.")
        return self.get_response(request)


class _PastCalls:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if is_call(request) else super().__call__(request)  # type: ignore[misc]


class Sessions(_PastCalls, SessionMiddleware):
    """
    What is no key of a session is not looked up: anybody can put anything into a cookie, also what PostgreSQL does not
    take (Django reads a zero from `\\000`).
    """

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key is not None and not _SESSION_KEY.fullmatch(key):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)


class Csrf(_PastCalls, CsrfViewMiddleware):
    """The API's views are exempt from its check in any case: who calls is known by a key, which no browser adds."""


class SignedIn(_PastCalls, AuthenticationMiddleware):
    pass


class Messages(_PastCalls, MessageMiddleware):
    pass
