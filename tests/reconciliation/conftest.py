from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from accounts.models import User
from casino.lib.clock import ManualClock
from tests.reconciliation.lists import DAY
from wallet import ledger, queries
from wallet import operations as wallet
from wallet.chart import Code, House, Kind
from wallet.ledger import TransferRequest
from wallet.models import Account
from wallet.reconciliation import operations
from wallet.reconciliation.operations import Report
from wallet.reconciliation.queries import ledger_lines
from wallet.reconciliation.rules import StatementLine
from wallet.reconciliation.sources import Lines, nearby

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Provider:
    """A payment provider whose list the test writes, beside what really is in our ledger. It is a source."""

    slug: str
    lists: dict[str, StatementLine] = field(default_factory=dict)
    kind: str = "psp"
    prefix: str = ""

    def ours(self, day: date) -> Lines:
        mine = lambda transfer: transfer.reference.startswith(f"{self.slug}:")  # noqa: E731
        return ledger_lines(House.PSP, day, user=lambda transfer: "", wanted=mine)

    def ours_named(self, ids: list[str], day: date) -> Lines:
        return nearby(self.ours, ids, day)

    def theirs(self, day: date) -> Lines:
        return [line for line in self.lists.values() if line.at.date() == day]

    def tell(self, name: str, kind: str, amount_minor: int, at: datetime, currency: str = "BRL") -> None:
        id_ = f"{self.slug}:{name}"
        self.lists[id_] = StatementLine(id_, kind, "", amount_minor, currency, at)

    def hears(self, name: str) -> None:
        del self.lists[f"{self.slug}:{name}"]

    def compare(self, *, now: datetime = NOON + timedelta(days=1), day: date = DAY) -> Report:
        return operations.reconcile(self, day, clock=ManualClock(now))


def move(
    account: Account, reference: str, amount_minor: int, at: datetime, *, out: bool = False, kind: Kind = Kind.POSTED
) -> None:
    """A real deposit or withdrawal through a payment provider."""
    psp = queries.house_accounts(House.PSP, [account.book])[account.book]
    debit, credit, code = (account.pk, psp, Code.WITHDRAWAL) if out else (psp, account.pk, Code.DEPOSIT)
    request = TransferRequest(f"{code}:{reference}", debit, credit, amount_minor, code, kind, reference=reference)
    with transaction.atomic():
        (outcome,) = ledger.post([request], now=at)
    assert outcome.in_books, outcome


@pytest.fixture
def account(db: None, make_player: Callable[..., User]) -> Account:
    return wallet.open_account(make_player("alice"), is_demo=False, now=NOON - timedelta(days=9))


@pytest.fixture
def provider(account: Account) -> Provider:
    """Two deposits and a withdrawal in our books; the provider tells the same."""
    made = Provider("sandbox")
    for number, (amount, out) in enumerate([(100_00, False), (50_00, False), (30_00, True)], start=1):
        at = NOON + timedelta(minutes=number)
        move(account, f"sandbox:{number}", amount, at, out=out)
        made.tell(str(number), "withdrawal" if out else "deposit", amount, at + timedelta(seconds=3))
    return made
