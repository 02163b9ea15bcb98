"""Verbs about payments: asking for them, handing them over, taking reports, and ending what fits nothing."""

from wallet.psp.operations.cases import approve_case, propose_resolution, reject_proposal
from wallet.psp.operations.handover import claim, conclude
from wallet.psp.operations.payments import (
    approve_withdrawal,
    cancel_withdrawal,
    give_up_deposits,
    refuse_withdrawal,
    request_withdrawal,
    start_deposit,
)
from wallet.psp.operations.providers import change_limits, change_provider, ensure_provider
from wallet.psp.operations.reports import match_waiting, receive

__all__ = [
    "approve_case",
    "approve_withdrawal",
    "cancel_withdrawal",
    "change_limits",
    "change_provider",
    "claim",
    "conclude",
    "ensure_provider",
    "give_up_deposits",
    "match_waiting",
    "propose_resolution",
    "receive",
    "refuse_withdrawal",
    "reject_proposal",
    "request_withdrawal",
    "start_deposit",
]
