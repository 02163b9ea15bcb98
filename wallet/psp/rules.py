"""
What a payment is, and what a provider's report does to it. Pure: no framework.

    deposit      pending ──────────────► succeeded   money: psp → player
                    └──────────────────► failed, cancelled
    withdrawal   requested ──► pending ─► succeeded  money: set aside when requested, posted player → psp
                    │            └──────► failed     voided
                    └─► cancelled (by the player, or refused by staff, before it was handed over)

`pending` means that the provider may know of it: from then on only its report ends it. The last three are final: a
report that contradicts a final state changes no payment. What has been moved out there and fits no payment goes through
the suspense account, with a case for staff.
"""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from accounts.webhooks.rules import signature

MAX_BODY = 16 * 1024
MAX_AMOUNT = 10**15
# Printable, so that lists and logs show what they hold.
_REFERENCE = re.compile(r"[!-~]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3,8}")

# After a failed hand-over the next try comes so much later; the last step repeats until the provider has answered.
RETRIES = tuple(timedelta(seconds=s) for s in (1, 2, 5, 15, 60, 300, 900, 3600))
DEPOSIT_LIFE = timedelta(days=7)  # a deposit that nobody reported on is given up; a later success finds staff
MAX_OPEN = 10  # of a player's deposits, and of their withdrawals


class Direction(StrEnum):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


class Status(StrEnum):
    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (Status.REQUESTED, Status.PENDING)
FINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class Effect(StrEnum):
    """What became of a report."""

    APPLIED = "applied"
    REPEATED = "repeated"  # it says what we know
    WAITING = "waiting"  # of a payment that we do not know (yet), without money
    SUSPENDED = "suspended"  # a case for staff


class Reason(StrEnum):
    """Why a report became a case."""

    UNKNOWN_REFERENCE = "unknown_reference"
    OTHER_AMOUNT = "other_amount"
    OTHER_CURRENCY = "other_currency"
    OTHER_DIRECTION = "other_direction"
    AFTER_THE_END = "after_the_end"  # a success of what had failed, been cancelled or given up
    PAID_TWICE = "paid_twice"  # a second success under another reference of the provider's
    CONTRADICTION = "contradiction"  # a failure of what had succeeded


class Resolution(StrEnum):
    """How a case ends."""

    CREDIT = "credit"  # what arrived is a player's: suspense → player
    RETURN = "return"  # it went back, or it never came: suspense → psp
    CHARGE = "charge"  # what left is a player's: player → suspense
    RECOVER = "recover"  # it came back to the provider: psp → suspense
    WRITE_OFF = "write_off"  # the house bears what left: adjustment → suspense
    NOTE = "note"  # nothing was booked, nothing is
    MATCHED = "matched"  # its payment appeared after it: suspense → psp, and the payment's own transfer


