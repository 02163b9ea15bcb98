"""Solo crash's verbs: the player's (bet, cash-out, own client seed) and those that time itself asks for."""

from games.solo.operations.chains import announce_first
from games.solo.operations.closing import cash_outs, pay_due, refuse_cancel
from games.solo.operations.pulse import beat
from games.solo.operations.rounds import advance, bring_seed
from games.solo.operations.settling import ends_at, is_over, settle_rounds
from games.solo.operations.starting import ask_for_stakes, start_rounds

__all__ = [
    "advance",
    "announce_first",
    "ask_for_stakes",
    "beat",
    "bring_seed",
    "cash_outs",
    "ends_at",
    "is_over",
    "pay_due",
    "refuse_cancel",
    "settle_rounds",
    "start_rounds",
]
