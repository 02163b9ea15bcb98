"""The messages of the partners' feed as JSON Schemas: what is taken and what is sent, by name."""

from casino.lib.json_schema import (
    Json,
    always,
    flag,
    many,
    maybe,
    moment,
    number,
    one_of,
    record,
    text,
    uuid,
    whole,
)
from games.crash.feed_messages import BETS, CHANNELS, LEADERBOARD, MULTIPLIER, ROUNDS
from games.crash.models import Bet

HUNDREDTHS = "hundredths: 245 is 2.45x"
MINOR = "minor units: divide by `denominator`"
# What the feed refuses with, and why (the words of the REST API).
ERRORS = {
    "invalid_request": "not a message of this protocol, or a heartbeat that was not acknowledged",
    "authentication_failed": "no key, or one that does not exist",
    "key_revoked": "the key was revoked, or has ended",
    "key_expired": "the key has run out",
    "ip_not_allowed": "the key is not accepted from this address",
    "insufficient_scope": "the key does not have the scope that this needs",
    "not_found": "there is no such game",
    "rate_limited": "too many messages, sockets or attempts",
    "payload_too_large": "the message is too long",
    "internal_error": "our mistake",
}
NAMED: Json = {"id": {"type": ["string", "integer"], "description": "of the message that this answers, if it had one"}}
PLACE: Json = {"epoch": text("numbers count within it"), "seq": whole("of the last event")}

# --- what the channels tell -------------------------------------------------------------------------------------------
STATUSES = [str(status) for status in Bet.Status]
BET = record(
    {
        "ticket_id": uuid(),
        "user": text("your id of the player"),
        "game": text(),
        "round_id": uuid(),
        "status": one_of(STATUSES),
        "amount": whole(MINOR),
        "denominator": whole(minimum=1),
        "currency": text(),
        "is_demo": flag(),
        "identifier": whole(),
        "client_reference": maybe(text()),
        "multiplier": maybe(whole(HUNDREDTHS)),
        "payout": whole(MINOR),
        "balance": maybe(whole("the player's, where it is known")),
    }
)
WIN = record(
    {
        "date": text("UTC, `YYYY-MM-DD HH:MM:SS`"),
        "bet_amount": whole(MINOR),
        "value_cash_out": maybe(whole(HUNDREDTHS)),
        "winning_amount": whole(MINOR),
        "username": text(),
        "denominator": whole(minimum=1),
        "currency": text(),
    }
)
HEAD: Json = {"game": text(), "round_id": uuid(), "number": whole("of the round")}
POINT: Json = {"multiplier": whole(HUNDREDTHS), "current_multiplier": number("the same, such as 2.45")}
WAITING: Json = {"hash": text("the round's commitment"), "starts_at": moment("when betting ends")}
STARTED: Json = {"started_at": maybe(moment()), "tick_ms": whole()}
CRASHED: Json = {
    "crash_point": maybe(whole(HUNDREDTHS)),
    "crash_multiplier": maybe(number()),
    "interrupted": flag("ended by a failure: what was not due was refunded"),
    "hash": text(),
    "salt": maybe(text("the round's seed in hex")),
    "previous_result": whole(HUNDREDTHS),
}
LIVE: Json = {**POINT, "elapsed_ms": whole("since the start"), "tick": whole()}
# By channel: what each type of event says.
DATA: dict[str, dict[str, Json]] = {
    MULTIPLIER: {
        "multiplier": record({**HEAD, **LIVE, "crashed": always(False)}),
        "crashed": record({**HEAD, **POINT, "crashed": always(True)}),
    },
    ROUNDS: {
        "round.waiting": record({**HEAD, "status": always("waiting"), **WAITING}),
        "round.started": record({**HEAD, "status": always("active"), **STARTED}),
        "round.crashed": record({**HEAD, "status": always("crashed"), **CRASHED}),
        "round.settled": record({**HEAD, "status": always("payout")}),
    },
    LEADERBOARD: {"leaderboard.updated": record({"period": always("day"), "results": many(WIN, maxItems=20)})},
    # A bet that is open was placed; everything else that can become of it is named by its status.
    BETS: {f"bet.{'placed' if status == 'open' else status}": BET for status in STATUSES},
}
# What a channel says of how things stand; what has not been told yet is left out.
SNAPSHOTS: dict[str, Json] = {
    MULTIPLIER: record({}, optional={**HEAD, **LIVE, "crashed": flag()}),
    ROUNDS: record(
        {},
        optional={
            **HEAD,
            "status": one_of(["waiting", "active", "crashed", "payout", "voided"]),
            **WAITING,
            **STARTED,
            **CRASHED,
        },
    ),
    LEADERBOARD: record({"period": always("day"), "results": many(WIN)}, optional={"game": text()}),
    BETS: record({"game": text(), "bets": many(BET, "open or set aside")}),
}


# --- messages ---------------------------------------------------------------------------------------------------------
def _op(name: str, about: str, fields: Json, *, optional: Json | None = None) -> Json:
    return record({"op": always(name), **fields}, about, optional={**NAMED, **(optional or {})})


def _subscribed(channel: str) -> Json:
    resumed = record({**PLACE, "recovered": always(True)}, "what was missed follows as events")
    afresh = record(
        {**PLACE, "snapshot": SNAPSHOTS[channel]},
        "how things stand; with `recovered: false` where `since` could not be resumed",
        optional={"recovered": always(False)},
    )
    return {"oneOf": [resumed, afresh]}


GAME: Json = {"game": text("BigPanda where it is left out")}
NAMES = many(one_of(CHANNELS), minItems=1)
SINCE = record(PLACE)
REQUESTS: dict[str, Json] = {
    "auth": _op("auth", "Within five seconds, where no header brought the key.", {"key": text()}),
    "subscribe": _op(
        "subscribe",
        "Hear channels of a game; `bets` needs `read:bets`.",
        {"channels": NAMES},
        optional={
            **GAME,
            "since": {
                "description": "the last event that you have: of the only channel, or by channel",
                "anyOf": [SINCE, record({}, optional=dict.fromkeys(CHANNELS, SINCE)), {"type": "null"}],
            },
        },
    ),
    "unsubscribe": _op("unsubscribe", "Hear them no more.", {"channels": NAMES}, optional=GAME),
    "heartbeat_ack": _op("heartbeat_ack", "Within ten seconds of a heartbeat.", {"n": whole("its number", minimum=1)}),
}
TOLD: dict[str, Json] = {
    "auth": _op(
        "auth",
        "The key is good.",
        {"status": always("ok"), "key_id": text(), "environment": one_of(["test", "live"])},
    ),
    "subscribed": _op(
        "subscribed",
        "Where each channel is; its events follow.",
        {"game": text(), "channels": record({}, optional={name: _subscribed(name) for name in CHANNELS})},
    ),
    "unsubscribed": _op("unsubscribed", "Done.", {"game": text(), "channels": NAMES}),
    "heartbeat": _op("heartbeat", "Every 15 seconds.", {"n": whole(minimum=1)}),
    "error": _op(
        "error",
        "A message that was refused.",
        {
            "code": one_of(list(ERRORS), " · ".join(f"{code}: {about}" for code, about in ERRORS.items())),
            "message": text(),
        },
    ),
}


def _event(channel: str, kind: str, data: Json) -> Json:
    place: Json = {"seq": whole("+1 each on its channel", minimum=1), "epoch": text(), "timestamp": moment()}
    return record({"channel": always(channel), "type": always(kind), **place, "data": data})


EVENTS: dict[str, Json] = {
    kind: _event(channel, kind, data) for channel, kinds in DATA.items() for kind, data in kinds.items()
}
