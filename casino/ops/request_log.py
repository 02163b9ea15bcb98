"""One line per request, when it is answered."""

from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from casino.api.addresses import client_address
from casino.ops.pages import is_call

logger = structlog.getLogger(__name__)


class RequestLog(RequestMiddleware):
    """
    The library's, but for calls of the partner API, which have no user to look for and no beginning worth a line: for
    them the same line is made in half the time, which was a tenth of theirs.
    """

    def prepare(self, request: HttpRequest) -> None:
        if not is_call(request):
            super().prepare(request)
            return
        address = client_address(request.META, settings.TRUSTED_PROXY_IPS)
        structlog.contextvars.bind_contextvars(request_id=request.request_id, ip=address)  # type: ignore[attr-defined]

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        if not is_call(request) or response.streaming or hasattr(request, "_raised_exception"):
            super().handle_response(request, response)
            return
        said: dict[str, Any] = {"code": response.status_code, "request": self.format_request(request)}
        logger.log(self._log_level_for_status_code(response.status_code), "request_finished", **said)
        structlog.contextvars.clear_contextvars()
