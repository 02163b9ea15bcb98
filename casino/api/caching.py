"""How long an answer may be kept, and by whom (contract section 5, Caching)."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

FINISHED_ROUND = 3600
GAME_METADATA = 3600
PROVIDER_STATUS = 300
PREFERENCES = 900


def cacheable(
    request: Request, body: Any, *, seconds: int, modified: datetime | None = None, private: bool = False
) -> Response:
    """
    An answer that may be kept for so long, with a strong ETag of its content; 304 where the client has it already.

    `private`: it depends on the key, so no shared cache keeps it for others.
    """
    text = json.dumps(body, cls=DjangoJSONEncoder, sort_keys=True)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    response = Response(body)
    response["ETag"] = etag
    response["Cache-Control"] = f"{'private' if private else 'public'}, max-age={seconds}"
    response["Vary"] = "Authorization, X-API-Key"
    timestamp = None
    if modified is not None:
        timestamp = int(modified.timestamp())
        response["Last-Modified"] = http_date(timestamp)
    found = get_conditional_response(request._request, etag=etag, last_modified=timestamp, response=response)
    if found is None or found is response:
        return response
    kept = ("ETag", "Cache-Control", "Last-Modified", "Vary")
    return Response(status=found.status_code, headers={name: response[name] for name in kept if name in response})
