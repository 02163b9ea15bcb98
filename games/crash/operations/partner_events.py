"""
What partners' webhooks are told of bets and rounds, put into the outbox in the transaction in which it happened.

Bets of players who came without a partner cost nothing here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.webhooks.operations import News, emit
from casino.lib.clock import iso
from games.crash import feed_messages
from games.crash.models import Round
from games.crash.operations.values import ClosedBet, FromPartner, HeldBet, PlacedBet


def bets_placed(game: str, bets: Sequence[PlacedBet], *, now: datetime) -> None:
    """A stake moved, or was set aside: the balance has changed."""
    emit([_balance(bet, bet.partner, "stake") for bet in bets if bet.partner is not None], now=now)


def bets_closed(bets: Sequence[ClosedBet], *, given_back: str, now: datetime) -> None:
    """Cashed out, or given back: `cancelled` or `refunded`."""
    news = []
    for bet in bets:
        if bet.partner is not None:
            won = bet.multiplier is not None
            status = "cashed_out" if won else given_back
            data = _bet(bet.game, bet, bet.partner, status, multiplier=bet.multiplier, payout=bet.paid_minor)
            news.append(_news(bet.partner, "bet.settled" if won else "bet.voided", data))
            news.append(_balance(bet, bet.partner, "payout" if won else "refund"))
    emit(news, now=now)


def bets_lost(game: str, bets: Sequence[tuple[FromPartner, HeldBet]], *, now: datetime) -> None:
    emit([_news(whose, "bet.settled", _bet(game, bet, whose, "lost")) for whose, bet in bets], now=now)


def round_finished(round_: Round, *, now: datetime) -> None:
    data = {
        "game": round_.game_id,
        "round_id": str(round_.pk),
        "number": round_.number,
        "interrupted": round_.interrupted,
        "crash_point": round_.result_hundredths,
        "hash": round_.hash,
        "salt": round_.salt,
        "previous_result": round_.previous_result,
        "crashed_at": None if round_.crashed_at is None else iso(round_.crashed_at),
    }
    emit([News(None, None, "round.finished", data)], now=now)


def _news(whose: FromPartner, kind: str, data: dict[str, Any]) -> News:
    return News(whose.partner_id, whose.environment, kind, data)


def _bet(game: str, bet: feed_messages.PartnersBet, whose: FromPartner, status: str, **fields: Any) -> dict[str, Any]:
    data = feed_messages.bet(
        game, bet, status=status, user=whose.external_id, client_reference=whose.client_reference, **fields
    )
    del data["balance"]  # told by an event of its own
    return data


def _balance(bet: PlacedBet | ClosedBet, whose: FromPartner, reason: str) -> News:
    data = {
        "user": whose.external_id,
        "available": bet.balance_minor,
        "denominator": bet.denominator,
        "currency": bet.currency,
        "is_demo": bet.is_demo,
        "reason": reason,
        "ticket_id": str(bet.bet_id),
    }
    return _news(whose, "balance.changed", data)
