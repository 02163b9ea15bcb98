"""Servers that answer as no operator should, byte by byte; and one that speaks HTTP/2."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import h2.config
import h2.connection
import h2.events
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.operators.certificates import a_certificate

Answering = Callable[[socket.socket, bytes, "Odd"], bool]  # the connection, the request, the server: keep it open?
# The body of a request: headers and body of the answer, or silence.
H2Answering = Callable[[bytes], tuple[dict[str, str], bytes] | None]


@dataclass
class Odd:
    answering: Answering
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    ending: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)


@contextmanager
def an_odd_server(answering: Answering) -> Iterator[Odd]:
    odd = Odd(answering)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        odd.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        Thread(target=_accept, args=(listening, odd, _converse), daemon=True).start()
        try:
            yield odd
        finally:
            odd.ending.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _accept(listening: socket.socket, odd: Odd, converse: Any) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with odd.lock:
                odd.connections += 1
            Thread(target=converse, args=(connection, odd), daemon=True).start()


def _converse(connection: socket.socket, odd: Odd) -> None:
    with connection, suppress(OSError):
        while request := _request(connection):
            with odd.lock:
                odd.requests.append(request)
            if not odd.answering(connection, request, odd):
                return


def _request(connection: socket.socket) -> bytes:
    """Head and body; nothing where the caller has hung up."""
    kept = b""
    while b"\r\n\r\n" not in kept:
        part = connection.recv(65536)
        if not part:
            return b""
        kept += part
    head, _, body = kept.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def plain_answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def an_h2_server(folder: Path, answer: H2Answering) -> Iterator[tuple[Odd, ssl.SSLContext]]:
    """Speaks HTTP/2 over TLS and nothing else; with the settings of a client that trusts it."""
    certificate, key = a_certificate("localhost")
    pem = folder / "h2.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pem)
    serving.set_alpn_protocols(["h2"])
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())

    def converse(connection: socket.socket, odd: Odd) -> None:
        with suppress(OSError), serving.wrap_socket(connection, server_side=True) as secure:
            _speak_h2(secure, odd, answer)

    odd = Odd(lambda *_: False)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        odd.url = f"https://localhost:{listening.getsockname()[1]}"
        Thread(target=_accept, args=(listening, odd, converse), daemon=True).start()
        try:
            yield odd, trusting
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _speak_h2(secure: ssl.SSLSocket, odd: Odd, answer: H2Answering) -> None:
    speaking = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    speaking.initiate_connection()
    secure.sendall(speaking.data_to_send())
    bodies: dict[int, bytes] = {}
    while data := secure.recv(65536):
        for event in speaking.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                speaking.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                odd.requests.append(bodies.get(event.stream_id, b""))
                if (said := answer(odd.requests[-1])) is None:
                    continue
                headers, body = said
                lines = [(":status", "200"), *((name.lower(), value) for name, value in headers.items())]
                speaking.send_headers(event.stream_id, lines)
                speaking.send_data(event.stream_id, body, end_stream=True)
        secure.sendall(speaking.data_to_send())
