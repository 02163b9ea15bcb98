"""
The players of the sockets benchmark, in a process of their own: `python -m bench.sockets_client <port>`.

Each line of standard input is a run, in JSON: {"game", "tokens": [one per socket], "bets": per socket, "outstanding"}.
All sockets are opened and have had an answer before the first bet leaves; then each keeps `outstanding` bets on their
way until it has placed identifiers 1 to `bets`. Answered in JSON: {"accepted", "refused": [texts of some], "seconds"
from the first bet to the last answer, "waited_ms": [of each answer]}. Raw protocols, since the client shares the
machine with the server it measures.
"""

import asyncio
import json
import sys
import time
from typing import Any

import msgspec
import uvloop

CONNECT_SECONDS = 30
RUN_SECONDS = 90
HANDSHAKE = (
    "GET /ws/{game}?session={token} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Answer(msgspec.Struct):
    messageType: str
    identifier: int = 0


_decoder = msgspec.json.Decoder(Answer)


def frame(message: dict[str, Any], opcode: int = 1) -> bytes:
    """A client's frame is masked; with a mask of zeros it is what it was."""
    text = json.dumps(message).encode()
    assert len(text) <= 125
    return bytes([0x80 | opcode, 0x80 | len(text)]) + b"\0\0\0\0" + text


ARE_YOU_THERE = frame({"messageType": "subscribe", "channels": []})
BETS = [frame({"messageType": "bet", "amount": 100, "identifier": i}) for i in range(1, 11)]


class Run:
    """What the sockets of one run have in common."""

    def __init__(self, sockets: int, bets: int, outstanding: int) -> None:
        loop = asyncio.get_running_loop()
        self.bets = bets
        self.outstanding = outstanding
        self.ready: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.accepted = 0
        self.refused: list[str] = []
        self.waited_ms: list[float] = []
        self.last_at = 0
        self._not_ready = sockets
        self._missing = sockets * bets

    def one_is_ready(self) -> None:
        self._not_ready -= 1
        if not self._not_ready and not self.ready.done():
            self.ready.set_result(None)

    def answered(self, sent_at: int, now: int) -> None:
        self.accepted += 1
        self.waited_ms.append((now - sent_at) / 1e6)
        self.last_at = now
        if self.accepted == self._missing and not self.done.done():
            self.done.set_result(None)

    def failed(self, text: str) -> None:
        """A bet that is refused or a socket that ends: the run measures nothing, and says why."""
        self.refused.append(text)
        for waited in (self.ready, self.done):
            if not waited.done():
                waited.set_result(None)


class Player(asyncio.Protocol):
    def __init__(self, run: Run, handshake: bytes) -> None:
        self.run = run
        self.handshake = handshake
        self.rest = b""
        self.begun = False
        self.playing = False
        self.leaving = False
        self.sent_at = [0] * (run.bets + 1)
        self.next = 1

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.handshake)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.leaving:
            self.run.failed(f"a socket was closed: {error!r} {self.rest[:200]!r}")

    def play(self) -> None:
        self.playing = True
        for _ in range(min(self.run.outstanding, self.run.bets)):
            self.bet()

    def bet(self) -> None:
        self.sent_at[self.next] = time.monotonic_ns()
        self.transport.write(BETS[self.next - 1])
        self.next += 1

    def leave(self) -> None:
        self.leaving = True
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        data = self.rest + data if self.rest else data
        if not self.begun:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.run.failed(head.decode(errors="replace"))
                return
            self.begun = True
            self.transport.write(ARE_YOU_THERE)
        at, size = 0, len(data)
        while size - at >= 4:
            length, begin = data[at + 1], at + 2
            if length == 126:
                length, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
            if size < begin + length:
                break
            if data[at] == 0x81:  # a text; pings are none of ours, a run is shorter than their timeout
                self.answer(data[begin : begin + length], now)
            at = begin + length
        self.rest = data[at:]

    def answer(self, text: bytes, now: int) -> None:
        answer = _decoder.decode(text)
        if not self.playing and answer.messageType == "subscribe":
            self.run.one_is_ready()
        elif answer.messageType == "bet":
            self.run.answered(self.sent_at[answer.identifier], now)
            if self.next <= self.run.bets:
                self.bet()
        else:
            self.run.failed(text.decode())


async def play(port: int, plan: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    tokens = plan["tokens"]
    run = Run(len(tokens), plan["bets"], plan["outstanding"])
    players: list[Player] = []
    for token in tokens:
        handshake = HANDSHAKE.format(game=plan["game"], token=token).encode()
        _, player = await loop.create_connection(lambda hello=handshake: Player(run, hello), "127.0.0.1", port)
        players.append(player)
    started = time.monotonic_ns()
    try:
        await asyncio.wait_for(run.ready, CONNECT_SECONDS)
        started = time.monotonic_ns()
        for player in players:
            player.play()
        await asyncio.wait_for(run.done, RUN_SECONDS)
    except TimeoutError:
        run.refused.append("not everything was answered in time")
    for player in players:
        player.leave()
    return {
        "accepted": run.accepted,
        "refused": run.refused[:5],
        "seconds": (run.last_at - started) / 1e9,
        "waited_ms": run.waited_ms,
    }


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await play(port, json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
