"""
The transfer wallet: a partner moves money between itself and a player here, once per reference.

    in    partners → player
    out   player → partners

Whether a key moves real or demo money follows from its environment, through the player's account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.partners.models import PartnerPlayer
from accounts.partners.operations import PlayerBlocked
from accounts.webhooks.operations import News, emit
from casino.lib.errors import DomainError
from wallet import ledger, queries
from wallet.chart import Code, House
from wallet.ledger import Outcome, Result, TransferRequest
from wallet.models import Account
from wallet.operations import TransferRefused
from wallet.protection import Deposit, refuse_deposits
from wallet.transfers.models import PartnerTransfer
from wallet.transfers.queries import Moved, balances_after, by_names

IN, OUT = PartnerTransfer.Direction.IN, PartnerTransfer.Direction.OUT


class ReferenceUsed(DomainError):
    code = "idempotency_mismatch"
    status = 422
    message = "This reference was used for another transfer."


class NotEnough(DomainError):
    code = "insufficient_funds"
    status = 402
    message = "The player has less than that available."


class HeldByOperator(DomainError):
    """A seamless player's money is at the operator: nothing of it is moved here."""

    code = "invalid_request"
    status = 400
    message = "This player's wallet is seamless: its money is with you, and is not transferred."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a partner asks for; the account is the player's, in the environment's money."""

    player: PartnerPlayer
    account: Account
    direction: str
    amount_minor: int
    reference: str

    @property
    def name(self) -> tuple[int, str, str]:
        return self.player.partner_id, self.player.environment, self.reference


def move(wishes: Sequence[Wish], *, now: datetime) -> list[Moved | DomainError]:
    """
    An answer per wish, in order, all in one transaction. A refused one takes up no reference.

    Rows are written first: of two that use a reference at the same moment, anywhere, the database lets one in and the
    other waits to see whose it is.
    """
    with transaction.atomic():
        drafts: dict[tuple[int, str, str], PartnerTransfer] = {}
        refused = [_refusal(wish) for wish in wishes]
        for wish, refusal in zip(wishes, refused, strict=True):
            if refusal is None:
                drafts.setdefault(wish.name, _draft(wish, now))
        # Sorted, so that two batches with references in common wait for one another and never in a circle.
        PartnerTransfer.objects.bulk_create([drafts[name] for name in sorted(drafts)], ignore_conflicts=True)
        rows = by_names(drafts)
        new = [row for name, row in rows.items() if row.pk == drafts[name].pk]
        locked = ledger.lock({row.account_id for row in new}, now=now) if new else None
        denied = _denied(new, now)
        outcomes = _post([row for row in new if row.pk not in denied], now=now, locked=locked)
        failed = [*denied, *(pk for pk, outcome in outcomes.items() if not outcome.in_books)]
        if failed:
            PartnerTransfer.objects.filter(pk__in=failed).delete()
        balances = balances_after(rows.values())
        answers = [
            refusal or denied.get(rows[wish.name].pk) or _answer(wish, rows[wish.name], outcomes, balances)
            for wish, refusal in zip(wishes, refused, strict=True)
        ]
        emit([_news(rows[wish.name], wish, balances) for wish in _first(wishes, refused, outcomes, rows)], now=now)
        return answers


def _refusal(wish: Wish) -> DomainError | None:
    if wish.player.wallet != PartnerPlayer.Wallet.TRANSFER:
        return HeldByOperator()
    if wish.direction == IN and not wish.player.user.is_active:  # what a blocked player has may always leave
        return PlayerBlocked()
    return None


def _draft(wish: Wish, now: datetime) -> PartnerTransfer:
    return PartnerTransfer(
        partner_id=wish.player.partner_id,
        environment=wish.player.environment,
        reference=wish.reference,
        player=wish.player,
        account=wish.account,
        direction=wish.direction,
        amount_minor=wish.amount_minor,
        created_at=now,
    )


def _denied(rows: Sequence[PartnerTransfer], now: datetime) -> dict[Any, DomainError]:
    """Refusals of new transfers by the players' own limits and exclusions, which hold for money that comes in."""
    coming = [row for row in rows if row.direction == IN]
    deposits = [
        Deposit(row.player.user_id, row.account_id, row.account.currency_id, row.amount_minor) for row in coming
    ]
    refusals = refuse_deposits(deposits, now)
    return {row.pk: refusal for row, refusal in zip(coming, refusals, strict=True) if refusal is not None}


def _post(rows: Sequence[PartnerTransfer], *, now: datetime, locked: ledger.Locked | None) -> dict[Any, Outcome]:
    houses = queries.house_accounts(House.PARTNERS, [row.account.book for row in rows]) if rows else {}
    requests = []
    for row in rows:
        house = houses[row.account.book]
        debit, credit = (house, row.account_id) if row.direction == IN else (row.account_id, house)
        code = Code.TRANSFER_IN if row.direction == IN else Code.TRANSFER_OUT
        requests.append(
            TransferRequest(row.transfer_id, debit, credit, row.amount_minor, code, reference=row.reference)
        )
    return {row.pk: outcome for row, outcome in zip(rows, ledger.post(requests, now=now, locked=locked), strict=True)}


def _answer(
    wish: Wish, row: PartnerTransfer, outcomes: dict[Any, Outcome], balances: dict[str, int]
) -> Moved | DomainError:
    if (row.player_id, row.direction, row.amount_minor) != (wish.player.pk, wish.direction, wish.amount_minor):
        return ReferenceUsed()
    outcome = outcomes.get(row.pk)
    if outcome is not None and outcome.result is Result.INSUFFICIENT_FUNDS:
        return NotEnough()
    if outcome is not None and not outcome.in_books:
        return TransferRefused(outcome.result)
    return Moved(row, balances[row.transfer_id])


def _first(
    wishes: Sequence[Wish],
    refused: Sequence[DomainError | None],
    outcomes: dict[Any, Outcome],
    rows: dict[tuple[int, str, str], PartnerTransfer],
) -> list[Wish]:
    """One wish for each row that was made now, since the same may have been asked twice in this batch."""
    made = {rows[name].pk: name for name in rows if rows[name].pk in outcomes and outcomes[rows[name].pk].in_books}
    found: dict[tuple[int, str, str], Wish] = {}
    for wish, refusal in zip(wishes, refused, strict=True):
        if refusal is None and rows[wish.name].pk in made:
            found.setdefault(wish.name, wish)
    return list(found.values())


def _news(row: PartnerTransfer, wish: Wish, balances: dict[str, int]) -> News:
    currency = row.account.currency
    data = {
        "user": wish.player.external_id,
        "available": balances[row.transfer_id],
        "denominator": currency.denominator,
        "currency": currency.code,
        "is_demo": row.account.is_demo,
        "reason": "transfer_in" if row.direction == IN else "transfer_out",
        "reference": row.reference,
    }
    return News(row.partner_id, row.environment, "balance.changed", data)
