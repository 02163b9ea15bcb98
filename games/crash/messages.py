"""
The socket's messages (contract section 4), decoded and encoded here and nowhere else. Pure.

Inbound: `decode` gives one of the request structs, or raises InvalidMessage. Values of a wrong type or size are not
errors of form: they become values that the rules refuse with their own code (an amount of "5" is below the minimum).
Outbound: functions that give the message as a dict of JSON types; amounts in minor units, multipliers in hundredths.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from casino.lib.clock import elapsed_ms, iso
from casino.lib.errors import DomainError

MULTIPLIER_DENOMINATOR = 100
HUGE = 10**18  # above any limit, inside 64 bits
CHANNELS = ("bets", "cashouts", "account")

Message = dict[str, Any]


class Undecodable(DomainError):
    """A message that gives no request; `request_id` is what could be read of it."""

    request_id: str | int | None = None


class InvalidMessage(Undecodable):
    """Not JSON, not an object, or of no known type."""

    code = "invalid_message"
    socket_code = 1013
    message = "Invalid message type."


class InvalidValue(Undecodable):
    """A value of a query that makes no sense."""

    code = "invalid_request"
    socket_code = 400


# --- inbound ----------------------------------------------------------------------------------------------------------
class Envelope(msgspec.Struct):
    """Everything a request may carry, not yet judged."""

    messageType: Any = None
    msgType: Any = None
    requestId: Any = None
    amount: Any = None
    identifier: Any = msgspec.UNSET
    autoCashoutMultiplier: Any = None
    betID: Any = None
    cashoutAt: Any = None
    message: Any = None
    time: Any = None
    channels: Any = None
    clientSeed: Any = None


class WalletRequest(msgspec.Struct):
    pass


class PlaceBetRequest(msgspec.Struct):
    amount: int
    identifier: int
    auto_cashout: int | None


class CashOutRequest(msgspec.Struct):
    bet_id: UUID | None
    cashout_at: int | None


class CancelRequest(msgspec.Struct):
    bet_id: UUID | None


class HistoryRequest(msgspec.Struct):
    pass


class ChatRequest(msgspec.Struct):
    text: str | None


class TopWinRequest(msgspec.Struct):
    period: str | None


class MultipliersRequest(msgspec.Struct):
    pass


class SubscribeRequest(msgspec.Struct):
    channels: tuple[str, ...]


Request = (
    WalletRequest
    | PlaceBetRequest
    | CashOutRequest
    | CancelRequest
    | HistoryRequest
    | ChatRequest
    | TopWinRequest
    | MultipliersRequest
    | SubscribeRequest
)

Readers = Mapping[str, Callable[[Envelope], Any]]  # by messageType
_decoder = msgspec.json.Decoder(Envelope)


def decode(text: str, readers: Readers | None = None) -> tuple[Any, str | int | None]:
    """The request and its `requestId`. InvalidMessage for what is not JSON, not an object, or of no known type."""
    try:
        envelope = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise InvalidMessage("Invalid message: a JSON object with a messageType is expected.") from error
    kind = envelope.messageType if envelope.messageType is not None else envelope.msgType
    name = request_id(envelope.requestId)
    known = READERS if readers is None else readers
    try:
        if not isinstance(kind, str) or kind not in known:
            raise InvalidMessage
        return known[kind](envelope), name
    except Undecodable as refusal:
        refusal.request_id = name
        raise


def request_id(value: Any) -> str | int | None:
    """Echoed if it is a short text or a plain number; otherwise ignored."""
    if isinstance(value, str) and len(value) <= 64:
        return value
    return value if _is_int(value) and abs(value) <= HUGE else None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _int(value: Any) -> int:
    """The integer, held inside 64 bits; 0, which no rule accepts, for anything else (booleans, fractions, texts)."""
    return max(-HUGE, min(HUGE, value)) if _is_int(value) else 0


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) <= 45 else None
    except ValueError:
        return None


def _channels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name in CHANNELS for name in value):
        raise InvalidValue(f"channels is a list of {', '.join(CHANNELS)}.")
    return tuple(dict.fromkeys(value))


READERS: dict[str, Callable[[Envelope], Request]] = {
    "wallet": lambda e: WalletRequest(),
    "bet": lambda e: PlaceBetRequest(
        _int(e.amount),
        1 if e.identifier is msgspec.UNSET else _int(e.identifier),
        None if e.autoCashoutMultiplier is None else _int(e.autoCashoutMultiplier),
    ),
    "win": lambda e: CashOutRequest(_uuid(e.betID), None if e.cashoutAt is None else _int(e.cashoutAt)),
    "bet_cancel": lambda e: CancelRequest(_uuid(e.betID)),
    "bet_history": lambda e: HistoryRequest(),
    "chat": lambda e: ChatRequest(e.message if isinstance(e.message, str) else None),
    "top_win": lambda e: TopWinRequest(e.time if isinstance(e.time, str) else None),
    "multipliers": lambda e: MultipliersRequest(),
    "subscribe": lambda e: SubscribeRequest(_channels(e.channels)),
}


# --- outbound ---------------------------------------------------------------------------------------------------------
def encode(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def error(refusal: DomainError, *, request_id: str | int | None = None) -> Message:
    body = {"message": refusal.message, "code": refusal.socket_code, "var": refusal.var}
    return with_request_id({"messageType": "error", "error": body}, request_id)


def with_request_id(message: Message, request_id: str | int | None) -> Message:
    return message if request_id is None else {**message, "requestId": request_id}


class FairRound(Protocol):
    """What a round shows of its fairness. `salt` and `result_hundredths` are None until the crash."""

    @property
    def id(self) -> UUID: ...

    number: int
    hash: str
    previous_result: int
    salt: str | None
    result_hundredths: int | None


def fairness(round_: FairRound) -> Message:
    return {
        "hash": round_.hash,
        "salt": round_.salt,
        "previousResult": round_.previous_result,
        "currentResult": round_.result_hundredths,
    }


def broadcast(kind: str, round_: FairRound, now: datetime, **fields: Any) -> Message:
    """A message to everyone; `seq` is added where it is sent."""
    return {
        "messageType": kind,
        **fields,
        "roundId": str(round_.id),
        "number": round_.number,
        "timestamp": iso(now),
    }


class BetLike(Protocol):
    @property
    def bet_id(self) -> UUID: ...
    @property
    def username(self) -> str: ...
    @property
    def stake_minor(self) -> int: ...
    @property
    def identifier(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def denominator(self) -> int: ...
    @property
    def is_demo(self) -> bool: ...


def bet_line(bet: BetLike) -> Message:
    """A bet as everyone sees it. Its auto cash-out is the player's secret until it fires."""
    return {
        "username": bet.username,
        "amount": bet.stake_minor,
        "betID": str(bet.bet_id),
        "identifier": bet.identifier,
        "currency": bet.currency,
        "denominator": bet.denominator,
        "isDemo": bet.is_demo,
    }


