"""Bets of players whose money is at an operator, over real HTTP against the reference operator."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from casino.lib.errors import DomainError
from games.crash import operations as crash
from games.crash.errors import BettingClosed, InsufficientFunds, OperatorUnavailable
from games.crash.models import Bet
from tests.games.crash.playing import fate, money
from tests.operators.seamless import Seamless, findings
from wallet import queries
from wallet.chart import House
from wallet.operators import operations
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=2)
SLOW = ("timeout_before", "timeout_after", "slow", "lost_answer", "error_500_before", "error_500_after")
WRONG = ("broken_json", "wrong_signature", "wrong_currency", "wrong_transaction", "negative_balance")


@pytest.fixture
def nothing_is_off(seamless: Seamless, caller: Caller) -> Callable[..., None]:
    """Everything owed is brought, then the books add up, clearing is even with the operator, and no money is here."""

    def check(player: Any, *, started_with: int) -> None:
        seamless.server.no_faults()
        at = seamless.play.now + LATER
        for _ in range(3):
            seamless.deliver(at, caller)
            at += timedelta(hours=1)
        assert findings(seamless.play.now) == []
        assert not RemoteCall.objects.filter(operator=seamless.operator, state="owed").exists()
        assert money_here(player) == 0
        assert seamless.has(player, caller) == started_with + outcome(player)

    return check


def money_here(player: Any) -> int:
    account = queries.player_account(player.user, is_demo=False)
    assert account is not None
    return account.available_minor


def outcome(player: Any) -> int:
    """What the player won or lost by the bets' own account."""
    bets = Bet.objects.filter(player=player.user)
    return sum(bet.payout_minor - bet.stake_minor for bet in bets)


def test_a_stake_is_taken_at_the_operator_and_a_win_is_brought_there(
    seamless: Seamless, caller: Caller, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    seamless.play.open(crash_point=300)
    answer = seamless.bet(player)
    assert answer.balance_minor == 9_000 == seamless.has(player, caller)
    assert (money_here(player), money(player.user)) == (0, 9_000), "what is shown is what the operator told"
    seamless.play.launch()
    paid = seamless.out(player, answer.bet_id, 2000)
    assert (paid.paid_minor, paid.balance_minor) == (1100, 10_100)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "owed", 1100)]
    assert -queries.house_balance(House.CLEARING, "BRL") <= 1000
    seamless.deliver(seamless.play.at(2000), caller)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "paid", 1100)]
    assert seamless.has(player, caller) == 10_100
    nothing_is_off(player, started_with=10_000)


def test_a_lost_bet_is_closed_at_the_operator_by_a_win_of_nothing(
    seamless: Seamless, nothing_is_off: Callable[..., None], caller: Caller
) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=100)
    seamless.placed(player)
    seamless.play.launch()
    seamless.play.finish()
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "owed", 0)]
    assert seamless.deliver(seamless.play.now, caller) == 0, "a cash-out may still be under way"
    assert seamless.deliver(seamless.play.now + LATER, caller) == 1
    nothing_is_off(player, started_with=10_000)


def test_a_cash_out_that_came_in_time_is_paid_although_the_settlement_was_faster(
    seamless: Seamless, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player)
    seamless.play.launch()
    seamless.play.finish()
    assert fate(bet)[0] == "lost"
    assert seamless.out(player, bet, 2000).paid_minor == 1100
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "owed", 1100)]
    nothing_is_off(player, started_with=10_000)


def test_staff_cannot_have_a_loss_told_while_a_cash_out_may_still_come(
    seamless: Seamless, caller: Caller, make_player: Callable[..., Any]
) -> None:
    player, staff = seamless.seat(), make_player("staff")
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player)
    seamless.play.launch()
    seamless.play.finish()
    operations.try_now(RemoteCall.objects.get(kind="win"), actor=staff, now=seamless.play.now)
    seamless.deliver(seamless.play.now, caller)
    assert RemoteCall.objects.get(kind="win").state == "owed"
    assert seamless.out(player, bet, 2000).paid_minor > 1000
    operations.try_now(RemoteCall.objects.get(kind="win"), actor=staff, now=seamless.play.now)
    seamless.deliver(seamless.play.now, caller)
    assert RemoteCall.objects.get(kind="win").state == "paid"


