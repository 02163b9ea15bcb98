"""What players do, on the real database: the window, the exploits that others met, and what is paid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from games.crash import operations
from games.crash.models import Bet, Round
from games.crash.operations import BetAction, ClosedBet, PlacedBet
from tests.games.crash.playing import Play, account_of, fate, make_play, money
from wallet import operations as wallet

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_00)


@pytest.fixture
def bob(make_player: Callable[..., Any]) -> Any:
    return make_player("bob", real=100_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


# --- placing ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stake", "auto", "identifier", "code"),
    [
        (0, None, 1, 1001),
        (-500, None, 1, 1001),
        (99, None, 1, 1001),
        (500_001, None, 1, 1002),
        (10**30, None, 1, 1002),
        (1000, 100, 1, 1008),
        (1000, 1_750_001, 1, 1008),
        (1000, None, 0, 1005),
        (1000, None, 11, 1005),
        (100_01, None, 1, 1005),  # more than she has
    ],
)
def test_a_bet_that_is_not_allowed_moves_nothing(
    play: Play, alice: Any, stake: int, auto: int | None, identifier: int, code: int
) -> None:
    play.open()
    answer = play.bet(alice, identifier, stake=stake, auto=auto)
    assert answer.socket_code == code
    assert money(alice) == 100_00
    assert not Bet.objects.filter(round=play.round).exists()


def test_twenty_bets_on_money_for_ten_place_exactly_ten(play: Play, alice: Any) -> None:
    play.open()
    requests = [play.request(alice, 1 + i % 10, stake=20_00) for i in range(20)]
    answers = operations.place_bets(play.game, requests, now=play.now)
    assert sum(isinstance(answer, PlacedBet) for answer in answers) == 5
    assert money(alice) == 0


def test_a_second_bet_under_the_same_identifier_is_refused_and_the_first_stays(play: Play, alice: Any) -> None:
    play.open()
    play.placed(alice, 1)
    assert play.bet(alice, 1).socket_code == 1004
    assert play.bet(alice, 2).balance_minor == 80_00


def test_the_same_request_sent_again_stakes_once_in_this_round_and_in_the_next(play: Play, alice: Any) -> None:
    play.open()
    request = play.request(alice, 1)
    answers = operations.place_bets(play.game, [request, replace(request, identifier=2)], now=play.now)
    assert isinstance(answers[0], PlacedBet)
    assert not isinstance(answers[1], PlacedBet)
    play.launch()
    play.finish()
    play.open()
    (again,) = operations.place_bets(play.game, [request], now=play.now)
    assert not isinstance(again, PlacedBet)
    assert money(alice) == 90_00


def test_a_bet_whose_packet_was_held_until_after_the_start_is_refused(play: Play, alice: Any) -> None:
    play.open()
    play.launch()
    assert play.bet(alice).socket_code == 1009
    play.crash()
    assert play.bet(alice).socket_code == 1009
    play.settle()
    assert play.bet(alice).socket_code == 1009


def test_a_cancelled_bet_gives_its_stake_back_once_and_frees_its_identifier(play: Play, alice: Any) -> None:
    play.open()
    bet = play.placed(alice)
    action = BetAction(alice.pk, account_of(alice), bet, play.now)
    first, second = operations.cancel_bets([action, action], now=play.now)
    assert isinstance(first, ClosedBet)
    assert second.socket_code == 1006  # type: ignore[union-attr]
    assert money(alice) == 100_00
    play.placed(alice)
    play.launch()
    assert play.out(alice, bet, 1000).socket_code == 1007


def test_a_bet_cannot_be_cancelled_once_the_round_has_started(play: Play, alice: Any) -> None:
    play.open()
    bet = play.placed(alice)
    play.launch()
    assert play.out(alice, bet, 10, verb=operations.cancel_bets).socket_code == 1009
    assert fate(bet) == ("open", 0, None)


def test_nobody_can_touch_the_bet_of_somebody_else(play: Play, alice: Any, bob: Any) -> None:
    play.open()
    bet = play.placed(alice)
    play.launch()
    for player_id, account in (
        (bob.pk, account_of(bob)),
        (alice.pk, account_of(bob)),
        (bob.pk, account_of(alice)),
    ):
        for verb in (operations.cash_outs, operations.cancel_bets):
            (answer,) = verb([BetAction(player_id, account, bet, play.at(2000))], now=play.at(2000))
            assert answer.socket_code == 1003  # type: ignore[union-attr]
    assert fate(bet)[0] == "open"


def test_demo_money_never_reaches_a_real_balance(play: Play, alice: Any, now: datetime) -> None:
    demo = wallet.open_account(alice, is_demo=True, now=now)
    before = demo.posted_minor
    play.open()
    request = replace(play.request(alice), account_id=demo.pk, is_demo=True)
    assert isinstance(operations.place_bets(play.game, [request], now=play.now)[0], PlacedBet)
    mixed = replace(play.request(alice, 2), account_id=demo.pk)  # real money from the demo account
    assert not isinstance(operations.place_bets(play.game, [mixed], now=play.now)[0], PlacedBet)
    play.launch()
    # A session in real money cannot cash out the bet of the demo session.
    assert play.out(alice, request.bet_id, 2000).socket_code == 1003
    action = BetAction(alice.pk, demo.pk, request.bet_id, play.at(2000))
    assert isinstance(operations.cash_outs([action], now=play.at(2000))[0], ClosedBet)
    demo.refresh_from_db()
    assert money(alice) == 100_00
    assert before is not None
    assert demo.posted_minor == before + 100


# --- cashing out ------------------------------------------------------------------------------------------------------
def test_a_cash_out_asked_for_many_times_is_paid_once(play: Play, alice: Any) -> None:
    play.open()
    bet = play.placed(alice)
    play.launch()
    action = BetAction(alice.pk, account_of(alice), bet, play.at(2000))
    answers = operations.cash_outs([action] * 5, now=play.at(2000))
    assert [isinstance(answer, ClosedBet) for answer in answers] == [True, False, False, False, False]
    assert play.out(alice, bet, 2000).socket_code == 1007
    assert fate(bet) == ("cashed_out", 1100, 110)
    assert money(alice) == 101_00


@pytest.mark.parametrize(
    ("ms", "cashout_at", "expected"),
    [
        (199, None, 1007),  # still at 1.00
        (200, None, 101),
        (10 * 200 + 199, None, 110),
        (10 * 200, 105, 105),
        (10 * 200, 110, 110),
        (10 * 200, 111, 1007),  # in the future
        (10 * 200, 100, 1007),
        (71 * 200 - 1, None, 200),  # the last moment of the last tick
        (71 * 200, None, 1011),
        (71 * 200 + 5000, 101, 1011),
    ],
)
def test_a_cash_out_pays_what_was_current_when_it_was_received(
    play: Play, alice: Any, ms: int, cashout_at: int | None, expected: int
) -> None:
    play.open(crash_point=200)
    bet = play.placed(alice)
    play.launch()
    answer = play.out(alice, bet, ms, at=cashout_at)
    assert getattr(answer, "multiplier", None) == expected or answer.socket_code == expected


def test_a_cash_out_received_before_the_crash_is_paid_after_the_settlement(play: Play, alice: Any) -> None:
    play.open(crash_point=150)
    bet = play.placed(alice)
    play.launch()
    received = play.at(2000)
    play.finish()
    assert fate(bet) == ("lost", 0, None)
    action = BetAction(alice.pk, account_of(alice), bet, received)
    (answer,) = operations.cash_outs([action], now=play.now)
    assert isinstance(answer, ClosedBet)
    assert fate(bet) == ("cashed_out", 1100, 110)
    late = replace(action, received_at=play.at(60_000))
    assert operations.cash_outs([late], now=play.now)[0].socket_code == 1007  # type: ignore[union-attr]
    assert money(alice) == 101_00


def test_an_auto_cash_out_on_the_last_tick_is_paid_at_exactly_its_target_before_the_crash(
    play: Play, alice: Any
) -> None:
    play.open(crash_point=199)
    won, lost = play.placed(alice, 1, auto=199), play.placed(alice, 2, auto=200)
    play.launch()
    play.finish()
    assert fate(won) == ("cashed_out", 1990, 199)
    assert fate(lost) == ("lost", 0, None)


def test_an_auto_cash_out_that_fired_answers_already_cashed_out_to_a_slower_hand(play: Play, alice: Any) -> None:
    play.open(crash_point=300)
    bet = play.placed(alice, auto=105)
    play.launch()
    assert play.round is not None
    for _ in range(2):
        operations.pay_due(play.round.pk, epoch=play.epoch, tick=10, now=play.at(2000))
    assert play.out(alice, bet, 2001).socket_code == 1007
    assert fate(bet) == ("cashed_out", 1050, 105)


def test_a_hand_that_is_faster_than_the_payer_still_gets_the_target_that_was_passed(play: Play, alice: Any) -> None:
    play.open(crash_point=300)
    bet = play.placed(alice, auto=105)
    play.launch()
    answer = play.out(alice, bet, 20 * 200)
    assert (answer.multiplier, answer.auto) == (105, True)


def test_a_bonus_boosts_whoever_is_still_in_and_nobody_who_left_before(play: Play, alice: Any) -> None:
    play.open(crash_point=300, bonus_tick=10)
    before, auto, after = play.placed(alice, 1), play.placed(alice, 2, auto=110), play.placed(alice, 3)
    play.launch()
    play.out(alice, before, 9 * 200)
    play.out(alice, after, 10 * 200)
    play.finish()
    assert fate(before)[1] == 1090
    assert fate(auto)[1] == 1100
    assert fate(after)[1] == 1210


def test_one_players_action_never_changes_the_result_for_another(play: Play, alice: Any, bob: Any) -> None:
    play.open(crash_point=150)
    first, second = play.placed(alice), play.placed(bob, auto=150)
    play.launch()
    play.out(alice, first, 2000)
    assert play.finish().result_hundredths == 150
    assert fate(second) == ("cashed_out", 1500, 150)


# --- the database refuses what the code refuses -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"status": "cashed_out"},
        {"payout_minor": 500},
        {"stake_minor": 1},
        {"stake_minor": 0},
        {"auto_cashout_hundredths": 100},
        {"identifier": 11},
        {"status": "lost", "multiplier_hundredths": 150},
    ],
)
def test_the_database_refuses_a_bet_that_cannot_be(play: Play, alice: Any, changes: dict[str, Any]) -> None:
    play.open()
    bet = play.placed(alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        Bet.objects.filter(pk=bet).update(**changes)


def test_the_database_keeps_settled_bets_and_rounds_as_they_are(play: Play, alice: Any) -> None:
    play.open()
    bet = play.placed(alice, auto=101)
    play.launch()
    round_ = play.finish()
    for broken in (
        lambda: Bet.objects.filter(pk=bet).update(payout_minor=99_999),
        lambda: Bet.objects.filter(pk=bet).update(status="open", payout_minor=0, settled_at=None),
        lambda: Bet.objects.filter(pk=bet)._raw_delete("default"),
        lambda: Round.objects.filter(pk=round_.pk).update(result_hundredths=101),
        lambda: Round.objects.filter(pk=round_.pk).update(salt="0" * 64),
        lambda: Round.objects.filter(pk=round_.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            broken()


def test_the_database_allows_one_live_round_and_no_seed_before_the_crash(play: Play) -> None:
    round_ = play.open()
    twin = Round.objects.get(pk=round_.pk)
    twin.id, twin.number, twin.chain_index = uuid4(), 99, 99
    twin._state.adding = True
    with pytest.raises(DatabaseError), transaction.atomic():
        twin.save(force_insert=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        Round.objects.filter(pk=round_.pk).update(salt="0" * 64)
