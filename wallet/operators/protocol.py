"""
What is said between us and an operator that holds its players' money (docs/operators.md). Pure: no framework.

We call, the operator answers, both signed in the same way. An answer is a *verdict* only when it is surely the
operator's and surely about our call; anything else leaves the call *unknown*, and money is then never guessed:

    Confirmed  it is booked at the operator
    Refused    it is not booked, and asking again would not change that
    Unknown    it may or may not be booked: a bet is refunded, a win or refund is said again under its id
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeGuard

import msgspec

from casino.api import signing
from casino.lib.calling import retry_after

LARGEST_ANSWER = 64 * 1024
LARGEST_PAGE = 1024 * 1024  # of the list by day
# Minor units. With a stake or a payout on top it still fits the column: an answer beyond is nonsense, of one operator,
# and must not undo the batch in which other players' bets are.
LARGEST_BALANCE = 10**18
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
# A caller that is not believed, not understood or not let in is told so before its words are taken for anything.
_NAMELESS = (401, 422, 429)


class Call(StrEnum):
    """The value is the last part of the path."""

    AUTHENTICATE = "authenticate"
    BALANCE = "balance"
    BET = "bet"
    WIN = "win"
    REFUND = "refund"

    @property
    def moves_money(self) -> bool:
        return self in (Call.BET, Call.WIN, Call.REFUND)


@dataclass(frozen=True, slots=True)
class Confirmed:
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    message: str
    balance_minor: int | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    reason: str
    retry_after: float | None = None


Verdict = Confirmed | Refused | Unknown


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the operator's list by day. `amount` is 0 and `booked` false for a refund that found no bet."""

    transaction_id: str
    kind: Literal["bet", "win", "refund"]
    user: str
    amount: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_BALANCE)]
    currency: str
    bet_transaction_id: str | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    booked: bool = True


class _Page(msgspec.Struct):
    results: list[Listed]
    next: str | None


class Nonsense(ValueError):
    """An answer that is not what the protocol says, in plain words."""


def encode(body: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(body)


def sign(secret: str, body: bytes, timestamp: str) -> str:
    """Hex HMAC-SHA256 over the exact bytes of the body and the timestamp (Unix seconds) as it stands in its header."""
    return signing.signature_v1(secret, body, timestamp)


def verify(secret: str, body: bytes, timestamp: str, signature: str, *, now: float) -> bool:
    """Is it signed with the secret, and of the last or next five minutes? In constant time."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    right = signing.same(signature, sign(secret, body, timestamp))
    return right and abs(now - int(timestamp)) <= signing.TOLERANCE_SECONDS


def signed_headers(secret: str, body: bytes, *, now: float) -> dict[str, str]:
    timestamp = str(int(now))
    return {"X-Timestamp": timestamp, "X-Signature": sign(secret, body, timestamp)}


def read_answer(
    call: Call,
    sent: Mapping[str, Any],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret: str,
    now: float,
) -> Verdict:
    """What the operator's answer to `sent` means. Never raises, whatever the answer is."""
    wait = retry_after(_header(headers, "Retry-After"), now) if status in (429, 503) else None
    try:
        said = _signed_object(headers, body, secret=secret, now=now, largest=LARGEST_ANSWER)
        if status == 200:
            return _confirmed(call, sent, said)
        if status == 429 and call == Call.BET:
            return Refused("rate_limited", _message(said), retry_after=wait)
        if 400 <= status < 500:
            return _refused(call, sent, status, said)
    except Nonsense as problem:
        return Unknown(f"answered {status}, {problem}", wait)
    return Unknown(f"answered {status}", wait)


def _confirmed(call: Call, sent: Mapping[str, Any], said: Mapping[str, Any]) -> Confirmed:
    name = "transaction_id" if call.moves_money else "user"
    if said.get(name) != sent[name]:
        raise Nonsense(f"for another {name} than ours")
    balance = said.get("balance")
    if not _is_amount(balance):
        raise Nonsense("without a balance that is a whole number from 0 up")
    if said.get("currency") != sent["currency"]:
        raise Nonsense("in another currency than ours")
    denominator = said.get("denominator")
    if type(denominator) is not int or denominator < 1 or denominator != sent.get("denominator", denominator):
        raise Nonsense("with another denominator than ours")
    return Confirmed(balance)


def _refused(call: Call, sent: Mapping[str, Any], status: int, said: Mapping[str, Any]) -> Refused:
    code = said.get("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise Nonsense("without a code")
    if status == 429 or (said.get("retryable") is not False and status != 401):
        raise Nonsense(f"{code}, which may pass")
    named = said.get("transaction_id")
    if call.moves_money and named != sent["transaction_id"] and not (named is None and status in _NAMELESS):
        raise Nonsense(f"{code}, for another transaction_id than ours")
    balance = said.get("balance")
    ours = said.get("currency", sent["currency"]) == sent["currency"]
    return Refused(code, _message(said), balance if ours and _is_amount(balance) else None)


def read_page(
    status: int, headers: Mapping[str, str], body: bytes, *, secret: str, now: float
) -> tuple[list[Listed], str | None]:
    """The rows of one page of the list by day, and the cursor of the next. Raises Nonsense."""
    if status != 200:
        raise Nonsense(f"answered {status}")
    said = _signed_object(headers, body, secret=secret, now=now, largest=LARGEST_PAGE)
    try:
        page = msgspec.convert(said, _Page)
    except msgspec.ValidationError as problem:
        raise Nonsense(str(problem)) from None
    return page.results, page.next or None


def _signed_object(
    headers: Mapping[str, str], body: bytes, *, secret: str, now: float, largest: int
) -> Mapping[str, Any]:
    if len(body) > largest:
        raise Nonsense(f"with more than {largest // 1024} KiB")
    timestamp, signature = _header(headers, "X-Timestamp"), _header(headers, "X-Signature")
    if not timestamp or not signature:
        raise Nonsense("unsigned")
    if not verify(secret, body, timestamp, signature, now=now):
        raise Nonsense("with a signature that is wrong or not of these five minutes")
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Nonsense("not JSON") from None
    if not isinstance(said, dict):
        raise Nonsense("not a JSON object")
    return said


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name) or headers.get(name.lower()) or ""


def _message(said: Mapping[str, Any]) -> str:
    message = said.get("message")
    return message[:300].replace("\x00", "") if isinstance(message, str) else ""


def _is_amount(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= LARGEST_BALANCE


def day_query(day: date, cursor: str | None) -> dict[str, str]:
    return {"day": day.isoformat(), **({"cursor": cursor} if cursor else {})}