ARRIVED = (Resolution.CREDIT, Resolution.RETURN)
LEFT = (Resolution.CHARGE, Resolution.RECOVER, Resolution.WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Standing:
    """What we have of the payment that a report is about."""

    direction: str
    status: str
    amount_minor: int
    currency: str
    provider_reference: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report does; a reason where it is a case for staff."""

    effect: Effect
    reason: Reason | None = None


class NotAReport(ValueError):
    """A signed body that is not a report; `field` is the one to blame."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


TYPES = {
    "deposit.succeeded": (Direction.DEPOSIT, True),
    "deposit.failed": (Direction.DEPOSIT, False),
    "withdrawal.succeeded": (Direction.WITHDRAWAL, True),
    "withdrawal.failed": (Direction.WITHDRAWAL, False),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A report, as the provider says it."""

    type: str
    reference: str
    provider_reference: str
    amount_minor: int
    currency: str
    at: datetime

    @property
    def direction(self) -> Direction:
        return TYPES[self.type][0]

    @property
    def succeeded(self) -> bool:
        return TYPES[self.type][1]


def judge(said: Said, payment: Standing | None, *, known_case: bool) -> Verdict:
    """
    What a report does to the payment as it stands. `known_case`: the very same was reported before, and is a case.

    A success that does not fit is money all the same, so it always becomes a case, once.
    """
    verdict = _judge(said, payment)
    return Verdict(Effect.REPEATED) if known_case and verdict.effect is Effect.SUSPENDED else verdict


def _judge(said: Said, payment: Standing | None) -> Verdict:
    if payment is None:
        return Verdict(Effect.SUSPENDED, Reason.UNKNOWN_REFERENCE) if said.succeeded else Verdict(Effect.WAITING)
    differs = _difference(said, payment)
    if differs is not None:
        return Verdict(Effect.SUSPENDED, differs)
    if payment.status in OPEN:
        return Verdict(Effect.APPLIED)
    if not said.succeeded:
        contradicts = payment.status == Status.SUCCEEDED
        return Verdict(Effect.SUSPENDED, Reason.CONTRADICTION) if contradicts else Verdict(Effect.REPEATED)
    if payment.status != Status.SUCCEEDED:
        return Verdict(Effect.SUSPENDED, Reason.AFTER_THE_END)
    if payment.provider_reference == said.provider_reference:
        return Verdict(Effect.REPEATED)
    return Verdict(Effect.SUSPENDED, Reason.PAID_TWICE)


def _difference(said: Said, payment: Standing) -> Reason | None:
    checks = (
        (said.direction == payment.direction, Reason.OTHER_DIRECTION),
        (said.currency == payment.currency, Reason.OTHER_CURRENCY),
        (said.amount_minor == payment.amount_minor, Reason.OTHER_AMOUNT),
    )
    return next((reason for same, reason in checks if not same), None)


def read_report(body: bytes) -> Said:
    """`{"type", "data": {"reference", "provider_reference", "amount", "currency", "at"}}`; raises NotAReport."""
    try:
        given = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise NotAReport("", "The body is not JSON.") from None
    if not isinstance(given, dict):
        raise NotAReport("", "The body is not an object.")
    if not isinstance(given.get("type"), str) or given["type"] not in TYPES:
        raise NotAReport("type", f"One of {', '.join(TYPES)}.")
    data = given.get("data")
    if not isinstance(data, dict):
        raise NotAReport("data", "An object.")
    return Said(
        type=given["type"],
        reference=_text(data, "reference", _REFERENCE),
        provider_reference=_text(data, "provider_reference", _REFERENCE),
        amount_minor=_amount(data.get("amount")),
        currency=_text(data, "currency", _CURRENCY),
        at=_moment(data.get("at")),
    )


def _text(data: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise NotAReport(f"data.{name}", f"A text of the form {form.pattern}.")
    return value


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_AMOUNT:
        raise NotAReport("data.amount", "A positive whole number of minor units.")
    return value


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        moment = moment.astimezone(UTC)  # the ends of the calendar overflow here, and not in the database
    except (TypeError, ValueError, OverflowError):
        raise NotAReport("data.at", "A time with its offset, such as 2026-11-21T12:00:00Z.") from None
    return moment


def new_reference(direction: Direction) -> str:
    """What a payment is called between us and its provider; nobody can guess another's."""
    return f"{'dep' if direction is Direction.DEPOSIT else 'wdr'}_{secrets.token_hex(12)}"


def next_delay(attempts: int) -> timedelta:
    return RETRIES[min(attempts, len(RETRIES)) - 1]


def payment_url(
    base_url: str, secret: str, *, reference: str, amount_minor: int, currency: str, return_url: str, at: int
) -> str:
    """Where a player pays. Signed, so that what the provider shows is what we asked for."""
    query = urlencode(
        {"reference": reference, "amount": amount_minor, "currency": currency, "return_url": return_url, "at": at}
    )
    return f"{base_url}/pay?{query}&{urlencode({'signature': signature(secret, reference, at, query.encode())})}"
