"""Sockets of a real server: limits, order, ends, and clients that do not read."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from casino.live import publisher
from casino.live.connection import Limits
from casino.live.hub import current_hub
from tests.casino.live.helpers import EchoSocket, run, serving, until

Address = tuple[str, int]


def url(address: Address, session: int = 1) -> str:
    return f"ws://{address[0]}:{address[1]}/?session={session}"


async def close_code(client: ClientConnection) -> int | None:
    """Read to the end; the code the server closed with."""
    try:
        while True:
            await client.recv()
    except ConnectionClosed:
        return client.close_code


def test_a_message_is_answered_and_a_closed_socket_leaves_nothing_in_the_hub() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address:
            async with connect(url(address)) as client:
                await client.send("hello")
                assert await client.recv() == "echo hello"
                assert current_hub().counts()["connections"] == 1
                assert list(current_hub().take_seen()) == [1]
                assert current_hub().take_seen() == {}
            await until(lambda: not current_hub().connections)
            counts = current_hub().counts()
            assert counts == {**dict.fromkeys(counts, 0), "delivered": counts["delivered"]}
            assert not any(name.startswith("topic:") for name in counts)

    run(main)


def test_a_bad_session_is_told_so_and_closed_with_4401() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address, connect(url(address, 999)) as client:
            assert await client.recv() == "session unknown"
            assert await close_code(client) == 4401
            assert not current_hub().connections

    run(main)


def test_a_session_that_ends_closes_its_sockets_with_4401_and_no_others() -> None:
    async def main() -> None:
        async with (
            serving(EchoSocket.as_asgi()) as address,
            connect(url(address, 1)) as alice,
            connect(url(address, 2)) as bob,
        ):
            await until(lambda: len(current_hub().connections) == 2)
            publisher.publish("control", {"kind": "control", "action": "close_sessions", "sessions": [1]})
            assert await alice.recv() == "1000"
            assert await close_code(alice) == 4401
            await bob.send("still here")
            assert await bob.recv() == "echo still here"

    run(main)


def test_a_handler_that_fails_is_answered_with_an_error_and_the_socket_stays_usable() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address, connect(url(address)) as client:
            await client.send("fail")
            assert await client.recv() == "500"
            await client.send(b"\x00\x01")
            assert await client.recv() == "not text"
            await client.send("again")
            assert await client.recv() == "echo again"

    run(main)


def test_a_message_over_8_kib_is_refused_and_the_socket_stays_usable() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address, connect(url(address)) as client:
            for too_long in ("x" * 8193, "é" * 4097, b"x" * 8193):
                await client.send(too_long)
                assert await client.recv() == "429 size"
            for fits in ("x" * 8192, "é" * 4096):
                await client.send(fits)
                assert await client.recv() == f"echo {fits}"

    run(main)


def test_too_many_messages_are_refused_and_insisting_is_closed_with_4429() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address, connect(url(address)) as client:
            for number in range(150):
                await client.send(str(number))
            answers = [await client.recv() for _ in range(150)]
            assert len([answer for answer in answers if str(answer).startswith("echo")]) in range(100, 130)
            assert answers.count("429 rate") in range(20, 51)
            for number in range(300):
                await client.send(str(number))
            assert await close_code(client) == 4429
            await until(lambda: not current_hub().connections)

    run(main)


def test_a_slow_request_does_not_hold_up_those_behind_it_and_answers_keep_their_order() -> None:
    async def main() -> None:
        EchoSocket.slow_gate = asyncio.Event()
        async with serving(EchoSocket.as_asgi()) as address, connect(url(address)) as client:
            await client.send("wait")
            for number in range(20):
                await client.send(str(number))
            assert [await client.recv() for _ in range(20)] == [f"echo {number}" for number in range(20)]
            await client.send("open")
            assert {await client.recv(), await client.recv()} == {"opened", "waited"}

    run(main)


def test_a_request_that_has_arrived_is_carried_out_although_its_socket_goes_away() -> None:
    done: list[str] = []

    class Careful(EchoSocket):
        async def handle(self, data: Any, received_at: Any) -> None:
            await self.slow_gate.wait()
            done.append(data)

        async def left(self) -> None:
            done.append("left")

    async def main() -> None:
        EchoSocket.slow_gate = asyncio.Event()
        async with serving(Careful.as_asgi()) as address:
            async with connect(url(address)) as client:
                await client.send("bet")
                await until(lambda: bool(current_hub().take_seen()))
            await until(lambda: not current_hub().connections)
            assert done == []
            EchoSocket.slow_gate.set()
            await until(lambda: done == ["bet", "left"])

    run(main)


def test_a_stopping_server_closes_its_sockets_with_1012() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            async with serving(EchoSocket.as_asgi()) as address:
                client = await stack.enter_async_context(connect(url(address)))
                await until(lambda: len(current_hub().connections) == 1)
            assert await close_code(client) == 1012

    run(main)


def test_work_beside_the_server_that_fails_stops_it_and_is_reported() -> None:
    from casino.live.server import LiveServer, make_config

    async def engine() -> None:
        raise RuntimeError("the engine broke")

    async def main() -> None:
        config = make_config(EchoSocket.as_asgi(), host="127.0.0.1", port=0, loop="none")
        with pytest.raises(RuntimeError, match="the engine broke"):
            await LiveServer(config, background=[engine]).serve()

    run(main)


async def stalled_client(address: Address, session: int) -> socket.socket:
    """A client that shakes hands and never reads again, with a small buffer of its own."""
    loop = asyncio.get_running_loop()
    stalled = socket.socket()
    stalled.setblocking(False)
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    await loop.sock_connect(stalled, address)
    handshake = (
        f"GET /?session={session} HTTP/1.1\r\nHost: {address[0]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await loop.sock_sendall(stalled, handshake.encode())
    assert b"101 Switching" in await loop.sock_recv(stalled, 100)
    return stalled


def flood(count: int, first: int = 1) -> None:
    for seq in range(first, first + count):
        message = {"messageType": "wait", "padding": "x" * 2000}
        publisher.publish(EchoSocket.topic, {"kind": "event", "epoch": 1, "seq": seq, "message": message})


async def read_to(client: ClientConnection, last: int) -> list[int]:
    numbers: list[int] = []
    while not numbers or numbers[-1] < last:
        numbers.append(json.loads(await client.recv())["seq"])
    return numbers


def test_a_client_that_does_not_read_is_closed_while_the_others_get_everything_in_order() -> None:
    async def main() -> None:
        current_hub().limits = Limits(linger_seconds=0.2)
        async with AsyncExitStack() as stack:
            address = await stack.enter_async_context(serving(EchoSocket.as_asgi()))
            others = [await stack.enter_async_context(connect(url(address, n))) for n in range(2, 6)]
            stalled = await stalled_client(address, 1)
            stack.callback(stalled.close)
            await until(lambda: len(current_hub().connections) == 5)
            transport = next(iter(current_hub().connections_of(1)))._wire._protocol.transport
            for first in range(1, 601, 50):
                flood(50, first)
                for numbers in await asyncio.gather(*(read_to(client, first + 49) for client in others)):
                    assert numbers == list(range(first, first + 50))
            await until(lambda: current_hub().closed_slow == 1)
            assert current_hub().connections_of(1) == []
            assert not current_hub().busy
            # The TCP connection itself has ended, although nothing was ever read from it.
            await until(transport.is_closing)
            await until(lambda: transport.get_write_buffer_size() == 0)
            await until(lambda: ended(stalled))

    run(main)


def ended(client: socket.socket) -> bool:
    """Read what is there; True at the end of the connection."""
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_client_that_reads_again_in_time_finds_the_close_code_4408() -> None:
    async def main() -> None:
        async with serving(EchoSocket.as_asgi()) as address:
            loop = asyncio.get_running_loop()
            stalled = await stalled_client(address, 1)
            await until(lambda: len(current_hub().connections) == 1)
            flood(600)
            await until(lambda: current_hub().closed_slow == 1)
            received = b""
            while chunk := await loop.sock_recv(stalled, 65536):
                received = (received + chunk)[-100:]
                if received.endswith(b"not reading"):
                    break
            assert received.endswith(b"\x88\x0d" + (4408).to_bytes(2, "big") + b"not reading")
            stalled.close()

    run(main)
