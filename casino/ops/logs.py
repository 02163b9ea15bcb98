"""The log: a line of JSON per event in production, readable lines elsewhere, and no secret in either."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_metadata

from casino.api.addresses import client_address

MASK = "***"
LONGEST_REQUEST = 2_000  # characters of an address that are logged: some calls carry 64 KiB in theirs
# Keys and sessions that came in a query string: the address of a request is logged with its query.
_SECRET = re.compile(r"""(?i)([?&](?:session|key|api_key|token|secret|signature)=)[^&\s'"]+""")

# Our own keys and secrets, wherever they stand: also in the middle of a parameter that is JSON.
_OURS = re.compile(r"(?:\b|(?<=%[0-9A-Fa-f]{2}))(pk|ck_test|ck_live|cs|os|whsec)_[\w-]{16,}", re.ASCII)


def _masked(value: str) -> str:
    return _OURS.sub(rf"\1_{MASK}", _SECRET.sub(rf"\1{MASK}", value))


def mask_secrets(logger: Any, method: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    masked = {name: _masked(value) if isinstance(value, str) else value for name, value in event.items()}
    if isinstance(masked.get("request"), str):
        masked["request"] = masked["request"][:LONGEST_REQUEST]
    return masked


@receiver(bind_extra_request_metadata)
def _bind_address(request: HttpRequest, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(ip=client_address(request.META, settings.TRUSTED_PROXY_IPS))


def configure(*, as_json: bool) -> None:
    # Plain tracebacks everywhere: a pretty one shows local variables, and some of those are secrets.
    traces = [structlog.processors.format_exc_info] if as_json else []
    readable = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *traces,
            mask_secrets,
            structlog.processors.JSONRenderer() if as_json else readable,
        ],
    )
