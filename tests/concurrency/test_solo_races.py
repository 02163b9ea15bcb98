"""
Solo verbs at the same moment, on real connections: one round, one fate, and the money follows it.

The controls take the locks away and show that the race is real (on PostgreSQL; SQLite runs one writer at a time).
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection

from casino.lib.errors import DomainError
from games.crash.operations import ClosedBet, PlacedBet
from games.solo import audit, operations
from games.solo.models import Chain, Round
from games.solo.operations import closing as closing_module
from games.solo.sweep import AFTER
from tests.games.solo.playing import TICK_MS, Solo, fate, ms_of
from tests.wallet.threads import at_once

pytestmark = pytest.mark.usefixtures("committed_db")
needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)
TIMES = range(3)


@pytest.fixture
def solo(make_player: Callable[..., Any], now: datetime) -> Solo:
    return Solo.set_up(make_player("alice", real=100_00), now)


def no_crash(results: list[Any]) -> list[Any]:
    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, DomainError)], results
    return results


def assert_books_agree(solo: Solo, bet: Any) -> None:
    _, paid, _ = fate(bet)
    assert solo.money() == 100_00 - 1000 + paid
    assert [line for line in audit.findings(solo.now) if str(bet) in line] == []


def test_eight_bets_at_once_start_one_round(solo: Solo) -> None:
    solo.coming(200)
    results = no_crash(at_once([solo.bet] * 8))
    assert sum(isinstance(result, PlacedBet) for result in results) == 1
    assert {r.socket_code for r in results if isinstance(r, DomainError)} == {1009}
    assert solo.money() == 90_00


def test_eight_first_visits_at_once_open_one_round_and_two_chains(solo: Solo) -> None:
    def visit() -> Round:
        operations.announce_first(*solo.place, now=solo.now)
        return operations.advance([solo.place], now=solo.now, tick_ms=TICK_MS)[0]

    results = no_crash(at_once([visit] * 8))
    assert len({round_.pk for round_ in results}) == 1
    chains = Chain.objects.filter(account_id=solo.account_id).order_by("number")
    assert [chain.client_seed is not None for chain in chains] == [True, False]


def test_eight_cash_outs_at_once_pay_once(solo: Solo) -> None:
    solo.coming(300)
    bet = solo.placed()
    results = no_crash(at_once([lambda: solo.out(bet, ms_of(150))] * 8))
    assert sum(isinstance(result, ClosedBet) for result in results) == 1
    assert fate(bet) == ("cashed_out", 1500, 150)
    assert_books_agree(solo, bet)


@needs_row_locks
def test_control_without_the_locks_two_cash_outs_both_believe_they_pay(
    solo: Solo, monkeypatch: pytest.MonkeyPatch
) -> None:
    solo.coming(300)
    bet = solo.placed()
    meeting = threading.Barrier(2)
    pay = closing_module.pay

    def pay_when_both_have_decided(*args: Any, **kwargs: Any) -> Any:
        meeting.wait(timeout=20)
        return pay(*args, **kwargs)

    monkeypatch.setattr(closing_module, "own_rounds", lambda ids: {r.pk: r for r in Round.objects.filter(pk__in=ids)})
    monkeypatch.setattr(closing_module, "pay", pay_when_both_have_decided)
    results = at_once([lambda: solo.out(bet, ms_of(150))] * 2)
    assert sum(isinstance(result, ClosedBet) for result in results) == 1
    assert sum(isinstance(result, IntegrityError) for result in results) == 1


@pytest.mark.parametrize("_", TIMES)
def test_a_cash_out_in_time_against_sweep_and_socket_is_paid_whoever_comes_first(solo: Solo, _: int) -> None:
    waiting = solo.coming(300)
    bet = solo.placed()
    later = solo.at(solo.crash_ms()) + AFTER

    def sweep() -> int:
        return operations.settle_rounds([waiting.pk], now=later)

    def socket() -> Any:
        return operations.advance([solo.place], now=later, tick_ms=TICK_MS)

    results = no_crash(at_once([sweep, socket, lambda: solo.out(bet, ms_of(150)), sweep, socket]))
    assert isinstance(results[2], ClosedBet)
    assert fate(bet) == ("cashed_out", 1500, 150)
    assert Round.objects.get(pk=waiting.pk).state == "settled"
    assert len({results[1][0].pk, results[4][0].pk}) == 1
    assert_books_agree(solo, bet)


@pytest.mark.parametrize("_", TIMES)
def test_the_target_against_the_hand_pays_once_at_the_target(solo: Solo, _: int) -> None:
    waiting = solo.coming(300)
    bet = solo.placed(auto=105)

    def due() -> bool:
        return operations.pay_due(waiting.pk, now=solo.at(ms_of(150)))

    results = no_crash(at_once([due, lambda: solo.out(bet, ms_of(150)), due]))
    assert results[0] + results[2] + isinstance(results[1], ClosedBet) == 1
    assert fate(bet) == ("cashed_out", 1050, 105)
    assert_books_agree(solo, bet)


def test_a_bet_against_a_new_seed_is_in_one_of_the_two_rounds(solo: Solo) -> None:
    solo.advance()

    def bring() -> Round:
        return operations.bring_seed(*solo.place, "mine", now=solo.now, tick_ms=TICK_MS)

    results = no_crash(at_once([solo.bet, bring]))
    live = Round.objects.filter(account_id=solo.account_id, state__in=Round.LIVE)
    assert live.count() == 1
    if isinstance(results[0], PlacedBet):
        assert live.get().pk == results[0].round_id
        assert solo.money() == 90_00
    else:
        assert results[0].socket_code == 1010
        assert solo.money() == 100_00


@pytest.mark.parametrize("_", TIMES)
def test_bets_against_the_end_of_the_last_round_stake_at_most_once(solo: Solo, _: int) -> None:
    solo.coming(100, 110)
    solo.placed()
    solo.now = solo.at(solo.crash_ms())

    def end() -> Any:
        return operations.advance([solo.place], now=solo.now, tick_ms=TICK_MS)

    results = no_crash(at_once([end, solo.bet, solo.bet, end, solo.bet]))
    placed = sum(isinstance(result, PlacedBet) for result in results)
    assert placed <= 1
    assert solo.money() == 90_00 - 10_00 * placed
