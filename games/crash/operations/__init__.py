"""The crash game's verbs: players' (bets), the engine's (rounds, lease), staff's (setup, chains)."""

from games.crash.operations.chains import announce_chain, set_client_seed
from games.crash.operations.closing import cancel_bets, cash_outs, confirm_bets
from games.crash.operations.lease import announce, release_lease, renew_lease, take_lease
from games.crash.operations.placing import first_questions, place_bets
from games.crash.operations.rounds import (
    adopt_round,
    crash_round,
    interrupt_round,
    launch_round,
    open_round,
    pay_due,
    settle_round,
    void_round,
)
from games.crash.operations.setup import StakeLimits, change_config, ensure_game, set_enabled
from games.crash.operations.values import BetAction, BetRequest, ClosedBet, FromPartner, PlacedBet

__all__ = [
    "BetAction",
    "BetRequest",
    "ClosedBet",
    "FromPartner",
    "PlacedBet",
    "StakeLimits",
    "adopt_round",
    "announce",
    "announce_chain",
    "cancel_bets",
    "cash_outs",
    "change_config",
    "confirm_bets",
    "crash_round",
    "ensure_game",
    "first_questions",
    "interrupt_round",
    "launch_round",
    "open_round",
    "pay_due",
    "place_bets",
    "release_lease",
    "renew_lease",
    "set_client_seed",
    "set_enabled",
    "settle_round",
    "take_lease",
    "void_round",
]
