"""
Do the books add up? Each rule is one statement over all rows; what breaks it is a line of text.

The ledger and the database's own constraints should make every one of these impossible. They are asked all the same,
from the rows alone: an auditor does not trust the writer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Sum

from wallet.models import Account, Transfer

HOLD_TIME = timedelta(hours=24)  # money set aside for longer was forgotten
LINES_PER_RULE = 50  # one broken thing can break many rows: enough lines to see it, and a count for the rest

MOVED = """
    SELECT credit_account_id AS account_id, amount_minor AS amount
    FROM wallet_transfer WHERE kind IN ('posted', 'post')
    UNION ALL
    SELECT debit_account_id, -amount_minor FROM wallet_transfer WHERE kind IN ('posted', 'post')
"""


def findings(now: datetime) -> list[str]:
    """A line per thing that does not add up in accounts and transfers."""
    return [*book_findings(now), *capped(_unexplained)]


def book_findings(now: datetime) -> list[str]:
    """The part that holds for any transfers: arithmetic, holds, running balances, resolutions."""
    rules: tuple[Callable[[], Iterator[str]], ...] = (
        _balances_off,
        _holds_off,
        _below_zero,
        lambda: _holds_left_behind(now),
        _running_balances_off,
        _books_mixed,
        _resolutions_off,
    )
    return [line for rule in rules for line in capped(rule)]


def capped(rule: Callable[[], Iterator[str]]) -> list[str]:
    lines = list(rule())
    if len(lines) <= LINES_PER_RULE:
        return lines
    return [*lines[:LINES_PER_RULE], f"… and {len(lines) - LINES_PER_RULE} more like: {lines[LINES_PER_RULE]}"]


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _balances_off() -> Iterator[str]:
    sql = f"""
        SELECT a.id, a.book, a.posted_minor, COALESCE(m.total, 0) FROM wallet_account a
        LEFT JOIN (SELECT account_id, SUM(amount) AS total FROM ({MOVED}) moved GROUP BY account_id) m
            ON m.account_id = a.id
        WHERE a.owner_id IS NOT NULL AND a.posted_minor <> COALESCE(m.total, 0) ORDER BY a.id
    """  # noqa: S608 constants of this module only
    for account, book, posted, total in rows(sql):
        yield f"account {account} ({book}): balance {posted}, its transfers make {total}"


def _holds_off() -> Iterator[str]:
    sql = """
        SELECT a.id, a.book, a.held_minor, COALESCE(h.total, 0) FROM wallet_account a
        LEFT JOIN (
            SELECT p.debit_account_id AS account_id, SUM(p.amount_minor) AS total FROM wallet_transfer p
            LEFT JOIN wallet_transfer r ON r.pending_id = p.id
            WHERE p.kind = 'pending' AND r.id IS NULL GROUP BY p.debit_account_id
        ) h ON h.account_id = a.id
        WHERE a.owner_id IS NOT NULL AND a.held_minor <> COALESCE(h.total, 0) ORDER BY a.id
    """
    for account, book, held, total in rows(sql):
        yield f"account {account} ({book}): {held} set aside, its pending transfers make {total}"


def _below_zero() -> Iterator[str]:
    bad = Q(posted_minor__lt=F("held_minor")) | Q(held_minor__lt=0) | Q(posted_minor=None) | Q(held_minor=None)
    for account in Account.objects.filter(bad, owner__isnull=False).order_by("pk"):
        have = f"{account.posted_minor} with {account.held_minor} held"
        yield f"account {account.pk} ({account.book}): below zero, {have}"
    negative = Q(debit_balance_minor__lt=0) | Q(credit_balance_minor__lt=0)
    for transfer in Transfer.objects.filter(negative).order_by("pk"):
        yield f"transfer {transfer.pk}: a balance below zero after it"


def _holds_left_behind(now: datetime) -> Iterator[str]:
    """But for withdrawals at a provider: those are set aside until it reports, and `wallet.psp.audit` knows them."""
    resolved = Exists(Transfer.objects.filter(pending_id=OuterRef("pk")))
    old = Transfer.objects.filter(~resolved, kind="pending", created_at__lt=now - HOLD_TIME)
    for pending in old.exclude(code="withdrawal", credit_account__kind="psp").order_by("created_at"):
        yield f"transfer {pending.pk}: {pending.amount_minor} set aside since {pending.created_at:%Y-%m-%d %H:%M} UTC"


def _running_balances_off() -> Iterator[str]:
    """
    The available balances written beside each account's transfers form one chain from zero to what it has now.

    Every balance is reached as often as it is left: it is counted up where a transfer ends in it and down where one
    starts from it. That asks nothing of the order of rows, so it needs no sorting and no clock.
    """
    sql = """
        SELECT account_id, COUNT(*) FROM (
            SELECT account_id, balance FROM (
                SELECT id AS account_id, 0 AS balance, 1 AS step FROM wallet_account WHERE owner_id IS NOT NULL
                UNION ALL
                SELECT id, posted_minor - held_minor, -1 FROM wallet_account WHERE owner_id IS NOT NULL
                UNION ALL
                SELECT debit_account_id, debit_balance_minor, 1 FROM wallet_transfer
                WHERE debit_balance_minor IS NOT NULL
                UNION ALL
                SELECT t.debit_account_id,
                    t.debit_balance_minor
                    + CASE WHEN t.kind = 'void' THEN 0 ELSE t.amount_minor END - COALESCE(p.amount_minor, 0), -1
                FROM wallet_transfer t LEFT JOIN wallet_transfer p ON p.id = t.pending_id
                WHERE t.debit_balance_minor IS NOT NULL
                UNION ALL
                SELECT credit_account_id, credit_balance_minor, 1 FROM wallet_transfer
                WHERE credit_balance_minor IS NOT NULL AND kind IN ('posted', 'post')
                UNION ALL
                SELECT credit_account_id, credit_balance_minor - amount_minor, -1 FROM wallet_transfer
                WHERE credit_balance_minor IS NOT NULL AND kind IN ('posted', 'post')
            ) steps GROUP BY account_id, balance HAVING SUM(step) <> 0
        ) broken GROUP BY account_id ORDER BY account_id
    """
    for account, breaks in rows(sql):
        yield f"account {account}: the balances beside its transfers do not follow from one another ({breaks} breaks)"


def _books_mixed() -> Iterator[str]:
    bad = (
        ~Q(debit_account__book=F("book"))
        | ~Q(credit_account__book=F("book"))
        | Q(debit_account=F("credit_account"))
        | Q(amount_minor__lte=0)
    )
    for transfer in Transfer.objects.filter(bad).order_by("pk"):
        yield f"transfer {transfer.pk}: its accounts, its book {transfer.book} or its amount cannot be"


def _resolutions_off() -> Iterator[str]:
    sql = """
        SELECT t.id FROM wallet_transfer t LEFT JOIN wallet_transfer p ON p.id = t.pending_id
        WHERE (t.kind IN ('posted', 'pending') AND t.pending_id IS NOT NULL)
            OR t.kind NOT IN ('posted', 'pending', 'post', 'void')
            OR (t.kind IN ('post', 'void') AND (
                p.id IS NULL OR p.kind <> 'pending' OR p.debit_account_id <> t.debit_account_id
                OR p.credit_account_id <> t.credit_account_id OR t.amount_minor > p.amount_minor
                OR (t.kind = 'void' AND t.amount_minor <> p.amount_minor)))
        ORDER BY t.id
    """
    for (transfer,) in rows(sql):
        yield f"transfer {transfer}: it does not resolve a pending transfer as that was made"
    twice = (
        "SELECT pending_id, COUNT(*) FROM wallet_transfer WHERE pending_id IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
    )
    for pending, times in rows(twice):
        yield f"transfer {pending}: resolved {times} times"


# What each code may move, between which kinds of accounts; stakes, payouts and refunds are the games' own to explain.
EXPLAINED = """
    (t.code = 'deposit' AND d.kind IN ('funding', 'psp') AND c.kind = 'player' AND NOT c.is_demo)
    OR (t.code = 'withdrawal' AND d.kind = 'player' AND c.kind IN ('funding', 'psp') AND NOT c.is_demo)
    OR (t.code = 'transfer_in' AND d.kind = 'partners' AND c.kind = 'player')
    OR (t.code = 'transfer_out' AND d.kind = 'player' AND c.kind = 'partners')
    OR (t.code = 'operator_debit' AND d.kind = 'clearing' AND c.kind = 'player')
    OR (t.code = 'operator_credit' AND d.kind = 'player' AND c.kind = 'clearing')
    OR (t.code = 'suspense' AND NOT d.is_demo AND (
        (d.kind = 'psp' AND c.kind = 'suspense') OR (d.kind = 'suspense' AND c.kind IN ('psp', 'player'))))
    OR (t.code = 'exchange' AND NOT d.is_demo AND (
        (d.kind = 'player' AND c.kind IN ('exchange', 'rounding')) OR (d.kind = 'exchange' AND c.kind = 'player')))
    OR (t.code = 'grant' AND d.kind = 'demo_issue' AND c.kind = 'player' AND c.is_demo)
    OR (t.code = 'adjustment' AND (d.kind IN ('adjustment', 'suspense') OR c.kind IN ('adjustment', 'suspense')))
    OR (t.code = 'share' AND NOT d.is_demo AND d.kind = 'affiliates' AND c.kind IN ('player', 'payable'))
    OR (t.code IN ('payout', 'refund') AND d.kind IN ('crash', 'instant') AND c.kind = 'player')
    OR (t.code IN ('stake', 'hold', 'release') AND d.kind = 'player' AND c.kind IN ('crash', 'instant'))