def test_after_the_operator_may_have_been_told_of_the_loss_no_cash_out_counts(seamless: Seamless) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player)
    seamless.play.launch()
    seamless.play.finish()
    action = crash.BetAction(player.user_id, Bet.objects.get(pk=bet).account_id, bet, seamless.play.at(2000))
    late = crash.cash_outs([action], now=seamless.play.now + timedelta(seconds=31))[0]
    assert isinstance(late, DomainError)
    assert late.code == "round_closed"


@pytest.mark.parametrize("how", ["cancelled", "released", "voided", "interrupted"])
def test_a_stake_that_is_given_back_goes_back_to_the_operator(
    seamless: Seamless, nothing_is_off: Callable[..., None], how: str
) -> None:
    player = seamless.seat()
    round_ = seamless.play.open(crash_point=300)
    bet = seamless.placed(player, reserve=how == "released")
    if how == "cancelled":
        assert seamless.act(crash.cancel_bets, player, bet).paid_minor == 1000
    elif how == "voided":
        crash.void_round(round_.pk, epoch=seamless.play.epoch, now=seamless.play.now)
    else:
        seamless.play.launch()
        if how == "interrupted":
            crash.interrupt_round(round_.pk, epoch=seamless.play.epoch, announced_tick=1, now=seamless.play.at(400))
    assert seamless.calls() == [("bet", "confirmed", 1000), ("refund", "owed", 1000)]
    nothing_is_off(player, started_with=10_000)
    assert ("bet", "refunded", 1000) in seamless.calls()


def test_a_confirmed_reservation_plays(seamless: Seamless, nothing_is_off: Callable[..., None]) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player, reserve=True)
    assert seamless.act(crash.confirm_bets, player, bet).balance_minor == 9_000
    seamless.play.launch()
    assert seamless.out(player, bet, 2000).paid_minor == 1100
    nothing_is_off(player, started_with=10_000)


def test_more_than_the_operator_has_is_refused_and_nothing_is_owed(seamless: Seamless) -> None:
    player = seamless.seat(500)
    seamless.play.open()
    assert isinstance(seamless.bet(player), InsufficientFunds)
    assert seamless.calls() == [("bet", "refused", 1000)]
    assert findings(seamless.play.now) == []


@pytest.mark.parametrize("fault", [*SLOW, *WRONG])
def test_a_bet_whose_answer_is_not_known_is_not_played_and_goes_back(
    seamless: Seamless, caller: Caller, nothing_is_off: Callable[..., None], fault: str
) -> None:
    player = seamless.seat()
    seamless.play.open()
    type(seamless.operator).objects.update(timeout_ms=250)
    seamless.server.fault(fault, calls=["bet"])
    assert isinstance(seamless.bet(player), OperatorUnavailable)
    assert seamless.calls() == [("bet", "unknown", 1000), ("refund", "owed", 1000)]
    assert not Bet.objects.filter(player=player.user).exists()
    type(seamless.operator).objects.update(timeout_ms=5000)
    nothing_is_off(player, started_with=10_000)
    assert seamless.calls() == [("bet", "refunded", 1000), ("refund", "paid", 1000)]


@pytest.mark.parametrize("fault", [*SLOW, *WRONG, "error_401", "error_429"])
def test_a_win_is_said_again_until_it_is_acknowledged_and_moves_money_once(
    seamless: Seamless, caller: Caller, nothing_is_off: Callable[..., None], fault: str
) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player)
    seamless.play.launch()
    seamless.out(player, bet, 2000)
    type(seamless.operator).objects.update(timeout_ms=250)
    seamless.server.fault(fault, calls=["win"])
    at = seamless.play.at(2000)
    for _ in range(2):
        assert seamless.deliver(at, caller) == 1
        assert seamless.deliver(at, caller) == 0, "it waits before it tries again"
        at += timedelta(hours=2)
    call = RemoteCall.objects.get(operator=seamless.operator, kind="win")
    assert (call.state, call.attempts) == ("owed", 2)
    assert call.error
    type(seamless.operator).objects.update(timeout_ms=5000)
    seamless.server.no_faults()
    seamless.deliver(at, caller)
    nothing_is_off(player, started_with=10_000)


