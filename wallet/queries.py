"""Questions about money. Nothing here changes anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from accounts.models import User
from wallet.chart import House, Kind, book_of
from wallet.models import Account, Currency, Transfer


@dataclass(frozen=True, slots=True)
class BalanceView:
    """Integers of minor units: `available = posted - held`."""

    currency: str
    denominator: int
    symbol: str
    is_demo: bool
    available_minor: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """
    One movement as the player sees it: `amount_minor` is signed, `balance_minor` the available balance after it, and
    `change_minor` by how much that is another one than before (money that is set aside is not available).
    """

    transfer_id: str
    at: datetime
    code: str
    kind: str
    amount_minor: int
    balance_minor: int
    reference: str
    change_minor: int


def player_account(player: User, *, is_demo: bool, currency: str | None = None) -> Account | None:
    """In the player's own currency, where no other is named."""
    book = book_of(currency or player.currency_code, is_demo=is_demo)
    return Account.objects.select_related("currency", "remote").filter(owner=player, book=book).first()


def currency(code: str) -> Currency:
    return Currency.objects.get(code=code)


def is_currency(code: str) -> bool:
    return Currency.objects.filter(code=code, enabled=True).exists()


def house_accounts(kind: House, books: Iterable[str]) -> dict[str, int]:
    """Account ids of the house by book. They never change, so each process asks once."""
    wanted = set(books)
    missing = [book for book in wanted if (kind, book) not in _house]
    if missing:
        rows = Account.objects.filter(kind=str(kind), owner__isnull=True, book__in=missing)
        _house.update({(kind, book): key for book, key in rows.values_list("book", "id")})
    return {book: _house[kind, book] for book in wanted if (kind, book) in _house}


_house: dict[tuple[House, str], int] = {}


def balance(player: User, *, is_demo: bool) -> BalanceView:
    """Zero, where the player has no such account yet."""
    account = player_account(player, is_demo=is_demo)
    currency = account.currency if account else Currency.objects.get(code=player.currency_code)
    return BalanceView(
        currency=currency.code,
        denominator=currency.denominator,
        symbol=currency.symbol,
        is_demo=is_demo,
        available_minor=shown_minor(account) if account else 0,
        held_minor=(account.held_minor or 0) if account else 0,
    )


def shown_minor(account: Account) -> int:
    """What its owner has to play with: here, or at their operator as that told us last (`remote` read with it)."""
    remote = getattr(account, "remote", None)
    return account.available_minor if remote is None else remote.balance_minor or 0


def statement(account: Account, *, before: datetime | None = None, limit: int = 100) -> list[StatementRow]:
    """The account's movements, newest first; `before` continues where the last page ended."""
    sides = Q(debit_account=account) | Q(credit_account=account)
    rows = Transfer.objects.filter(sides).select_related("pending")
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return [_statement_row(account, transfer) for transfer in rows.order_by("-created_at")[:limit]]


def _statement_row(account: Account, transfer: Transfer) -> StatementRow:
    out = transfer.debit_account_id == account.pk
    moved = transfer.amount_minor if transfer.kind in (Kind.POSTED, Kind.POST) else 0
    balance_minor = transfer.debit_balance_minor if out else transfer.credit_balance_minor
    freed = transfer.pending.amount_minor if out and transfer.pending else 0
    taken = transfer.amount_minor if out and transfer.kind != Kind.VOID else 0
    return StatementRow(
        transfer_id=transfer.pk,
        at=transfer.created_at,
        code=transfer.code,
        kind=transfer.kind,
        amount_minor=-moved if out else moved,
        balance_minor=balance_minor or 0,
        reference=transfer.reference,
        change_minor=freed - taken if out else moved,
    )


def house_balance(kind: House, book: str) -> int:
    """What a house account has: a sum over its transfers, since no row carries it."""
    moved = Transfer.objects.filter(book=book, kind__in=[Kind.POSTED, Kind.POST])
    account_id = house_accounts(kind, [book])[book]
    credits = moved.filter(credit_account_id=account_id).aggregate(total=Sum("amount_minor"))["total"] or 0
    debits = moved.filter(debit_account_id=account_id).aggregate(total=Sum("amount_minor"))["total"] or 0
    return int(credits - debits)
