"""How a case ends: two people, one way that fits, and the books say so."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import AuditEntry, User
from tests.psp.kit import Psp, house, money, sound
from wallet.chart import House
from wallet.psp import errors, operations
from wallet.psp.models import Payment, SuspenseCase
from wallet.psp.rules import Resolution

pytestmark = pytest.mark.django_db
Start = Callable[..., Payment]
R = Resolution


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> User:
    return make_player("alice", real=10_000)


@pytest.fixture
def fin(make_player: Any) -> User:
    return make_player("fin")


@pytest.fixture
def ann(make_player: Any) -> User:
    return make_player("ann")


@pytest.fixture
def arrived(psp: Psp, alice: User, deposit: Start, now: datetime) -> SuspenseCase:
    """40.00 arrived for a deposit of 50.00."""
    found: SuspenseCase = psp.tell("deposit.succeeded", deposit(alice), now=now, amount=4_000).case
    return found


@pytest.fixture
def left(psp: Psp, alice: User, withdraw: Start, now: datetime) -> SuspenseCase:
    """40.00 left for a withdrawal of 50.00, which still holds its money."""
    found: SuspenseCase = psp.tell("withdrawal.succeeded", withdraw(alice), now=now, amount=4_000).case
    return found


def end(case: SuspenseCase, how: Resolution, fin: User, ann: User, now: datetime, player: User | None = None) -> None:
    operations.propose_resolution(case, how, player=player, note="found it", actor=fin, now=now)
    operations.approve_case(case, actor=ann, now=now)
    case.refresh_from_db()
    assert (case.state, case.resolution, case.approved_by) == ("resolved", how, ann)


def test_what_arrived_is_credited_to_the_player(
    arrived: SuspenseCase, alice: User, fin: User, ann: User, now: datetime
) -> None:
    before = house(House.SUSPENSE)
    operations.propose_resolution(arrived, R.CREDIT, player=alice, note="short by ten", actor=fin, now=now)
    assert money(alice) == (10_000, 0), "nothing moves before the second person"
    operations.approve_case(arrived, actor=ann, now=now)
    assert money(alice) == (14_000, 0)
    assert before - house(House.SUSPENSE) == 4_000
    assert sound(now)
    actions = AuditEntry.objects.filter(subject=f"player:{alice.pk}", action__startswith="suspense.")
    assert sorted(actions.values_list("action", "actor")) == [
        ("suspense.proposed", fin.pk),
        ("suspense.resolved", ann.pk),
    ]


def test_what_arrived_goes_back(arrived: SuspenseCase, alice: User, fin: User, ann: User, now: datetime) -> None:
    before = house(House.PSP)
    end(arrived, R.RETURN, fin, ann, now)
    assert house(House.PSP) - before == 4_000
    assert money(alice) == (10_000, 0)
    assert sound(now)


@pytest.mark.parametrize(("how", "has"), [(R.CHARGE, 6_000), (R.RECOVER, 10_000), (R.WRITE_OFF, 10_000)])
def test_what_left_is_charged_recovered_or_borne_by_the_house(
    left: SuspenseCase, alice: User, fin: User, ann: User, now: datetime, how: Resolution, has: int
) -> None:
    end(left, how, fin, ann, now, player=alice if how is R.CHARGE else None)
    assert money(alice) == (has, 0), "the withdrawal ends with its case, and frees what it held"
    assert Payment.objects.get(pk=left.report.payment_id).status == "failed"
    assert sound(now)


def test_a_player_without_the_money_is_not_charged_below_zero(
    psp: Psp, make_player: Any, withdraw: Start, fin: User, ann: User, now: datetime
) -> None:
    poor = make_player("poor", real=5_000)
    case = psp.tell("withdrawal.succeeded", withdraw(poor), now=now, amount=6_000).case
    operations.propose_resolution(case, R.CHARGE, player=poor, note="x", actor=fin, now=now)
    with pytest.raises(errors.NotEnough):
        operations.approve_case(case, actor=ann, now=now)
    case.refresh_from_db()
    assert case.state == "proposed"
    assert money(poor) == (0, 5_000)
    assert sound(now)


def test_nobody_decides_alone_or_for_themselves(
    arrived: SuspenseCase, alice: User, fin: User, ann: User, now: datetime
) -> None:
    with pytest.raises(errors.NotYours):
        operations.propose_resolution(arrived, R.CREDIT, player=alice, note="x", actor=alice, now=now)
    operations.propose_resolution(arrived, R.CREDIT, player=alice, note="x", actor=fin, now=now)
    for same in (fin, alice):
        with pytest.raises(errors.NotYours):
            operations.approve_case(arrived, actor=same, now=now)
    with pytest.raises(errors.CaseChanged):
        operations.propose_resolution(arrived, R.RETURN, player=None, note="x", actor=ann, now=now)
    assert money(alice) == (10_000, 0)


def test_a_rejected_proposal_leaves_the_case_open(
    arrived: SuspenseCase, alice: User, fin: User, ann: User, now: datetime
) -> None:
    operations.propose_resolution(arrived, R.CREDIT, player=alice, note="x", actor=fin, now=now)
    operations.reject_proposal(arrived, actor=ann, note="no", now=now)
    with pytest.raises(errors.CaseChanged):
        operations.approve_case(arrived, actor=ann, now=now)
    end(arrived, R.RETURN, fin, ann, now)
    for again in (fin, ann):
        with pytest.raises(errors.CaseChanged):
            operations.approve_case(arrived, actor=again, now=now)
    assert sound(now)


def test_a_case_ends_only_in_a_way_that_fits_it(
    arrived: SuspenseCase, left: SuspenseCase, alice: User, fin: User, make_player: Any, now: datetime
) -> None:
    eve, euro = make_player("eve", demo=True), make_player("euro", currency="EUR")
    wrong: list[tuple[SuspenseCase, Resolution, User | None]] = [
        (arrived, R.CHARGE, alice),
        (arrived, R.WRITE_OFF, None),
        (arrived, R.NOTE, None),
        (arrived, R.MATCHED, None),
        (arrived, R.CREDIT, None),
        (arrived, R.RETURN, alice),
        (arrived, R.CREDIT, eve),
        (arrived, R.CREDIT, euro),
        (left, R.CREDIT, alice),
        (left, R.RETURN, None),
    ]
    for case, how, player in wrong:
        with pytest.raises(errors.CannotEndSo):
            operations.propose_resolution(case, how, player=player, note="x", actor=fin, now=now)


def test_a_case_without_money_is_closed_with_a_note(
    psp: Psp, alice: User, deposit: Start, fin: User, ann: User, now: datetime
) -> None:
    payment = deposit(alice)
    psp.tell("deposit.succeeded", payment, now=now)
    case = psp.tell("deposit.failed", payment, now=now).case
    end(case, R.NOTE, fin, ann, now)
    assert money(alice) == (15_000, 0)
    assert sound(now)
