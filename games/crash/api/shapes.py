"""What is answered: rounds and bets as partners see them, and the same as shapes for the API's description."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from casino.lib.clock import iso
from games.crash.models import Bet, GameConfig, PartnerBet, Round
from games.crash.operations import ClosedBet, PlacedBet
from games.crash.partner_queries import StateView
from games.crash.rules import CAPS, MAX_IDENTIFIER, MIN_CASHOUT

# The words of REST for a round's states (contract section 3).
STATUS_OF_STATE = {
    Round.State.WAITING: "waiting",
    Round.State.RUNNING: "active",
    Round.State.CRASHED: "crashed",
    Round.State.SETTLED: "payout",
    Round.State.VOIDED: "voided",
}
ROUND_STATUSES = list(dict.fromkeys(STATUS_OF_STATE.values()))
BET_STATUSES = [str(status) for status in Bet.Status]
Json = dict[str, Any]


def decimal2(hundredths: int | None) -> float | None:
    """`245` as `2.45`: how REST shows multipliers beside their exact hundredths. Not money."""
    return None if hundredths is None else hundredths / 100


def moment(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def game_state(state: StateView, *, now: datetime) -> Json:
    return {
        "game": state.game,
        "round_id": str(state.round_id),
        "status": STATUS_OF_STATE[Round.State(state.state)],
        "current_multiplier": decimal2(state.multiplier),
        "multiplier": state.multiplier,
        "timestamp": iso(now),
        "participants": state.participants,
        "time_remaining_ms": state.time_remaining_ms,
        "elapsed_ms": state.elapsed_ms,
        "hash": state.hash,
    }


def round_(row: Round) -> Json:
    """A finished round with all that anyone needs to recompute it; of a live one, what is public."""
    finished = row.salt is not None
    config, chain = row.config, row.chain
    return {
        "round_id": str(row.pk),
        "game": row.game_id,
        "number": row.number,
        "status": STATUS_OF_STATE[Round.State(row.state)],
        "interrupted": row.interrupted,
        "crash_point": row.result_hundredths,
        "crash_multiplier": decimal2(row.result_hundredths),
        "bonus": row.had_bonus if finished else None,
        "opened_at": moment(row.opened_at),
        "started_at": moment(row.started_at),
        "crashed_at": moment(row.crashed_at),
        "settled_at": moment(row.settled_at),
        "fairness": {
            "hash": row.hash,
            "salt": row.salt,
            "previous_result": row.previous_result,
            "result": row.result_hundredths,
            "client_seed": chain.client_seed,
            "terminal_hash": chain.terminal_hash,
            "chain_index": row.chain_index,
            "rtp": config.rtp_text,
            "bonus_probability_bps": config.bonus_probability_bps,
            "boost_percent": config.bonus_boost_percent,
            "max_crash_point": CAPS[config.volatility],
        },
    }


def config(row: GameConfig) -> Json:
    limits = [
        {
            "currency": limit.currency_id,
            "denominator": limit.currency.denominator,
            "min_amount": limit.min_stake_minor,
            "max_amount": limit.max_stake_minor,
            "default_amount": limit.default_stake_minor,
        }
        for limit in sorted(row.limits.all(), key=lambda limit: limit.currency_id)
        if limit.currency.enabled
    ]
    return {
        "game": row.game_id,
        "title": row.game.title,
        "enabled": row.game.enabled,
        "version": row.version,
        "rtp": row.rtp_text,
        "volatility": row.volatility,
        "min_auto_cashout": MIN_CASHOUT,
        "max_crash_point": CAPS[row.volatility],
        "max_identifier": MAX_IDENTIFIER,
        "bonus_probability_bps": row.bonus_probability_bps,
        "boost_percent": row.bonus_boost_percent,
        "currencies": [limit["currency"] for limit in limits],
        "limits": limits,
    }


# --- bets -------------------------------------------------------------------------------------------------------------
def placed(bet: PlacedBet, *, game: str, user: str, client_reference: str | None) -> Json:
    status = Bet.Status.RESERVED if bet.reserved else Bet.Status.OPEN
    return {
        "ticket_id": str(bet.bet_id),
        "user": user,
        "game": game,
        "round_id": str(bet.round_id),
        "status": str(status),
        "amount": bet.stake_minor,
        "denominator": bet.denominator,
        "currency": bet.currency,
        "is_demo": bet.is_demo,
        "identifier": bet.identifier,
        "auto_cashout": bet.auto_cashout,
        "client_reference": client_reference,
        "multiplier": None,
        "payout": 0,
        "created_at": moment(bet.placed_at),
        "settled_at": None,
        "balance": bet.balance_minor,
    }


def closed(bet: ClosedBet, row: PartnerBet) -> Json:
    """A bet that a call has just cancelled or cashed out."""
    cancelled = bet.multiplier is None
    return {
        **_terms(row),
        "status": str(Bet.Status.CANCELLED if cancelled else Bet.Status.CASHED_OUT),
        "multiplier": bet.multiplier,
        "payout": bet.paid_minor,
        "settled_at": moment(bet.closed_at),
        "balance": bet.balance_minor,
    }


def bet(row: PartnerBet) -> Json:
    return {
        **_terms(row),
        "status": row.bet.status,
        "multiplier": row.bet.multiplier_hundredths,
        "payout": row.bet.payout_minor,
        "settled_at": moment(row.bet.settled_at),
    }


def _terms(row: PartnerBet) -> Json:
    return {
        "ticket_id": str(row.bet_id),
        "user": row.player.external_id,
        "game": row.bet.round.game_id,
        "round_id": str(row.bet.round_id),
        "amount": row.bet.stake_minor,
        "denominator": row.bet.currency.denominator,
        "currency": row.bet.currency_id,
        "is_demo": row.bet.is_demo,
        "identifier": row.bet.identifier,
        "auto_cashout": row.bet.auto_cashout_hundredths,
        "client_reference": row.client_reference,
        "created_at": moment(row.bet.placed_at),
    }


# --- the same, for the description ------------------------------------------------------------------------------------
class StateShape(serializers.Serializer[Any]):
    game = serializers.CharField()
    round_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=ROUND_STATUSES)
    current_multiplier = serializers.FloatField(help_text="two decimals, such as 2.45")
    multiplier = serializers.IntegerField(help_text="the same in exact hundredths")
    timestamp = serializers.DateTimeField()
    participants = serializers.IntegerField(help_text="players with a bet in the round")
    time_remaining_ms = serializers.IntegerField(help_text="until betting ends; 0 outside of the betting window")
    elapsed_ms = serializers.IntegerField(help_text="since the start of the curve; 0 before it")
    hash = serializers.CharField(help_text="the round's commitment")


class FairnessShape(serializers.Serializer[Any]):
    hash = serializers.CharField()
    salt = serializers.CharField(allow_null=True)
    previous_result = serializers.IntegerField()
    result = serializers.IntegerField(allow_null=True)
    client_seed = serializers.CharField(allow_null=True)
    terminal_hash = serializers.CharField()
    chain_index = serializers.IntegerField()
    rtp = serializers.CharField()
    bonus_probability_bps = serializers.IntegerField()
    boost_percent = serializers.IntegerField()
    max_crash_point = serializers.IntegerField()


class RoundShape(serializers.Serializer[Any]):
    round_id = serializers.UUIDField()
    game = serializers.CharField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ROUND_STATUSES)
    interrupted = serializers.BooleanField()
    crash_point = serializers.IntegerField(allow_null=True, help_text="hundredths; null while the round is live")
    crash_multiplier = serializers.FloatField(allow_null=True)
    bonus = serializers.BooleanField(allow_null=True)
    opened_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    crashed_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    fairness = FairnessShape()


class LimitShape(serializers.Serializer[Any]):
    currency = serializers.CharField()
    denominator = serializers.IntegerField()
    min_amount = serializers.IntegerField()
    max_amount = serializers.IntegerField()
    default_amount = serializers.IntegerField()


class ConfigShape(serializers.Serializer[Any]):
    game = serializers.CharField()
    title = serializers.CharField()
    enabled = serializers.BooleanField()
    version = serializers.IntegerField()
    rtp = serializers.CharField(help_text="return to player, such as 0.95")
    volatility = serializers.CharField()
    min_auto_cashout = serializers.IntegerField()
    max_crash_point = serializers.IntegerField()
    max_identifier = serializers.IntegerField()
    bonus_probability_bps = serializers.IntegerField()
    boost_percent = serializers.IntegerField()
    currencies = serializers.ListField(child=serializers.CharField())
    limits = LimitShape(many=True)


class BetShape(serializers.Serializer[Any]):
    ticket_id = serializers.UUIDField()
    user = serializers.CharField(help_text="your id of the player")
    game = serializers.CharField()
    round_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=BET_STATUSES)
    amount = serializers.IntegerField(help_text="minor units")
    denominator = serializers.IntegerField()
    currency = serializers.CharField()
    is_demo = serializers.BooleanField()
    identifier = serializers.IntegerField()
    auto_cashout = serializers.IntegerField(allow_null=True, help_text="hundredths")
    client_reference = serializers.CharField(allow_null=True)
    multiplier = serializers.IntegerField(allow_null=True, help_text="hundredths at which it was cashed out")
    payout = serializers.IntegerField(help_text="minor units that went back to the player, stake included")
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class MovedBetShape(BetShape):
    balance = serializers.IntegerField(help_text="the player's available balance after it, minor units")
