"""When what is owed is said again, and where an operator's server may be. Pure."""

from datetime import timedelta
from urllib.parse import urlsplit

from casino.lib.calling import is_public, literal

FIRST_DELAY = 1.0
LONGEST_DELAY = 15 * 60.0
JITTER = 0.2
LONGEST_ASKED = 60 * 60.0


class InvalidAddress(ValueError):
    """Its message says what is wrong with the address."""


def next_delay(attempts: int, *, chance: float, asked: float | None = None) -> timedelta:
    """
    After so many attempts: 1 s, 2 s, 4 s … a quarter of an hour, and then for ever, since the player is owed.

    `chance` (0 to 1) spreads those that failed together; `asked` are the seconds that the operator wants.
    """
    seconds: float = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 30))
    spread = seconds * (1 - JITTER + 2 * JITTER * chance)
    return timedelta(seconds=max(spread, min(asked or 0.0, LONGEST_ASKED)))


def checked_url(url: str, *, allow_private: bool) -> str:
    """The base address of an operator's server. Raises InvalidAddress; names are looked at again at each call."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise InvalidAddress("This is not an address.") from None
    allowed = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in allowed or not parts.hostname or port == 0:
        raise InvalidAddress("An operator's server has an https address.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidAddress("The address has a host and a path, and nothing else.")
    address = literal(parts.hostname)
    if address is not None and not allow_private and not is_public(address):
        raise InvalidAddress("The address is not a public one.")
    return url.strip().rstrip("/")