def test_an_answer_that_comes_when_betting_has_ended_goes_back(
    seamless: Seamless, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open()
    asked = seamless.ask(seamless.wish(player))
    seamless.play.launch()
    assert isinstance(crash.place_bets(seamless.play.game, asked, now=seamless.play.now)[0], BettingClosed)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("refund", "owed", 1000)]
    nothing_is_off(player, started_with=10_000)


def test_a_stake_asked_for_one_round_is_not_played_in_the_next(
    seamless: Seamless, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open()
    asked = seamless.ask(seamless.wish(player))
    seamless.play.launch()
    seamless.play.finish()
    seamless.play.open()
    assert isinstance(crash.place_bets(seamless.play.game, asked, now=seamless.play.now)[0], BettingClosed)
    nothing_is_off(player, started_with=10_000)


def test_a_stake_whose_asker_was_killed_goes_back_and_can_be_played_no_more(
    seamless: Seamless, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open()
    asked = seamless.ask(seamless.wish(player))
    at = seamless.play.now
    assert operations.give_up_forgotten(now=at + timedelta(seconds=29)) == 0
    assert operations.give_up_forgotten(now=at + timedelta(seconds=31)) == 1
    assert isinstance(crash.place_bets(seamless.play.game, asked, now=at)[0], OperatorUnavailable)
    nothing_is_off(player, started_with=10_000)


def test_the_same_bet_placed_twice_with_one_stake_is_placed_once(
    seamless: Seamless, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open()
    asked = seamless.ask(seamless.wish(player))
    assert not isinstance(crash.place_bets(seamless.play.game, asked, now=seamless.play.now)[0], DomainError)
    assert isinstance(crash.place_bets(seamless.play.game, asked, now=seamless.play.now)[0], OperatorUnavailable)
    assert Bet.objects.filter(player=player.user).count() == 1
    seamless.play.launch()
    seamless.play.finish()
    nothing_is_off(player, started_with=10_000)


def test_what_would_be_refused_anyway_is_never_asked_for(seamless: Seamless) -> None:
    player = seamless.seat()
    assert seamless.bet(player).code == "round_closed"
    seamless.play.open()
    assert seamless.bet(player, stake=1).code == "amount_below_minimum"
    assert seamless.bet(player, auto=1).code == "invalid_auto_cashout"
    seamless.placed(player)
    assert seamless.bet(player).code == "already_placed"
    assert seamless.calls() == [("bet", "confirmed", 1000)]


def test_an_operator_that_is_off_takes_no_stakes_but_is_told_what_it_is_owed(
    seamless: Seamless, caller: Caller, nothing_is_off: Callable[..., None]
) -> None:
    player = seamless.seat()
    seamless.play.open(crash_point=300)
    bet = seamless.placed(player)
    operations.switch(seamless.operator, active=False, actor=None, now=seamless.play.now)
    assert seamless.bet(player, 2).code == "temporarily_unavailable"
    seamless.play.launch()
    seamless.out(player, bet, 2000)
    nothing_is_off(player, started_with=10_000)


def test_two_askers_for_one_call_from_outside_ask_once(seamless: Seamless, now: datetime) -> None:
    player = seamless.seat()
    seamless.play.open()
    from games.crash.operations.remote import Wanted, prepare

    first, second = (prepare([Wanted(seamless.wish(player, n), "a-call")], now=now)[0] for n in (1, 2))
    assert not isinstance(first, DomainError)
    assert isinstance(second, DomainError)
    assert second.code == "idempotency_in_progress"


def test_a_batch_mixes_players_of_both_kinds(
    seamless: Seamless, make_player: Callable[..., Any], nothing_is_off: Callable[..., None]
) -> None:
    here, there = make_player("here", real=10_000), seamless.seat()
    seamless.play.open(crash_point=300)
    asked = [*seamless.ask(seamless.wish(there)), seamless.play.request(here)]
    answers = crash.place_bets(seamless.play.game, asked, now=seamless.play.now)
    assert [answer.balance_minor for answer in answers] == [9_000, 9_000]  # type: ignore[union-attr]
    seamless.play.launch()
    for player, answer in zip((there.user, here), answers, strict=True):
        assert seamless.play.out(player, answer.bet_id, 2000).balance_minor == 10_100  # type: ignore[union-attr]
    nothing_is_off(there, started_with=10_000)
