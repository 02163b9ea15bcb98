"""A partner's server that takes webhooks: a real one, which answers as it is told and keeps what came."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Received:
    connection: int  # the port that it came from
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # the next ones; 204 after them
    hold: Event | None = None  # while it is not set, nobody is answered


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    shown = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            shown.received.append(Received(self.client_address[1], self.path, headers, body))
            if shown.hold is not None:
                shown.hold.wait(20)
            status, extra = shown.answers.pop(0) if shown.answers else (204, {})
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            text = b"" if status == 204 else b"<b>thanks</b>"
            if status != 204:
                self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    shown.url = f"http://127.0.0.1:{server.server_port}/hooks?who=acme"
    try:
        yield shown
    finally:
        if shown.hold is not None:
            shown.hold.set()
        server.shutdown()
        server.server_close()