class ShownLike(BetLike, Protocol):
    @property
    def multiplier(self) -> int | None: ...
    @property
    def paid_minor(self) -> int: ...


def table_line(bet: ShownLike) -> Message:
    """A bet of the round, also how it ended where it was cashed out. Keys that say nothing are left out."""
    if bet.multiplier is None:
        return bet_line(bet)
    return {**bet_line(bet), "multiplier": bet.multiplier, "winAmount": bet.paid_minor}


class PlacedLike(BetLike, Protocol):
    @property
    def round_id(self) -> UUID: ...
    @property
    def balance_minor(self) -> int: ...
    @property
    def auto_cashout(self) -> int | None: ...
    @property
    def placed_at(self) -> datetime: ...


def placed(bet: PlacedLike) -> Message:
    return {
        "messageType": "bet",
        **bet_line(bet),
        "balance": bet.balance_minor,
        "autoCashoutMultiplier": bet.auto_cashout,
        "roundId": str(bet.round_id),
        "createdAt": iso(bet.placed_at),
    }


class ClosedLike(BetLike, Protocol):
    @property
    def round_id(self) -> UUID: ...
    @property
    def balance_minor(self) -> int: ...
    @property
    def paid_minor(self) -> int: ...
    @property
    def multiplier(self) -> int | None: ...
    @property
    def boost_percent(self) -> int: ...
    @property
    def auto(self) -> bool: ...


def closed(kind: str, bet: ClosedLike) -> Message:
    """The answer to `win` and `bet_cancel`, and the unsolicited `win` of an auto cash-out."""
    message = bet_line(bet)
    message["messageType"] = kind
    message["balance"] = bet.balance_minor
    message["roundId"] = str(bet.round_id)
    if bet.multiplier is not None:
        message["multiplier"] = bet.multiplier
        message["winAmount"] = bet.paid_minor
        message["bonus"] = bet.boost_percent > 0
        message["auto"] = bet.auto
    return message


def balance(bet: ClosedLike | PlacedLike) -> Message:
    return {
        "messageType": "balance",
        "balance": bet.balance_minor,
        "denominator": bet.denominator,
        "currency": bet.currency,
        "isDemo": bet.is_demo,
    }


def cashout_line(bet: ClosedLike) -> Message:
    return {
        "betID": str(bet.bet_id),
        "username": bet.username,
        "multiplier": bet.multiplier,
        "winAmount": bet.paid_minor,
        "denominator": bet.denominator,
        "currency": bet.currency,
        "isDemo": bet.is_demo,
    }


def bet_lines(bets: Sequence[BetLike]) -> list[Message]:
    return [bet_line(bet) for bet in bets]


def reality_check(
    *,
    minutes: int,
    started_at: datetime,
    staked_minor: int,
    won_minor: int,
    currency: str,
    denominator: int,
    is_demo: bool,
    now: datetime,
) -> Message:
    """How long a session has lasted, and for how much was played in it."""
    return {
        "messageType": "reality_check",
        "minutes": minutes,
        "startedAt": iso(started_at),
        "secondsPlayed": elapsed_ms(started_at, now) // 1000,
        "staked": staked_minor,
        "won": won_minor,
        "net": won_minor - staked_minor,
        "denominator": denominator,
        "currency": currency,
        "isDemo": is_demo,
        "timestamp": iso(now),
    }
