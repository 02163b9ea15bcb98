"""Limits and exclusions as the API takes and shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.partners.rules import EXTERNAL_ID
from accounts.protection.queries import HeldLimit
from accounts.protection.rules import (
    AMOUNTS,
    MAX_AMOUNT,
    MAX_COOL_OFF_HOURS,
    MAX_EXCLUSION_MONTHS,
    MAX_MINUTES,
    MIN_COOL_OFF_HOURS,
    MIN_EXCLUSION_MONTHS,
    PERIODS,
    PERMANENT,
    Kind,
    LimitWish,
    Period,
    Source,
    Wish,
)
from casino.api.fields import InputSerializer, PlainRegexField, StrictChoiceField, StrictIntegerField
from casino.lib.clock import iso
from wallet.protection.queries import Overview

KINDS = [str(kind) for kind in (*AMOUNTS, Kind.SESSION)]
SOURCES = [str(source) for source in Source]
PERIOD = f"^({'|'.join(PERIODS)})$"
MOST_LIMITS = 10  # there are no more kinds and periods
REALITY_CHECK = (Kind.REALITY_CHECK, Period.NONE)

LIMIT = {
    "kind": "stake",
    "period": "day",
    "amount": 5000,
    "minutes": None,
    "used": 1500,
    "resets_at": "2026-11-22T00:00:00.000Z",
    "pending": {"amount": 10000, "minutes": None, "effective_at": "2026-11-22T12:00:00.000Z"},
    "sources": [
        {
            "source": "partner",
            "amount": 5000,
            "minutes": None,
            "pending": {"amount": 10000, "minutes": None, "effective_at": "2026-11-22T12:00:00.000Z"},
        }
    ],
}
LIMITS = {
    "user": "p-1",
    "currency": "BRL",
    "denominator": 100,
    "is_demo": True,
    "limits": [LIMIT],
    "cool_off_until": None,
    "excluded_until": None,
    "excluded_permanently": False,
    "reality_check_minutes": 60,
}


# --- what is asked ----------------------------------------------------------------------------------------------------
class PlayerLimitInput(InputSerializer):
    kind = StrictChoiceField(choices=KINDS)
    period = PlainRegexField(PERIOD, allow_null=True, default=None)
    amount = StrictIntegerField(min_value=1, max_value=MAX_AMOUNT, allow_null=True, required=False)
    minutes = StrictIntegerField(min_value=1, max_value=MAX_MINUTES, allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_amount = attrs["kind"] in AMOUNTS
        wanted, other = ("amount", "minutes") if is_amount else ("minutes", "amount")
        if wanted not in attrs:
            raise serializers.ValidationError({wanted: ["This field is required; null lifts the limit."]})
        if other in attrs:
            raise serializers.ValidationError({other: [f"Not of a limit of this kind: give `{wanted}`."]})
        if is_amount == (attrs["period"] is None):
            needed = "One of day, week, month." if is_amount else "null for a limit of this kind."
            raise serializers.ValidationError({"period": [needed]})
        return attrs


def _one_limit(kinds: list[str], about: str, fields: dict[str, Any], needed: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": about,
        "properties": {"kind": {"type": "string", "enum": kinds}, **fields},
        "required": ["kind", *needed],
        "additionalProperties": False,
    }


def _number(most: int, about: str) -> dict[str, Any]:
    return {"type": ["integer", "null"], "minimum": 1, "maximum": most, "description": f"{about}; null lifts it"}


LIMIT_FORMS = [
    _one_limit(
        KINDS[:-1],
        "of an amount over a period",
        {
            "period": {"type": "string", "enum": list(PERIODS), "description": "of the calendar, in UTC"},
            "amount": _number(MAX_AMOUNT, "minor units"),
        },
        ["period", "amount"],
    ),
    _one_limit(
        KINDS[-1:],
        "how long a game session may last",
        {"period": {"type": "null"}, "minutes": _number(MAX_MINUTES, "from its beginning")},
        ["minutes"],
    ),
]


@extend_schema_field({"type": "array", "maxItems": MOST_LIMITS, "items": {"oneOf": LIMIT_FORMS}})
class LimitsField(serializers.ListField):
    """Limits, each of them once."""

    child = PlayerLimitInput()


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": MIN_EXCLUSION_MONTHS, "maximum": MAX_EXCLUSION_MONTHS},
            {"type": "string", "enum": [PERMANENT]},
        ]
    }
)
class MonthsField(StrictIntegerField):
    """Months, or the word for ever."""

    def to_internal_value(self, data: Any) -> Any:
        return data if data == PERMANENT else super().to_internal_value(data)

    def run_validators(self, value: Any) -> None:
        if value != PERMANENT:
            super().run_validators(value)

    def to_representation(self, value: Any) -> Any:
        return value


class PlayerLimitsInput(InputSerializer):
    user = PlainRegexField(EXTERNAL_ID, max_length=64)
    limits = LimitsField(required=False, max_length=MOST_LIMITS, help_text="each kind and period once")
    cool_off_hours = StrictIntegerField(
        min_value=MIN_COOL_OFF_HOURS, max_value=MAX_COOL_OFF_HOURS, required=False, help_text="a day to six weeks"
    )
    self_exclusion_months = MonthsField(
        min_value=MIN_EXCLUSION_MONTHS,
        max_value=MAX_EXCLUSION_MONTHS,
        required=False,
        help_text=f"or `{PERMANENT}`; nobody can end it early",
    )
    reality_check_minutes = StrictIntegerField(
        min_value=1, max_value=MAX_MINUTES, allow_null=True, required=False, help_text="null for the house's interval"
    )


def wish_of(data: dict[str, Any]) -> Wish:
    limits = [
        LimitWish(Kind(row["kind"]), Period(row["period"] or ""), row.get("amount") or row.get("minutes"))
        for row in data.get("limits", ())
    ]
    if "reality_check_minutes" in data:
        limits.append(LimitWish(*REALITY_CHECK, data["reality_check_minutes"]))
    return Wish(tuple(limits), data.get("cool_off_hours"), data.get("self_exclusion_months"))


# --- what is answered -------------------------------------------------------------------------------------------------
class PendingLimitShape(serializers.Serializer[Any]):
    amount = serializers.IntegerField(allow_null=True, help_text="null where the limit will be lifted")
    minutes = serializers.IntegerField(allow_null=True)
    effective_at = serializers.DateTimeField(help_text="24 hours after it was asked for; it then holds by itself")


class LimitSourceShape(serializers.Serializer[Any]):
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    amount = serializers.IntegerField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    pending = PendingLimitShape(allow_null=True)


class PlayerLimitShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS)
    period = serializers.RegexField(PERIOD, allow_null=True, help_text="day, week or month of the calendar, in UTC")
    amount = serializers.IntegerField(allow_null=True, help_text="minor units; the tightest of the sources")
    minutes = serializers.IntegerField(allow_null=True, help_text="of `session`: how long one may last")
    used = serializers.IntegerField(allow_null=True, help_text="since the period began, in the key's kind of money")
    resets_at = serializers.DateTimeField(allow_null=True, help_text="when the period ends")
    pending = PendingLimitShape(allow_null=True, help_text="what will hold instead")
    sources = LimitSourceShape(many=True, help_text="what each has set; the tightest holds")


class PlayerLimitsShape(serializers.Serializer[Any]):
    user = serializers.CharField()
    currency = serializers.CharField()
    denominator = serializers.IntegerField()
    is_demo = serializers.BooleanField()
    limits = PlayerLimitShape(many=True, help_text="those that hold")
    cool_off_until = serializers.DateTimeField(allow_null=True)
    excluded_until = serializers.DateTimeField(allow_null=True, help_text="self-exclusion")
    excluded_permanently = serializers.BooleanField()
    reality_check_minutes = serializers.IntegerField(allow_null=True, help_text="null where there is none")


def shown(found: Overview, *, user: str, is_demo: bool, house_minutes: int) -> dict[str, Any]:
    reality = found.limits.get(REALITY_CHECK)
    exclusions = found.exclusions
    return {
        "user": user,
        "currency": found.currency,
        "denominator": found.denominator,
        "is_demo": is_demo,
        "limits": [_limit(found, held) for slot, held in found.limits.items() if slot != REALITY_CHECK],
        "cool_off_until": exclusions.cool_off_until and iso(exclusions.cool_off_until),
        "excluded_until": exclusions.excluded_until and iso(exclusions.excluded_until),
        "excluded_permanently": exclusions.excluded_permanently,
        "reality_check_minutes": reality.value if reality else house_minutes or None,
    }


def _limit(found: Overview, held: HeldLimit) -> dict[str, Any]:
    resets_at = found.resets_at(held.slot)
    return {
        "kind": str(held.kind),
        "period": str(held.period) or None,
        **_value(held.kind, held.value),
        "used": found.used.get(held.slot),
        "resets_at": resets_at and iso(resets_at),
        "pending": _pending(held.kind, held),
        "sources": [
            {"source": str(source), **_value(held.kind, setting.value), "pending": _pending(held.kind, setting)}
            for source, setting in held.sources.items()
        ],
    }


def _value(kind: Kind, value: int | None) -> dict[str, int | None]:
    return {"amount": value if kind in AMOUNTS else None, "minutes": None if kind in AMOUNTS else value}


def _pending(kind: Kind, waiting: Any) -> dict[str, Any] | None:
    """Of a HeldLimit or of one source's Setting."""
    if waiting.next_at is None:
        return None
    return {**_value(kind, waiting.next_value), "effective_at": iso(waiting.next_at)}
