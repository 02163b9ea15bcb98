"""
Ledger tests as tables: what is asked, and in the last column what the ledger answers.

    account   alice  100.00 [EUR | BRL.demo]              opens an account with that much in it
    transfer  T1  alice > crash  40.00          -> ok     `pending` alike; houses: crash, funding, suspense (in the
    post      X1 of P1  alice > crash  30.00    -> ok     other side's book) or crash.EUR; nobody: no such account
    void      X2 of P2  alice > crash  30.00    -> ok     options: code=payout reference=abc
    batch ... end                                         the lines between go to the ledger as one batch
    balance   alice  60.00 [held 10.00]                   posted (and held) of an account
    money     crash  40.00                                what a house account of BRL gained in this table

After every step, all rows of the touched books must add up to zero.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from wallet import ledger, queries
from wallet.chart import PLAYER, Code, House, Kind
from wallet.ledger import TransferRequest
from wallet.models import Account

FIRST_AT = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def minor(text: str) -> int:
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents or 0)


def books_sum(book: str) -> int:
    """Balances that are kept in rows plus those that are sums of transfers: zero, or money came from nowhere."""
    players = sum(Account.objects.filter(book=book, owner__isnull=False).values_list("posted_minor", flat=True))  # type: ignore[arg-type]
    return players + sum(queries.house_balance(house, book) for house in House)


@dataclass
class LedgerTable:
    """Names of a table are its own: ids get a prefix, so tables may run on committed data of others."""

    prefix: str = field(default_factory=lambda: uuid4().hex[:8])
    accounts: dict[str, Account] = field(default_factory=dict)
    pending_lines: list[tuple[TransferRequest, str]] | None = None
    house_before: dict[str, int] = field(default_factory=dict)
    now: datetime = FIRST_AT

    def check(self, table: str) -> None:
        for line in filter(None, (raw.split("#")[0].strip() for raw in table.splitlines())):
            try:
                self.run(line)
            except AssertionError as error:
                raise AssertionError(f"in the line: {line}\n{error}") from error
            if self.pending_lines is None:
                for book in {account.book for account in self.accounts.values()}:
                    assert books_sum(book) == 0, f"book {book} does not add up"

    def run(self, line: str) -> None:
        asked, _, expected = (part.strip() for part in line.partition("->"))
        verb, *words = asked.split()
        match verb:
            case "account":
                self.open(*words)
            case "batch":
                self.pending_lines = []
            case "end":
                lines, self.pending_lines = self.pending_lines or [], None
                self.post(lines)
            case "balance":
                account = Account.objects.get(pk=self.accounts[words[0]].pk)
                held = minor(words[3]) if len(words) == 4 else 0
                assert (account.posted_minor, account.held_minor) == (minor(words[1]), held)
            case "money":
                moved = queries.house_balance(House(words[0]), "BRL") - self.house_before[words[0]]
                assert moved == minor(words[1]), f"{words[0]} moved by {moved}"
            case _:
                request = self.request(Kind(verb.replace("transfer", "posted")), words)
                if self.pending_lines is None:
                    self.post([(request, expected)])
                else:
                    self.pending_lines.append((request, expected))

    def open(self, name: str, amount: str, book: str = "BRL") -> None:
        currency, _, demo = book.partition(".")
        owner = User.objects.create(username=f"{name}-{self.prefix}", currency_code=currency)
        self.accounts[name] = Account.objects.create(
            kind=PLAYER,
            owner=owner,
            currency_id=currency,
            is_demo=bool(demo),
            book=book,
            posted_minor=0,
            held_minor=0,
            created_at=self.now,
        )
        self.house_before = self.house_before or {str(h): queries.house_balance(h, "BRL") for h in House}
        if minor(amount):
            opening = self.request(
                Kind.POSTED, [f"open-{name}", "funding", ">", name, amount, "code=deposit", "reference=opening"]
            )
            self.post([(opening, "ok")])

    def request(self, kind: Kind, words: list[str]) -> TransferRequest:
        id_, rest, pending_id = words[0], words[1:], None
        if rest[0] == "of":
            pending_id, rest = f"{self.prefix}:{rest[1]}", rest[2:]
        debit, _, credit, amount, *options = rest
        chosen = dict(option.split("=") for option in options)
        return TransferRequest(
            id=f"{self.prefix}:{id_}",
            debit_account_id=self.account_id(debit, beside=credit),
            credit_account_id=self.account_id(credit, beside=debit),
            amount_minor=minor(amount),
            code=Code(chosen.get("code", "stake")),
            kind=kind,
            pending_id=pending_id,
            reference=chosen.get("reference", ""),
        )

    def account_id(self, name: str, *, beside: str) -> int:
        if name == "nobody":
            return 0
        if name in self.accounts:
            return self.accounts[name].pk
        house, _, book = name.partition(".")
        if not book:
            book = self.accounts[beside].book if beside in self.accounts else "BRL"
        return queries.house_accounts(House(house), [book])[book]

    def post(self, lines: list[tuple[TransferRequest, str]]) -> None:
        self.now += timedelta(seconds=1)
        with transaction.atomic():
            outcomes = ledger.post([request for request, _ in lines], now=self.now)
        answers = [str(outcome.result) for outcome in outcomes]
        assert answers == [expected for _, expected in lines], f"the ledger answers {answers}"


def check(table: str) -> None:
    LedgerTable().check(table)
