"""The REST framework's exception handler. On its own, since the framework's views read the settings that name it."""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response
from rest_framework.views import set_rollback

from casino.api.problems import CONTENT_TYPE, request_id_of, to_problem


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The REST framework's exception handler."""
    problem = to_problem(error)
    set_rollback()
    body = problem.body(request_id_of(context["request"]))
    return Response(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)
