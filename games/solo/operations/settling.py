"""
The end of rounds, from their rows alone: when they began and their sealed results say what becomes of each bet.

    auto cash-out at or below the crash point   paid at its target
    the platform was away while it ran          the stake back, or, where the game is set so, what it was worth at the
                                                last sign of life; the round is marked interrupted
    anything else                               lost

That is fair to who was cut off. A target was given beforehand and the curve does not depend on any server, so it is
paid whatever failed. A player whose own connection failed had the platform to come back to, and the published rule
holds. A player to whom no platform answered could not cash out, so nothing is lost by it (`pulse` tells the two apart).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from casino.lib.clock import MILLISECOND, elapsed_ms
from casino.lib.money import payout_minor
from casino.ops.bulk import AnyOf, update_rows
from games.crash.models import Game
from games.crash.operations import remote as crash_remote
from games.crash.operations.values import Decided, HeldBet
from games.crash.rules import CURVE, Payout
from games.crash.sealed import course_of, salt_of
from games.solo.models import Bet, Round
from games.solo.operations.closing import at_its_target, pay
from games.solo.operations.locking import own_rounds
from games.solo.operations.pulse import Away
from games.solo.operations.values import held_bets
from wallet.operators import operations as operators
from wallet.operators.operations import Credit


def is_over(round_: Round, now: datetime) -> bool:
    return round_.started_at is not None and now >= ends_at(round_)


def ends_at(round_: Round) -> datetime:
    """When it crashes: as secret as its result."""
    assert round_.started_at is not None
    return round_.started_at + course_of(round_).crash_ms * MILLISECOND


def settle_rounds(ids: Sequence[UUID], *, now: datetime) -> int:
    """
    End those of the rounds whose time is over, all in one transaction; how many. For the sweep: what somebody else is
    at, or has ended, is left alone.
    """
    with transaction.atomic():
        rounds = own_rounds(ids, skip_locked=True).values()
        over = [round_ for round_ in rounds if round_.state == Round.State.RUNNING and is_over(round_, now)]
        settle(over, now=now)
    return len(over)


def settle(rounds: Sequence[Round], *, now: datetime) -> None:
    """Rounds that run, are over, and are ours alone: pay or lose their bets, reveal their seeds."""
    if not rounds:
        return
    open_bets = Bet.objects.filter(AnyOf(F("round_id"), [round_.pk for round_ in rounds]), status=Bet.Status.OPEN)
    bets = {bet.round_id: bet for bet in held_bets(open_bets)}
    away = Away(since=min(round_.started_at for round_ in rounds if round_.started_at), now=now)
    pays = set(Game.objects.filter(interrupted_bets=Game.Interrupted.PAY).values_list("pk", flat=True))
    decided: list[Decided] = []
    lost: list[HeldBet] = []
    for round_ in rounds:
        bet = bets.get(round_.pk)
        if bet is None:
            continue
        assert round_.started_at is not None
        cut_off = away.began(round_.started_at, ends_at(round_))
        round_.interrupted = cut_off is not None
        if bet.auto_cashout is not None and bet.auto_cashout <= course_of(round_).crash_point:
            decided.append((0, bet, *at_its_target(bet, round_)))
        elif cut_off is not None:
            decided.append((0, bet, *_interrupted(bet, round_, cut_off, pays=bet.game in pays)))
        else:
            lost.append(bet)
    pay(decided, now=now)
    Bet.objects.filter(AnyOf(F("pk"), [bet.id for bet in lost]), status=Bet.Status.OPEN).update(
        status=Bet.Status.LOST, settled_at=now
    )
    _tell_lost(lost, now=now)
    _reveal(rounds, now=now)


def _interrupted(bet: HeldBet, round_: Round, cut_off: datetime, *, pays: bool) -> tuple[int, Payout | None]:
    assert round_.started_at is not None
    elapsed = elapsed_ms(round_.started_at, cut_off)
    reached = course_of(round_).cash_out(elapsed_ms=elapsed, cashout_at=None, auto_target=None) if pays else None
    if not isinstance(reached, Payout):
        return bet.stake_minor, None
    payout = Payout(reached.multiplier, reached.boost_percent, auto=True)  # the platform's decision, not the player's
    return payout_minor(bet.stake_minor, payout.multiplier, payout.boost_percent), payout


def _tell_lost(bets: Sequence[HeldBet], *, now: datetime) -> None:
    """A win of nothing closes a bet at its operator, when no cash-out of it can be under way any more."""
    due_at = now + crash_remote.LOST_IS_TOLD
    operators.owe(
        [
            Credit("win", bet.id, bet.account_id, bet.operator_id, bet.game, str(bet.round_id), 0, None, due_at)
            for bet in bets
            if bet.operator_id is not None
        ],
        now=now,
    )


def _reveal(rounds: Sequence[Round], *, now: datetime) -> None:
    rows: list[tuple[object, ...]] = []
    for round_ in rounds:
        course = course_of(round_)
        bonus = course.shown_bonus_tick
        rows.append(
            (
                round_.pk,
                salt_of(round_),
                course.crash_point,
                bonus is not None,
                CURVE[bonus] if bonus is not None else None,
                round_.interrupted,
                ends_at(round_),
            )
        )
    columns = ("salt", "result_hundredths", "had_bonus", "bonus_hundredths", "interrupted", "crashed_at")
    same = {"state": Round.State.SETTLED.value, "settled_at": now}
    changed = update_rows(Round, "id", columns, rows, same=same, where="t.state = 'running'")
    assert changed == len(rounds), "rounds changed under their lock"
