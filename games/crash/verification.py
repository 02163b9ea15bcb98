"""
Recompute a finished round from what is published: seed, client seed, rules. Each step is a line with its verdict.

It reads nothing that is sealed, so it says what anyone outside could say; only the payouts need the bets' rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from casino.lib.errors import DomainError
from games.crash import fairness
from games.crash.models import Bet, Round
from games.crash.rules import CAPS, CURVE


class NotVerifiable(DomainError):
    """There is no such round, or nothing of it is published yet."""

    code = "not_verifiable"
    status = 409


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what was compared, whether it agrees, and with what."""

    what: str
    holds: bool
    detail: str


def verify(round_id: UUID) -> list[Check]:
    round_ = Round.objects.select_related("config", "chain").filter(pk=round_id).first()
    if round_ is None:
        raise NotVerifiable(f"There is no round {round_id}.")
    if round_.state == Round.State.VOIDED:
        return list(_voided(round_))
    if round_.state not in (Round.State.CRASHED, Round.State.SETTLED) or round_.salt is None:
        raise NotVerifiable(f"Round {round_id} is {round_.state}: its seed is published when it has crashed.")
    bets = list(Bet.objects.filter(round=round_).order_by("placed_at"))
    return [
        *chain_checks(round_, bytes.fromhex(round_.salt), _salt_before(round_)),
        *result_checks(round_, bytes.fromhex(round_.salt)),
        *commitment_checks(round_, _result_before(round_)),
        *payout_checks(bets, lambda bet: payout_wrong(round_, bet)),
    ]


def _voided(round_: Round) -> Iterator[Check]:
    seed = f"seed {round_.chain_index} of chain {round_.chain_id}"
    heir = Round.objects.filter(chain=round_.chain_id, chain_index=round_.chain_index).exclude(state="voided").first()
    played = f"is played by round {heir.pk} ({heir.state})" if heir else "will be played by the next round"
    yield Check("voided", True, f"never started, all stakes given back; its {seed} {played}")
    stuck = Bet.objects.filter(round=round_).exclude(status__in=["refunded", "cancelled"]).count()
    yield Check("stakes given back", stuck == 0, f"{stuck} bets were not")


def _salt_before(round_: Round) -> str | None:
    played = Round.objects.filter(chain=round_.chain_id, chain_index=round_.chain_index - 1, salt__isnull=False)
    return played.values_list("salt", flat=True).first()


def _result_before(round_: Round) -> int:
    before = Round.objects.filter(game_id=round_.game_id, number__lt=round_.number, result_hundredths__isnull=False)
    return before.order_by("-number").values_list("result_hundredths", flat=True).first() or 0


# Those below are of a round of any crash table, read with its chain and rules.
def chain_checks(round_: Any, seed: bytes, salt_before: str | None) -> Iterator[Check]:
    """The seed hashes to the one played before it, back to the terminal hash that was published first."""
    hashed = fairness.sha256(seed).hex()
    if round_.chain_index == 0:
        yield Check("seed hashes to the terminal hash", hashed == round_.chain.terminal_hash, hashed)
    else:
        expected = salt_before or "(not played)"
        yield Check("seed hashes to the seed before it", hashed == expected, f"{hashed}, before: {expected}")
    told, drawn = round_.chain.announced_at, round_.chain.client_seed_at
    yield Check("chain announced before its client seed", drawn is not None and told <= drawn, f"{told} <= {drawn}")


def result_checks(round_: Any, seed: bytes) -> Iterator[Check]:
    config = round_.config
    result = fairness.result_of(
        seed,
        round_.chain.client_seed or "",
        rtp=config.rtp,
        cap=CAPS[config.volatility],
        bonus_probability=config.bonus_probability,
        boost_percent=config.bonus_boost_percent,
    )
    yield Check("X", True, f"{result.x} of 2^52, from HMAC-SHA256(seed, {round_.chain.client_seed!r})")
    same = result.crash_point == round_.result_hundredths
    yield Check("crash point", same, f"computed {result.crash_point}, published {round_.result_hundredths}")
    same = result.bonus_hundredths == round_.bonus_hundredths and round_.had_bonus == (result.bonus_tick is not None)
    yield Check("bonus", same, f"computed {result.bonus_hundredths}, published {round_.bonus_hundredths}")


def commitment_checks(round_: Any, previous: int) -> Iterator[Check]:
    yield Check("previous result", previous == round_.previous_result, f"{previous}, stated {round_.previous_result}")
    computed = fairness.round_hash(round_.previous_result, round_.salt or "", round_.result_hundredths or 0)
    yield Check("hash", computed == round_.hash, f"computed {computed}, published {round_.hash}")


def payout_checks(bets: Sequence[Any], wrong: Callable[[Any], str | None]) -> Iterator[Check]:
    for bet in bets:
        reason = wrong(bet)
        if reason:
            yield Check(f"bet {bet.pk}", False, reason)
    paid = sum(bet.payout_minor for bet in bets if bet.status == Bet.Status.CASHED_OUT)
    yield Check("bets", True, f"{len(bets)} looked at, {paid} minor units won (of all currencies)")


def payout_wrong(round_: Any, bet: Any) -> str | None:
    """What a bet was paid against what its round gave; a reason where they do not agree."""
    result = round_.result_hundredths or 0
    auto, multiplier = bet.auto_cashout_hundredths, bet.multiplier_hundredths or 0
    reached = round_.interrupted_at_hundredths or 0 if round_.interrupted else result
    if bet.status in (Bet.Status.LOST, Bet.Status.REFUNDED):
        if auto is not None and auto <= reached:
            return f"its auto cash-out at {auto} was reached and it is {bet.status}"
        return "refunded without an interruption" if bet.status == "refunded" and not round_.interrupted else None
    if bet.status == Bet.Status.OPEN:
        return None if round_.state == Round.State.CRASHED else "still open in a settled round"
    if bet.status == Bet.Status.CANCELLED:
        return None
    if multiplier > result:
        return f"paid at {multiplier}, above the crash point {result}"
    if bet.was_auto and auto is not None and multiplier != auto and not round_.interrupted:
        return f"its auto cash-out at {auto} was paid at {multiplier}"
    if bet.boost_percent and (bet.boost_percent != round_.config.bonus_boost_percent or not round_.had_bonus):
        return f"a boost of {bet.boost_percent} % that the round did not give"
    if bet.was_auto and not round_.interrupted and bool(bet.boost_percent) != _boosted(round_, multiplier):
        return f"its boost is {bet.boost_percent} %, and its target {multiplier} says otherwise"
    due = bet.stake_minor * multiplier * (100 + bet.boost_percent) // 10_000
    return None if due == bet.payout_minor else f"paid {bet.payout_minor} instead of {due}"


def _boosted(round_: Any, multiplier: int) -> bool:
    assert round_.bonus_hundredths is None or round_.bonus_hundredths in CURVE
    bonus = round_.bonus_hundredths
    return bonus is not None and multiplier > bonus and round_.config.bonus_boost_percent > 0
