"""
What the engine does to its game. Each verb is one transaction, guarded by the engine's epoch, and may be repeated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from casino.lib.money import payout_minor
from games.crash import publisher
from games.crash.fairness import result_of, round_hash, seed_at
from games.crash.models import Bet, Game, GameConfig, Round, SeedChain
from games.crash.operations import chains, exposure, partner_events, remote
from games.crash.operations.closing import pay, release_reserved
from games.crash.operations.locking import lock_accounts, own_lease, own_round, share_rounds
from games.crash.operations.values import ClosedBet, Decided, HeldBet, held_bets, partners_bets
from games.crash.rules import CAPS, CURVE, MIN_CASHOUT, Payout
from games.crash.sealed import course_of, salt_of, seal_result

PAY_CHUNK = 5_000


@transaction.atomic
def open_round(game: str, *, epoch: int, now: datetime, wait_ms: int, tick_ms: int) -> Round | None:
    """The next round, with its commitment, ready for bets. None while the game is off or has no seeds to play."""
    own_lease(game, epoch=epoch)
    live = Round.objects.filter(game_id=game, state__in=Round.LIVE).first()
    if live is not None:
        return live
    if not Game.objects.filter(pk=game, enabled=True).exists():
        return None
    chain = chains.playable_chain(game, now=now)
    if chain is None:
        return None
    config = GameConfig.objects.filter(game_id=game).latest("version")
    result = result_of(
        seed_at(chains.root_of(chain), length=chain.length, index=chain.next_index),
        chain.client_seed or "",
        rtp=config.rtp,
        cap=CAPS[config.volatility],
        bonus_probability=config.bonus_probability,
        boost_percent=config.bonus_boost_percent,
    )
    last = Round.objects.filter(game_id=game).order_by("-number").first()
    played = Round.objects.filter(game_id=game, result_hundredths__isnull=False).order_by("-number").first()
    previous = played.result_hundredths or 0 if played else 0
    round_ = Round.objects.create(
        game_id=game,
        number=last.number + 1 if last else 1,
        config=config,
        chain=chain,
        chain_index=chain.next_index,
        epoch=epoch,
        tick_ms=tick_ms,
        previous_result=previous,
        hash=round_hash(previous, result.salt, result.crash_point),
        sealed=seal_result(result, boost_percent=config.bonus_boost_percent),
        opened_at=now,
        starts_at=now + timedelta(milliseconds=wait_ms),
    )
    SeedChain.objects.filter(pk=chain.pk).update(next_index=chain.next_index + 1)
    return round_


@transaction.atomic
def launch_round(round_id: UUID, *, epoch: int, now: datetime) -> Round:
    """
    Betting ends, the curve starts. Waits for bets that are being written, and refuses those that come after.

    Reservations that nobody confirmed are given back.
    """
    round_ = own_round(round_id, epoch=epoch)
    if round_.state == Round.State.WAITING:
        release_reserved(round_, now=now)
        round_.state = Round.State.RUNNING
        round_.started_at = now
        round_.save(update_fields=["state", "started_at"])
    return round_


def pay_due(round_id: UUID, *, epoch: int, tick: int, now: datetime, done: int | None = None) -> int:
    """
    Pay the auto cash-outs that the announced tick has reached, each at exactly its target. Answers how many.

    `done` is a tick up to which the caller has had them all paid before: those are not looked through again.
    """
    above = 0 if done is None else CURVE[done]
    paid = 0
    while True:
        with transaction.atomic():
            round_ = share_rounds([round_id])[round_id]
            if round_.state != Round.State.RUNNING or round_.epoch != epoch:
                return paid
            due = Bet.objects.filter(
                round_id=round_id,
                status=Bet.Status.OPEN,
                auto_cashout_hundredths__gt=above,
                auto_cashout_hundredths__lte=CURVE[tick],
            )
            ids = list(due.order_by("auto_cashout_hundredths").values_list("pk", "account_id")[:PAY_CHUNK])
            lock_accounts(account_id for _, account_id in ids)
            # Read again under the lock: a cash-out by hand may have been faster.
            still_open = Bet.objects.filter(pk__in=[pk for pk, _ in ids], status=Bet.Status.OPEN)
            closed = _pay_autos(round_, still_open, now=now) if ids else []
            transaction.on_commit(lambda closed=closed: publisher.autos_paid(closed))  # type: ignore[misc]
        paid += len(closed)
        if len(ids) < PAY_CHUNK:
            return paid


def _pay_autos(round_: Round, bets: QuerySet[Bet], *, now: datetime) -> list[ClosedBet]:
    """Pay these bets, which nobody else can touch now, at their targets."""
    course = course_of(round_)
    decided: list[Decided] = []
    for i, bet in enumerate(held_bets(bets)):
        payout = course.auto_payout(bet.auto_cashout or 0)
        decided.append((i, bet, payout_minor(bet.stake_minor, payout.multiplier, payout.boost_percent), payout))
    return [closed for _, closed in pay(decided, now=now)]


@transaction.atomic
def crash_round(round_id: UUID, *, epoch: int, at: datetime) -> Round:
    """The curve has ended: the seed and the result become public. Bets are settled by `settle_round`."""
    round_ = own_round(round_id, epoch=epoch)
    if round_.state == Round.State.RUNNING:
        _reveal(round_, at=at)
    return round_


def _reveal(round_: Round, *, at: datetime) -> None:
    course = course_of(round_)
    bonus = course.shown_bonus_tick
    round_.state = Round.State.CRASHED
    round_.crashed_at = at
    round_.salt = salt_of(round_)
    round_.result_hundredths = course.crash_point
    round_.had_bonus = bonus is not None
    round_.bonus_hundredths = CURVE[bonus] if bonus is not None else None
    round_.save(
        update_fields=[
            "state",
            "crashed_at",
            "salt",
            "result_hundredths",
            "had_bonus",
            "bonus_hundredths",
            "interrupted",
            "interrupted_at_hundredths",
        ]
    )


@transaction.atomic
def settle_round(round_id: UUID, *, epoch: int, now: datetime) -> Round:
    """
    The general check at the end: every auto cash-out at or below the crash point that is still open is paid at its
    target, every other open bet is lost. Alone with the round: cash-outs under way are waited for.
    """
    round_ = own_round(round_id, epoch=epoch)
    if round_.state != Round.State.CRASHED:
        return round_
    open_bets = Bet.objects.filter(round=round_, status=Bet.Status.OPEN)
    if not round_.interrupted:
        due = open_bets.filter(auto_cashout_hundredths__lte=round_.result_hundredths)
        closed = _pay_autos(round_, due, now=now)
        transaction.on_commit(lambda: publisher.autos_paid(closed))
    open_bets.update(status=Bet.Status.LOST, settled_at=now)
    lost = partners_bets(round_, status=Bet.Status.LOST)
    partner_events.bets_lost(round_.game_id, lost, now=now)
    remote.tell_lost(round_, now=now)
    exposure.forget(round_)
    partner_events.round_finished(round_, now=now)
    transaction.on_commit(lambda: publisher.partners_bets_lost(round_.game_id, lost))
    round_.state = Round.State.SETTLED
    round_.settled_at = now
    round_.save(update_fields=["state", "settled_at"])
    return round_


# --- after a crash of the machine -------------------------------------------------------------------------------------
@transaction.atomic
def adopt_round(game: str, *, epoch: int) -> Round | None:
    """Take over the live round of an engine that is gone; from now on that engine's writes find nothing."""
    own_lease(game, epoch=epoch)
    round_ = Round.objects.select_for_update(no_key=True).filter(game_id=game, state__in=Round.LIVE).first()
    if round_ is not None and round_.epoch != epoch:
        round_.epoch = epoch
        round_.save(update_fields=["epoch"])
    return round_


