"""What calls to other people's servers share: which addresses they may reach, how long an answer asks to wait. Pure."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LONGEST_PATIENCE = 10.0**8  # seconds; more than anyone means
_NOT_PUBLIC = [ip_network(text) for text in ("100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "64:ff9b::/96")]


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is written as, or None where it is a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: IPv4Address | IPv6Address | str) -> bool:
    """May a call go there? Nothing private, loopback, link-local, multicast, reserved, or one of those wrapped."""
    found = ip_address(address) if isinstance(address, str) else address
    if isinstance(found, IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if wrapped is not None:
            return is_public(wrapped)
    if any(found.version == network.version and found in network for network in _NOT_PUBLIC):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved and not found.is_unspecified


def retry_after(text: str, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for, given as seconds or as a date; None where it says neither."""
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_PATIENCE)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
