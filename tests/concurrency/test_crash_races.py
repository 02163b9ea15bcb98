"""
Crash-game verbs at the same moment, on real connections: each bet has one fate, and the money follows it.

The controls take the locks away and show that the race is real. They need PostgreSQL: on SQLite a write transaction is
alone from its beginning, so there is nothing to show there.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from casino.lib.errors import DomainError
from games.crash import audit, operations
from games.crash.models import Bet, Round
from games.crash.operations import BetAction, ClosedBet, PlacedBet, placing
from games.crash.operations import closing as closing_module
from tests.games.crash.playing import Play, account_of, fate, make_play, money
from tests.wallet.threads import at_once
from wallet import ledger

pytestmark = pytest.mark.usefixtures("committed_db")
needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)
TIMES = range(4)


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


def running(play: Play, player: Any, *, auto: int | None = None, crash_point: int = 150) -> UUID:
    play.open(crash_point=crash_point)
    bet = play.placed(player, auto=auto)
    play.launch()
    return bet


def assert_books_agree(player: Any, bet: UUID, before: int) -> None:
    """What the bet says was paid is what came to the account, and the audit finds nothing on it."""
    _, paid, _ = fate(bet)
    assert money(player) == before + paid
    assert [line for line in audit.findings(datetime.now(UTC)) if str(bet) in line] == []


def no_crash(results: Iterable[Any]) -> list[Any]:
    found = list(results)
    assert not [r for r in found if isinstance(r, Exception) and not isinstance(r, DomainError)], found
    return found


def paid(results: Iterable[Any]) -> int:
    return sum(isinstance(result, ClosedBet) for result in results)


def test_eight_cash_outs_of_one_bet_at_once_pay_once(play: Play, alice: Any) -> None:
    bet = running(play, alice)
    before = money(alice)
    results = no_crash(at_once([lambda: play.out(alice, bet, 2000)] * 8))
    assert paid(results) == 1
    assert_books_agree(alice, bet, before)


@needs_row_locks
def test_control_without_the_locks_two_cash_outs_both_believe_they_pay(
    play: Play, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both decide before either writes; only the ledger's own key then stops the second, with an error."""
    bet = running(play, alice)
    meeting = threading.Barrier(2)
    pay = closing_module.pay

    def pay_when_both_have_decided(*args: Any, **kwargs: Any) -> Any:
        meeting.wait(timeout=20)
        return pay(*args, **kwargs)

    monkeypatch.setattr(closing_module, "lock_accounts", lambda ids: None)
    monkeypatch.setattr(closing_module, "pay", pay_when_both_have_decided)
    results = at_once([lambda: play.out(alice, bet, 2000)] * 2)
    assert paid(results) == 1
    assert sum(isinstance(result, IntegrityError) for result in results) == 1


@pytest.mark.parametrize("_", TIMES)
def test_a_cash_out_against_the_crash_is_paid_by_the_time_it_was_received(play: Play, alice: Any, _: int) -> None:
    bet = running(play, alice)
    before = money(alice)
    results = no_crash(at_once([play.crash, lambda: play.out(alice, bet, 2000)]))
    assert isinstance(results[1], ClosedBet)
    play.settle()
    assert fate(bet) == ("cashed_out", 1100, 110)
    assert_books_agree(alice, bet, before)


@pytest.mark.parametrize("_", TIMES)
def test_a_cash_out_against_the_settlement_is_paid_whoever_comes_first(play: Play, alice: Any, _: int) -> None:
    bet = running(play, alice)
    before = money(alice)
    play.crash()
    results = no_crash(at_once([play.settle, lambda: play.out(alice, bet, 2000)]))
    assert isinstance(results[1], ClosedBet)
    assert fate(bet) == ("cashed_out", 1100, 110)
    assert_books_agree(alice, bet, before)


@pytest.mark.parametrize("_", TIMES)
def test_the_automatic_win_against_the_hand_pays_once_at_the_target(play: Play, alice: Any, _: int) -> None:
    bet = running(play, alice, auto=105)
    before = money(alice)
    round_id = play.round.pk if play.round else UUID(int=0)

    def automatic() -> int:
        return operations.pay_due(round_id, epoch=play.epoch, tick=10, now=play.at(2000))

    results = no_crash(at_once([automatic, lambda: play.out(alice, bet, 2000), automatic]))
    assert results[0] + results[2] + paid(results) == 1
    assert fate(bet) == ("cashed_out", 1050, 105)
    assert_books_agree(alice, bet, before)


