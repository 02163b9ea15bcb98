"""
Players' limits and exclusions, where they meet money: the one place that every bet and every deposit passes.

    refuse_bets           of every game, when the players' accounts are locked
    refuse_confirmations  of reservations: their amounts were counted when they were set aside
    refuse_deposit(s)     before money is taken in, from a provider or from a partner

What a player has staked, won and paid in is read from the ledger, so nothing has to be kept in step with it.
"""

from wallet.protection.enforcement import (
    Deposit,
    refuse_bets,
    refuse_confirmations,
    refuse_deposit,
    refuse_deposits,
)

__all__ = ["Deposit", "refuse_bets", "refuse_confirmations", "refuse_deposit", "refuse_deposits"]
