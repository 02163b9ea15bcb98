"""
What the actions answer. Integers are integers; what is not goes through the dialect's `number`: a JSON number in one, a
text in the other.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from casino.lib.clock import iso
from games.instant.models import InstantBet
from games.instant.operations import PlayedBet
from games.instant.shell import rules as shell
from games.legacy.amounts import decimals_of, shown
from games.legacy.dialects import Dialect, Json
from wallet.bankroll.rules import Standing
from wallet.exchange import rules as exchange
from wallet.exchange.queries import Found
from wallet.models import Currency
from wallet.queries import BalanceView

WEIGHT_DECIMALS = 3  # of the weight that the house fills in, as it is shown


def user(name: str, balance: BalanceView, next_hash: str, dialect: Dialect) -> Json:
    return {
        "uname": name,
        "balance": dialect.number(shown(balance.available_minor, balance.denominator)),
        "hash": next_hash,
        "currency": balance.currency,
        "is_demo": balance.is_demo,
    }


def played(bet: PlayedBet, dialect: Dialect) -> Json:
    def amount(minor: int) -> Any:
        return dialect.number(shown(minor, bet.denominator))

    return {
        "success": True,
        "id": bet.id,
        "moneypot_id": bet.id,
        "balance": amount(bet.balance_minor),
        "payout": amount(bet.profit_minor),
        "outcome": bet.outcome,
        "secret": bet.secret,
        "salt": bet.salt,
        "clientseed": bet.client_seed,
        "hash": bet.next_hash,
        **bet.shown,
    }


def bets(found: Iterable[InstantBet], dialect: Dialect) -> Json:
    return {"success": True, "bets": [_listed(bet, dialect) for bet in found]}


def _listed(bet: InstantBet, dialect: Dialect) -> Json:
    denominator = bet.currency.denominator
    return {
        "created_at": bet.played_at.isoformat(timespec="seconds"),
        "id": bet.pk,
        "game": bet.game_id,
        "wager": dialect.number(shown(bet.stake_minor, denominator)),
        "payout": dialect.number(shown(bet.profit_minor, denominator)),
    }


def bet(found: InstantBet, dialect: Dialect) -> Json:
    denominator = found.currency.denominator
    return {
        "success": True,
        "created_at": iso(found.played_at),
        "id": found.pk,
        "hash": found.hash,
        "wager": dialect.number(shown(found.stake_minor, denominator)),
        "moneypot_id": found.pk,
        "payout": dialect.number(shown(found.profit_minor, denominator)),
        "outcome": found.outcome,
        "secret": found.secret,
        "salt": found.salt,
        "clientseed": found.client_seed,
        **chosen(found.choice, found.config.rtp, dialect),
        **found.shown,
    }


def chosen(choice: Mapping[str, Any], rtp: Fraction, dialect: Dialect) -> Json:
    """What the player chose, with the numbers in it written as the dialect does; the house's weight filled in."""
    if "weights" not in choice:
        return dict(choice)
    given = tuple(choice["weights"])
    ours = shell.weight_of_nothing(given, rtp)
    rounded = Decimal(round(ours * 10**WEIGHT_DECIMALS)).scaleb(-WEIGHT_DECIMALS)
    weights = [rounded.normalize(), *map(Decimal, given[1:])]
    return {**choice, "weights": [dialect.number(weight) for weight in weights]}


# --- the house --------------------------------------------------------------------------------------------------------
def currencies(found: Iterable[Currency]) -> list[Json]:
    return [
        {
            "currency": each.code,
            "symbol": each.symbol,
            "kind": each.kind,
            "denominator": each.denominator,
            "decimals": decimals_of(each.denominator),
        }
        for each in found
    ]


def exchange_rates(found: Iterable[Found], dialect: Dialect) -> list[Json]:
    """`rate` to twelve digits; `exact` is the ratio that money is exchanged by."""
    return [
        {
            "base": each.base.code,
            "quote": each.quote.code,
            "rate": dialect.number(Decimal(exchange.shown(each.rate))),
            "exact": f"{each.rate.numerator}/{each.rate.denominator}",
            "is_stale": each.is_stale,
        }
        for each in found
    ]


def bankrolls(found: Iterable[tuple[Currency, Standing]], dialect: Dialect) -> list[Json]:
    return [
        {
            "currency": currency.code,
            "bankroll": dialect.number(shown(standing.bankroll_minor, currency.denominator)),
            "maximum_win": dialect.number(shown(standing.max_win_minor, currency.denominator)),
        }
        for currency, standing in found
    ]
