"""
One server process of the fan-out benchmark: `python -m bench.fanout_server hub|group_send|bare`.

Prints its port, then answers commands on standard input, each with one line of JSON:
    go <messages> <interval ms> <bytes>   send so many messages, so far apart; answers with the times they were sent
    use                                   CPU time used so far (µs), memory in use (bytes), sockets closed with 4408
"""

import asyncio
import base64
import gc
import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

TOPIC = "bench.fanout"

Tell = Callable[[int, str], Awaitable[None]]


def padding(size: int) -> str:
    return "x" * max(0, size - 150)


def message(seq: int, pad: str) -> dict[str, Any]:
    """About as long as a tick of the game, when `size` is 200."""
    return {
        "messageType": "multiplier",
        "roundId": "01890a5d-ac96-774b-bcce-b302099a8057",
        "multiplier": 100 + seq,
        "denominator": 100,
        "padding": pad,
        "timestamp": "2026-03-01T12:00:00.000Z",
        "seq": seq,
    }


def in_use() -> dict[str, int]:
    from casino.live.hub import current_hub

    gc.collect()
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return {
        "cpu_us": round((used.ru_utime + used.ru_stime) * 1e6),
        "memory_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        "closed_slow": current_hub().closed_slow,
    }


async def obey(tell: Tell, size_of: Callable[[int], str]) -> None:
    """Carry out the commands until standard input ends."""
    loop = asyncio.get_running_loop()
    seq = 0
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, *numbers = line.split()
        if command == "use":
            answer: Any = in_use()
        else:
            messages, interval_ms, size = map(int, numbers)
            pad, answer = size_of(size), []
            begin = loop.time()
            for index in range(messages):
                await asyncio.sleep(begin + index * interval_ms / 1000 - loop.time())
                answer.append(time.monotonic_ns())
                seq += 1
                await tell(seq, pad)
        print(json.dumps(answer), flush=True)


# --- the hub, behind the same channel layer and feed as in production -------------------------------------------------
async def serve_app(app: Any, tell: Tell) -> None:
    from casino.live.server import LiveServer, make_config

    server = LiveServer(make_config(app, host="127.0.0.1", port=0))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await obey(tell, padding)
    server.should_exit = True
    await serving


async def hub() -> None:
    from casino.live.publisher import publish_async
    from casino.live.socket import Identity, Scope, SocketBase

    class Listener(SocketBase):
        async def authenticate(self, scope: Scope) -> Identity:
            return Identity(user_id=1, session_id=None, recipient="1", topics=(TOPIC,))

        def session_error(self) -> str:
            return "1000"

    async def tell(seq: int, pad: str) -> None:
        await publish_async(TOPIC, {"kind": "event", "epoch": 1, "seq": seq, "message": message(seq, pad)})

    await serve_app(Listener.as_asgi(), tell)


# --- what the tutorial of Channels gives ------------------------------------------------------------------------------
async def group_send() -> None:
    from channels.generic.websocket import AsyncWebsocketConsumer
    from channels.layers import get_channel_layer

    class Consumer(AsyncWebsocketConsumer):
        async def connect(self) -> None:
            await self.channel_layer.group_add(TOPIC, self.channel_name)
            await self.accept()

        async def disconnect(self, code: int) -> None:
            await self.channel_layer.group_discard(TOPIC, self.channel_name)

        async def tick(self, event: dict[str, Any]) -> None:
            await self.send(text_data=event["text"])

    async def tell(seq: int, pad: str) -> None:
        text = json.dumps(message(seq, pad))
        await get_channel_layer().group_send(TOPIC, {"type": "tick", "text": text})

    await serve_app(Consumer.as_asgi(), tell)


# --- the floor: a frame built once, written to each socket ------------------------------------------------------------
class Bare(asyncio.Protocol):
    transports: set[asyncio.Transport] = set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.transport in self.transports:
            return
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.transports.add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.transports.discard(self.transport)


async def bare() -> None:
    from casino.live.server import BACKLOG

    async def tell(seq: int, pad: str) -> None:
        text = json.dumps(message(seq, pad)).encode()
        frame = b"\x81" + (b"~" + len(text).to_bytes(2, "big") if len(text) > 125 else bytes([len(text)])) + text
        for transport in Bare.transports:
            transport.write(frame)

    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await obey(tell, padding)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings")
    os.environ["REDIS_URL"] = ""  # the in-memory layer, for both that use one
    import django

    django.setup()
    from casino.live.server import raise_file_limit

    raise_file_limit()
    uvloop.run({"hub": hub, "group_send": group_send, "bare": bare}[sys.argv[1]]())


if __name__ == "__main__":
    main()
