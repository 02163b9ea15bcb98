"""What the house risks: set by staff with a reason, brought forward from the books, and asked for before a bet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEntry, User
from casino.ops.settled import MARGIN
from tests.wallet.crash_table import Table, set_up
from wallet import ledger
from wallet.bankroll import audit, operations, queries, rules
from wallet.bankroll.models import Bankroll, BankrollChange
from wallet.bankroll.operations import BankrollRefused
from wallet.bankroll.rules import NOTHING, Standing
from wallet.chart import Code, House
from wallet.ledger import TransferRequest
from wallet.models import Account, Currency
from wallet.queries import house_accounts, house_balance, player_account

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def rita(db: None) -> User:
    return User.objects.create(username="rita", is_staff=True)


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=1000_00)


@pytest.fixture
def table(alice: Any, now: datetime) -> Table:
    return set_up(alice, now)


def stake(player: Any, amount: int, name: str, *, at: datetime, house: House = House.CRASH) -> None:
    """A stake, or with a negative amount a payout, of some game at that time."""
    account = player_account(player, is_demo=False)
    assert account is not None
    ids = [account.pk, house_accounts(house, ["BRL"])["BRL"]]
    debit, credit = ids if amount > 0 else reversed(ids)
    code = Code.STAKE if amount > 0 else Code.PAYOUT
    with transaction.atomic():
        (outcome,) = ledger.post([TransferRequest(f"t:{name}", debit, credit, abs(amount), code)], now=at)
    assert outcome.in_books, outcome


def row(book: str = "BRL") -> Bankroll:
    return Bankroll.objects.get(pk=book)


def count(now: datetime) -> None:
    while operations.bring_forward(now=now):
        pass


# --- how much may be won ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("capital", "gain", "max_win_bps", "round_bps", "expected"),
    [
        (1_000_000, 0, 100, 10_000, (1_000_000, 10_000, 1_000_000)),
        (1_000_000, 234_567, 100, 5_000, (1_234_567, 12_345, 617_283)),  # shares are rounded down
        (1_000_000, -400_000, 100, 10_000, (600_000, 6_000, 600_000)),
        (1_000_000, -1_000_000, 100, 10_000, (0, 0, 0)),  # all of it is lost
        (1_000_000, -1_200_000, 100, 10_000, (-200_000, 0, 0)),
        (0, 5_000_000, 100, 10_000, (5_000_000, 0, 0)),  # nobody has put anything at risk
        (99, 0, 100, 0, (99, 0, 0)),
        (1_000_000, 0, 0, 10_000, (1_000_000, 0, 1_000_000)),
    ],
)
def test_the_shares_are_of_capital_and_gain(
    capital: int, gain: int, max_win_bps: int, round_bps: int, expected: tuple[int, int, int]
) -> None:
    found = rules.standing(capital_minor=capital, gain_minor=gain, max_win_bps=max_win_bps, round_bps=round_bps)
    assert found == Standing(*expected)


def test_every_currency_comes_with_capital_in_real_and_in_demo_money(now: datetime) -> None:
    codes = list(Currency.objects.values_list("code", flat=True))
    books = [*codes, *(f"{code}.demo" for code in codes)]
    found = queries.standing(books, now)
    assert len(found) == 2 * len(codes) >= 16
    assert found["BRL"] == Standing(10**12, 10**10, 10**12)
    assert found["COIN.demo"] == Standing(10**15, 10**13, 10**15)
    assert all(one.max_win_minor > 0 for one in found.values())


def test_of_a_book_that_nobody_knows_nothing_may_be_won(now: datetime) -> None:
    assert queries.standing(["XYZ"], now) == {"XYZ": NOTHING}


def test_a_process_asks_once_a_second_for_all_books(now: datetime, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        for _ in range(50):
            queries.standing(["BRL", "BTC", "EUR.demo"], now)
    Bankroll.objects.filter(book="BRL").update(capital_minor=100)
    assert queries.standing(["BRL"], now + SECOND * 0.9)["BRL"].bankroll_minor == 10**12
    assert queries.standing(["BRL"], now + SECOND)["BRL"].bankroll_minor == 100
    Bankroll.objects.filter(book="BRL").update(capital_minor=200)
    assert queries.standing(["BRL"], now)["BRL"].bankroll_minor == 200, "a clock that went back is not trusted"


# --- what staff decide ------------------------------------------------------------------------------------------------
def test_a_change_is_recorded_with_its_reason_and_author(
    rita: User, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    queries.standing(["BRL"], now)
    with django_capture_on_commit_callbacks(execute=True):
        operations.change("BRL", capital_minor=500_000_00, max_win_bps=50, reason="new year", actor=rita, now=now)
    assert queries.standing(["BRL"], now)["BRL"] == Standing(500_000_00, 2_500_00, 500_000_00)
    (change,) = BankrollChange.objects.all()
    assert (change.bankroll_id, change.actor, change.reason, change.left_minor) == ("BRL", rita, "new year", 10**12)
    entry = AuditEntry.objects.get(action="bankroll.changed")
    assert (entry.subject, entry.actor, entry.details["reason"]) == ("bankroll:BRL", rita, "new year")
    assert entry.details["changes"] == {"capital_minor": [10**12, 500_000_00], "max_win_bps": [100, 50]}


def test_new_capital_begins_a_new_count_and_new_shares_do_not(rita: User, now: datetime) -> None:
    Bankroll.objects.filter(book="BRL").update(gain_minor=700, counted_to=now)
    operations.change("BRL", round_bps=2_000, reason="careful", actor=rita, now=now)
    assert (row().gain_minor, row().since.year) == (700, 2020)
    operations.change("BRL", capital_minor=10_000, reason="fresh", actor=rita, now=now)
    assert (row().gain_minor, row().since, row().counted_to) == (0, now, now)
    assert [c.left_minor for c in BankrollChange.objects.order_by("pk")] == [10**12 + 700, 10**12 + 700]


@pytest.mark.parametrize(
    "wish",
    [
        {"capital_minor": -1},
        {"capital_minor": 10**16 + 1},
        {"max_win_bps": 10_001},
        {"round_bps": -1},
        {"capital_minor": 5, "reason": "  "},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(rita: User, now: datetime, wish: dict[str, Any]) -> None:
    before = Bankroll.objects.values().get(pk="BRL")
    with pytest.raises(BankrollRefused):
        operations.change("BRL", **{"reason": "why", "actor": rita, "now": now, **wish})
    assert (Bankroll.objects.values().get(pk="BRL"), BankrollChange.objects.count()) == (before, 0)


@pytest.mark.parametrize("changes", [{"capital_minor": -1}, {"max_win_bps": 10_001}, {"round_bps": 10_001}])
def test_the_database_refuses_them_as_well(changes: dict[str, int]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Bankroll.objects.filter(book="BRL").update(**changes)


def test_the_history_is_changed_and_deleted_by_nobody(rita: User, now: datetime) -> None:
    operations.change("BRL", max_win_bps=50, reason="careful", actor=rita, now=now)
    for spoil in (lambda: BankrollChange.objects.update(reason="x"), lambda: BankrollChange.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()


# --- what the house has gained ----------------------------------------------------------------------------------------
def test_the_gain_is_what_the_games_have_in_the_books(table: Table, now: datetime) -> None:
    table.play()
    count(table.now + timedelta(minutes=10))
    assert row().gain_minor == house_balance(House.CRASH, "BRL") != 0
    assert row("EUR").gain_minor == row("BRL.demo").gain_minor == 0
    assert audit.findings(table.now) == []


def test_instant_games_and_affiliates_are_part_of_it(alice: Any, now: datetime) -> None:
    stake(alice, 500, "1", at=now)
    stake(alice, 300, "2", at=now, house=House.INSTANT)
    stake(alice, -100, "3", at=now, house=House.INSTANT)
    stake(alice, -50, "4", at=now, house=House.AFFILIATES)
    stake(alice, 77, "5", at=now, house=House.ADJUSTMENT)
    count(now + timedelta(minutes=10))
    assert row().gain_minor == 500 + 300 - 100 - 50


def test_each_transfer_is_counted_once_over_many_counts(alice: Any, now: datetime) -> None:
    """Counts at odd moments, days apart and with nothing between, and a transfer at every edge."""
    made = 0
    at = now
    for step, hours in enumerate([0, 1, 24, 24, 100, 0, 3]):
        at += timedelta(hours=hours)
        stake(alice, 10 + step, f"a{step}", at=at)
        stake(alice, -step - 1, f"b{step}", at=at + MARGIN)
        made += 9
        count(at + MARGIN)  # what is dated `at` is not final yet, since that is the very edge
        assert row().counted_to == at
    count(at + 3 * MARGIN)
    assert row().gain_minor == made
    assert audit.findings(at) == []


def test_what_may_still_be_joined_by_an_open_transaction_is_not_counted_yet(alice: Any, now: datetime) -> None:
    stake(alice, 500, "1", at=now)
    count(now + MARGIN)
    assert row().gain_minor == 0
    count(now + MARGIN + SECOND)
    assert row().gain_minor == 500


def test_after_new_capital_only_what_came_since_counts(alice: Any, rita: User, now: datetime) -> None:
    stake(alice, 500, "1", at=now)
    operations.change("BRL", capital_minor=10_000, reason="fresh", actor=rita, now=now + SECOND)
    stake(alice, 60, "2", at=now + 2 * SECOND)
    count(now + timedelta(hours=1))
    assert (row().gain_minor, row().standing.bankroll_minor) == (60, 10_060)
    assert audit.findings(now) == []


def test_a_count_costs_the_same_queries_for_every_book(
    alice: Any, now: datetime, django_assert_max_num_queries: Any
) -> None:
    stake(alice, 500, "1", at=now)
    count(now + timedelta(hours=1))
    stake(alice, 500, "2", at=now + timedelta(hours=1))
    with django_assert_max_num_queries(9):  # savepoints are among them
        assert not operations.bring_forward(now=now + timedelta(hours=2))
    assert row().gain_minor == 1000


def test_the_audit_names_a_gain_that_the_books_do_not_make_and_a_new_count_mends_it(
    alice: Any, rita: User, now: datetime
) -> None:
    count(now + timedelta(hours=1))
    stake(alice, 500, "late", at=now)  # dated before what was counted: a transaction that hung for an hour
    (line,) = audit.findings(now)
    assert ("bankroll BRL" in line, "make 500" in line) == (True, True)
    operations.count_again("BRL", actor=rita, now=now)
    count(now + timedelta(hours=1))
    assert (row().gain_minor, audit.findings(now)) == (500, [])
    assert AuditEntry.objects.filter(action="bankroll.recounted", actor=rita).exists()


def test_the_audit_names_a_bankroll_that_nobody_decided(rita: User, now: datetime) -> None:
    operations.change("BRL", max_win_bps=50, reason="careful", actor=rita, now=now)
    Bankroll.objects.filter(book="BRL").update(max_win_bps=9_000)
    (line,) = audit.findings(now)
    assert "decided last" in line


def test_the_house_has_an_account_of_each_kind_in_every_book() -> None:
    kinds = Account.objects.filter(owner=None).values_list("book", "kind")
    assert {kind for book, kind in kinds if book == "BRL"} == {str(kind) for kind in House}
    assert len(kinds) == len(House) * 2 * Currency.objects.count()


def test_before_the_first_transfer_there_is_nothing_to_read(now: datetime) -> None:
    assert not operations.bring_forward(now=now)
    assert row().counted_to == now - MARGIN > datetime(2020, 1, 1, tzinfo=UTC)
