"""A player's own rounds, through the operations, at chosen times: what is paid, to whom, when, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.protection import operations as protection
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from casino.lib.money import payout_minor
from games.crash import fairness
from games.crash import operations as crash
from games.crash.errors import BetNotFound
from games.crash.models import Game
from games.crash.operations import ClosedBet, PlacedBet
from games.crash.rules import CURVE, Payout
from games.crash.sealed import course_of
from games.solo import operations
from games.solo.models import Bet, Round
from games.solo.sweep import AFTER, Sweep
from tests.games.solo.playing import TICK_MS, Solo, chains_of, fate, findings, ms_of
from wallet import operations as wallet
from wallet.bankroll import queries as bankroll
from wallet.bankroll.models import Bankroll

pytestmark = pytest.mark.usefixtures("db")
Make = Callable[..., Any]


@pytest.fixture
def solo(make_player: Make, now: datetime) -> Solo:
    return Solo.set_up(make_player("alice", real=100_00), now)


@pytest.fixture
def bob(solo: Solo, make_player: Make) -> Solo:
    return solo.beside(make_player("bob", real=100_00))


def code_of(answer: Any) -> tuple[int, Any]:
    assert isinstance(answer, Exception), answer
    return answer.socket_code, answer.var  # type: ignore[attr-defined]


# --- playing ----------------------------------------------------------------------------------------------------------
def test_a_bet_starts_the_round_at_once_and_a_cash_out_pays_what_the_curve_shows(solo: Solo) -> None:
    waiting = solo.coming(300)
    answer = solo.bet(stake=333)
    assert isinstance(answer, PlacedBet)
    assert (answer.round_id, answer.balance_minor) == (waiting.pk, 100_00 - 333)
    running = Round.objects.get(pk=waiting.pk)
    assert (running.state, running.started_at, running.hash) == ("running", solo.now, waiting.hash)
    paid = solo.out(answer.bet_id, ms_of(150))
    assert isinstance(paid, ClosedBet)
    assert (paid.multiplier, paid.paid_minor, paid.auto) == (150, 333 * 150 // 100, False)
    assert paid.balance_minor == solo.money() == 100_00 - 333 + 499
    finished = solo.finish()
    assert (finished.state, finished.result_hundredths, finished.interrupted) == ("settled", 300, False)
    assert finished.crashed_at == solo.at(solo_crash_ms(300))
    assert findings(solo.now) == []


def solo_crash_ms(point: int) -> int:
    return next(tick for tick, value in enumerate(CURVE) if value > point) * TICK_MS


def test_an_auto_cash_out_is_paid_at_exactly_its_target_also_when_nobody_looks(solo: Solo) -> None:
    solo.coming(200)
    reached = solo.placed(auto=200)
    solo.finish()
    assert fate(reached) == ("cashed_out", 2000, 200)
    solo.coming(199)
    missed = solo.placed(auto=200)
    solo.finish()
    assert fate(missed) == ("lost", 0, None)
    assert solo.money() == 100_00 + 1000 - 1000
    assert findings(solo.now) == []


def test_a_due_auto_cash_out_is_paid_while_the_round_runs_and_once(solo: Solo) -> None:
    waiting = solo.coming(400)
    bet = solo.placed(auto=137)
    assert not operations.pay_due(waiting.pk, now=solo.at(ms_of(137) - 1))
    assert fate(bet)[0] == "open"
    assert operations.pay_due(waiting.pk, now=solo.at(ms_of(137)))
    assert not operations.pay_due(waiting.pk, now=solo.at(ms_of(137) + 1))
    assert fate(bet) == ("cashed_out", 1370, 137)
    assert code_of(solo.out(bet, ms_of(200))) == (1007, None)
    solo.finish()
    assert solo.money() == 100_00 + 370


def test_a_hand_that_comes_after_the_target_is_paid_the_target(solo: Solo) -> None:
    solo.coming(400)
    bet = solo.placed(auto=120)
    paid = solo.out(bet, ms_of(200))
    assert (paid.multiplier, paid.auto) == (120, True)


def test_a_cash_out_received_before_the_crash_is_honoured_after_the_settlement(solo: Solo) -> None:
    solo.coming(250)
    bet = solo.placed()
    last = solo.crash_ms() - 1
    solo.finish()
    assert fate(bet)[0] == "lost"
    paid = solo.out(bet, last)
    assert (paid.multiplier, paid.paid_minor) == (CURVE[last // TICK_MS], 10 * CURVE[last // TICK_MS])
    assert fate(bet)[0] == "cashed_out"
    assert code_of(solo.out(bet, last)) == (1007, None)
    assert findings(solo.now) == []


def test_a_bonus_pays_more_to_those_who_are_still_in(make_player: Make, now: datetime) -> None:
    solo = Solo.set_up(make_player("alice", real=100_00), now, bonus_probability_bps=10_000, bonus_boost_percent=10)
    round_ = solo.coming(310, 2000, bonus=True)
    tick = course_of(round_).shown_bonus_tick
    assert tick is not None
    bet = solo.placed(stake=777)
    paid = solo.out(bet, tick * TICK_MS)
    assert (paid.boost_percent, paid.paid_minor) == (10, 777 * CURVE[tick] * 110 // 10_000)
    finished = solo.finish()
    assert (finished.had_bonus, finished.bonus_hundredths) == (True, CURVE[tick])
    assert findings(solo.now) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    crash_point=st.integers(100, 600),
    auto=st.none() | st.integers(101, 700),
    cashout_at=st.none() | st.integers(90, 700),
    received_ms=st.integers(0, 45_000),
    stake=st.integers(100, 5_000),
    settled_first=st.booleans(),
)
def test_whatever_the_order_the_payout_is_the_pure_rules(
    make_player: Make,
    now: datetime,
    crash_point: int,
    auto: int | None,
    cashout_at: int | None,
    received_ms: int,
    stake: int,
    settled_first: bool,
) -> None:
    """A hand's cash-out, written before or after the round was settled, against what the rules say of that moment."""
    solo = Solo.set_up(make_player("alice", real=100_00), now)
    round_ = solo.coming(crash_point, crash_point + 15)
    course = course_of(round_)
    bet = solo.placed(stake=stake, auto=auto)
    if settled_first:
        solo.finish()
    else:
        solo.after(received_ms)
    solo.out(bet, received_ms, at=cashout_at)
    solo.finish()
    by_hand = course.cash_out(elapsed_ms=received_ms, cashout_at=cashout_at, auto_target=auto)
    due: Payout | None = None
    if auto is not None and auto <= course.crash_point and (settled_first or not isinstance(by_hand, Payout)):
        due = course.auto_payout(auto)
    elif isinstance(by_hand, Payout):
        due = by_hand
    expected = ("lost", 0, None) if due is None else ("cashed_out", payout_minor(stake, due.multiplier), due.multiplier)
    assert fate(bet) == expected
    assert solo.money() == 100_00 - stake + expected[1]
    assert Round.objects.get(pk=round_.pk).result_hundredths == course.crash_point


