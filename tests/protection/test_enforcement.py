"""Bets and deposits against limits and exclusions, counted from the ledger."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.protection.errors import Excluded, LimitReached
from accounts.webhooks.rules import new_secret
from casino.lib.errors import DomainError
from games.crash import operations
from games.crash.operations import BetAction, ClosedBet, PlacedBet
from tests.games.crash.playing import Play, account_of, fate, money
from wallet import operations as wallet
from wallet.protection import refuse_bets, refuse_deposit
from wallet.protection.queries import overview, tallies
from wallet.psp import operations as payments
from wallet.psp.models import Payment

Change = Callable[..., None]


def refused(answer: Any) -> str:
    assert isinstance(answer, LimitReached), answer
    assert (answer.code, answer.status, answer.socket_code) == ("limit_reached", 403, 1005)
    return answer.message


def test_a_bet_up_to_the_limit_is_taken_and_one_beyond_it_is_not(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 30_00)
    play.open()
    play.placed(alice, 1, stake=20_00)
    assert refused(play.bet(alice, 2, stake=10_01)) == (
        "The bet was refused: it would cross the stake limit of 30.00 BRL a day, "
        "which is counted anew from 2026-03-02 00:00 UTC."
    )
    play.placed(alice, 3, stake=10_00)
    refused(play.bet(alice, 4, stake=1_00))
    assert money(alice) == 970_00


def test_bets_of_one_batch_add_up_and_others_do_not_care(play: Play, alice: Any, bob: Any, limit: Change) -> None:
    limit(alice, "stake", "week", 25_00)
    play.open()
    batch = [
        play.request(alice, 1, stake=10_00),
        play.request(bob, 1, stake=10_00),
        play.request(alice, 2, stake=16_00),
        play.request(alice, 3, stake=15_00),
        play.request(bob, 2, stake=100_00),
    ]
    answers = operations.place_bets(play.game, batch, now=play.now)
    assert [isinstance(answer, PlacedBet) for answer in answers] == [True, True, False, True, True]
    refused(answers[2])


def test_a_cancelled_stake_counts_no_more(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 10_00)
    play.open()
    bet = play.placed(alice, 1, stake=10_00)
    refused(play.bet(alice, 2, stake=1_00))
    action = BetAction(alice.pk, account_of(alice), bet, play.now)
    assert isinstance(operations.cancel_bets([action], now=play.now)[0], ClosedBet)
    play.placed(alice, 2, stake=10_00)


def test_giving_back_after_midnight_does_not_widen_the_new_day(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 10_00, at=play.now)
    play.now = play.now.replace(hour=23, minute=59, second=58)
    play.open()
    bet = play.placed(alice, 1, stake=10_00)
    play.now += timedelta(seconds=3)
    action = BetAction(alice.pk, account_of(alice), bet, play.now)
    operations.cancel_bets([action], now=play.now)
    play.placed(alice, 2, stake=10_00)
    refused(play.bet(alice, 3, stake=1_00))


def test_a_win_after_midnight_of_a_stake_before_it_does_not_widen_the_new_day_either(
    play: Play, alice: Any, limit: Change
) -> None:
    limit(alice, "loss", "day", 10_00, at=play.now)
    play.now = play.now.replace(hour=23, minute=59, second=58)
    play.open(crash_point=300)
    play.placed(alice, 1, stake=10_00, auto=150)
    play.launch()  # on the next day
    play.finish()
    play.open(crash_point=300)
    won = play.placed(alice, 1, stake=10_00, auto=150)
    refused(play.bet(alice, 2, stake=1_00))
    play.launch()
    play.finish()
    assert fate(won)[0] == "cashed_out"
    play.open(crash_point=300)
    play.placed(alice, 1, stake=10_00)
    refused(play.bet(alice, 2, stake=5_01))
    play.placed(alice, 2, stake=5_00)  # this day's own win is taken into account


def test_a_new_period_counts_from_zero(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 10_00)
    play.open()
    play.placed(alice, 1, stake=10_00)
    refused(play.bet(alice, 2, stake=10_00))
    play.now = play.now.replace(hour=0) + timedelta(days=1)
    play.placed(alice, 2, stake=10_00)


def test_winnings_may_be_staked_again_under_a_loss_limit(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "loss", "month", 20_00)
    play.open(crash_point=300)
    play.placed(alice, 1, stake=20_00, auto=150)
    refused(play.bet(alice, 2, stake=1_00))
    play.launch()
    play.finish()  # 30.00 are paid: nothing is lost this month
    play.open(crash_point=100)
    play.placed(alice, 1, stake=20_00)
    play.placed(alice, 2, stake=10_00)  # these were won
    refused(play.bet(alice, 3, stake=1_00))
    play.launch()
    play.finish()
    play.open()
    refused(play.bet(alice, 1, stake=1_00))  # twenty are lost
    play.now += timedelta(days=31)
    play.placed(alice, 1, stake=20_00)


def test_a_reservation_counts_from_being_set_aside(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 10_00)
    play.open()
    reserved = play.reserved(alice, 1, stake=10_00)
    refused(play.bet(alice, 2, stake=1_00))
    action = BetAction(alice.pk, account_of(alice), reserved, play.now)
    assert isinstance(operations.confirm_bets([action], now=play.now)[0], PlacedBet)
    assert tallies([account_of(alice)], now=play.now)[account_of(alice)].staked["day"] == 10_00  # type: ignore[index]
    refused(play.bet(alice, 2, stake=1_00))


def test_a_reservation_that_ends_counts_no_more(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 10_00)
    play.open()
    play.reserved(alice, 1, stake=10_00)
    play.launch()
    play.finish()
    play.open()
    play.placed(alice, 1, stake=10_00)


def test_real_and_demo_play_are_counted_apart_under_the_same_limit(
    play: Play, alice: Any, limit: Change, now: datetime
) -> None:
    limit(alice, "stake", "day", 10_00)
    demo = wallet.open_account(alice, is_demo=True, now=now)
    play.open()
    play.placed(alice, 1, stake=10_00)
    request = play.request(alice, 2, stake=10_00)
    as_demo = type(request)(request.game, alice.pk, alice.username, demo.pk, "BRL", True, 10_00, 2, None)
    again = type(request)(request.game, alice.pk, alice.username, demo.pk, "BRL", True, 1_00, 3, None)
    answers = operations.place_bets(play.game, [as_demo, again], now=play.now)
    assert isinstance(answers[0], PlacedBet)
    refused(answers[1])


def test_the_tightest_of_the_sources_holds(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "day", 20_00, source="partner")
    limit(alice, "stake", "day", 50_00, source="player")
    limit(alice, "stake", "day", 10_00, source="staff")
    play.open()
    play.placed(alice, 1, stake=10_00)
    assert "10.00 BRL" in refused(play.bet(alice, 2, stake=1_00))


def test_a_looser_limit_takes_effect_by_itself_after_a_day(play: Play, alice: Any, limit: Change) -> None:
    limit(alice, "stake", "week", 10_00, at=play.now - timedelta(days=2))
    limit(alice, "stake", "week", 20_00, at=play.now - timedelta(hours=24) + timedelta(seconds=1))
    play.open()
    refused(play.bet(alice, 1, stake=15_00))
    play.now += timedelta(seconds=1)
    play.placed(alice, 1, stake=15_00)


def test_an_excluded_player_is_told_until_when(play: Play, alice: Any, exclude: Change) -> None:
    exclude(alice, hours=24)
    play.open()
    answer = play.bet(alice, 1)
    assert isinstance(answer, Excluded)
    assert (answer.code, answer.status, answer.socket_code) == ("player_blocked", 403, 1005)
    assert answer.message == "Play is blocked until 2026-03-02 12:00 UTC by a cool-off."
    exclude(alice, months="permanent")
    assert play.bet(alice, 1).message == "Play is blocked for good by self-exclusion."


def test_an_exclusion_ends_by_itself_at_its_moment(play: Play, alice: Any, exclude: Change) -> None:
    exclude(alice, hours=24, at=play.now - timedelta(hours=24) + timedelta(milliseconds=1))
    play.open()
    assert isinstance(play.bet(alice, 1), Excluded)
    play.now += timedelta(milliseconds=1)
    assert isinstance(play.bet(alice, 1), PlacedBet)


@pytest.mark.parametrize("size", [1, 40])
def test_a_batch_costs_two_queries_at_most_whatever_its_size(
    play: Play, alice: Any, make_player: Any, limit: Change, django_assert_num_queries: Any, size: int
) -> None:
    players = [make_player("many") for _ in range(size)]
    batch = [play.request(player, i) for player in players for i in (1, 2)]
    with django_assert_num_queries(1):
        assert refuse_bets(batch, play.now) == [None] * len(batch)
    for player in players:
        limit(player, "stake", "day", 15_00)
        limit(player, "loss", "month", 15_00)
    refuse_bets(batch, play.now)  # what is met for the first time is noted
    with django_assert_num_queries(2):
        answers = refuse_bets(batch, play.now)
    assert [answer is None for answer in answers] == [True, False] * size


# --- deposits ---------------------------------------------------------------------------------------------------------
def deposit_refusal(player: Any, amount: int, now: datetime, **more: Any) -> DomainError | None:
    try:
        refuse_deposit(player, amount, now=now, **more)
    except DomainError as refusal:
        return refusal
    return None


def test_deposits_of_the_period_count_towards_their_limit(alice: Any, limit: Change, now: datetime) -> None:
    assert deposit_refusal(alice, 10**12, now) is None
    limit(alice, "deposit", "day", 1050_00)
    assert deposit_refusal(alice, 50_00, now) is None
    refusal = deposit_refusal(alice, 50_01, now)
    assert "would cross the deposit limit of 1,050.00 BRL a day" in refused(refusal)
    refused(deposit_refusal(alice, 50_00, now, under_way=lambda account_id: 1))
    wallet.deposit(alice, 50_00, reference="more", now=now)
    refused(deposit_refusal(alice, 1, now))
    assert deposit_refusal(alice, 1, now + timedelta(days=1)) is None


def test_an_excluded_player_pays_nothing_in(alice: Any, exclude: Change, now: datetime) -> None:
    exclude(alice, months=6)
    assert isinstance(deposit_refusal(alice, 1, now), Excluded)


def test_the_overview_counts_what_is_used(play: Play, alice: Any, limit: Change, now: datetime) -> None:
    limit(alice, "stake", "day", 50_00)
    limit(alice, "loss", "day", 50_00)
    limit(alice, "deposit", "month", 5000_00)
    limit(alice, "session", None, 60)
    play.open(crash_point=300)
    play.placed(alice, 1, stake=20_00, auto=150)
    play.placed(alice, 2, stake=15_00)
    play.launch()
    play.finish()
    shown = overview(alice, is_demo=False, now=play.now)
    used = {(str(kind), str(period)): amount for (kind, period), amount in shown.used.items()}
    assert used == {("stake", "day"): 35_00, ("loss", "day"): 5_00, ("deposit", "month"): 1000_00}


def test_deposits_at_a_provider_stop_at_the_limit_those_under_way_included(
    alice: Any, limit: Change, exclude: Change, now: datetime
) -> None:
    secret = new_secret()
    payments.ensure_provider("pay", name="Pay", base_url="https://pay.example", secret=secret, enabled=True, now=now)

    def start(amount: int) -> Any:
        return payments.start_deposit(alice, "pay", amount, form_key=uuid4(), now=now)

    limit(alice, "deposit", "week", 1100_00)  # of which 1000.00 have arrived
    started = start(60_00)
    with pytest.raises(LimitReached):
        start(50_00)
    assert start(40_00) != started
    exclude(alice, hours=24)
    with pytest.raises(Excluded):
        start(10_00)
    assert Payment.objects.count() == 2
