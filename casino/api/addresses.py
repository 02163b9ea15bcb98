"""Where a request really comes from, behind proxies that we trust and no others."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any


def is_trusted(address: str, trusted: Sequence[str]) -> bool:
    try:
        given = ip_address(address)
        return any(given in ip_network(network, strict=False) for network in trusted)
    except ValueError:
        return False


def client_address(meta: Mapping[str, Any], trusted: Sequence[str]) -> str:
    """
    The address of the peer or, where that is a trusted proxy, the last address in X-Forwarded-For that is not one.

    What stands further left was written by the client and proves nothing.
    """
    address = str(meta.get("REMOTE_ADDR") or "")
    forwarded = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",") if part.strip()]
    while forwarded and is_trusted(address, trusted):
        address = forwarded.pop()
    return address
