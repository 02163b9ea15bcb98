"""The log: a line of JSON per event in production, readable lines elsewhere, and no secret in either."""

import re
from collections.abc import Mapping
from typing import Any

import structlog

MASK = "***"
# Keys and sessions that came in a query string: the address of a request is logged with its query.
_SECRET = re.compile(r"""(?i)([?&](?:session|key|api_key|token|secret|signature)=)[^&\s'"]+""")


def mask_secrets(logger: Any, method: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: _SECRET.sub(rf"\1{MASK}", value) if isinstance(value, str) else value for name, value in event.items()
    }


def configure(*, as_json: bool) -> None:
    last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_secrets,
            *(last if as_json else [structlog.dev.ConsoleRenderer()]),
        ]
    )