# --- refusals ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"stake": 99}, (1001, 100)),
        ({"stake": 0}, (1001, 100)),
        ({"stake": -5}, (1001, 100)),
        ({"stake": 500_001}, (1002, 500_000)),
        ({"stake": 100_01}, (1005, None)),
        ({"auto": 100}, (1008, 101)),
        ({"auto": 1_750_001}, (1008, 1_750_000)),
        ({"identifier": 11}, (1005, None)),
    ],
)
def test_what_the_rules_forbid_is_refused_and_starts_nothing(solo: Solo, wish: Any, refusal: Any) -> None:
    waiting = solo.advance()
    assert code_of(solo.bet(**wish)) == refusal
    assert Round.objects.get(pk=waiting.pk).state == "waiting"
    assert solo.money() == 100_00
    assert Bet.objects.filter(account_id=solo.account_id).count() == 0


def test_one_round_at_a_time_and_a_second_bet_takes_nothing(solo: Solo) -> None:
    solo.coming(300)
    solo.placed()
    assert code_of(solo.bet()) == (1009, None)
    two = operations.start_rounds([solo.request(), solo.request()], now=solo.now)
    assert [code_of(answer)[0] for answer in two] == [1009, 1009]
    solo.finish()
    first, second = operations.start_rounds([solo.request(), solo.request()], now=solo.now)
    assert isinstance(first, PlacedBet)
    assert code_of(second) == (1009, None)
    assert solo.money() == 100_00 - 2000


def test_a_bet_before_the_next_commitment_is_known_needs_a_finished_round(solo: Solo) -> None:
    assert code_of(solo.bet()) == (1010, None)
    assert solo.money() == 100_00


