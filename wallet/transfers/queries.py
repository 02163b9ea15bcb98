"""Questions about partners' transfers. Each one goes through the partner and the environment."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.partners.models import PartnerPlayer
from wallet.models import Account, Transfer
from wallet.transfers.models import PartnerTransfer


@dataclass(frozen=True, slots=True)
class Moved:
    """A transfer with the player's available balance right after it."""

    row: PartnerTransfer
    balance_minor: int


def wallet_of(partner_id: int, environment: str, external_id: str) -> tuple[PartnerPlayer, Account | None] | None:
    """The partner's player with its account in the environment's money."""
    players = PartnerPlayer.objects.select_related("user")
    player = players.filter(partner_id=partner_id, environment=environment, external_id=external_id).first()
    if player is None:
        return None
    accounts = Account.objects.select_related("currency").filter(owner=player.user_id, is_demo=player.is_demo)
    return player, accounts.filter(currency_id=player.user.currency_code).first()


def by_reference(partner_id: int, environment: str, reference: str) -> Moved | None:
    name = (partner_id, environment, reference)
    row = by_names([name]).get(name)
    return None if row is None else Moved(row, balances_after([row])[row.transfer_id])


def by_names(names: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str, str], PartnerTransfer]:
    """By partner, environment and reference; one query."""
    wanted: dict[tuple[int, str], list[str]] = {}
    for partner_id, environment, reference in names:
        wanted.setdefault((partner_id, environment), []).append(reference)
    if not wanted:
        return {}
    sought = Q()
    for (partner_id, environment), references in wanted.items():
        sought |= Q(partner_id=partner_id, environment=environment, reference__in=references)
    rows = PartnerTransfer.objects.filter(sought).select_related("account__currency", "player")
    return {(row.partner_id, row.environment, row.reference): row for row in rows}


def balances_after(rows: Iterable[PartnerTransfer]) -> dict[str, int]:
    """The available balances that the ledger wrote down beside these transfers, by the transfer's id."""
    directions = {row.transfer_id: row.direction for row in rows}
    found = Transfer.objects.filter(pk__in=directions).values_list("pk", "debit_balance_minor", "credit_balance_minor")
    into = PartnerTransfer.Direction.IN
    return {pk: (credit if directions[pk] == into else debit) or 0 for pk, debit, credit in found}