"""


def _unexplained() -> Iterator[str]:
    sql = f"""
        SELECT t.id, t.code, d.kind, c.kind, t.book, t.reference FROM wallet_transfer t
        JOIN wallet_account d ON d.id = t.debit_account_id JOIN wallet_account c ON c.id = t.credit_account_id
        WHERE NOT ({EXPLAINED})
            OR (t.reference = '' AND t.code NOT IN ('stake', 'hold', 'release', 'payout', 'refund')) ORDER BY t.id
    """  # noqa: S608 constants of this module only
    for transfer, code, debit, credit, book, reference in rows(sql):
        why = f"with the reference {reference}" if reference else "without a reference"
        yield f"transfer {transfer}: nothing explains a {code} from {debit} to {credit} in {book} {why}"


@dataclass(frozen=True, slots=True)
class BookTotal:
    """`players_minor` is owed to players, of it `held_minor` set aside; `house_minor` by account is the counterpart."""

    book: str
    accounts: int
    transfers: int
    players_minor: int
    held_minor: int
    house_minor: dict[str, int]


def totals() -> list[BookTotal]:
    """One per book that has seen a transfer."""
    house: dict[str, dict[str, int]] = {}
    sql = f"""
        SELECT a.book, a.kind, SUM(m.amount) FROM ({MOVED}) m JOIN wallet_account a ON a.id = m.account_id
        WHERE a.owner_id IS NULL GROUP BY a.book, a.kind ORDER BY a.book, a.kind
    """  # noqa: S608 constants of this module only
    for book, kind, amount in rows(sql):
        house.setdefault(book, {})[kind] = int(amount)
    transfers = dict(rows("SELECT book, COUNT(*) FROM wallet_transfer GROUP BY book"))
    players = Account.objects.filter(owner__isnull=False).values("book")
    sums = {row["book"]: row for row in players.annotate(posted=Sum("posted_minor"), held=Sum("held_minor"))}
    counts = dict(rows("SELECT book, COUNT(*) FROM wallet_account WHERE owner_id IS NOT NULL GROUP BY book"))
    return [
        BookTotal(
            book=book,
            accounts=counts.get(book, 0),
            transfers=transfers[book],
            players_minor=sums[book]["posted"] if book in sums else 0,
            held_minor=sums[book]["held"] if book in sums else 0,
            house_minor=house.get(book, {}),
        )
        for book in sorted(transfers)
    ]
