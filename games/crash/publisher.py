"""What happened at a game, told to every serving process. Called on commit; knows the messages, not the sockets."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from casino.live.publisher import publish
from games.crash import feed_messages, messages

if TYPE_CHECKING:
    from games.crash.operations.values import ClosedBet, FromPartner, HeldBet, PlacedBet


PART = 2_000  # items of one event: a settlement has many, and no process should stop to read them all at once


def topic_of(game: str) -> str:
    return f"crash.{game}"


def bets_placed(game: str, round_id: UUID, bets: Sequence["PlacedBet"]) -> None:
    opened = [bet for bet in bets if not bet.reserved]  # a reservation is nobody else's business
    if opened:
        _delta(game, "bets", round_id, messages.bet_lines(opened))
    if bets:
        _balances(game, bets)
        _to_partners(game, bets, lambda bet: "reserved" if bet.reserved else "open")


def bets_confirmed(bets: Sequence[tuple[str, "PlacedBet"]]) -> None:
    groups: dict[tuple[str, UUID], list[PlacedBet]] = defaultdict(list)
    for game, bet in bets:
        groups[game, bet.round_id].append(bet)
    for (game, round_id), group in groups.items():
        bets_placed(game, round_id, group)


def reservations_ended(bets: Sequence["ClosedBet"]) -> None:
    """Given back when betting ended; the players are told without having asked."""
    for game, _, group in _by_round(bets):
        _direct(game, [(bet.account_id, messages.closed("bet_cancel", bet)) for bet in group])
        _to_partners(game, group, lambda _: "cancelled")


def bets_cancelled(bets: Sequence["ClosedBet"]) -> None:
    for game, round_id, group in _by_round(bets):
        gone = [{**messages.bet_line(bet), "cancelled": True} for bet in group if not bet.reserved]
        if gone:
            _delta(game, "bets", round_id, gone)
        _balances(game, group)
        _to_partners(game, group, lambda _: "cancelled")


def bets_cashed_out(bets: Sequence["ClosedBet"]) -> None:
    for game, round_id, group in _by_round(bets):
        _delta(game, "cashouts", round_id, [messages.cashout_line(bet) for bet in group])
        _balances(game, group)
        _to_partners(game, group, lambda _: "cashed_out")


def autos_paid(bets: Sequence["ClosedBet"]) -> None:
    """Auto cash-outs: the players are told without having asked."""
    for game, round_id, group in _by_round(bets):
        _delta(game, "cashouts", round_id, [messages.cashout_line(bet) for bet in group])
        _direct(game, [(bet.account_id, messages.closed("win", bet)) for bet in group])
        _to_partners(game, group, lambda _: "cashed_out")


def round_undone(bets: Sequence["ClosedBet"]) -> None:
    """A round that was voided or interrupted: wins of due auto cash-outs, and stakes given back."""
    autos_paid([bet for bet in bets if bet.multiplier is not None])
    for game, _, group in _by_round([bet for bet in bets if bet.multiplier is None]):
        _direct(game, [(bet.account_id, messages.closed("refund", bet)) for bet in group])
        _to_partners(game, group, lambda _: "refunded")


def partners_bets_lost(game: str, bets: Sequence[tuple["FromPartner", "HeldBet"]]) -> None:
    """What settlement leaves unpaid. Players know it from the crash; partners are told of each bet."""
    items = [(whose, _partner_item(game, bet, whose, status="lost")) for whose, bet in bets]
    _tell_partners(game, items)


def _by_round(bets: Sequence["ClosedBet"]) -> list[tuple[str, UUID, list["ClosedBet"]]]:
    groups: dict[tuple[str, UUID], list[ClosedBet]] = defaultdict(list)
    for bet in bets:
        groups[bet.game, bet.round_id].append(bet)
    return [(game, round_id, group) for (game, round_id), group in groups.items()]


def _delta(game: str, channel: str, round_id: UUID, items: list[messages.Message]) -> None:
    for start in range(0, len(items), PART):
        part = items[start : start + PART]
        publish(topic_of(game), {"kind": "delta", "channel": channel, "roundId": str(round_id), "items": part})


def _balances(game: str, bets: Sequence[Any]) -> None:
    """The balance, for the other pages and devices of the same player that asked to be told."""
    latest = {bet.account_id: messages.balance(bet) for bet in bets}
    _direct(game, list(latest.items()), channel="account")


def _to_partners(game: str, bets: Sequence[Any], status_of: Callable[[Any], str]) -> None:
    """What became of partners' bets, for each partner alone."""
    items = []
    for bet in bets:
        if bet.partner is not None:
            item = _partner_item(
                game,
                bet,
                bet.partner,
                status=status_of(bet),
                multiplier=getattr(bet, "multiplier", None),
                payout=getattr(bet, "paid_minor", 0),
                balance=bet.balance_minor,
            )
            items.append((bet.partner, item))
    _tell_partners(game, items)


def _partner_item(game: str, bet: feed_messages.PartnersBet, whose: "FromPartner", **fields: Any) -> messages.Message:
    user, reference = whose.external_id, whose.client_reference
    return feed_messages.bet(game, bet, user=user, client_reference=reference, **fields)


def _tell_partners(game: str, items: Sequence[tuple["FromPartner", messages.Message]]) -> None:
    for start in range(0, len(items), PART):
        to: dict[str, list[messages.Message]] = defaultdict(list)
        for whose, item in items[start : start + PART]:
            to[partner_address(whose.partner_id, whose.environment)].append(item)
        publish(topic_of(game), {"kind": "aside", "partners": dict(to)})


def partner_address(partner_id: int, environment: str) -> str:
    return f"partner.{partner_id}.{environment}"


def _direct(game: str, told: Sequence[tuple[int, messages.Message]], *, channel: str | None = None) -> None:
    """To the sockets of these accounts; with `channel`, only to those that subscribed to it."""
    for start in range(0, len(told), PART):
        to: dict[str, list[messages.Message]] = defaultdict(list)
        for account_id, message in told[start : start + PART]:
            to[str(account_id)].append(message)
        publish(topic_of(game), {"kind": "direct", "channel": channel, "to": dict(to)})
