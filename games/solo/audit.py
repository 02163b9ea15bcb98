"""
Is every solo bet's money in the books, and is everything there that names one a bet's? As for the shared table, whose
audit gives the comparisons; and does each bet fit its round?
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import F, Q

from games.crash.audit import Bets, accounts_off, money_of_bets_off, payouts_off, transfers_without_bet
from games.solo.models import Bet, Round
from games.solo.operations.values import PREFIX
from wallet.audit import capped

SOLO = Bets("solo_bet", PREFIX)


def findings(now: datetime) -> list[str]:
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: money_of_bets_off("stake", "b.id IS NOT NULL", "b.stake_minor", bets=SOLO),
        lambda: money_of_bets_off("payout", "b.status = 'cashed_out'", "b.payout_minor", bets=SOLO),
        lambda: money_of_bets_off("refund", "b.status = 'refunded'", "b.stake_minor", bets=SOLO),
        lambda: transfers_without_bet(SOLO),
        lambda: accounts_off(Bet),
        lambda: payouts_off(Bet),
        _bets_against_their_round,
        _rounds_without_bet,
    )
    return [f"solo: {line}" for rule in rules for line in capped(rule)]


def _bets_against_their_round() -> Iterator[str]:
    status, state = Bet.Status, Round.State
    settled = Q(round__state=state.SETTLED)
    reached = Q(auto_cashout_hundredths__lte=F("round__result_hundredths"))
    impossible = {
        "is in a round that has not started": ~Q(round__state__in=[state.RUNNING, state.SETTLED]),
        "is open in a round that is over": settled & Q(status=status.OPEN),
        "is closed without money in a round that still runs": ~settled & Q(status__in=[status.LOST, status.REFUNDED]),
        "is cashed out above the round's crash point": Q(
            status=status.CASHED_OUT, multiplier_hundredths__gt=F("round__result_hundredths")
        ),
        "is cashed out above its auto cash-out": Q(
            status=status.CASHED_OUT, multiplier_hundredths__gt=F("auto_cashout_hundredths")
        ),
        "has a boost that its round did not give": Q(boost_percent__gt=0)
        & (~Q(boost_percent=F("config__bonus_boost_percent")) | (settled & Q(round__had_bonus=False))),
        "is refunded in a round that was not interrupted": Q(status=status.REFUNDED, round__interrupted=False),
        "did not get its auto cash-out, which was reached": settled & reached & ~Q(status=status.CASHED_OUT),
        "is of another account than its round": ~Q(account_id=F("round__account_id")),
        "is of another version of the rules than its round": ~Q(config_id=F("round__config_id")),
    }
    for what, condition in impossible.items():
        for bet in Bet.objects.filter(condition).order_by("pk"):
            yield f"bet {bet.pk}: {what}"


def _rounds_without_bet() -> Iterator[str]:
    started = Round.objects.filter(state__in=[Round.State.RUNNING, Round.State.SETTLED], bet__isnull=True)
    for round_ in started.order_by("pk"):
        yield f"round {round_.pk}: it has started without a bet"
