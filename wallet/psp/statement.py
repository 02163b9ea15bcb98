"""A player's statement: in words, in pages, and as a file for a spreadsheet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from casino.lib.clock import iso
from casino.lib.money import format_minor
from wallet import queries
from wallet.chart import Kind
from wallet.models import Account
from wallet.queries import StatementRow

PAGE = 25
EXPORTED = 20_000  # rows of a file, the newest
COLUMNS = ("time", "what", "change", "balance", "currency", "reference", "transfer")
WORDS = {
    "hold": "Stake set aside",
    "release": "Stake given back",
    "stake": "Bet",
    "payout": "Win",
    "refund": "Stake given back",
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "grant": "Demo money",
    "adjustment": "Correction by our staff",
    "operator_debit": "From your operator",
    "operator_credit": "To your operator",
    "transfer_in": "Transfer in",
    "transfer_out": "Transfer out",
    "exchange": "Conversion",
    "suspense": "Payment found",
    "share": "Affiliate share",
}
# What was played: the games, which are above the wallet, say whose the references of stakes and payouts are.
played: list[Callable[[Sequence[str]], Mapping[str, str]]] = []
_OF_PLAY = ("hold", "release", "stake", "payout", "refund")
_STEPS = {Kind.PENDING: "set aside", Kind.VOID: "given back", Kind.POST: "paid out"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Line:
    """A movement in words and in the currency's own decimals."""

    at: datetime
    what: str
    change: str
    gained: bool
    moved: bool  # the available balance is another one
    balance: str
    reference: str
    transfer_id: str


@dataclass(frozen=True, slots=True)
class Page:
    lines: list[Line]
    older: str  # where the next page begins, for the address; empty on the last one


def page(account: Account | None, *, before: datetime | None) -> Page:
    if account is None:
        return Page([], "")
    rows = queries.statement(account, before=before, limit=PAGE + 1)
    shown = rows[:PAGE]
    older = shown[-1].at.isoformat() if len(rows) > PAGE else ""
    return Page(_lines(shown, account.currency.denominator), older)


def _lines(rows: Sequence[StatementRow], denominator: int) -> list[Line]:
    references = sorted({row.reference for row in rows if row.code in _OF_PLAY})
    titles: dict[str, str] = {}
    for titles_of in played if references else ():
        titles |= titles_of(references)
    return [line(row, denominator, titles.get(row.reference, "")) for row in rows]


def line(row: StatementRow, denominator: int, game: str = "") -> Line:
    what = WORDS.get(row.code, row.code)
    if game and row.code in _OF_PLAY:
        what = f"{what}, {game}"
    if row.code == "withdrawal" and Kind(row.kind) in _STEPS:
        what = f"{what}, {_STEPS[Kind(row.kind)]}"
    sign = "+" if row.change_minor > 0 else ""
    return Line(
        at=row.at,
        what=what,
        change=f"{sign}{format_minor(row.change_minor, denominator)}",
        gained=row.change_minor > 0,
        moved=row.change_minor != 0,
        balance=format_minor(row.balance_minor, denominator),
        reference=row.reference,
        transfer_id=row.transfer_id,
    )


def exported(account: Account | None) -> Iterator[tuple[str, ...]]:
    """The file's rows, newest first, the header before them."""
    yield COLUMNS
    before: datetime | None = None
    left = EXPORTED
    while account is not None and left > 0:
        rows = queries.statement(account, before=before, limit=min(500, left))
        for row, text in zip(rows, _lines(rows, account.currency.denominator), strict=True):
            yield _record(row, text, account)
        if not rows:
            return
        before, left = rows[-1].at, left - len(rows)


def _record(row: StatementRow, text: Line, account: Account) -> tuple[str, ...]:
    unit = account.currency.denominator
    change = format_minor(row.change_minor, unit).replace(",", "")
    balance = format_minor(row.balance_minor, unit).replace(",", "")
    words = (plain(text.what), change, balance, account.currency_id, plain(row.reference), plain(row.transfer_id))
    return (iso(row.at), *words)


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula. (Amounts are numbers, and stay them.)"""
    return f"'{text}" if text.startswith(_FORMULA) else text
