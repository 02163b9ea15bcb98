"""A TCP proxy between a client and a server: it notes what passes, and loses what a test wants lost."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """A request as it passed, and the head of its answer; `lost` where the answer was not passed on."""

    method: str
    target: str
    headers: dict[str, str]
    status: int = 0
    answer_headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


def _head(data: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return first, {name.title(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Proxy:
    """`loses(exchange)` is asked at each answer of HTTP; True ends the connection in its place."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.exchanges: list[Exchange] = []
        self.loses: Callable[[Exchange], bool] = lambda exchange: False
        self._open: dict[str, list[socket.socket]] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self, path: str = "") -> int:
        """End every connection whose first request was for this path (or any); answers how many."""
        paths = [path] if path else list(self._open)
        ends = [end for name in paths for end in self._open.pop(name, [])]
        for end in ends:
            _end(end)
        return len(ends)

    def asked(self, method: str, path: str) -> list[Exchange]:
        return [e for e in list(self.exchanges) if e.method == method and e.target.partition("?")[0] == path]

    def _accept(self) -> None:
        with suppress(OSError):  # closed by the test
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream_port), 5)
        except OSError:  # the server is down: so is the way to it
            _end(client)
            return
        server.settimeout(None)
        asked: list[Exchange] = []
        threading.Thread(target=self._answers, args=(server, client, asked), daemon=True).start()
        with suppress(OSError):
            while data := client.recv(65536):
                line, headers = _head(data)
                if line.endswith(" HTTP/1.1"):
                    method, target, _ = line.split(" ")
                    asked.append(Exchange(method, target, headers))
                    self.exchanges.append(asked[-1])
                    if len(asked) == 1:
                        self._open.setdefault(target, []).append(client)
                server.sendall(data)
        _end(server)

    def _answers(self, server: socket.socket, client: socket.socket, asked: list[Exchange]) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if data.startswith(b"HTTP/1.1 "):
                    line, headers = _head(data)
                    asked[-1].status, asked[-1].answer_headers = int(line.split(" ")[1]), headers
                    if self.loses(asked[-1]):
                        asked[-1].lost = True
                        break
                client.sendall(data)
        _end(client)


def _end(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()
