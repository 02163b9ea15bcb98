"""
What solo play says that the shared table does not. Pure. All other messages are `games.crash.messages`.

    client_seed    asked: play on with a new chain and this client seed
    seeds          told when a chain begins: its terminal hash, its client seed (null where that is yet to be drawn)
    errorResponse  the shape of `error`, under the name that solo play has for it
"""

from typing import Any

import msgspec

from casino.lib.errors import DomainError
from games.crash import messages
from games.crash.messages import READERS, Envelope, Message, Readers


class ClientSeedRequest(msgspec.Struct):
    client_seed: str


def _client_seed(envelope: Envelope) -> Any:
    value = envelope.clientSeed
    return ClientSeedRequest(value if isinstance(value, str) else "")


SOLO_READERS: Readers = {**READERS, "client_seed": _client_seed}


def error(refusal: DomainError, *, request_id: str | int | None = None) -> Message:
    return {**messages.error(refusal, request_id=request_id), "messageType": "errorResponse"}
