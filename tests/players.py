"""A player at a real socket, for tests."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Message = dict[str, Any]
PATIENCE = 60.0  # seconds, of a machine that has much else to do


class SocketPlayer:
    """Sends and waits for messages; keeps all that came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Message] = []
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(
            connect(url, max_size=None, max_queue=None, close_timeout=1)
        )

    def __enter__(self) -> "SocketPlayer":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def send_text(self, text: str | bytes) -> None:
        self.socket.send(text)

    def receive(self, timeout: float = PATIENCE) -> Message:
        message: Message = json.loads(self.socket.recv(timeout))
        self.seen.append(message)
        return message

    def wait_for(self, wanted: Callable[[Message], bool] | str, timeout: float = PATIENCE) -> Message:
        """The next message that fits, or of that type."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, deadline - time.monotonic()))
            if message["messageType"] == wanted if isinstance(wanted, str) else wanted(message):
                return message

    def ask(self, **request: Any) -> Message:
        """Send with a requestId and wait for the answer or error to it."""
        number = f"r{len(self.seen)}-{time.monotonic_ns()}"
        self.send(**request, requestId=number)
        return self.wait_for(lambda message: message.get("requestId") == number)

    def refused(self, **request: Any) -> tuple[int, Any]:
        """The code and var of the error that a request must get."""
        answer = self.ask(**request)
        assert answer["messageType"] == "error", answer
        return answer["error"]["code"], answer["error"]["var"]

    def wallet(self) -> Message:
        return self.ask(messageType="wallet")

    def wait_for_betting(self) -> Message:
        """The beginning of the next round, so that there is the whole window for bets."""
        return self.wait_for("provablyFair")

    def bet(self, amount: int, identifier: int = 1, auto: int | None = None) -> Message:
        answer = self.ask(messageType="bet", amount=amount, identifier=identifier, autoCashoutMultiplier=auto)
        assert answer["messageType"] == "bet", answer
        return answer

    def wait_for_multiplier(self, least: int) -> Message:
        return self.wait_for(lambda m: m["messageType"] == "multiplier" and m["multiplier"] >= least)

    def close_code(self, timeout: float = PATIENCE) -> int | None:
        """Read until the server closes; the code it closed with."""
        try:
            while True:
                self.receive(timeout)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
