"""
What staff see about a player, beyond this app: later apps add their panels here (balances, bets), so that this one
need not know them.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from casino.ops.backoffice import Panel

player_panels: list[Callable[[User], Panel]] = []
# The form by which staff protect a player: the wallet's, since limits are amounts of money.
protection_pages: list[Callable[[Any, HttpRequest, User], HttpResponse]] = []
