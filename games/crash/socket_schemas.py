"""The messages of the players' socket as JSON Schemas: what `messages` takes and what is sent, by name."""

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
from games.crash.messages import CHANNELS
from games.crash.models import Bet, Round
from games.crash.rules import CAPS, MAX_IDENTIFIER, MIN_CASHOUT

# code of an error, what it means
ERRORS = {
    400: "a value that makes no sense, or a chat message that is refused",
    429: "too much, too large or too fast",
    500: "our mistake",
    1000: "session expired or not found; the socket is closed with 4401",
    1001: "the amount is below the minimum (`var`), or no positive integer",
    1002: "the amount is above the maximum (`var`)",
    1003: "no such bet of yours",
    1004: "a bet with this identifier is placed already in this round",
    1005: "could not be placed: the message says why",
    1006: "could not be cancelled",
    1007: "could not be cashed out",
    1008: "the auto cash-out is below its minimum or above its maximum (`var`)",
    1009: "the game has started: bets are taken and cancelled only before it",
    1010: "the game is not finished",
    1011: "the game has crashed",
    1012: "no round is running, or no such game",
    1013: "no message that is understood",
}
MINOR = "minor units: divide by `denominator`"
HUNDREDTHS = "hundredths: 245 is 2.45x"
CASHOUT = whole(HUNDREDTHS, minimum=MIN_CASHOUT)

