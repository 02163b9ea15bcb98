"""Input that is what it says: integers that are integers, and no field that nobody knows."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from casino.api.problems import Problem, field_errors

MAX_SAFE_INTEGER = 2**53 - 1  # what every JSON parser keeps exact


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: no text, no `1.0`, no `true`."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class StrictCharField(serializers.CharField):
    """A JSON string: no numbers. Control characters are refused."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if any(ord(character) < 32 or ord(character) == 127 for character in data):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictChoiceField(serializers.ChoiceField):
    """One of these texts."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class PlainRegexField(StrictCharField):
    """A text of a fixed form; the form is in the description."""

    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(**options)
        self.validators.append(RegexValidator(pattern))


class StrictBooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


Form = Callable[[], "serializers.BaseSerializer[Any]"]  # a serializer's class


class InputSerializer(serializers.Serializer[Any]):
    """A JSON object with known fields."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - self.fields.keys())
            if unknown:
                raise serializers.ValidationError({name: ["Unknown field."] for name in unknown[:20]})
        return super().to_internal_value(data)


class QuerySerializer(serializers.Serializer[Any]):
    """Parameters of a query, which are texts. The last one of a name counts; an empty one is not an absent one."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(dict(data.items()))  # a plain dict: not read as a form of a page


def checked(form: Form, data: Any) -> dict[str, Any]:
    """The validated input, or the problem with a line per field."""
    try:
        return dict(_reader(form).run_validation(data))
    except serializers.ValidationError as error:
        raise Problem("invalid_request", errors=field_errors(error.detail)) from error


@cache
def _reader(form: Form) -> "serializers.BaseSerializer[Any]":
    """
    One for all requests: a serializer copies each of its fields when it is made, which is most of what reading costs.
    Reading itself keeps nothing in it.
    """
    return form()
