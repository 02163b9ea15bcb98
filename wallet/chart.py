"""
The chart of accounts, and what a transfer can be for. Pure: no framework.

A *book* is a currency in real or in demo money (`BRL`, `BRL.demo`). Every transfer stays inside one book, so demo
money can never reach a real balance and no transfer mixes currencies.
"""

from enum import StrEnum

PLAYER = "player"


class House(StrEnum):
    """House-side accounts, one of each per book. They carry no balance row: their balance is the sum of transfers."""

    FUNDING = "funding"  # counterpart of what enters and leaves by hand, outside any provider
    PSP = "psp"  # payment providers: deposits come from there, withdrawals go there
    PARTNERS = "partners"  # what partners moved here for their players (transfer wallet)
    CLEARING = "clearing"  # operators who hold their players' money themselves (seamless wallet)
    EXCHANGE = "exchange"  # the other side of a conversion, in each of its two currencies
    ROUNDING = "rounding"  # what conversions round off
    DEMO_ISSUE = "demo_issue"  # demo money comes from here
    ADJUSTMENT = "adjustment"  # corrections by staff
    SUSPENSE = "suspense"  # reports that nobody could match yet
    CRASH = "crash"  # stakes in, payouts out: its balance is the gross gaming revenue of the crash games
    INSTANT = "instant"  # stakes in, payouts out: its balance is the gross gaming revenue of the instant games
    AFFILIATES = "affiliates"  # what affiliates' shares have cost: they come from here, so its balance is below zero
    PAYABLE = "payable"  # shares of affiliates who have no account here to get them


class Code(StrEnum):
    """What a transfer is for; the statement and the audit read it."""

    HOLD = "hold"  # a stake set aside: reserved, not yet confirmed
    RELEASE = "release"  # the hold of a reservation that was not confirmed
    STAKE = "stake"
    PAYOUT = "payout"
    REFUND = "refund"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    GRANT = "grant"
    ADJUSTMENT = "adjustment"
    OPERATOR_DEBIT = "operator_debit"  # an operator took a stake from its player: the same amount appears here
    OPERATOR_CREDIT = "operator_credit"  # a payout or a stake given back, owed to the operator for its player
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    EXCHANGE = "exchange"
    SUSPENSE = "suspense"  # money that was reported and cannot be matched, until staff find out whose it is
    SHARE = "share"  # an affiliate's part of what the house gained from the players they brought


class Kind(StrEnum):
    """
    posted   money moves at once.
    pending  money is set aside at the debit account.
    post     a pending transfer happens, in whole or in part; the rest is free again.
    void     a pending transfer does not happen.
    """

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"


def book_of(currency_code: str, *, is_demo: bool) -> str:
    return f"{currency_code}.demo" if is_demo else currency_code
