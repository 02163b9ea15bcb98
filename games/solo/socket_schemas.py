"""The messages of the solo socket as JSON Schemas: those of the shared table, less and more what solo play is."""

from casino.lib.json_schema import Json, always, maybe, moment, record, text, uuid, whole
from games.crash import socket_schemas as table
from games.crash.socket_schemas import FAIR, HUNDREDTHS, answers, asks, broadcast
from games.solo.operations.rounds import MOST_SEED

ERRORS = {
    **table.ERRORS,
    1009: "your round is running: one at a time, and its bet cannot be cancelled",
    1010: "the last round has not been settled, or has not been played with your last client seed",
    1012: "you have no round that runs, or there is no such game",
}
SEEDS = record(
    {
        "terminalHash": text("of the chain, published before its client seed was set"),
        "clientSeed": text(),
        "chainIndex": whole("of the round in its chain, from 0", minimum=0),
        "chainLength": whole(minimum=1),
        "nextTerminalHash": maybe(text("of the chain that follows, or that a client seed of yours begins")),
    }
)
REQUESTS: dict[str, Json] = {
    **{name: table.REQUESTS[name] for name in ("wallet", "bet", "win", "bet_history", "top_win", "multipliers")},
    "bet_cancel": asks("bet_cancel", "Always refused: a solo bet starts its round at once.", {"betID": uuid()}),
    "client_seed": asks(
        "client_seed",
        "Between two rounds: play on with the announced chain and a client seed of your own.",
        {"clientSeed": text("printable ASCII", minLength=1, maxLength=MOST_SEED)},
    ),
}
_ERROR = table.TOLD["error"]
TOLD: dict[str, Json] = {
    **{name: table.TOLD[name] for name in ("bet", "win", "refund", "bet_history", "multipliers", "top_win")},
    **{name: table.TOLD[name] for name in ("multiplier", "bonus", "crash", "reality_check")},
    "wallet": {
        **table.WALLET,
        "description": "As at the shared table; bets and results are your own, and there is no chat.",
        "properties": {**table.WALLET["properties"], "fairness": maybe(table.FAIRNESS_TERMS), "solo": always(True)},
    },
    "provablyFair": broadcast(
        "provablyFair",
        "The commitment to your coming round: on connecting, after each round, and when another takes its place.",
        {"provablyFair": FAIR, "seeds": SEEDS},
    ),
    "start": broadcast(
        "start",
        "Your bet has started your round; also on connecting while it runs.",
        {
            "tick": whole("0, or where the round is by now", minimum=0),
            "startedAt": moment(),
            "elapsedMs": whole(minimum=0),
            "tickMs": whole(),
            "betID": maybe(uuid("while it is open")),
        },
    ),
    "seeds": record(
        {
            "messageType": always("seeds"),
            "chainId": whole(),
            "terminalHash": text(),
            "length": whole(f"rounds; results are {HUNDREDTHS}"),
            "announcedAt": moment(),
            "clientSeed": maybe(text("drawn only after this message")),
            "timestamp": moment(),
        },
        "Once, before your first round: the chain that your rounds come from.",
    ),
    "client_seed": answers(
        "client_seed",
        "The chain that your rounds now come from; the commitment of its first round follows.",
        {"clientSeed": text(), "terminalHash": text(), "chainLength": whole(), "announcedAt": moment()},
    ),
    "errorResponse": {
        **_ERROR,
        "properties": {**_ERROR["properties"], "messageType": always("errorResponse")},
    },
}
