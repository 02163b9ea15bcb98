"""The ledger against a plain model of it: whatever batches Hypothesis thinks of, both answer and hold the same."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.wallet.ledger_table import LedgerTable, books_sum
from wallet import audit, ledger, queries
from wallet.chart import Code, Kind
from wallet.ledger import TransferRequest
from wallet.models import Account

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLAYERS = {"alice": "BRL", "bob": "BRL", "charlie": "EUR"}
HOUSES = {"crash": "BRL", "crash.EUR": "EUR", "funding": "BRL"}
NAMES = [*PLAYERS, *HOUSES, "nobody"]


@dataclass
class Model:
    """The rules once more, written for reading: one dict of balances, one of what was accepted."""

    posted: dict[str, int] = field(default_factory=lambda: dict.fromkeys([*PLAYERS, *HOUSES], 0))
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys([*PLAYERS, *HOUSES], 0))
    accepted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    resolved: dict[str, Kind] = field(default_factory=dict)

    def answer(self, key: str, kind: Kind, debit: str, credit: str, amount: int, pending: str | None) -> str:
        wish = (kind, (debit, credit), amount, pending)
        if key in self.accepted:
            names = ("kind", "accounts", "amount", "pending")
            for name, old, new in zip(names, self.accepted[key], wish, strict=True):
                if old != new:
                    return f"exists_with_different_{name}"
            return "exists"
        refusal = self.refusal(kind, debit, credit, amount, pending)
        if refusal:
            return refusal
        self.accepted[key] = wish
        if kind == Kind.PENDING:
            self.held[debit] += amount
        if kind in (Kind.POST, Kind.VOID):
            assert pending is not None
            self.held[debit] -= self.accepted[pending][2]
            self.resolved[pending] = kind
        if kind in (Kind.POSTED, Kind.POST):
            self.posted[debit] -= amount
            self.posted[credit] += amount
        return "ok"

    def refusal(self, kind: Kind, debit: str, credit: str, amount: int, pending: str | None) -> str | None:
        books = PLAYERS | HOUSES
        if amount <= 0:
            return "amount_out_of_range"
        if debit == credit:
            return "accounts_must_differ"
        if "nobody" in (debit, credit):
            return "account_not_found"
        if books[debit] != books[credit]:
            return "books_must_match"
        if kind in (Kind.POSTED, Kind.PENDING):
            if pending is not None:
                return "pending_must_be_empty"
            short = debit in PLAYERS and self.posted[debit] - self.held[debit] < amount
            return "insufficient_funds" if short else None
        first = self.accepted.get(pending or "")
        if first is None or first[0] != Kind.PENDING or first[1] != (debit, credit):
            return "pending_not_found"
        if pending in self.resolved:
            return "pending_already_posted" if self.resolved[pending] == Kind.POST else "pending_already_voided"
        if amount > first[2] or (kind == Kind.VOID and amount != first[2]):
            return "exceeds_pending_amount"
        return None


ids = st.integers(0, 30).map(lambda number: f"T{number}")
wishes = st.tuples(
    ids,
    st.sampled_from(Kind),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from([-1, 0, 1, 2, 3, 5, 8, 100]),
    st.none() | ids,
)
# Mostly sensible ones, so that runs get deep: money arrives, is set aside, and what was set aside is resolved.
deposits = st.tuples(
    ids, st.just(Kind.POSTED), st.just("funding"), st.sampled_from(["alice", "bob"]), st.just(8), st.none()
)
holds = st.tuples(ids, st.just(Kind.PENDING), st.just("alice"), st.just("crash"), st.sampled_from([2, 3]), st.none())
resolutions = st.tuples(
    ids, st.sampled_from([Kind.POST, Kind.VOID]), st.just("alice"), st.just("crash"), st.sampled_from([1, 2, 3]), ids
)


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.table = LedgerTable()
        for name, book in PLAYERS.items():
            self.table.open(name, "0", book)
        self.model = Model()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @rule(batch=st.lists(wishes | deposits | holds | resolutions, min_size=1, max_size=12))
    def post(self, batch: list[tuple[str, Kind, str, str, int, str | None]]) -> None:
        prefix = self.table.prefix
        requests = [
            TransferRequest(
                id=f"{prefix}:{key}",
                debit_account_id=self.table.account_id(debit, beside=""),
                credit_account_id=self.table.account_id(credit, beside=""),
                amount_minor=amount,
                code=Code.ADJUSTMENT,
                kind=kind,
                pending_id=pending and f"{prefix}:{pending}",
            )
            for key, kind, debit, credit, amount, pending in batch
        ]
        outcomes = ledger.post(requests, now=NOW)
        assert [str(outcome.result) for outcome in outcomes] == [self.model.answer(*wish) for wish in batch]

    @invariant()
    def balances_agree(self) -> None:
        for name, account in self.table.accounts.items():
            row = Account.objects.get(pk=account.pk)
            assert (row.posted_minor, row.held_minor) == (self.model.posted[name], self.model.held[name])
            statement = queries.statement(row)
            assert sum(line.amount_minor for line in statement) == row.posted_minor
            assert not statement or statement[0].balance_minor == row.available_minor

    @invariant()
    def books_add_up(self) -> None:
        assert books_sum("BRL") == books_sum("EUR") == 0
        assert audit.book_findings(NOW) == []


@pytest.mark.django_db
def test_the_ledger_agrees_with_a_dict() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LedgerMachine,
        settings=settings(
            max_examples=40, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
