"""Bets of solo rounds as they are read under lock. Wishes and answers are those of `games.crash.operations.values`."""

from django.db.models import QuerySet

from games.crash.audit import SOLO_PREFIX
from games.crash.operations.values import HeldBet
from games.solo.models import Bet

PREFIX = SOLO_PREFIX  # before a bet's id in its transfers' ids and references, which tells them from a shared table's

_COLUMNS = (
    "pk",
    "round__game_id",
    "round_id",
    "player_id",
    "player__username",
    "account_id",
    "currency_id",
    "currency__denominator",
    "is_demo",
    "identifier",
    "stake_minor",
    "auto_cashout_hundredths",
    "status",
    "account__remote__operator_id",
    "account__remote__balance_minor",
)


def held_bets(bets: QuerySet[Bet]) -> list[HeldBet]:
    """Read bets whose rounds are under lock. They belong to no partner's call, and to no list of mixed currencies."""
    nobody = (None, None, None, None, None)
    return [HeldBet._make((*row[:11], 0, *row[11:13], *nobody, *row[13:], None)) for row in bets.values_list(*_COLUMNS)]
