"""What the games' pages are told, as plain JSON. Fractions are `{"num", "den"}`, amounts integers of minor units."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from casino.lib.clock import iso
from games.instant.models import InstantBet
from games.instant.operations import PlayedBet
from games.instant.queries import InForce
from games.instant.rules import Odds


def fraction(value: Fraction) -> dict[str, int]:
    return {"num": value.numerator, "den": value.denominator}


def odds_of(odds: Odds) -> dict[str, Any]:
    return {
        "outcomes": odds.outcomes,
        "prizes": [{"name": p.name, "ways": p.ways, "pays": fraction(p.multiplier)} for p in odds.prizes],
    }


def rules_of(game: InForce) -> dict[str, Any]:
    """
    All that decides a bet beside its outcome and the player's choice. `odds` is null where they depend on the choice;
    the page then computes them as the server does.
    """
    rules = game.rules
    return {
        "version": game.version,
        "rtp": fraction(game.rtp),
        "table": dict(game.table),
        "isCapped": rules.is_capped,
        "odds": None if rules.fields else odds_of(rules.odds({}, game.table, game.rtp)),
    }


def played(bet: PlayedBet) -> dict[str, Any]:
    """The answer to a bet. `nextHash` is what the next one will be held to."""
    return {
        **_shared(bet),
        "balance": bet.balance_minor,
        "clientSeed": bet.client_seed,
        "currency": bet.currency,
        "denominator": bet.denominator,
        "nextHash": bet.next_hash,
        "version": bet.config_version,
    }


def recalled(bet: InstantBet) -> dict[str, Any]:
    """A bet of the past, with its currency read."""
    return {
        **_shared(bet),
        "balance": bet.balance_after_minor,
        "balanceBefore": bet.balance_before_minor,
        "clientSeed": bet.client_seed,
        "currency": bet.currency_id,
        "denominator": bet.currency.denominator,
        "mostPayout": bet.most_payout_minor,
    }


def _shared(bet: PlayedBet | InstantBet) -> dict[str, Any]:
    choice: Mapping[str, Any] = bet.choice
    return {
        "id": bet.id,
        "game": bet.game if isinstance(bet, PlayedBet) else bet.game_id,
        "playedAt": iso(bet.played_at),
        "isDemo": bet.is_demo,
        "stake": bet.stake_minor,
        "payout": bet.payout_minor,
        "profit": bet.profit_minor,
        "hash": bet.hash,
        "secret": bet.secret,
        "salt": bet.salt,
        "outcome": bet.outcome,
        "choice": dict(choice),
        "shown": bet.shown,
    }
