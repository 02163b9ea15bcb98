"""
Verbs about money at operators (seamless wallet): who they are (setup), stakes taken there (stakes), and what they are
owed (owed).

In the ledger a confirmed stake comes out of the clearing account into the player's, in the batch that stakes it; what
is paid goes through the player's account into clearing, in the batch that pays it. A player's account at an operator
therefore holds nothing between transactions.
"""

from wallet.operators.operations.owed import (
    Credit,
    body_of,
    catch_up,
    claim,
    credit_transfer,
    owe,
    raise_wins,
    settle,
    stake_transfer,
    try_now,
)
from wallet.operators.operations.rows import tell_balances
from wallet.operators.operations.setup import (
    NoOperator,
    NotAdmitted,
    admit,
    ask_balance,
    ask_balance_of,
    balance_question,
    connect,
    endpoint_of,
    join,
    move,
    operator_of,
    renew_secret,
    switch,
)
from wallet.operators.operations.stakes import (
    Debit,
    StakeCall,
    StakeInFlight,
    StakeWish,
    conclude,
    confirm,
    give_up_forgotten,
    refund,
    request_stakes,
    stakes_of_round,
)

__all__ = [
    "Credit",
    "Debit",
    "NoOperator",
    "NotAdmitted",
    "StakeCall",
    "StakeInFlight",
    "StakeWish",
    "admit",
    "ask_balance",
    "ask_balance_of",
    "balance_question",
    "body_of",
    "catch_up",
    "claim",
    "conclude",
    "confirm",
    "connect",
    "credit_transfer",
    "endpoint_of",
    "give_up_forgotten",
    "join",
    "move",
    "operator_of",
    "owe",
    "raise_wins",
    "refund",
    "renew_secret",
    "request_stakes",
    "settle",
    "stake_transfer",
    "stakes_of_round",
    "switch",
    "tell_balances",
    "try_now",
]
