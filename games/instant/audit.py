"""
Is every instant bet's money in the books, is everything in the books a bet's, and is every bet what its secret, its
client seed and the rules of its version make it? From the rows alone.

A bet's transfers are `stake:<key>`, and `payout:<key>` where it won.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from games.instant.fairness import Roll, Secret, outcome_of
from games.instant.models import InstantBet
from games.instant.queries import under
from games.instant.rules import payout_minor
from wallet.audit import capped, rows

# The key of a bet in the ids of its transfers: SQLite keeps UUIDs as 32 hex digits, the ids have dashes.
KEY = {
    "postgresql": "CAST(b.key AS text)",
    "sqlite": "substr(b.key, 1, 8) || '-' || substr(b.key, 9, 4) || '-' || substr(b.key, 13, 4) || '-' "
    "|| substr(b.key, 17, 4) || '-' || substr(b.key, 21)",
}
KEY_OF_TRANSFER = {
    "postgresql": "CAST(b.key AS text) = substr(t.id, length(t.code) + 2)",
    "sqlite": "b.key = replace(substr(t.id, length(t.code) + 2), '-', '')",
}


def findings(now: datetime) -> list[str]:
    """A line per bet and per transfer of the games that the other side does not explain, and per bet that is wrong."""
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _money_of_bets_off("stake", "b.stake_minor > 0", "b.stake_minor"),
        lambda: _money_of_bets_off("payout", "b.payout_minor > 0", "b.payout_minor"),
        _transfers_without_bet,
        _accounts_off,
        _decided_wrongly,
    )
    return [line for rule in rules for line in capped(rule)]


def _money_of_bets_off(code: str, expected: str, amount: str) -> Iterator[str]:
    """The transfer of this code exists exactly for the bets it is expected for, with their amount and accounts."""
    player, house = ("debit", "credit") if code == "stake" else ("credit", "debit")
    sql = f"""
        SELECT b.id, {amount}, t.id, t.amount_minor FROM instant_instantbet b
        JOIN wallet_account a ON a.id = b.account_id
        LEFT JOIN wallet_transfer t ON t.id = '{code}:' || {KEY[connection.vendor]}
        LEFT JOIN wallet_account h ON h.id = t.{house}_account_id
        WHERE ({expected} AND (t.id IS NULL OR t.kind <> 'posted' OR t.code <> '{code}'
                OR t.amount_minor <> {amount} OR t.{player}_account_id <> b.account_id
                OR t.book <> a.book OR h.kind <> 'instant' OR h.book <> a.book))
            OR (NOT ({expected}) AND t.id IS NOT NULL)
        ORDER BY b.id
    """  # noqa: S608 constants of this module only
    for bet, wanted, transfer, found in rows(sql):
        if transfer is None:
            yield f"instant bet {bet}: its {code} of {wanted} is not in the books"
        else:
            yield f"instant bet {bet} ({wanted}): the transfer {transfer} of {found} does not fit it"


def _transfers_without_bet() -> Iterator[str]:
    sql = f"""
        SELECT t.id, t.amount_minor FROM wallet_transfer t
        JOIN wallet_account h ON h.kind = 'instant' AND h.id IN (t.debit_account_id, t.credit_account_id)
        LEFT JOIN instant_instantbet b ON {KEY_OF_TRANSFER[connection.vendor]}
        WHERE b.id IS NULL OR t.id <> t.code || ':' || {KEY[connection.vendor]}
        ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, amount in rows(sql):
        yield f"transfer {transfer} of {amount}: no instant bet explains it"


def _accounts_off() -> Iterator[str]:
    mixed = (
        ~Q(account__owner_id=F("player_id"))
        | ~Q(account__is_demo=F("is_demo"))
        | ~Q(account__currency_id=F("currency_id"))
        | ~Q(config__game_id=F("game_id"))
    )
    for bet in InstantBet.objects.filter(mixed).order_by("pk"):
        yield f"instant bet {bet.pk}: its account or its version of the rules is not its own"


def _decided_wrongly() -> Iterator[str]:
    """Every bet is computed anew: hash, outcome, what the rules make of it, and what that pays."""
    for bet in InstantBet.objects.order_by().iterator(chunk_size=10_000):
        why = recomputed(bet)
        if why is not None:
            yield f"instant bet {bet.pk}: {why}"


def recomputed(bet: InstantBet) -> str | None:
    """What is wrong with a bet, or None: from its own row and the version of the rules that it was played under."""
    if hashlib.sha256(Secret(bet.secret, bet.salt).text.encode()).hexdigest() != bet.hash:
        return "its secret and salt do not make its hash"
    if outcome_of(bet.secret, bet.client_seed) != bet.outcome:
        return "its secret and client seed do not make its outcome"
    game = under([bet.config_id])[bet.config_id]
    multiplier, shown = game.rules.play(Roll(bet.outcome, bet.salt), bet.choice, game.table, game.rtp)
    if shown != bet.shown:
        return f"it shows {bet.shown}, and its outcome makes {shown}"
    right = payout_minor(bet.stake_minor, multiplier, bet.most_payout_minor)
    return None if right == bet.payout_minor else f"it paid {bet.payout_minor}, and its outcome makes {right}"
