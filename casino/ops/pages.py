"""
What only the site's pages need: sessions, forms, messages, who is signed in. A call of the partner API (`is_call`, said
by its own middleware) knows none of it and goes past; together they would cost it more than its own layer.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


def is_call(request: HttpRequest) -> bool:
    return getattr(request, "is_call", False)


class _PastCalls:
    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if is_call(request) else super().__call__(request)  # type: ignore[misc]


class Sessions(_PastCalls, SessionMiddleware):
    pass


class Csrf(_PastCalls, CsrfViewMiddleware):
    """The API's views are exempt from its check in any case: who calls is known by a key, which no browser adds."""


class SignedIn(_PastCalls, AuthenticationMiddleware):
    pass


class Messages(_PastCalls, MessageMiddleware):
    pass
