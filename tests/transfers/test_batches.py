"""Partners' transfers in batches and at the same moment, and what the audit says when somebody meddles."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.rules import Environment
from casino.lib.errors import DomainError
from tests.wallet.threads import at_once
from tests.wallet.unguarded import sql, unguarded
from wallet import operations as wallet
from wallet.models import Account
from wallet.transfers import audit, operations
from wallet.transfers.models import PartnerTransfer
from wallet.transfers.operations import NotEnough, ReferenceUsed, Wish
from wallet.transfers.queries import Moved


@pytest.fixture
def wish(now: datetime) -> Callable[..., Wish]:
    """A wish for a player of a partner of this test's own, who has 1,000.00 of demo money."""
    owner = User.objects.create(username=f"owner-{uuid4().hex[:8]}")
    partner = partners.create_partner(f"P {uuid4().hex}", slug=uuid4().hex, owner=owner, now=now)
    player, account, _ = wallet.seat_partner_player(
        partner, Environment.TEST, "p-1", currency="BRL", wallet="transfer", now=now
    )

    def make(direction: str, amount: int, reference: str) -> Wish:
        return Wish(player, account, direction, amount, reference)

    return make


def has(wish: Wish) -> int:
    return int(Account.objects.get(pk=wish.account.pk).available_minor)


@pytest.mark.django_db
def test_a_refused_one_spoils_no_other_of_its_batch(wish: Callable[..., Wish], now: datetime) -> None:
    wishes = [
        wish("out", 60_000, "a"),
        wish("out", 60_000, "b"),
        wish("in", 5_000, "c"),
        wish("in", 5_000, "c"),
        wish("in", 6_000, "c"),
        wish("out", 45_000, "d"),
    ]
    answers = operations.move(wishes, now=now)
    kinds = [type(answer) for answer in answers]
    assert kinds == [Moved, NotEnough, Moved, Moved, ReferenceUsed, Moved]
    assert has(wishes[0]) == 0
    assert set(PartnerTransfer.objects.filter(player=wishes[0].player).values_list("reference", flat=True)) == {
        "a",
        "c",
        "d",
    }
    assert audit.findings(now) == []


@pytest.mark.usefixtures("committed_db")
def test_a_reference_used_by_many_at_once_moves_once(wish: Callable[..., Wish], now: datetime) -> None:
    same = wish("in", 700, "r-1")
    answers = at_once([lambda: operations.move([same], now=now)[0] for _ in range(8)])
    assert {type(answer) for answer in answers} == {Moved}
    assert len({answer.row.pk for answer in answers}) == 1
    assert has(same) == 100_700


@pytest.mark.usefixtures("committed_db")
def test_batches_with_references_in_common_do_not_lock_each_other_up(wish: Callable[..., Wish], now: datetime) -> None:
    names = [f"r-{i}" for i in range(12)]
    batches = [[wish("in", 100, name) for name in (names if i % 2 else reversed(names))] for i in range(6)]
    answers = at_once([lambda batch=batch: operations.move(batch, now=now) for batch in batches])  # type: ignore[misc]
    assert all(isinstance(answer, Moved) for batch in answers for answer in batch), answers
    assert has(batches[0][0]) == 100_000 + 12 * 100


@pytest.mark.usefixtures("committed_db")
def test_an_out_that_is_refused_lets_the_next_one_have_its_reference(wish: Callable[..., Wish], now: datetime) -> None:
    wishes = [wish("out", 150_000, "r-1")] * 3 + [wish("out", 100_000, "r-1")] * 3

    def kind(one: Wish) -> str:
        answer = operations.move([one], now=now)[0]
        return answer.code if isinstance(answer, DomainError) else "moved"

    answers = Counter(at_once([lambda one=one: kind(one) for one in wishes]))  # type: ignore[misc]
    assert answers["moved"] == 3
    assert has(wishes[0]) == 0
    assert set(answers) <= {"moved", "insufficient_funds", "idempotency_mismatch"}


BREAKS = {
    "another amount": (
        "UPDATE transfers_partnertransfer SET amount_minor = 1 WHERE reference = '{ref}'",
        "1 asked for",
    ),
    "another direction": (
        "UPDATE transfers_partnertransfer SET direction = 'out' WHERE reference = '{ref}'",
        "0 moved as that",
    ),
    "the other environment": (
        "UPDATE transfers_partnertransfer SET environment = 'live' WHERE reference = '{ref}'",
        "partner transfer",
    ),
    "its movement gone": ("DELETE FROM wallet_transfer WHERE reference = '{ref}'", "0 moved as that"),
    "the row gone": ("DELETE FROM transfers_partnertransfer WHERE reference = '{ref}'", "no partner asked for this"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, wish: Callable[..., Wish], now: datetime) -> None:
    statement, expected = BREAKS[what]
    reference = f"r-{uuid4().hex}"
    operations.move([wish("in", 700, reference)], now=now)
    assert audit.findings(now) == []
    with unguarded():
        sql(statement.format(ref=reference))
        assert any(expected in line for line in audit.findings(now)), audit.findings(now)
    assert audit.findings(now) == []


@pytest.mark.django_db
def test_a_transfer_of_a_partner_is_not_changed(wish: Callable[..., Wish], now: datetime) -> None:
    operations.move([wish("in", 700, "r-1")], now=now)
    changes: list[dict[str, Any]] = [{"amount_minor": 1}, {"reference": "x"}, {"direction": "out"}]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            PartnerTransfer.objects.filter(reference="r-1").update(**change)
