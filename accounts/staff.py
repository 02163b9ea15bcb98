"""
What staff see about a player, beyond this app: later apps add their panels here (balances, bets), so that this one
need not know them.
"""

from collections.abc import Callable

from accounts.models import User
from casino.ops.backoffice import Panel

player_panels: list[Callable[[User], Panel]] = []