# --- shapes that stand in several messages ----------------------------------------------------------------------------
FAIR = record(
    {
        "hash": text("sha256(previousResult + salt + currentResult)"),
        "salt": maybe(text("the round's seed in hex; null until the crash")),
        "previousResult": whole(HUNDREDTHS),
        "currentResult": maybe(whole(HUNDREDTHS)),
    }
)
MONEY: Json = {"denominator": whole(minimum=1), "currency": text(), "isDemo": flag("play money")}
BET_LINE: Json = {
    "username": text(),
    "amount": whole(MINOR),
    "betID": uuid(),
    "identifier": whole("tells the bets of a player in a round apart", minimum=1, maximum=MAX_IDENTIFIER),
    **MONEY,
}
OUTCOME: Json = {"multiplier": whole(HUNDREDTHS), "winAmount": whole(MINOR)}
RESULT = record({"roundId": uuid(), "multiplier": maybe(whole(HUNDREDTHS)), "bonus": flag()})
RATIO = record({"num": whole(), "den": whole(minimum=1)})
CHAT_LINE = record(
    {
        "messageType": always("chat"),
        "username": text(),
        "message": text("plain text"),
        "timestamp": whole("Unix seconds"),
        "id": whole(),
    },
    optional={"chatSeq": whole("+1 with each message", minimum=1)},
)
HISTORY_LINE = record(
    {
        "betID": uuid(),
        "roundId": uuid(),
        "createdAt": text("UTC, `YYYY-MM-DD HH:MM:SS`"),
        "amount": whole(MINOR),
        "balanceBeforeBet": whole(MINOR),
        "balanceAfterBet": whole(MINOR),
        "winAmount": whole(MINOR),
        "difference": whole("what the player has more or less by it"),
        "withdrawMultiplier": maybe(text("such as `2.45x`")),
        "multiplier": maybe(whole(HUNDREDTHS)),
        "status": one_of([str(status) for status in Bet.Status]),
        "isAutoCashout": flag(),
        "provablyFair": FAIR,
        **MONEY,
    }
)
TOP_WIN_LINE = record(
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
CURRENT_BET = record(
    {
        "betID": uuid(),
        "createdAt": moment(),
        "amount": whole(MINOR),
        "identifier": whole(),
        "isAutoCashout": flag(),
        "autoCashoutMultiplier": maybe(CASHOUT),
        "roundId": uuid(),
        **MONEY,
    }
)
FAIRNESS_TERMS = record(
    {
        "clientSeed": maybe(text()),
        "terminalHash": maybe(text()),
        "rtp": RATIO,
        "bonusProbability": RATIO,
        "boostPercent": whole(),
        "maxCrashPoint": whole(HUNDREDTHS),
    },
    "what, together with a salt, decides a result",
)
ROUND_VIEW = record(
    {"state": one_of([*(str(state) for state in Round.State), "none"])},
    "where the round is now",
    optional={
        "roundId": uuid(),
        "number": whole(),
        "tickMs": whole(),
        "hash": text(),
        "timeLeftMs": whole("until betting ends"),
        "boostPercent": whole(),
        "bonus": flag(),
        "startedAt": moment(),
        "elapsedMs": whole(),
        "tick": whole(),
        "multiplier": whole(HUNDREDTHS),
    },
)
TOTAL = record({"currency": text(), "denominator": whole(), "bets": whole(), "amount": whole(MINOR)})


# --- what players send ------------------------------------------------------------------------------------------------
def asks(kind: str, about: str, fields: Json | None = None, *, optional: Json | None = None) -> Json:
    more: Json = {
        "requestId": {"type": ["string", "integer"], "description": "comes back in the answer or error"},
        **(optional or {}),
    }
    schema = record({**(fields or {})}, about, optional={"messageType": always(kind), "msgType": always(kind), **more})
    return {**schema, "anyOf": [{"required": ["messageType"]}, {"required": ["msgType"]}]}


REQUESTS: dict[str, Json] = {
    "wallet": asks("wallet", "The player, the money, the rules and where the round is."),
    "bet": asks(
        "bet",
        "A bet in the open round.",
        {"amount": whole(MINOR)},
        optional={
            "identifier": whole("1 where it is left out", minimum=1, maximum=MAX_IDENTIFIER),
            "autoCashoutMultiplier": maybe(CASHOUT),
        },
    ),
    "win": asks(
        "win",
        "Cash out, at the multiplier of the moment the message came, or at a lower one.",
        {"betID": uuid()},
        optional={"cashoutAt": maybe(CASHOUT)},
    ),
    "bet_cancel": asks("bet_cancel", "Take the stake back, before the start.", {"betID": uuid()}),
    "bet_history": asks("bet_history", "Bets since yesterday's beginning (UTC), newest first, at most 500."),
    "chat": asks("chat", "Say something.", {"message": text("without links", minLength=1, maxLength=255)}),
    "top_win": asks("top_win", "The 20 largest wins.", {"time": one_of(["day", "month", "year"])}),
    "multipliers": asks("multipliers", "The last 27 crash points."),
    "subscribe": asks(
        "subscribe",
        "Hear of others' bets and cash-outs, or of your balance; replaces what was subscribed before.",
        {"channels": many(one_of(CHANNELS))},
    ),
}


# --- what players are sent --------------------------------------------------------------------------------------------
ANSWERS = {"requestId": {"type": ["string", "integer"], "description": "of the request, where it had one"}}


def answers(kind: str, about: str, fields: Json, *, optional: Json | None = None) -> Json:
    return record({"messageType": always(kind), **fields}, about, optional={**ANSWERS, **(optional or {})})


def broadcast(kind: str, about: str, fields: Json) -> Json:
    told: Json = {"roundId": uuid(), "number": whole("of the round"), "timestamp": moment()}
    return record({"messageType": always(kind), **fields, **told, "seq": whole("+1 each", minimum=1)}, about)


def _delta(kind: str, about: str, item: Json) -> Json:
    fields: Json = {"roundId": uuid(), "deltaSeq": whole(minimum=1), "timestamp": moment(), kind: many(item)}
    return record({"messageType": always(kind), **fields}, about)


BALANCE: Json = {"balance": whole(f"available after it, {MINOR}")}
BROADCASTS: dict[str, Json] = {
    "provablyFair": broadcast(
        "provablyFair", "A round begins.", {"provablyFair": FAIR, "startsAt": moment("when betting ends")}
    ),
    "wait": broadcast(
        "wait",
        "Betting is open; at least every second, down to exactly 0.",
        {
            "time": whole("milliseconds left", minimum=0),
            "bets": many(record(BET_LINE), "the 100 largest", maxItems=100),
            "totalBets": whole(),
            "totalAmount": whole("of all bets, in the game's currency"),
            "totalCurrency": text(),
            "totalDenominator": whole(),
            "players": whole(),
            "totals": many(TOTAL, "exact, by currency"),
            "multiplierHistory": many(whole(HUNDREDTHS), "newest first", maxItems=10),
        },
    ),
    "start": broadcast(
        "start", "The curve begins.", {"tick": always(0), "startedAt": maybe(moment()), "tickMs": whole()}
    ),
    "multiplier": broadcast(
        "multiplier",
        "A tick. A client that reads slowly may miss some.",
        {
            "tick": whole(minimum=0),
            "multiplier": whole(HUNDREDTHS),
            "denominator": always(100),
            "elapsedMs": whole("since the start", minimum=0),
        },
    ),
    "bonus": broadcast(
        "bonus",
        "Every bet that is still open earns the boost on top.",
        {"bonus": always(True), "boostPercent": whole(), "multiplier": whole(HUNDREDTHS)},
    ),
    "crash": broadcast(
        "crash",
        "The round is over, its seed revealed.",
        {
            "provablyFair": FAIR,
            "multiplier": maybe(whole(HUNDREDTHS)),
            "denominator": always(100),
            "bonus": flag(),
            "interrupted": flag("ended by a failure: what was not due was refunded"),
            "interruptedAt": maybe(whole(HUNDREDTHS)),
        },
    ),
}
WALLET = answers(
    "wallet",
    "Everything that a page needs to begin with.",
    {
        "username": text(),
        "balance": whole(MINOR),
        "symbol": text(),
        **MONEY,
        "multiplierHistory": many(maybe(whole(HUNDREDTHS)), "newest first", maxItems=10),
        "bonusHistory": many(flag(), "newest first", maxItems=10),
        "history": many(RESULT, "newest first", maxItems=27),
        "currentBets": many(CURRENT_BET, "your open bets"),
        "bets": many(record(BET_LINE, optional=OUTCOME), "of everyone, the 100 largest", maxItems=100),
        "chat": many(CHAT_LINE, "oldest first"),
        "provablyFair": maybe(FAIR),
        "maxBet": whole(MINOR),
        "minBet": whole(MINOR),
        "defaultBet": whole(MINOR),
        "rtp": text("return to player, such as `0.95`"),
        "volatility": one_of(list(CAPS)),
        "limitValues": record(
            {
                "minMultiplier": number(),
                "maxMultiplier": number(),
                "minCrashPoint": whole(HUNDREDTHS),
                "MaxCrashPoint": whole(HUNDREDTHS),
                "minAutoCashout": whole(HUNDREDTHS),
            }
        ),
        "maxIdentifier": whole(),
        "gameEnabled": flag(),
        "fairness": FAIRNESS_TERMS,
        "round": ROUND_VIEW,
        "serverTime": moment(),
        "session": record(
            {
                "startedAt": moment(),
                "expiresAt": moment("at the latest"),
                "limitMinutes": maybe(whole("the limit of its length that the player has", minimum=1)),
            },
            "the game session of this socket",
        ),
    },
)
CLOSED: Json = {**BET_LINE, **BALANCE, "roundId": uuid()}
TOLD: dict[str, Json] = {
    "wallet": WALLET,
    "bet": answers(
        "bet",
        "The bet is placed.",
        {
            **BET_LINE,
            **BALANCE,
            "autoCashoutMultiplier": maybe(CASHOUT),
            "roundId": uuid(),
            "createdAt": moment(),
        },
    ),
    "win": answers(
        "win",
        "Cashed out; unasked where it was the auto cash-out.",
        {**CLOSED, **OUTCOME, "bonus": flag("with the boost"), "auto": flag()},
    ),
    "bet_cancel": answers("bet_cancel", "The stake is back; unasked where a reservation ended.", CLOSED),
    "refund": answers("refund", "Unasked: the round was voided or interrupted, the stake is back.", CLOSED),
    "balance": record(
        {"messageType": always("balance"), **BALANCE, **MONEY}, "Channel `account`: moved here or elsewhere."
    ),
    "bet_history": answers("bet_history", "Newest first.", {"username": text(), "history": many(HISTORY_LINE)}),
    "chat_sent": answers("chat", "What you said was taken.", {"status": always("success"), "statusCode": always(200)}),
    "chat": CHAT_LINE,
    "top_win": answers(
        "top_win",
        "Largest first.",
        {
            "time": one_of(["day", "month", "year"]),
            "history": many(TOP_WIN_LINE, maxItems=20),
            "statusCode": always(200),
        },
    ),
    "multipliers": answers("multipliers", "Oldest first.", {"multiplierList": many(whole(HUNDREDTHS), maxItems=27)}),
    "subscribe": answers("subscribe", "What you hear of now.", {"channels": many(one_of(CHANNELS))}),
    "reality_check": record(
        {
            "messageType": always("reality_check"),
            "minutes": whole("between two of them", minimum=1),
            "startedAt": moment("of the session"),
            "secondsPlayed": whole("since then", minimum=0),
            "staked": whole(f"in the session, less what was given back; {MINOR}"),
            "won": whole(MINOR),
            "net": whole("won less staked: below zero is lost"),
            **MONEY,
            "timestamp": moment(),
        },
        "Unasked, every so many minutes of a session. A page shows it until the player has acknowledged it.",
    ),
    "error": answers(
        "error",
        "A request that was refused; the socket stays open unless its close code says otherwise.",
        {
            "error": record(
                {
                    "message": text(),
                    "code": one_of(list(ERRORS), " · ".join(f"{code}: {about}" for code, about in ERRORS.items())),
                    "var": maybe(whole("the limit, where one was crossed")),
                }
            )
        },
    ),
    **BROADCASTS,
    "bets": _delta(
        "bets",
        "Channel `bets`: placed or cancelled since the last one.",
        record(BET_LINE, optional={"cancelled": always(True)}),
    ),
    "cashouts": _delta(
        "cashouts",
        "Channel `cashouts`: paid since the last one.",
        record({"betID": uuid(), "username": text(), **OUTCOME, **MONEY}),
    ),
}