@transaction.atomic
def void_round(round_id: UUID, *, epoch: int, now: datetime) -> Round:
    """
    A round that never started does not happen: all stakes go back.

    Its seed was never revealed and is played by the next round, so voiding cannot be used to skip a result.
    """
    round_ = own_round(round_id, epoch=epoch)
    if round_.state != Round.State.WAITING:
        return round_
    release_reserved(round_, now=now)
    _close_open(round_, lambda bet: (bet.stake_minor, None), now=now)
    exposure.forget(round_)
    round_.state = Round.State.VOIDED
    round_.settled_at = now
    round_.save(update_fields=["state", "settled_at"])
    SeedChain.objects.filter(pk=round_.chain_id).update(next_index=round_.chain_index)
    return round_


@transaction.atomic
def interrupt_round(round_id: UUID, *, epoch: int, announced_tick: int, now: datetime) -> Round:
    """
    End a running round whose engine is gone, at the last multiplier that was announced.

    Auto cash-outs up to it are paid at their targets. Every other open bet gets its stake back or, where the game is
    set so, is paid at that multiplier. Bets cashed out before stay as they are; the seed is revealed.
    """
    round_ = own_round(round_id, epoch=epoch)
    if round_.state != Round.State.RUNNING:
        return round_
    course = course_of(round_)
    tick = min(announced_tick, course.crash_tick - 1)
    announced = CURVE[tick]
    pay_others = Game.objects.get(pk=round_.game_id).interrupted_bets == Game.Interrupted.PAY
    bonus = course.shown_bonus_tick
    boost = course.boost_percent if bonus is not None and tick >= bonus else 0

    def verdict(bet: HeldBet) -> tuple[int, Payout | None]:
        if bet.auto_cashout is not None and bet.auto_cashout <= announced:
            payout = course.auto_payout(bet.auto_cashout)
        elif pay_others and announced >= MIN_CASHOUT:
            payout = Payout(announced, boost, auto=True)
        else:
            return bet.stake_minor, None
        return payout_minor(bet.stake_minor, payout.multiplier, payout.boost_percent), payout

    _close_open(round_, verdict, now=now)
    round_.interrupted = True
    round_.interrupted_at_hundredths = announced
    _reveal(round_, at=now)
    return round_


def _close_open(round_: Round, verdict: Callable[[HeldBet], tuple[int, Payout | None]], *, now: datetime) -> None:
    """Pay or give back every open bet of a round that is held alone."""
    bets = held_bets(Bet.objects.filter(round=round_, status=Bet.Status.OPEN))
    decided: list[Decided] = [(i, bet, *verdict(bet)) for i, bet in enumerate(bets)]
    closed = [bet for _, bet in pay(decided, now=now, given_back=Bet.Status.REFUNDED)]
    transaction.on_commit(lambda: publisher.round_undone(closed))
