"""
The ledger: double entry, append-only, in batches.

The model is TigerBeetle's. A *transfer* is one row with a debit and a credit account, so it cannot be unbalanced; its
id is chosen by its maker and is its idempotency key; money is set aside by a `pending` transfer, which is later
resolved once, by `post` or `void`. Transfers are never changed: a correction is a new transfer.

    available = posted - held          of a player's account; never below zero (also by CHECK in the database)

    posted    debit.posted -= a, credit.posted += a
    pending   debit.held   += a
    post      debit.held   -= pending's a, then as posted with its own a (at most the pending's)
    void      debit.held   -= pending's a

Accounts of the house carry no balance row: a balance there is a sum over transfers. So no row is shared by all bets.

A player's transfers carry rising times: one that waited for the account's lock gets a time after those it waited for.

There is one entrance, `post`. It must run inside the caller's transaction, with the business rows it belongs to.
Lock order of the whole platform: engine lease, round, player accounts by id (taken here).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, DateTimeField, F, QuerySet, When

from casino.ops.bulk import AnyOf, insert_rows, update_rows
from casino.ops.composed import Asked, Given, composed
from wallet.chart import Code, Kind
from wallet.models import Account, Transfer

MICROSECOND = timedelta(microseconds=1)
MAX_AMOUNT = 10**15  # far above any currency's supply in minor units, far below what would overflow a sum


class Result(StrEnum):
    """What became of a requested transfer. `ok` and `exists` mean that it is in the books."""

    OK = "ok"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_KIND = "exists_with_different_kind"
    EXISTS_WITH_DIFFERENT_ACCOUNTS = "exists_with_different_accounts"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_PENDING = "exists_with_different_pending"
    EXISTS_WITH_DIFFERENT_CODE = "exists_with_different_code"
    EXISTS_WITH_DIFFERENT_REFERENCE = "exists_with_different_reference"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    ACCOUNT_NOT_FOUND = "account_not_found"
    ACCOUNTS_MUST_DIFFER = "accounts_must_differ"
    BOOKS_MUST_MATCH = "books_must_match"
    PENDING_MUST_BE_EMPTY = "pending_must_be_empty"
    PENDING_NOT_FOUND = "pending_not_found"
    PENDING_ALREADY_POSTED = "pending_already_posted"
    PENDING_ALREADY_VOIDED = "pending_already_voided"
    EXCEEDS_PENDING_AMOUNT = "exceeds_pending_amount"


class TransferRequest(NamedTuple):
    """
    A wish. Accounts are ids; the amount is in minor units of their book.

    For `post` and `void` name the pending transfer and repeat its accounts; `post` may take less than was set aside,
    `void` repeats the whole amount.
    """

    id: str
    debit_account_id: int
    credit_account_id: int
    amount_minor: int
    code: Code
    kind: Kind = Kind.POSTED
    pending_id: str | None = None
    reference: str = ""


class Outcome(NamedTuple):
    """Balances are the available ones right after the transfer (None for house accounts, and where it was refused)."""

    result: Result
    debit_balance_minor: int | None = None
    credit_balance_minor: int | None = None

    @property
    def in_books(self) -> bool:
        return self.result in (Result.OK, Result.EXISTS)


@dataclass(slots=True)
class _Balance:
    """An account of this batch. House accounts have no `posted`."""

    book: str
    posted: int | None
    held: int
    last_at: datetime | None
    changed: bool = False

    @property
    def available(self) -> int | None:
        return None if self.posted is None else self.posted - self.held

    def move(self, *, posted: int = 0, held: int = 0) -> None:
        if self.posted is not None:
            self.posted += posted
            self.held += held

    @property
    def next_at(self) -> datetime | None:
        """The earliest time of its next transfer, so that the transfers of an account follow one another in time."""
        return None if self.last_at is None else self.last_at + MICROSECOND

    def stamp(self, at: datetime) -> None:
        """A transfer of this account is recorded; for a house account nothing is kept."""
        if self.posted is not None:
            self.last_at = at
            self.changed = True


class Locked:
    """Accounts under lock, with their balances as they are within this transaction."""

    def __init__(self, accounts: "dict[int, _Balance]") -> None:
        self.accounts = accounts

    def available(self, account_id: int) -> int:
        """What a player has to play with now; nothing where there is no such account."""
        held = self.accounts.get(account_id)
        return (held.available or 0) if held is not None else 0


def lock(account_ids: Iterable[int], *, now: datetime) -> Locked:
    """
    Lock players' accounts, by id, before a decision that their transfers depend on. Give what comes to `post`, which
    then need not read them again; nothing may move between the two.
    """
    assert connection.in_atomic_block, "a lock holds until the end of a transaction"
    return Locked(_lock_accounts(set(account_ids), now))


def locking(account_ids: Iterable[int], *, now: datetime) -> Asked:
    """What `lock` asks first."""
    return _locked_players.about(ids=set(account_ids).difference(_house_books), now=now)


def looking_for(ids: Iterable[str]) -> Asked:
    """What `post` asks about transfers with these ids, where none of them resolves another."""
    return _recorded.about(ids=set(ids))


def post(
    requests: Sequence[TransferRequest], *, now: datetime, fresh: bool = False, locked: Locked | None = None
) -> list[Outcome]:
    """
    Put a batch of transfers into the books; an outcome per request, in order. A refused one never spoils the others.

    Repeating a request gives `exists` and moves nothing, also at the same moment from elsewhere, since the players'
    accounts are locked first. (Two *different* requests under one id at the same moment, without a player in common:
    the database lets one of them in and fails the other's whole transaction.)

    `fresh` is the caller's word that no id of these is in the books yet, since it made the ids just now or holds a lock
    under which they are made once. It saves the look; were it wrong, the primary key would fail the transaction.
    """
    assert connection.in_atomic_block, "transfers belong into the transaction of what they pay for"
    if not requests:
        return []
    batch = _Batch(requests, now, fresh=fresh, locked=locked.accounts if locked else {})
    outcomes = [batch.decide(request) for request in requests]
    batch.write()
    return outcomes


class _Row(NamedTuple):
    """A row of the transfers; its fields are the model's. A tuple, since a batch makes thousands of them."""

    id: str
    book: str
    kind: str
    code: str
    debit_account: int
    credit_account: int
    amount_minor: int
    pending: str | None
    reference: str
    debit_balance_minor: int | None
    credit_balance_minor: int | None
    created_at: datetime


class _Batch:
    """The rows a batch touches, read and locked once; decisions are then made in memory and written at once."""

    def __init__(
        self, requests: Sequence[TransferRequest], now: datetime, *, fresh: bool, locked: "dict[int, _Balance]"
    ) -> None:
        self.now = now
        named = {i for r in requests for i in (r.debit_account_id, r.credit_account_id)}
        self.accounts = {**locked, **_lock_accounts(named.difference(locked), now)}
        pending_ids = {request.pending_id for request in requests if request.pending_id}
        wanted = pending_ids if fresh else {request.id for request in requests} | pending_ids
        self.transfers: dict[str, _Row] = {}
        if wanted:
            self.transfers.update({row[0]: _Row._make(row) for row in _recorded(ids=wanted)})
        self.resolutions: dict[str, str] = {}
        if pending_ids:
            self.resolutions.update({str(key): kind for key, kind in _resolved(ids=pending_ids)})
        self.new: list[_Row] = []

    def decide(self, request: TransferRequest) -> Outcome:
        recorded = self.transfers.get(request.id)
        if recorded is not None:
            return Outcome(_difference(recorded, request), recorded.debit_balance_minor, recorded.credit_balance_minor)
        if not 0 < request.amount_minor <= MAX_AMOUNT:
            return Outcome(Result.AMOUNT_OUT_OF_RANGE)
        if request.debit_account_id == request.credit_account_id:
            return Outcome(Result.ACCOUNTS_MUST_DIFFER)
        debit = self.accounts.get(request.debit_account_id)
        credit = self.accounts.get(request.credit_account_id)
        if debit is None or credit is None:
            return Outcome(Result.ACCOUNT_NOT_FOUND)
        if debit.book != credit.book:
            return Outcome(Result.BOOKS_MUST_MATCH)
        refusal = self._move(request, debit, credit)
        if refusal is not None:
            return Outcome(refusal)
        return self._record(request, debit, credit)

    def _move(self, request: TransferRequest, debit: _Balance, credit: _Balance) -> Result | None:
        """Change the balances in memory; a reason where that is not allowed."""
        amount = request.amount_minor
        if request.kind is Kind.POSTED or request.kind is Kind.PENDING:
            if request.pending_id is not None:
                return Result.PENDING_MUST_BE_EMPTY
            if debit.available is not None and debit.available < amount:
                return Result.INSUFFICIENT_FUNDS
            if request.kind is Kind.PENDING:
                debit.move(held=amount)
            else:
                debit.move(posted=-amount)
                credit.move(posted=amount)
            return None
        pending = self.transfers.get(request.pending_id or "")
        refusal = self._resolvable(request, pending)
        if refusal is not None or pending is None:
            return refusal
        debit.move(held=-pending.amount_minor)
        if request.kind is Kind.POST:
            debit.move(posted=-amount)
            credit.move(posted=amount)
        self.resolutions[pending.id] = request.kind
        return None

    def _resolvable(self, request: TransferRequest, pending: _Row | None) -> Result | None:
        if pending is None or pending.kind != Kind.PENDING:
            return Result.PENDING_NOT_FOUND
        if (pending.debit_account, pending.credit_account) != (request.debit_account_id, request.credit_account_id):
            return Result.PENDING_NOT_FOUND
        resolution = self.resolutions.get(pending.id)
        if resolution is not None:
            return Result.PENDING_ALREADY_POSTED if resolution == Kind.POST else Result.PENDING_ALREADY_VOIDED
        whole = request.kind is Kind.VOID and request.amount_minor != pending.amount_minor
        if request.amount_minor > pending.amount_minor or whole:
            return Result.EXCEEDS_PENDING_AMOUNT
        return None

    def _record(self, request: TransferRequest, debit: _Balance, credit: _Balance) -> Outcome:
        debit_minor, credit_minor = debit.available, credit.available
        at = max(self.now, debit.next_at or self.now, credit.next_at or self.now)
        row = _Row(
            request.id,
            debit.book,
            request.kind.value,
            request.code.value,
            request.debit_account_id,
            request.credit_account_id,
            request.amount_minor,
            request.pending_id,
            request.reference,
            debit_minor,
            credit_minor,
            at,
        )
        debit.stamp(at)
        credit.stamp(at)
        self.transfers[request.id] = row
        self.new.append(row)
        return Outcome(Result.OK, debit_minor, credit_minor)

    def write(self) -> None:
        insert_rows(Transfer, _Row._fields, self.new)
        update_rows(
            Account,
            "id",
            ("posted_minor", "held_minor", "last_transfer_at"),
            [(key, a.posted, a.held, a.last_at) for key, a in self.accounts.items() if a.changed],
            counted=False,  # they are locked, so all of them are there
        )


def _lock_accounts(ids: Iterable[int], now: datetime) -> dict[int, _Balance]:
    """
    Read the batch's accounts; the players' are locked, in id order.

    NO KEY UPDATE lets foreign keys to the account (a bet being inserted) pass. House accounts are not locked: they
    have nothing that changes. The time of an account's last transfer matters, and is read, only where it is not past.
    """
    wanted = set(ids)
    accounts = {key: _Balance(_house_books[key], None, 0, None) for key in wanted if key in _house_books}
    wanted.difference_update(accounts)
    if not wanted:
        return accounts
    for key, book, posted, held, last_at in _locked_players(ids=wanted, now=now):
        accounts[key] = _Balance(book, posted, held or 0, last_at)
    rest = wanted.difference(accounts)
    if rest:
        for key, book in _house(ids=rest):
            _house_books[key] = book
            accounts[key] = _Balance(book, None, 0, None)
    return accounts


@composed
def _locked_players() -> "QuerySet[Account, tuple[int, str, int, int, datetime | None]]":
    players = Account.objects.filter(AnyOf(F("id"), Given("ids")), owner__isnull=False).order_by("id")
    if connection.vendor == "postgresql":
        players = players.select_for_update(no_key=True, of=("self",))
    ahead = Case(When(last_transfer_at__gte=Given("now", DateTimeField()), then=F("last_transfer_at")))
    return players.values_list("id", "book", "posted_minor", "held_minor", ahead)


@composed
def _house() -> "QuerySet[Account, tuple[int, str]]":
    return Account.objects.filter(AnyOf(F("id"), Given("ids")), owner__isnull=True).values_list("id", "book")


@composed
def _recorded() -> "QuerySet[Transfer, tuple[Any, ...]]":
    return Transfer.objects.filter(AnyOf(F("id"), Given("ids"))).values_list(*_Row._fields)


@composed
def _resolved() -> "QuerySet[Transfer, tuple[str | None, str]]":
    return Transfer.objects.filter(AnyOf(F("pending"), Given("ids"))).values_list("pending", "kind")


_house_books: dict[int, str] = {}  # an account keeps its book and is never deleted, so this is read once


def _difference(recorded: _Row, request: TransferRequest) -> Result:
    """Is this the transfer that is recorded already? If not, what differs (the first that does, in this order)."""
    checks = (
        (recorded.kind == request.kind, Result.EXISTS_WITH_DIFFERENT_KIND),
        (
            (recorded.debit_account, recorded.credit_account) == (request.debit_account_id, request.credit_account_id),
            Result.EXISTS_WITH_DIFFERENT_ACCOUNTS,
        ),
        (recorded.amount_minor == request.amount_minor, Result.EXISTS_WITH_DIFFERENT_AMOUNT),
        (recorded.pending == request.pending_id, Result.EXISTS_WITH_DIFFERENT_PENDING),
        (recorded.code == request.code, Result.EXISTS_WITH_DIFFERENT_CODE),
        (recorded.reference == request.reference, Result.EXISTS_WITH_DIFFERENT_REFERENCE),
    )
    return next((result for same, result in checks if not same), Result.EXISTS)
