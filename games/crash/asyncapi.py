"""
Both sockets as an AsyncAPI 3.0 document, served at `/api/v1/asyncapi.json`.

The schemas stand beside the messages they describe (`socket_schemas`, `feed_schemas`); tests hold them against
everything that a running round sends.
"""

from collections.abc import Iterable, Mapping

from casino.api.version import API_VERSION
from casino.lib.json_schema import Json
from casino.live.connection import KEY_ENDED, SESSION_ENDED, TOO_MANY, TOO_SLOW
from games.crash import feed_schemas, socket_schemas
from games.crash.consumers import FORBIDDEN, NOT_FOUND

TABLE, FEED = "table", "feed"
CLOSE_CODES = {
    TABLE: {
        SESSION_ENDED: "no session, or it has ended",
        FORBIDDEN: "the page may not open a socket here",
        NOT_FOUND: "no such game",
        TOO_SLOW: "does not read",
        TOO_MANY: "too many messages, or too many sockets of one player",
    },
    FEED: {
        SESSION_ENDED: "no key, or not a good one",
        TOO_SLOW: "does not read, or lets heartbeats go by",
        TOO_MANY: "too many messages, or too many sockets of one key",
        KEY_ENDED: "the key has ended: do not come back with it",
    },
}


def document() -> Json:
    asked, told = messages_of("Ask", socket_schemas.REQUESTS), messages_of("", socket_schemas.TOLD)
    sent = messages_of("Feed", feed_schemas.REQUESTS, suffix="Request")
    heard = messages_of("Feed", {**feed_schemas.TOLD, **feed_schemas.EVENTS})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "BigPanda sockets",
            "version": API_VERSION,
            "description": "The players' socket and the partners' feed. JSON texts, one object each. Amounts are "
            "integers of minor units with their denominator, multipliers hundredths. Fields may be added.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "here": {
                "host": "{host}",
                "protocol": "wss",
                "description": "the host that serves this document",
                "variables": {"host": {"default": "localhost:8000"}},
            }
        },
        "channels": {
            TABLE: {
                "address": "/ws/{game}",
                "title": "A game's table",
                "description": f"For players. {closing_of(TABLE)}",
                "parameters": {"game": {"description": "the game", "default": "BigPanda"}},
                "messages": listed_of([*asked, *told]),
                "bindings": {
                    "ws": {
                        "query": {
                            "type": "object",
                            "properties": {"session": {"type": "string", "description": "the game session's token"}},
                            "required": ["session"],
                        }
                    }
                },
            },
            FEED: {
                "address": "/ws/v1/feed",
                "title": "The partners' feed",
                "description": "For servers of partners, with a key of scope `read:game_state` in a header or in the "
                f"first message. {closing_of(FEED)}",
                "messages": listed_of([*sent, *heard]),
                "bindings": {
                    "ws": {
                        "headers": {
                            "type": "object",
                            "properties": {
                                "Authorization": {"type": "string", "description": "`Bearer <key>`"},
                                "X-API-Key": {"type": "string", "description": "the key"},
                            },
                        }
                    }
                },
            },
        },
        "operations": {
            "askAtTable": operation_of("receive", TABLE, asked, "What a player sends"),
            "tellTable": operation_of("send", TABLE, told, "What a player is sent"),
            "askFeed": operation_of("receive", FEED, sent, "What a partner sends"),
            "tellFeed": operation_of("send", FEED, heard, "What a partner is sent"),
        },
        "components": {"messages": {**asked, **told, **sent, **heard}},
    }


def messages_of(prefix: str, schemas: Mapping[str, Json], *, suffix: str = "") -> dict[str, Json]:
    return {
        f"{prefix}{title_of(name)}{suffix}": {
            "name": name,
            "title": name,
            "summary": schema.get("description", name),
            "payload": schema,
        }
        for name, schema in schemas.items()
    }


def title_of(name: str) -> str:
    """`round.waiting` is RoundWaiting."""
    return "".join(word[:1].upper() + word[1:] for word in name.replace(".", "_").split("_"))


def listed_of(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def operation_of(action: str, channel: str, messages: Iterable[str], summary: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def closing_of(channel: str) -> str:
    codes = ", ".join(f"{code} ({about})" for code, about in CLOSE_CODES[channel].items())
    return f"Close codes: {codes}. From 4000 to 4499 come again with a backoff, from 4500 on do not."
