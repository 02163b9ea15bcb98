"""The AsyncAPI document of all sockets: that of the crash game, and the channel of solo play."""

from casino.lib.json_schema import Json
from games.crash import asyncapi as crash
from games.solo import socket_schemas

SOLO = "solo"


def document() -> Json:
    made = crash.document()
    asked = crash.messages_of("SoloAsk", socket_schemas.REQUESTS)
    told = crash.messages_of("Solo", socket_schemas.TOLD)
    table = made["channels"][crash.TABLE]
    made["channels"][SOLO] = {
        **table,
        "address": "/ws/{game}/solo",
        "title": "A player's own rounds",
        "description": "Their bet starts their round at once; errors are `errorResponse`. Close codes as at the table.",
        "messages": crash.listed_of([*asked, *told]),
    }
    made["operations"] |= {
        "askSolo": crash.operation_of("receive", SOLO, asked, "What a player sends"),
        "tellSolo": crash.operation_of("send", SOLO, told, "What a player is sent"),
    }
    made["components"]["messages"] |= {**asked, **told}
    return made
