"""
The way out, to addresses that others have given us (partners' webhooks, operators' wallets).

A host is resolved here, every address it has is looked at, and the connection is made to the very one that was looked
at, so a name cannot point somewhere else a moment later.
"""

import asyncio
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from casino.lib.calling import is_public


class NotAllowed(Exception):
    """The target is not one that calls go to."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    Where a call goes: an address in place of the name, what stands in Host, and the name on the certificate.

    Connections are told apart by their address, so keep a client per name: one whose certificate was checked for one
    name must not serve another name that has the same address.
    """

    address: str
    host: str
    name: str

    def request(self, client: httpx2.AsyncClient, method: str, url: str, **more: Any) -> httpx2.Request:
        """The request for `url`, which has the host that this target was found for."""
        headers = {**more.pop("headers", {}), "Host": self.host}
        pinned = httpx2.URL(url).copy_with(host=self.address)
        return client.build_request(method, pinned, headers=headers, extensions={"sni_hostname": self.name}, **more)


async def find(url: str, *, allow_private: bool) -> Target:
    """Look up and look at the host of `url`. Raises NotAllowed, OSError or UnicodeError (no such name)."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [str(row[4][0]) for row in found]
    if not addresses:
        raise NotAllowed("the host has no address")
    if not allow_private and not all(is_public(address) for address in addresses):
        raise NotAllowed("the host is a private, loopback or reserved address")
    return Target(addresses[0], parts.netloc, name)
