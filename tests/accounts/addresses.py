"""Where visitors come from."""

import secrets
from ipaddress import IPv4Address


def somewhere() -> str:
    """An address from which nobody has come before: what Redis counts outlives a run."""
    return str(IPv4Address(secrets.randbits(24) | 10 << 24))