def test_ten_bets_at_once_on_money_for_three_place_three(play: Play, make_player: Callable[..., Any]) -> None:
    bob = make_player("bob", real=30_00)
    play.open()
    results = no_crash(at_once([lambda i=i: play.bet(bob, i) for i in range(1, 11)]))  # type: ignore[misc]
    assert sum(isinstance(result, PlacedBet) for result in results) == 3
    assert money(bob) == 0


@needs_row_locks
def test_control_without_the_locks_the_last_money_is_spent_twice(
    play: Play, make_player: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = make_player("bob", real=10_00)
    play.open()
    meeting = threading.Barrier(2)
    batch_write = ledger._Batch.write

    def write_when_both_have_decided(self: Any) -> None:
        meeting.wait(timeout=20)
        batch_write(self)

    def unlocked(ids: Iterable[int], now: datetime) -> dict[int, Any]:
        rows = ledger.Account.objects.filter(id__in=list(ids))
        return {a.pk: ledger._Balance(a.book, a.posted_minor, a.held_minor or 0, a.last_transfer_at) for a in rows}

    monkeypatch.setattr(placing, "_questions", lambda *_, **__: [])  # the lock is the first of them
    monkeypatch.setattr(ledger, "_lock_accounts", unlocked)
    monkeypatch.setattr(ledger._Batch, "write", write_when_both_have_decided)

    def bet_and_undo(identifier: int) -> Any:
        """The books stay right: what was wrongly decided is rolled back."""
        with transaction.atomic():
            answer = play.bet(bob, identifier)
            transaction.set_rollback(True)
        return answer

    results = no_crash(at_once([lambda: bet_and_undo(1), lambda: bet_and_undo(2)]))
    assert sum(isinstance(result, PlacedBet) for result in results) == 2, results


def test_the_same_identifier_at_once_is_one_bet(play: Play, alice: Any) -> None:
    play.open()
    results = no_crash(at_once([lambda: play.bet(alice, 1)] * 6))
    assert sum(isinstance(result, PlacedBet) for result in results) == 1
    assert money(alice) == 90_00


@pytest.mark.parametrize("_", TIMES)
def test_a_cancel_against_the_launch_either_gives_the_stake_back_or_leaves_the_bet_in(
    play: Play, alice: Any, _: int
) -> None:
    play.open()
    bet = play.placed(alice)
    action = BetAction(alice.pk, account_of(alice), bet, play.now)
    moment = play.now
    results = no_crash(at_once([play.launch, lambda: operations.cancel_bets([action], now=moment)[0]]))
    status = fate(bet)[0]
    assert status == ("cancelled" if isinstance(results[1], ClosedBet) else "open")
    assert money(alice) == (100_00 if status == "cancelled" else 90_00)


@pytest.mark.parametrize("_", TIMES)
def test_a_bet_against_the_launch_is_in_the_round_or_refused(play: Play, alice: Any, _: int) -> None:
    play.open()
    results = no_crash(at_once([play.launch, lambda: play.bet(alice)]))
    inside = Bet.objects.filter(round=play.round).count()
    assert inside == isinstance(results[1], PlacedBet)
    assert money(alice) == 100_00 - 10_00 * inside


def test_of_many_engines_one_gets_the_lease_and_one_round_is_live(play: Play) -> None:
    later = play.now + timedelta(minutes=1)

    def engine() -> Round | None:
        lease = operations.take_lease(play.game, holder="engine", now=later)
        if lease is None:
            return None
        return operations.open_round(play.game, epoch=lease.epoch, now=later, wait_ms=5000, tick_ms=200)

    results = no_crash(at_once([engine] * 6))
    assert sum(isinstance(result, Round) for result in results) == 1
    assert Round.objects.filter(game_id=play.game, state__in=Round.LIVE).count() == 1


def test_a_cash_out_against_an_interruption_has_one_fate(play: Play, alice: Any) -> None:
    bet = running(play, alice)
    before = money(alice)
    round_id = play.round.pk if play.round else UUID(int=0)

    def interrupt() -> Round:
        return operations.interrupt_round(round_id, epoch=play.epoch, announced_tick=5, now=play.at(3000))

    results = no_crash(at_once([interrupt, lambda: play.out(alice, bet, 2000)]))
    assert fate(bet)[0] == ("cashed_out" if isinstance(results[1], ClosedBet) else "refunded")
    assert_books_agree(alice, bet, before)
