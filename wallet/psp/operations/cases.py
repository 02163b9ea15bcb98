"""How a case ends: one person proposes, another one approves, and only then money moves."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from wallet import operations as wallet
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.psp import errors
from wallet.psp.models import SuspenseCase
from wallet.psp.operations.booking import end, house, locked, put
from wallet.psp.rules import ARRIVED, LEFT, Resolution, Status

State = SuspenseCase.State
WITH_PLAYER = (Resolution.CREDIT, Resolution.CHARGE)


def possible_ends(case: SuspenseCase) -> tuple[Resolution, ...]:
    if not case.suspense_minor:
        return (Resolution.NOTE,)
    return ARRIVED if case.suspense_minor > 0 else LEFT


@transaction.atomic
def propose_resolution(
    case: SuspenseCase, resolution: Resolution, *, player: User | None, note: str, actor: User, now: datetime
) -> SuspenseCase:
    """What one person of finance suggests. Raises a DomainError of `errors`."""
    case = _locked(case, State.OPEN)
    if resolution not in possible_ends(case):
        raise errors.CannotEndSo
    if (resolution in WITH_PLAYER) != (player is not None):
        raise errors.CannotEndSo("Name the player, for a credit or a charge, and for nothing else.")
    if player is not None and (player.is_demo or player.currency_code != case.book):
        raise errors.CannotEndSo(f"{player.username} has no account in {case.book}.")
    if player is not None and player.pk == actor.pk:
        raise errors.NotYours
    case.state, case.resolution, case.player = State.PROPOSED, resolution, player
    case.note, case.proposed_by = note[:300], actor
    case.save(update_fields=["state", "resolution", "player", "note", "proposed_by"])
    _record("suspense.proposed", case, actor, now, note=note)
    return case


@transaction.atomic
def reject_proposal(case: SuspenseCase, *, actor: User, note: str, now: datetime) -> SuspenseCase:
    """The case is open again. Also by who proposed it."""
    case = _locked(case, State.PROPOSED)
    _record("suspense.rejected", case, actor, now, note=note)
    case.state, case.resolution, case.player, case.proposed_by, case.note = State.OPEN, "", None, None, ""
    case.save(update_fields=["state", "resolution", "player", "note", "proposed_by"])
    return case


@transaction.atomic
def approve_case(case: SuspenseCase, *, actor: User, now: datetime) -> SuspenseCase:
    """The second person: what was proposed happens. A payment that the case left open ends with it."""
    case = _locked(case, State.PROPOSED)
    if actor.pk in (case.proposed_by_id, case.player_id):
        raise errors.NotYours
    payment = locked(pk=case.report.payment_id) if case.report.payment_id else None
    if payment is not None and payment.is_open:
        end(payment, Status.FAILED, now=now, reason="settled by our staff")
    if case.resolution != Resolution.NOTE:
        put(_transfer(case, now), now=now)
    case.state, case.approved_by, case.resolved_at = State.RESOLVED, actor, now
    case.save(update_fields=["state", "approved_by", "resolved_at"])
    _record("suspense.resolved", case, actor, now)
    return case


def _transfer(case: SuspenseCase, now: datetime) -> TransferRequest:
    suspense = house(House.SUSPENSE, case.book)
    other = (
        wallet.open_account(case.player, is_demo=False, now=now).pk
        if case.player is not None
        else house(House.ADJUSTMENT if case.resolution == Resolution.WRITE_OFF else House.PSP, case.book)
    )
    out = case.suspense_minor > 0
    by_hand = case.resolution in (Resolution.CHARGE, Resolution.WRITE_OFF)
    return TransferRequest(
        id=case.resolution_id,
        debit_account_id=suspense if out else other,
        credit_account_id=other if out else suspense,
        amount_minor=abs(case.suspense_minor),
        code=Code.ADJUSTMENT if by_hand else Code.SUSPENSE,
        reference=case.report.reference,
    )


def _locked(case: SuspenseCase, state: SuspenseCase.State) -> SuspenseCase:
    rows = SuspenseCase.objects.select_for_update(of=("self",)).select_related("report", "player")
    found = rows.get(pk=case.pk)
    if found.state != state:
        raise errors.CaseChanged
    return found


def _record(action: str, case: SuspenseCase, actor: User, now: datetime, **details: object) -> None:
    player = f"player:{case.player_id}" if case.player_id else f"case:{case.pk}"
    told = {"case": case.pk, "resolution": case.resolution, "minor": case.suspense_minor, "book": case.book, **details}
    audit.record(action, player, actor=actor, now=now, **told)
