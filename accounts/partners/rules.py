"""What a key may be: scopes, environments, addresses, life. Pure: no framework."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


class Environment(StrEnum):
    """Test keys see and move demo money only; live keys never do."""

    TEST = "test"
    LIVE = "live"


class Role(StrEnum):
    """What a partner's member may do in the portal."""

    OWNER = "owner"  # everything, members included
    DEVELOPER = "developer"  # keys and webhooks
    VIEWER = "viewer"  # looks


SCOPES = {
    "read:game_state": "the live state of the games, their configuration, and the feed",
    "read:rounds": "finished rounds with their fairness data",
    "read:bets": "the bets of your players",
    "write:bet": "place, confirm, cancel and cash out bets of your players (signed)",
    "read:balance": "balances of your players",
    "write:users": "create players, open their sessions, set their limits",
    "write:transfer": "move money between your players' wallets and you (signed)",
    "read:reports": "activity reports",
    "manage:webhooks": "webhook endpoints",
}
EXTERNAL_ID = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$"  # a partner's own id of a player
MAX_CIDRS = 50
SUGGESTED_LIFE = timedelta(days=90)
DEFAULT_OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=30)


class Invalid(ValueError):
    """A wish for a key that cannot be granted; the text says why."""


def checked_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    unknown = sorted(wanted - SCOPES.keys())
    if unknown:
        raise Invalid(f"unknown scope: {', '.join(unknown)}")
    if not wanted:
        raise Invalid("a key needs at least one scope")
    return [scope for scope in SCOPES if scope in wanted]


def checked_cidrs(cidrs: Iterable[str]) -> list[str]:
    """Ranges of IPv4 or IPv6 in their normal form; a plain address is a range of one."""
    found = []
    for text in cidrs:
        try:
            found.append(str(ip_network(text.strip(), strict=False)))
        except ValueError as error:
            raise Invalid(f"not an address or range: {text}") from error
    if len(found) > MAX_CIDRS:
        raise Invalid(f"at most {MAX_CIDRS} ranges")
    return list(dict.fromkeys(found))


def address_allowed(cidrs: Sequence[str], address: str | None) -> bool:
    """No list allows every address. An IPv4 address that came as IPv6 (`::ffff:…`) counts as IPv4."""
    if not cidrs:
        return True
    try:
        given: IPv4Address | IPv6Address = ip_address(address or "")
    except ValueError:
        return False
    if isinstance(given, IPv6Address) and given.ipv4_mapped is not None:
        given = given.ipv4_mapped
    return any(given in ip_network(cidr) for cidr in cidrs)
