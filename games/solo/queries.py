"""Questions about an account's own rounds. Nothing here changes anything, and nothing sealed leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from casino.lib.clock import elapsed_ms, iso
from casino.lib.ids import is_uuid
from games.crash import messages
from games.crash import queries as crash
from games.crash.audit import SOLO_PREFIX
from games.crash.messages import Message
from games.crash.models import Game
from games.crash.operations import ClosedBet
from games.crash.rules import CURVE, tick_at
from games.crash.sealed import course_of
from games.solo.models import Bet, Chain, Round
from wallet.queries import shown_minor

HISTORY = 27


def titles_of(references: Sequence[str]) -> dict[str, str]:
    """The game's title for each of these references of transfers that is a solo bet's."""
    keys = [key for r in references if r.startswith(SOLO_PREFIX) and is_uuid(key := r.removeprefix(SOLO_PREFIX))]
    bets = Bet.objects.filter(pk__in=keys).values_list("pk", "round__game__title")
    return {f"{SOLO_PREFIX}{key}": f"{title} solo" for key, title in bets}


@dataclass(frozen=True, slots=True)
class View:
    """A round with its bet, if it has one by now (read with its player, currency and account)."""

    round: Round
    bet: Bet | None

    @property
    def closed(self) -> ClosedBet | None:
        """How its bet ended for the player with money, as it is told."""
        bet = self.bet
        if bet is None or bet.status not in (Bet.Status.CASHED_OUT, Bet.Status.REFUNDED):
            return None
        return ClosedBet(
            game=self.round.game_id,
            bet_id=bet.pk,
            round_id=self.round.pk,
            player_id=bet.player_id,
            account_id=bet.account_id,
            username=bet.player.username,
            currency=bet.currency_id,
            denominator=bet.currency.denominator,
            is_demo=bet.is_demo,
            identifier=bet.identifier,
            stake_minor=bet.stake_minor,
            paid_minor=bet.payout_minor,
            balance_minor=shown_minor(bet.account),
            multiplier=bet.multiplier_hundredths,
            boost_percent=bet.boost_percent,
            auto=bet.was_auto,
            closed_at=bet.settled_at,
        )


def view(round_id: UUID) -> View:
    """Two queries."""
    round_ = Round.objects.select_related("config", "chain").get(pk=round_id)
    bets = Bet.objects.select_related("player", "currency", "account__remote")
    return View(round_, bets.filter(round_id=round_id).first())


def live_round(game: str, account_id: int) -> Round | None:
    rounds = Round.objects.select_related("config", "chain")
    return rounds.filter(game_id=game, account_id=account_id, state__in=Round.LIVE).first()


def announced_hash(chain: Chain) -> str | None:
    """The terminal hash of the chain that follows this one."""
    following = Chain.objects.filter(account_id=chain.account_id, game_id=chain.game_id, number=chain.number + 1)
    return following.values_list("terminal_hash", flat=True).first()


def recent_results(game: str, account_id: int, limit: int) -> list[dict[str, Any]]:
    """The account's finished rounds, newest first: `roundId`, `multiplier` (hundredths), `bonus`."""
    rounds = Round.objects.filter(game_id=game, account_id=account_id, state=Round.State.SETTLED)
    columns = ("pk", "result_hundredths", "had_bonus")
    return [
        {"roundId": str(pk), "multiplier": result, "bonus": bonus}
        for pk, result, bonus in rounds.order_by("-number").values_list(*columns)[:limit]
    ]


def wallet_message(account_id: int, game: str, *, now: datetime) -> Message:
    """The answer to `wallet`, in the shape of the shared table's; what others do there is empty here."""
    account = crash.account_with_owner(account_id)
    table = Game.objects.get(pk=game)
    round_ = live_round(game, account_id)
    bet = Bet.objects.select_related("player", "currency").filter(round=round_).first() if round_ else None
    own = [bet] if bet is not None else []
    return {
        **crash.wallet_terms(
            account, table, crash.current_config(table), recent_results(game, account_id, HISTORY), now=now
        ),
        "currentBets": [crash.current_bet(bet, account) for bet in own if bet.status == Bet.Status.OPEN],
        "bets": [messages.table_line(crash.bet_view(bet)) for bet in own if bet.status != Bet.Status.REFUNDED],
        "chat": [],
        "provablyFair": messages.fairness(round_) if round_ else None,
        "fairness": crash.fairness_terms(round_.config, round_.chain) if round_ else None,
        "round": round_view(round_, now=now),
        "solo": True,
    }


def round_view(round_: Round | None, *, now: datetime) -> Message:
    """Where the round is. Computed from its start and the time, never beyond its crash."""
    if round_ is None:
        return {"state": "none"}
    told: Message = {
        "roundId": str(round_.pk),
        "number": round_.number,
        "state": round_.state,
        "tickMs": round_.tick_ms,
        "hash": round_.hash,
        "timeLeftMs": 0,
        "boostPercent": round_.config.bonus_boost_percent,
        "bonus": False,
    }
    return told if round_.started_at is None else told | running_view(round_, now=now)


def running_view(round_: Round, *, now: datetime) -> Message:
    """How far a round that has started is; past its crash it stands still at the last value before it."""
    assert round_.started_at is not None
    course = course_of(round_)
    elapsed = min(max(0, elapsed_ms(round_.started_at, now)), course.crash_ms - 1)
    tick = tick_at(elapsed, round_.tick_ms)
    bonus = course.shown_bonus_tick
    return {
        "startedAt": iso(round_.started_at),
        "elapsedMs": elapsed,
        "tick": tick,
        "multiplier": CURVE[tick],
        "bonus": bonus is not None and tick >= bonus,
    }


def bet_history(account_id: int, game: str, *, now: datetime) -> list[Message]:
    """From the previous day's start (UTC) until now, newest first."""
    bets = Bet.objects.select_related("round", "currency").filter(
        account_id=account_id, round__game_id=game, placed_at__gte=crash.yesterday(now)
    )
    return [crash.history_line(bet) for bet in bets.order_by("-placed_at")[: crash.BET_HISTORY_LIMIT]]


def top_wins(account_id: int, game: str, period: str, *, now: datetime) -> list[Message]:
    """The account's own largest wins of the last day, month (30 days) or year; real money only, as everywhere."""
    wins = Bet.objects.select_related("player", "currency").filter(
        account_id=account_id,
        round__game_id=game,
        status=Bet.Status.CASHED_OUT,
        is_demo=False,
        settled_at__gte=now - crash.TOP_WIN_PERIODS[period],
    )
    return [
        {
            "date": bet.settled_at.strftime("%Y-%m-%d %H:%M:%S") if bet.settled_at else "",
            "bet_amount": bet.stake_minor,
            "value_cash_out": bet.multiplier_hundredths,
            "winning_amount": bet.payout_minor,
            "username": bet.player.username,
            "denominator": bet.currency.denominator,
            "currency": bet.currency_id,
        }
        for bet in wins.order_by("-payout_minor")[: crash.TOP_WINS]
    ]


def fairness_record(round_id: UUID) -> dict[str, Any] | None:
    """
    All that anyone needs to recompute a round; `salt` and `result` are null until it is over. It names no player: whose
    round it was is known only to whoever has its id.
    """
    round_ = Round.objects.select_related("config", "chain").filter(pk=round_id).first()
    return None if round_ is None else {**crash.proof_of(round_), "interruptedAt": None, "solo": True}