def test_demo_and_real_money_have_rounds_of_their_own(solo: Solo, now: datetime) -> None:
    demo = wallet.open_account(solo.player, is_demo=True, now=now)
    real_round, demo_round = operations.advance([solo.place, (solo.game, demo.pk)], now=now, tick_ms=TICK_MS)
    assert real_round.pk != demo_round.pk
    solo.placed()
    request = replace(solo.request(), account_id=demo.pk, is_demo=True)
    (answer,) = operations.start_rounds([request], now=now)
    assert isinstance(answer, PlacedBet)
    assert answer.is_demo


def test_cash_outs_that_cannot_be_paid_say_why(solo: Solo, bob: Solo) -> None:
    stranger = solo.action(uuid4(), 0)
    assert code_of(operations.cash_outs([stranger], now=solo.now)[0]) == (1012, None)  # no round runs
    solo.coming(300)
    bet = solo.placed()
    assert code_of(operations.cash_outs([stranger], now=solo.now)[0]) == (1003, None)
    bob.advance()
    bob.placed()
    assert isinstance(bob.out(bet, 5_000), BetNotFound)  # not theirs
    assert code_of(solo.out(bet, 0)) == (1007, None)  # still at 1.00
    assert code_of(solo.out(bet, ms_of(150), at=151)) == (1007, None)
    assert code_of(solo.out(bet, ms_of(150), at=100)) == (1007, None)
    assert solo.out(bet, ms_of(150), at=149).multiplier == 149
    solo.finish()
    solo.coming(300)
    late = solo.placed()
    assert code_of(solo.out(late, solo.crash_ms())) == (1011, None)
    solo.finish()
    assert code_of(solo.out(late, solo.crash_ms() + 60_000)) == (1011, None)


def test_a_cancel_is_refused_in_words(solo: Solo, bob: Solo) -> None:
    solo.coming(300)
    bet = solo.placed()
    assert code_of(operations.refuse_cancel(solo.action(bet, 10))) == (1009, None)
    assert code_of(operations.refuse_cancel(bob.action(bet, 10))) == (1003, None)
    solo.finish()
    assert code_of(operations.refuse_cancel(solo.action(bet, 10))) == (1006, None)


def test_a_paused_game_takes_no_bets_and_lets_the_running_round_end(solo: Solo) -> None:
    solo.coming(200)
    bet = solo.placed(auto=150)
    Game.objects.filter(pk=solo.game).update(enabled=False)
    solo.finish()
    assert fate(bet)[0] == "cashed_out"
    refused = solo.bet()
    assert code_of(refused) == (1005, None)
    assert "paused" in refused.message


# --- what follows what ------------------------------------------------------------------------------------------------
def test_each_seed_hashes_to_the_one_before_and_each_hash_was_known_before_its_bet(solo: Solo) -> None:
    results = [0]
    previous = None
    for _ in range(4):
        waiting = solo.advance()
        assert waiting.salt is None
        solo.placed(stake=100)
        finished = solo.finish()
        assert finished.salt is not None
        assert finished.previous_result == results[-1]
        text = f"{finished.previous_result}{finished.salt}{finished.result_hundredths}"
        assert sha256(text.encode()).hexdigest() == waiting.hash
        expected = chains_of(solo)[0].terminal_hash if previous is None else previous
        assert fairness.sha256(bytes.fromhex(finished.salt)).hex() == expected
        previous = finished.salt
        results.append(finished.result_hundredths or 0)


def test_two_players_never_share_a_chain(solo: Solo, bob: Solo) -> None:
    assert solo.advance().chain_id != bob.advance().chain_id


def test_the_next_chain_is_announced_before_the_last_one_ends_and_has_no_client_seed_until_then(
    solo: Solo, settings: Any
) -> None:
    settings.SOLO_CHAIN_LENGTH = 3
    solo.advance()
    first, second = chains_of(solo)
    assert (first.client_seed is not None, second.client_seed) == (True, None)
    for _ in range(3):
        assert chains_of(solo)[1].client_seed is None
        solo.placed(stake=100)
        solo.finish()
    begun, announced = chains_of(solo)[1:]
    assert begun.terminal_hash == second.terminal_hash
    assert begun.client_seed is not None
    assert announced.client_seed is None
    assert solo.round is not None
    assert (solo.round.chain_id, solo.round.chain_index) == (begun.pk, 0)


