"""
Playing. In batches; a single bet is a batch of one.

One transaction takes the stake, decides, pays and moves on to the account's next secret; an answer per request, in
order: a value, or a DomainError as a value. One refused request never spoils the others, and leaves its account's hash
good for the next.

The accounts are locked first. So two bets of one player, from wherever, are played one after the other and never on the
same secret; and what decides whether a bet is taken (limits, funds, the house's maximum win) is known before its
outcome is looked at.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from casino.lib.errors import DomainError
from casino.ops.bulk import insert_rows, written_together
from games.instant.errors import (
    AboveMaximum,
    AboveMaximumWin,
    BelowMinimum,
    GameOff,
    HashUsed,
    InsufficientFunds,
    NoSuchGame,
    NotPlayedInCurrency,
    RulesChanged,
    WalletUnavailable,
)
from games.instant.fairness import RANDOM_SEED, Roll, Secret, new_secret, outcome_of, random_client_seed
from games.instant.models import InstantBet
from games.instant.operations.commitments import next_secrets, rotate
from games.instant.operations.values import PlayedBet, PlayRequest
from games.instant.queries import InForce, in_force
from games.instant.rules import payout_minor
from wallet import ledger
from wallet.bankroll.queries import standing
from wallet.chart import Code, House, book_of
from wallet.ledger import Result, TransferRequest
from wallet.operators import operations as operators
from wallet.operators.operations import Credit
from wallet.protection import refuse_bets
from wallet.queries import house_accounts

BET_COLUMNS = (
    "id",
    "key",
    "game",
    "config",
    "player",
    "account",
    "currency",
    "is_demo",
    "stake_minor",
    "payout_minor",
    "most_payout_minor",
    "balance_before_minor",
    "balance_after_minor",
    "hash",
    "secret",
    "salt",
    "client_seed",
    "outcome",
    "choice_json",
    "shown_json",
    "played_at",
)


class Taken(NamedTuple):
    """A request that is not refused by what is known without a lock, and what it is played under."""

    request: PlayRequest
    game: InForce
    most_win_minor: int


def play(requests: Sequence[PlayRequest], *, now: datetime) -> list[PlayedBet | DomainError]:
    """Take these stakes, decide, and pay: all in one transaction, in the order in which they are listed."""
    # Within a larger transaction, what fails here fails all of it.
    with transaction.atomic(savepoint=False), written_together():
        debits = [request.debit for request in requests if request.debit is not None]
        confirmed = operators.confirm(debits, now=now)
        judged = judge(requests, now=now)
        answers: dict[int, PlayedBet | DomainError] = {}
        wanted: list[tuple[int, Taken]] = []
        for i, (request, answer) in enumerate(zip(requests, judged, strict=True)):
            if isinstance(answer, DomainError):
                answers[i] = answer
            elif request.operator_id is not None and not _is_debited(request, confirmed):
                answers[i] = WalletUnavailable()
            else:
                wanted.append((i, answer))
        if wanted:
            locked = ledger.lock({taken.request.account_id for _, taken in wanted}, now=now)
            refusals = refuse_bets([taken.request for _, taken in wanted], now)
            answers |= {i: refusal for (i, _), refusal in zip(wanted, refusals, strict=True) if refusal is not None}
            table = _Table([wish for wish in wanted if wish[0] not in answers], locked, now)
            answers |= table.play()
        # What an operator took for a bet that did not come to be goes back.
        unused = [r.debit for i, r in enumerate(requests) if r.debit and isinstance(answers[i], DomainError)]
        operators.refund([debit.transaction_id for debit in unused if debit.transaction_id in confirmed], now=now)
    return [answers[i] for i in range(len(requests))]


def judge(requests: Sequence[PlayRequest], *, now: datetime) -> list[Taken | DomainError]:
    """What stands in the way of these bets, as far as it can be seen without a lock."""
    games = in_force({request.game for request in requests})
    books = standing({book_of(request.currency, is_demo=request.is_demo) for request in requests}, now)
    answers: list[Taken | DomainError] = []
    for request in requests:
        if request.refused is not None:
            answers.append(request.refused)
        elif request.game not in games:
            answers.append(NoSuchGame())
        else:
            game, enabled = games[request.game]
            most = books[book_of(request.currency, is_demo=request.is_demo)].max_win_minor
            answers.append(_refusal(request, game, most) if enabled else GameOff())
    return answers


def _refusal(request: PlayRequest, game: InForce, most_win_minor: int) -> Taken | DomainError:
    if request.version not in (None, game.version):
        return RulesChanged()
    limit = game.limits.get(request.currency)
    if limit is None:
        return NotPlayedInCurrency()
    if request.stake_minor < limit.minimum:
        return BelowMinimum(var=limit.minimum)
    if request.stake_minor > limit.maximum:
        return AboveMaximum(var=limit.maximum)
    if game.rules.is_capped:
        return Taken(request, game, most_win_minor) if most_win_minor > 0 else AboveMaximumWin(var=0)
    top = payout_minor(request.stake_minor, game.rules.top(request.choice, game.table, game.rtp))
    if top - request.stake_minor > most_win_minor:
        return AboveMaximumWin(var=most_win_minor)
    return Taken(request, game, most_win_minor)


def _is_debited(request: PlayRequest, confirmed: Collection[str]) -> bool:
    return request.debit is not None and request.debit.transaction_id in confirmed


class _Decided(NamedTuple):
    place: int
    request: PlayRequest
    game: InForce
    secret: Secret
    client_seed: int
    outcome: int
    shown: dict[str, object]
    payout: int
    most_payout: int | None
    balance_before: int
    balance_after: int


class _Table:
    """The bets of a batch under the locks of their accounts: decided in memory, one by one, and written at once."""

    def __init__(self, wanted: Sequence[tuple[int, Taken]], locked: ledger.Locked, now: datetime) -> None:
        self.wanted = wanted
        self.locked = locked
        self.now = now
        accounts = {taken.request.account_id for _, taken in wanted}
        self.funds = {account_id: locked.available(account_id) for account_id in accounts}
        self.secrets = next_secrets(accounts, now=now)
        books = {book_of(t.request.currency, is_demo=t.request.is_demo) for _, t in wanted}
        self.house = house_accounts(House.INSTANT, books)
        self.used: list[_Decided] = []
        self.transfers: list[TransferRequest] = []
        self.owed: list[Credit] = []

    def play(self) -> dict[int, PlayedBet | DomainError]:
        answers: dict[int, PlayedBet | DomainError] = {}
        followers: dict[int, Secret] = {}
        for i, taken in self.wanted:
            refusal = self._decide(i, taken)
            if refusal is not None:
                answers[i] = refusal
            else:
                account_id = taken.request.account_id
                followers[i] = self.secrets[account_id] = new_secret()
        if not self.used:
            return answers
        ids = _new_ids(len(self.used))  # asked for before anything is written, so that all of it goes as one message
        outcomes = ledger.post(self.transfers, now=self.now, fresh=True, locked=self.locked)
        assert all(outcome.result is Result.OK for outcome in outcomes), "funds were looked at under the lock"
        operators.owe(self.owed, now=self.now)
        played = {decided.request.account_id for decided in self.used}
        rotate({account_id: self.secrets[account_id] for account_id in played}, now=self.now)
        insert_rows(InstantBet, BET_COLUMNS, [self._row(d, bet_id) for d, bet_id in zip(self.used, ids, strict=True)])
        for decided, bet_id in zip(self.used, ids, strict=True):
            answers[decided.place] = self._answer(decided, bet_id, followers[decided.place].hash)
        return answers

    def _decide(self, place: int, taken: Taken) -> DomainError | None:
        request, game, most_win = taken
        secret = self.secrets[request.account_id]
        if request.hash not in (None, secret.hash):
            return HashUsed()
        funds = self.funds[request.account_id] if request.debit is None else request.stake_minor
        if funds < request.stake_minor:
            return InsufficientFunds()
        seed = random_client_seed() if request.client_seed == RANDOM_SEED else request.client_seed
        outcome = outcome_of(secret.number, seed)
        multiplier, shown = game.rules.play(Roll(outcome, secret.salt), request.choice, game.table, game.rtp)
        most_payout = request.stake_minor + most_win if game.rules.is_capped else None
        payout = payout_minor(request.stake_minor, multiplier, most_payout)
        if request.debit is None:
            before, after = funds, funds - request.stake_minor + payout
            self.funds[request.account_id] = after
        else:
            before, after = request.debit.balance_minor + request.stake_minor, request.debit.balance_minor + payout
        decided = _Decided(place, request, game, secret, seed, outcome, shown, payout, most_payout, before, after)
        self.used.append(decided)
        self._move(decided)
        return None

    def _move(self, decided: _Decided) -> None:
        """Stake in and payout out; of a player whose money is at an operator, from there and back there."""
        request, reference = decided.request, str(decided.request.key)
        currency, is_demo = request.currency, request.is_demo
        house = self.house[book_of(currency, is_demo=is_demo)]
        if request.debit is not None:
            whose = (request.account_id, request.debit.transaction_id, request.stake_minor)
            self.transfers.append(operators.stake_transfer(*whose, currency=currency, is_demo=is_demo))
        self.transfers.append(
            TransferRequest(
                f"stake:{reference}", request.account_id, house, request.stake_minor, Code.STAKE, reference=reference
            )
        )
        if decided.payout:
            self.transfers.append(
                TransferRequest(
                    f"payout:{reference}", house, request.account_id, decided.payout, Code.PAYOUT, reference=reference
                )
            )
        if request.debit is not None and request.operator_id is not None:
            hundredths = decided.payout * 100 // request.stake_minor
            whose_bet = (request.key, request.account_id, request.operator_id, request.game, reference)
            credit = Credit("win", *whose_bet, decided.payout, hundredths or None, self.now)
            self.owed.append(credit)
            if decided.payout:
                self.transfers.append(operators.credit_transfer(credit, currency=currency, is_demo=is_demo))

    def _row(self, decided: _Decided, bet_id: int) -> tuple[object, ...]:
        request, game, secret = decided.request, decided.game, decided.secret
        return (
            bet_id,
            request.key,
            request.game,
            game.config_id,
            request.player_id,
            request.account_id,
            request.currency,
            request.is_demo,
            request.stake_minor,
            decided.payout,
            decided.most_payout,
            decided.balance_before,
            decided.balance_after,
            secret.hash,
            secret.number,
            secret.salt,
            decided.client_seed,
            decided.outcome,
            json.dumps(request.choice),
            json.dumps(decided.shown),
            self.now,
        )

    def _answer(self, decided: _Decided, bet_id: int, next_hash: str) -> PlayedBet:
        request, secret = decided.request, decided.secret
        return PlayedBet(
            id=bet_id,
            key=request.key,
            game=request.game,
            account_id=request.account_id,
            currency=request.currency,
            denominator=decided.game.limits[request.currency].denominator,
            is_demo=request.is_demo,
            stake_minor=request.stake_minor,
            payout_minor=decided.payout,
            balance_minor=decided.balance_after,
            hash=secret.hash,
            secret=secret.number,
            salt=secret.salt,
            client_seed=decided.client_seed,
            outcome=decided.outcome,
            choice=request.choice,
            shown=decided.shown,
            next_hash=next_hash,
            config_version=decided.game.version,
            played_at=self.now,
        )


def _new_ids(many: int) -> Iterable[int]:
    """
    Numbers for this many bets, as the table's own sequence gives them, before they are inserted: the rows go to the
    database without coming back. (SQLite: a write transaction is alone, so what follows the last one is free.)
    """
    table = InstantBet._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sql, [table, many])
            return [int(row[0]) for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = int(row[0]) if row else 0
        return range(last + 1, last + many + 1)
