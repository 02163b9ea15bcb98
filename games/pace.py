"""How often a player may ask: whatever their pages and the legacy APIs ask for is counted together."""

from accounts.models import User
from casino.api import limits
from casino.lib.errors import DomainError


class TooMany(DomainError):
    """`var` is the seconds to wait."""

    code = "rate_limited"
    status = 429


def slow_down(player: User) -> None:
    """Count a call of the player's. Raises TooMany."""
    standing = limits.take("play", f"player:{player.pk}")
    if not standing.allowed:
        wait = max(1, standing.reset_seconds)
        raise TooMany(f"Too many requests at once. Try again in {wait} seconds.", var=wait)
