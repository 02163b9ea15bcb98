"""Recompute a solo round from what is published, as `games.crash.verification` does for the shared ones."""

from collections.abc import Iterator
from uuid import UUID

from games.crash.verification import (
    Check,
    NotVerifiable,
    chain_checks,
    commitment_checks,
    payout_checks,
    payout_wrong,
    result_checks,
)
from games.solo.models import Bet, Round


def knows(round_id: UUID) -> bool:
    return Round.objects.filter(pk=round_id).exists()


def verify(round_id: UUID) -> list[Check]:
    """NotVerifiable while the seed is secret."""
    round_ = Round.objects.select_related("config", "chain").get(pk=round_id)
    if round_.state == Round.State.VOIDED:
        return list(_voided(round_))
    if round_.salt is None:
        raise NotVerifiable(f"Round {round_id} is {round_.state}: its seed is published when it has crashed.")
    seed = bytes.fromhex(round_.salt)
    earlier = Round.objects.filter(
        account_id=round_.account_id, game_id=round_.game_id, number__lt=round_.number, state=Round.State.SETTLED
    ).order_by("-number")
    salt_before = earlier.filter(chain=round_.chain_id, chain_index=round_.chain_index - 1).first()
    last = earlier.first()
    return [
        *chain_checks(round_, seed, salt_before.salt if salt_before else None),
        *result_checks(round_, seed),
        *commitment_checks(round_, last.result_hundredths or 0 if last else 0),
        *payout_checks(list(Bet.objects.filter(round=round_)), lambda bet: payout_wrong(round_, bet)),
    ]


def _voided(round_: Round) -> Iterator[Check]:
    """It was replaced unplayed: by one with the same seed and newer rules, or by a chain with the player's own seed."""
    seed = f"seed {round_.chain_index} of chain {round_.chain_id}"
    heirs = Round.objects.filter(chain=round_.chain_id, chain_index=round_.chain_index).exclude(pk=round_.pk)
    heir = heirs.order_by("-number").first()
    played = f"was given to round {heir.pk} ({heir.state})" if heir else "is not played: the player began another chain"
    yield Check("voided", True, f"never started; its {seed} {played}")
    yield Check("no stake was taken", not Bet.objects.filter(round=round_).exists(), "a voided round has no bet")
