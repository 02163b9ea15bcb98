"""
The TCP connection beneath an ASGI `send`, for the few things that ASGI has no word for.

A client that stopped reading leaves its buffers full. A polite close then never ends: the close frame waits behind
what the client does not take, and closing the transport waits for the same buffers. Only an abort ends it.
uvicorn's `send` is a method of its protocol object, which holds the transport; with a server that hides it, `wire_of`
gives None and the hub does without (the stalled socket is left to the server).
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# What is buffered for one socket in the kernel and in this process before it counts as not reading. With the kernel's
# own choice (megabytes) a stalled client would go unnoticed for minutes, and read stale ticks afterwards.
KERNEL_BUFFER_BYTES = 64 * 1024
HIGH_WATER_BYTES = 32 * 1024
LOW_WATER_BYTES = 8 * 1024


class Wire:
    """One connection's transport; every call is safe after the connection has gone."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def tighten(self) -> None:
        """Keep the buffers of this socket small."""
        transport = self._protocol.transport
        with contextlib.suppress(OSError, RuntimeError, AttributeError):
            transport.set_write_buffer_limits(high=HIGH_WATER_BYTES, low=LOW_WATER_BYTES)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def let_write(self) -> None:
        """Let the next `send` write although the buffers are full: for the last, small frame."""
        writable = getattr(self._protocol, "writable", None)
        if isinstance(writable, asyncio.Event):
            writable.set()

    def holds_data(self) -> bool:
        """Whether written bytes are still on their way out of this process."""
        with contextlib.suppress(OSError, RuntimeError, AttributeError):
            return bool(self._protocol.transport.get_write_buffer_size())
        return False

    def abort(self) -> None:
        """End the connection now, whatever is still buffered."""
        with contextlib.suppress(OSError, RuntimeError, AttributeError):
            self._protocol.transport.abort()


def wire_of(send: Send) -> Wire | None:
    protocol = getattr(send, "__self__", None)
    if hasattr(getattr(protocol, "transport", None), "abort"):
        return Wire(protocol)
    return None