def test_a_player_may_bring_a_client_seed_between_rounds_and_only_once_unplayed(solo: Solo) -> None:
    before = solo.advance()
    announced = chains_of(solo)[1]
    brought = operations.bring_seed(*solo.place, "my own words", now=solo.now, tick_ms=TICK_MS)
    assert (brought.chain.terminal_hash, brought.chain.client_seed) == (announced.terminal_hash, "my own words")
    assert (brought.number, brought.chain_index) == (before.number + 1, 0)
    assert Round.objects.get(pk=before.pk).state == "voided"
    for wrong in ("", "x" * 65, "line\nbreak", "naïve"):
        with pytest.raises(Exception, match="client seed is a text"):
            operations.bring_seed(*solo.place, wrong, now=solo.now, tick_ms=TICK_MS)
    for _ in range(2):
        with pytest.raises(Exception, match="last client seed") as refused:
            operations.bring_seed(*solo.place, "another", now=solo.now, tick_ms=TICK_MS)
        assert code_of(refused.value) == (1010, None)
    solo.placed(stake=100)
    with pytest.raises(Exception, match="between two rounds") as refused:
        operations.bring_seed(*solo.place, "another", now=solo.now, tick_ms=TICK_MS)
    assert code_of(refused.value) == (1010, None)


def test_changed_rules_hold_from_the_next_bet_on_and_cannot_skip_a_result(solo: Solo) -> None:
    solo.advance()
    solo.placed(stake=100)
    kept = Bet.objects.get(account_id=solo.account_id)
    first = solo.finish()
    replaced = solo.round
    assert replaced is not None
    made = crash.change_config(Game.objects.get(pk=solo.game), author=solo.player, now=solo.now, rtp_bps=9000)
    again = solo.advance()
    assert (again.config_id, again.chain_index) == (made.pk, replaced.chain_index)
    assert again.hash != replaced.hash or again.number == replaced.number + 1
    assert Round.objects.get(pk=replaced.pk).state == "voided"
    assert kept.config_id == first.config_id != made.pk
    assert solo.advance().pk == again.pk


def test_a_round_that_nobody_looks_at_is_swept_a_few_seconds_after_its_end(solo: Solo, bob: Solo) -> None:
    sweep = Sweep()
    for one, auto in ((solo, 150), (bob, None)):
        one.coming(200)
        one.placed(auto=auto)
    assert sweep.once(solo.at(solo.crash_ms() - 1)) == 0
    assert sweep.once(solo.at(solo.crash_ms()) + AFTER - timedelta(milliseconds=1)) == 0
    with CaptureQueriesContext(connection) as few:
        assert sweep.once(solo.at(solo.crash_ms()) + AFTER) == 2
    assert len(few) < 30
    assert sweep.once(solo.at(solo.crash_ms()) + AFTER) == 0
    assert (solo.money(), bob.money()) == (100_00 + 500, 100_00 - 1000)
    assert findings(solo.now) == []


def test_a_sweep_costs_the_same_for_one_round_as_for_ten(solo: Solo, make_player: Make) -> None:
    def cost(players: list[Solo]) -> int:
        for one in players:
            one.now = solo.now
            one.coming(110, 500)
            one.placed(auto=105)
        later = solo.now + timedelta(hours=1)
        with CaptureQueriesContext(connection) as seen:
            assert Sweep().once(later) == len(players)
        return len(seen)

    one = cost([solo])
    assert cost([solo.beside(make_player(f"p{n}", real=100_00)) for n in range(10)]) <= one


def test_a_bet_that_could_win_more_than_the_house_risks_is_refused_with_what_still_can_be_staked(solo: Solo) -> None:
    solo.advance()
    Bankroll.objects.filter(book="BRL").update(capital_minor=1_000_000_00, max_win_bps=100)  # 10,000.00 for one bet
    bankroll.forget()
    refused = solo.bet(stake=10_00)  # up to 17,500x
    assert code_of(refused) == (1005, None)
    assert "lower auto cash-out" in refused.message
    assert code_of(solo.bet(stake=10_00, auto=1_001_01)) == (1005, None)
    assert isinstance(solo.bet(stake=10_00, auto=1_001_00), PlacedBet)
    Bankroll.objects.filter(book="BRL").update(capital_minor=0)
    bankroll.forget()
    solo.finish()
    assert code_of(solo.bet(auto=101)) == (1005, None)


def test_a_players_limits_hold_for_solo_bets(solo: Solo) -> None:
    wish = Wish(limits=(LimitWish(Kind.STAKE, Period.DAY, 15_00),))
    protection.change(solo.player, wish, source=Source.PLAYER, actor=solo.player, now=solo.now)
    solo.advance()
    solo.placed(stake=10_00)
    solo.finish()
    refused = solo.bet(stake=10_00)
    assert code_of(refused)[0] == 1005
    assert solo.money() <= 100_00 + 9 * 10_00
