"""Changes of protection in words, for the player's page and for staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import AuditEntry
from accounts.protection.rules import AMOUNTS, Kind, Period, Slot, Source
from casino.lib.money import format_minor

BY = {Source.PLAYER: "you", Source.PARTNER: "the operator you play at", Source.STAFF: "our staff"}
NAMES = {
    Kind.DEPOSIT: "Deposit limit",
    Kind.STAKE: "Stake limit",
    Kind.LOSS: "Loss limit",
    Kind.SESSION: "Session limit",
    Kind.REALITY_CHECK: "Reality check",
}


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    what: str
    by: str


def name(slot: Slot) -> str:
    kind, period = slot
    return f"{NAMES[kind]} a {period}" if period else NAMES[kind]


def value(kind: Kind, number: int | None, *, denominator: int, currency: str) -> str:
    if number is None:
        return "the house's interval" if kind is Kind.REALITY_CHECK else "none"
    if kind in AMOUNTS:
        return f"{format_minor(number, denominator)} {currency}"
    return f"{number} min"


def line(entry: AuditEntry, *, denominator: int, currency: str) -> Line:
    details: dict[str, Any] = entry.details
    source = Source(details["source"])
    return Line(entry.at, _what(entry.action.partition(".")[2], details, denominator, currency), BY[source])


def _what(action: str, details: dict[str, Any], denominator: int, currency: str) -> str:
    if action in ("cooled_off", "self_excluded"):
        ban = "Break" if action == "cooled_off" else "Self-exclusion"
        return f"{ban} {'for good' if details['until'] is None else 'until ' + _moment(details['until'])}"
    kind = Kind(details["kind"])
    called = name((kind, Period(details["period"] or "")))
    shown = value(kind, details["value"], denominator=denominator, currency=currency)
    if action == "limit_waits":
        return f"{called}: {shown} from {_moment(details['effective_at'])}"
    if action == "change_taken_back":
        return f"{called}: the change to {shown} was taken back"
    return f"{called}: {shown}"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%-d %b %Y, %H:%M} UTC"
