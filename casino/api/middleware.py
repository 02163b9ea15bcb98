"""Everything under `/api/` answers as the API does, also where no view of it was reached."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from casino.api.problems import Problem, of_status, problem_response, to_problem
from casino.api.version import API_VERSION

PREFIX = "/api/"
_legacy = re.compile(settings.LEGACY_API_PATHS)  # they take the site's session where there is no key


class ApiMiddleware:
    """The version on every answer; JSON for every error; a bound on every body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        request.is_call = not _legacy.fullmatch(request.path)  # type: ignore[attr-defined]
        own = set(vars(request))
        response = self._answer(request)
        if not response.streaming:
            # What was hung on the request within (its session, its user) refers back to it. Taken off, all of it is
            # gone at once; left to the garbage collector, it piles up to pauses that every other request feels.
            for name in vars(request).keys() - own:
                delattr(request, name)
        response["X-API-Version"] = API_VERSION
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        refused = _unreadable(request) or _too_large(request)
        if refused is not None:
            return problem_response(request, refused)
        response = self.get_response(request)
        if response.status_code >= 400 and "json" not in response.get("Content-Type", ""):
            problem = of_status(response.status_code)
            if "Allow" in response:
                problem.headers["Allow"] = response["Allow"]
            return problem_response(request, problem)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.path.startswith(PREFIX):
            return None
        return problem_response(request, to_problem(exception))


def _unreadable(request: HttpRequest) -> Problem | None:
    """PostgreSQL takes no text with a zero in it, so nothing that is looked up by a path has one."""
    return Problem("not_found", "There is no such path.") if "\0" in request.path else None


def _too_large(request: HttpRequest) -> Problem | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit():
        return Problem("invalid_request", "Content-Length is not a number.")
    if int(length) > settings.API_MAX_BODY:
        return Problem("payload_too_large", f"A body has at most {settings.API_MAX_BODY} bytes.")
    return None
