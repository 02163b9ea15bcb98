"""JSON as money needs it: no float in it, no number that is none, and no name twice."""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn


def loads(text: str | bytes) -> Any:
    """Numbers with a point or an exponent are Decimals. Raises ValueError, and nothing else."""
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:  # nested a thousand deep, it is no better than no JSON
        raise ValueError("nested too deep") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("no number is that large") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
