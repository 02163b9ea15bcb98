"""
The clients of the fan-out benchmark, in a process of their own:

    python -m bench.fanout_client <port> <sockets> <stalled>

Raw protocols that only count frames: the n-th frame of a socket is the n-th message. Prints `ready` when all are
connected; then, per line `<messages>` on standard input, waits until every socket has that many frames (or 30 s) and
answers in JSON with the times at which the last socket had each message, and how many frames came in all.
"""

import asyncio
import json
import socket
import sys
import time
from typing import Any

import uvloop

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Tally:
    def __init__(self) -> None:
        self.connected = 0
        self.frames = 0
        self.last_at: list[int] = []  # by message: when the latest socket so far had it

    def note(self, index: int, now: int) -> None:
        self.frames += 1
        if index == len(self.last_at):
            self.last_at.append(now)
        else:
            self.last_at[index] = now


class Listener(asyncio.Protocol):
    __slots__ = ("begun", "count", "rest", "tally", "transport")

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.count = 0
        self.rest = b""
        self.begun = False

    def connection_made(self, transport: Any) -> None:
        transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        data = self.rest + data if self.rest else data
        if not self.begun:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            self.begun = True
            self.tally.connected += 1
        at, size = 0, len(data)
        while size - at >= 4:
            length = data[at + 1]
            whole = 4 + int.from_bytes(data[at + 2 : at + 4], "big") if length == 126 else 2 + length
            if size - at < whole:
                break
            if data[at] == 0x81:  # pings are none of the messages
                self.tally.note(self.count, now)
                self.count += 1
            at += whole
        self.rest = data[at:]


async def stall(port: int) -> socket.socket:
    """A client that shakes hands and then never reads, with a small buffer of its own."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, HANDSHAKE)
    await loop.sock_recv(client, 64)
    return client


async def main(port: int, sockets: int, stalled: int) -> None:
    loop = asyncio.get_running_loop()
    tally = Tally()
    for _ in range(0, sockets, 100):
        await asyncio.gather(
            *(loop.create_connection(lambda: Listener(tally), "127.0.0.1", port) for _ in range(min(100, sockets)))
        )
    held = [await stall(port) for _ in range(stalled)]
    while tally.connected < sockets:
        await asyncio.sleep(0.01)
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        wanted = int(line) * sockets
        deadline = loop.time() + 30
        while tally.frames < wanted and loop.time() < deadline:
            await asyncio.sleep(0.01)
        print(json.dumps({"last_at": tally.last_at, "frames": tally.frames}), flush=True)
    del held


if __name__ == "__main__":
    from casino.live.server import raise_file_limit

    raise_file_limit()
    uvloop.run(main(*map(int, sys.argv[1:4])))
