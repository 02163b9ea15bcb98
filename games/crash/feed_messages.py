"""
The partner feed's messages (contract section 6), decoded and encoded here and nowhere else. Pure.

In: {"op": "auth" | "subscribe" | "unsubscribe" | "heartbeat_ack", …}, with an optional "id" that answers repeat.
Out: answers and errors as {"op", …}; events as {"channel", "type", "seq", "epoch", "timestamp", "data"}. Amounts are
minor units with their denominator, multipliers hundredths, beside `current_multiplier` as a decimal number.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec

from casino.lib.errors import DomainError

MULTIPLIER, ROUNDS, LEADERBOARD, BETS = "live_multiplier", "round_updates", "leaderboard", "bets"
CHANNELS = (MULTIPLIER, ROUNDS, LEADERBOARD, BETS)

Message = dict[str, Any]


class BadMessage(DomainError):
    """What came in is not a message of this protocol. The socket stays usable."""

    code = "invalid_request"
    status = 400

    def __init__(self, message: str, *, id: Any = None) -> None:
        super().__init__(message)
        self.id = id


class Since(msgspec.Struct, forbid_unknown_fields=True):
    """The last event that the client has."""

    epoch: str
    seq: int


class Incoming(msgspec.Struct):
    """Everything an incoming message may carry, not yet judged."""

    op: Any = None
    id: Any = None
    key: Any = None
    channels: Any = None
    game: Any = None
    since: Any = None
    n: Any = None


def decode(data: str | bytes) -> Incoming:
    if not isinstance(data, str):
        raise BadMessage("Messages are JSON texts.")
    try:
        message = msgspec.json.decode(data, type=Incoming)
    except (msgspec.DecodeError, UnicodeError):
        raise BadMessage("Not a JSON object.") from None
    if not isinstance(message.id, str | int) or isinstance(message.id, bool) or len(str(message.id)) > 64:
        message.id = None
    return message


def channels(message: Incoming) -> tuple[str, ...]:
    given = message.channels
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise BadMessage(f"channels is a list of {', '.join(CHANNELS)}.", id=message.id)
    unknown = [name for name in given if name not in CHANNELS]
    if unknown:
        raise BadMessage(f"There is no channel {unknown[0][:40]!r}: there are {', '.join(CHANNELS)}.", id=message.id)
    return tuple(dict.fromkeys(given))


def since(message: Incoming, wanted: Sequence[str]) -> dict[str, Since]:
    """
    Where the client was, by channel.

    `{"epoch", "seq"}` is meant for the only channel asked for; for several, `{"<channel>": {"epoch", "seq"}, …}`.
    """
    given = message.since
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadMessage("since is an object.", id=message.id)
    if given.keys() <= {"epoch", "seq"}:
        given = dict.fromkeys(wanted, given)
    try:
        places = msgspec.convert(given, dict[str, Since], strict=True)
    except msgspec.ValidationError as error:
        raise BadMessage(f"since is not understood: {error}", id=message.id) from None
    return {channel: place for channel, place in places.items() if channel in wanted}


# --- outbound ---------------------------------------------------------------------------------------------------------
def encode(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


def error(code: str, text: str, *, id: Any = None) -> str:
    return encode(_named({"op": "error", "code": code, "message": text}, id))


def answer(op: str, *, id: Any = None, **fields: Any) -> str:
    return encode(_named({"op": op, **fields}, id))


def _named(message: Message, id: Any) -> Message:
    return message if id is None else {**message, "id": id}


def event(channel: str, kind: str, *, epoch: str, seq: int, timestamp: str, data: Message) -> str:
    head = {"channel": channel, "type": kind, "seq": seq, "epoch": epoch, "timestamp": timestamp}
    return encode({**head, "data": data})


# --- what the events say ----------------------------------------------------------------------------------------------
def decimal(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / 100


# What players are told → what partners are told of it, by channel.
TOLD = {
    "provablyFair": {ROUNDS: "round.waiting"},
    "start": {ROUNDS: "round.started"},
    "multiplier": {MULTIPLIER: "multiplier"},
    "crash": {MULTIPLIER: "crashed", ROUNDS: "round.crashed"},
    "settled": {ROUNDS: "round.settled"},
    "leaderboard": {LEADERBOARD: "leaderboard.updated"},
}
STATUS = {
    "round.waiting": "waiting",
    "round.started": "active",
    "round.crashed": "crashed",
    "round.settled": "payout",
}


def data_of(kind: str, message: Message) -> Message:
    """An event's data, from the message that players got. Only what that message says can be in it."""
    if kind == "leaderboard.updated":
        return {"period": message["period"], "results": message["results"]}
    data: Message = {"game": message["game"], "round_id": message["roundId"], "number": message["number"]}
    if kind in ("multiplier", "crashed"):
        point = message["multiplier"]
        data |= {"multiplier": point, "current_multiplier": decimal(point), "crashed": kind == "crashed"}
        if kind == "multiplier":
            data |= {"elapsed_ms": message["elapsedMs"], "tick": message["tick"]}
        return data
    data["status"] = STATUS[kind]
    fair = message.get("provablyFair") or {}
    if kind == "round.waiting":
        data |= {"hash": fair["hash"], "starts_at": message["startsAt"]}
    elif kind == "round.started":
        data |= {"started_at": message["startedAt"], "tick_ms": message["tickMs"]}
    elif kind == "round.crashed":
        point = fair["currentResult"]
        data |= {"crash_point": point, "crash_multiplier": decimal(point), "interrupted": message["interrupted"]}
        data |= {"hash": fair["hash"], "salt": fair["salt"], "previous_result": fair["previousResult"]}
    return data


class PartnersBet(Protocol):
    @property
    def bet_id(self) -> UUID: ...
    @property
    def round_id(self) -> UUID: ...
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


def bet(
    game: str,
    row: PartnersBet,
    *,
    status: str,
    user: str,
    client_reference: str | None,
    multiplier: int | None = None,
    payout: int = 0,
    balance: int | None = None,
) -> Message:
    """A bet of one of the partner's players: the words of the REST API."""
    return {
        "ticket_id": str(row.bet_id),
        "user": user,
        "game": game,
        "round_id": str(row.round_id),
        "status": status,
        "amount": row.stake_minor,
        "denominator": row.denominator,
        "currency": row.currency,
        "is_demo": row.is_demo,
        "identifier": row.identifier,
        "client_reference": client_reference,
        "multiplier": multiplier,
        "payout": payout,
        "balance": balance,
    }
