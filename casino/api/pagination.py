"""Lists: `{"results", "next", "previous"}`, newest first, with an opaque cursor that holds while rows are added."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

from casino.api import docs
from casino.api.problems import Problem

MAX_LIMIT = 100
_CURSOR = re.compile(docs.CURSOR_FORM)


class Newest(CursorPagination):
    """By a column that rises with time and is unique (an id, a number)."""

    page_size = 25
    max_page_size = MAX_LIMIT
    page_size_query_param = "limit"
    ordering = "-pk"

    def __init__(self, ordering: str = "-pk") -> None:
        self.ordering = ordering

    def get_page_size(self, request: Any) -> int:
        text = request.query_params.get("limit")
        if text is None:
            return int(self.page_size)
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_LIMIT):
            errors = [{"field": "limit", "message": f"A whole number from 1 to {MAX_LIMIT}."}]
            raise Problem("invalid_request", errors=errors)
        return int(text)

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        try:
            if not _CURSOR.fullmatch(request.query_params.get("cursor", "")):
                raise ValueError
            return list(super().paginate_queryset(queryset, request, view) or [])
        except (NotFound, ValidationError, ValueError, TypeError, OverflowError) as error:
            errors = [{"field": "cursor", "message": "Not a cursor of this list."}]
            raise Problem("invalid_request", errors=errors) from error

    def listing(self, queryset: Any, request: Any, show: Any) -> dict[str, Any]:
        """The wanted page, each row through `show`."""
        rows = self.paginate_queryset(queryset, request)
        return {
            "results": [show(row) for row in rows],
            "next": self.get_next_link(),
            "previous": self.get_previous_link(),
        }
