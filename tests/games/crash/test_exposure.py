"""The bets of a round may win together what the house puts at risk for it, and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from games.crash import audit, operations
from games.crash.errors import CannotPlace, InsufficientFunds, RoundFull
from games.crash.models import Bet, Round, RoundExposure
from games.crash.operations import BetAction, PlacedBet, exposure, placing
from games.crash.rules import CAPS, MIN_CASHOUT, Terms, largest_stake, largest_win
from tests.games.crash.playing import Play, account_of, make_play, money
from tests.wallet.unguarded import sql
from wallet.bankroll.models import Bankroll


@pytest.fixture
def alice(db: None, make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_000_00)


@pytest.fixture
def bob(db: None, make_player: Callable[..., Any]) -> Any:
    return make_player("bob", real=100_000_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


def risk(amount_minor: int, *, book: str = "BRL", **changes: int) -> None:
    """The bets of a crash round may win this much together."""
    changes = {"round_bps": 10_000, **changes}
    Bankroll.objects.filter(book=book).update(capital_minor=amount_minor, gain_minor=0, **changes)


def counted(book: str = "BRL") -> int:
    return RoundExposure.objects.filter(book=book).aggregate(total=Sum("amount_minor"))["total"] or 0


# --- the rules --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("stake", "auto", "terms", "win"),
    [
        (1000, 200, Terms(17_500_00, 0), 1000),  # 10.00 at 2.00x: 20.00 less the stake
        (1000, None, Terms(100_00, 0), 99_000),  # without a target, at the cap
        (1000, 200, Terms(100_00, 10), 1200),  # a bonus may come on top
        (1000, 101, Terms(100_00, 0), 10),
        (1, 101, Terms(100_00, 0), 0),  # floor(1.01) - 1
        (3, 150, Terms(100_00, 10), 1),  # floor(4.95) - 3
    ],
)
def test_a_bet_wins_at_most_its_payout_less_its_stake(stake: int, auto: int | None, terms: Terms, win: int) -> None:
    assert largest_win(stake, auto, terms) == win


@given(
    room=st.integers(0, 10**15),
    auto=st.none() | st.integers(MIN_CASHOUT, CAPS["high"]),
    terms=st.builds(Terms, st.sampled_from(sorted(CAPS.values())), st.integers(0, 100)),
)
def test_the_largest_stake_fits_and_one_more_does_not(room: int, auto: int | None, terms: Terms) -> None:
    stake = largest_stake(room, auto, terms)
    assert largest_win(stake, auto, terms) <= room < largest_win(stake + 1, auto, terms)


# --- placing ----------------------------------------------------------------------------------------------------------
def test_a_round_takes_bets_until_they_could_win_the_houses_limit(play: Play, alice: Any, bob: Any) -> None:
    risk(1500)
    play.open()
    play.placed(alice, auto=200)  # may win 10.00
    refused = play.bet(bob, auto=200)
    assert isinstance(refused, RoundFull)
    assert (refused.socket_code, refused.status, refused.code) == (1005, 422, "amount_above_maximum")
    assert (refused.var, "At most 5.00 BRL" in refused.message) == (None, True)
    assert money(bob) == 100_000_00
    assert isinstance(play.bet(bob, stake=500, auto=200), PlacedBet)  # exactly the rest
    assert isinstance(play.bet(bob, 2, stake=100, auto=101), RoundFull)
    assert counted() == 1500
    assert audit.findings(play.now) == []


def test_a_smaller_target_is_proposed_where_no_stake_is_small_enough(play: Play, alice: Any) -> None:
    risk(50)
    play.open()
    refused = play.bet(alice, auto=200)
    assert "lower auto cash-out" in refused.message
    assert isinstance(play.bet(alice, auto=105), PlacedBet)


def test_bets_of_one_batch_share_the_room_in_their_order(play: Play, alice: Any) -> None:
    risk(2500)
    play.open()
    wishes = [play.request(alice, i, auto=200) for i in (1, 2, 3)]
    answers = operations.place_bets(play.game, [*wishes, play.request(alice, 4, stake=500, auto=200)], now=play.now)
    assert [type(answer) for answer in answers] == [PlacedBet, PlacedBet, RoundFull, PlacedBet]
    assert counted() == 2500


def test_who_cannot_pay_takes_no_room_from_others(play: Play, bob: Any, make_player: Callable[..., Any]) -> None:
    risk(1000)
    poor = make_player("charlie", real=1_00)
    play.open()
    wishes = [play.request(poor, auto=200), play.request(bob, auto=200)]
    answers = operations.place_bets(play.game, wishes, now=play.now)
    assert [type(answer) for answer in answers] == [InsufficientFunds, PlacedBet]


def test_demo_money_has_a_room_of_its_own(play: Play, alice: Any, make_player: Callable[..., Any]) -> None:
    risk(1000)
    eve = make_player("eve", demo=True)
    play.open()
    play.placed(alice, auto=200)
    assert isinstance(play.bet(eve, auto=200), PlacedBet)
    assert (counted("BRL"), counted("BRL.demo")) == (1000, 1000)


@pytest.mark.parametrize("changes", [{"capital_minor": 0}, {"round_bps": 0}, {"gain_minor": -(10**12)}])
def test_where_nothing_is_at_risk_no_bet_is_taken(play: Play, alice: Any, changes: dict[str, int]) -> None:
    Bankroll.objects.filter(book="BRL").update(**changes)
    play.open()
    refused = play.bet(alice, auto=MIN_CASHOUT)
    assert (type(refused), refused.socket_code) == (CannotPlace, 1005)
    assert "no bets in this currency" in refused.message


def test_a_book_that_nobody_has_put_anything_at_risk_in_takes_no_bet(play: Play, alice: Any) -> None:
    Bankroll.objects.filter(book="BRL").delete()
    play.open()
    assert type(play.bet(alice, auto=MIN_CASHOUT)) is CannotPlace


def test_the_share_of_a_round_is_of_the_bankroll_with_its_gain(play: Play, alice: Any) -> None:
    risk(10_000, round_bps=500)
    Bankroll.objects.filter(book="BRL").update(gain_minor=10_000)
    play.open()
    assert isinstance(play.bet(alice, stake=1001, auto=200), RoundFull)
    assert isinstance(play.bet(alice, stake=1000, auto=200), PlacedBet)


def test_an_outcome_never_depends_on_the_bankroll(play: Play, alice: Any) -> None:
    """What was taken is paid in full, also where the house has lost everything in the meantime."""
    play.open(crash_point=300)
    play.placed(alice, auto=200)
    risk(0)
    play.launch()
    before = money(alice)
    play.finish()
    assert money(alice) == before + 2000


# --- giving back ------------------------------------------------------------------------------------------------------
def test_bets_and_cancels_over_and_over_use_nothing_up(play: Play, alice: Any) -> None:
    risk(1000)
    play.open()
    for _ in range(3):
        bet = play.placed(alice, auto=200)
        assert isinstance(play.bet(alice, 2, auto=200), RoundFull)
        operations.cancel_bets([BetAction(alice.pk, account_of(alice), bet, play.now)], now=play.now)
    assert counted() == 0
    assert isinstance(play.bet(alice, auto=200), PlacedBet)


def test_a_reservation_holds_room_until_it_is_released(play: Play, alice: Any) -> None:
    risk(CAPS["high"] * 10)
    play.open()
    play.reserved(alice)
    assert isinstance(play.bet(alice, 2), RoundFull)
    play.launch()
    assert counted() == 0


def test_nothing_is_counted_of_a_round_that_is_over(play: Play, alice: Any) -> None:
    play.open()
    play.placed(alice, auto=150)
    play.launch()
    assert counted() == 500
    play.finish()
    voided = play.open()
    play.placed(alice, auto=150)
    operations.void_round(voided.pk, epoch=play.epoch, now=play.now)
    assert not RoundExposure.objects.exists()


@pytest.mark.parametrize("seed", range(3))
def test_the_counters_are_the_sum_over_the_bets_whatever_is_done(
    play: Play, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Bets, reservations, confirmations and cancels in any order, by threads with counters of their own."""
    draw = Random(seed)
    risk(60_000_00)
    round_ = play.open()
    held: dict[tuple[Any, int], Any] = {}
    answers = []
    for _ in range(40):
        monkeypatch.setattr(exposure._shard, "number", draw.randrange(4))
        player, identifier = draw.choice([alice, bob]), draw.randint(1, 6)
        action = draw.choice(["bet", "bet", "reserve", "cancel", "confirm"])
        if action in ("bet", "reserve"):
            request = play.request(
                player, identifier, stake=draw.randint(100, 5000), auto=draw.choice([150, 900, None])
            )
            (answer,) = operations.place_bets(play.game, [replace(request, reserve=action == "reserve")], now=play.now)
            answers.append(type(answer))
            if isinstance(answer, PlacedBet):
                held[player, identifier] = answer.bet_id
        elif (bet := held.get((player, identifier))) is not None:
            verb = operations.cancel_bets if action == "cancel" else operations.confirm_bets
            verb([BetAction(player.pk, account_of(player), bet, play.now)], now=play.now)
            if action == "cancel":
                del held[player, identifier]
        terms = exposure.terms_of(round_.config)
        live = Bet.objects.filter(round=round_, cancelled_at=None)
        assert counted() == sum(largest_win(b.stake_minor, b.auto_cashout_hundredths, terms) for b in live) <= 60_000_00
    assert {PlacedBet, RoundFull} <= set(answers)
    assert audit.findings(play.now) == []
    play.launch()
    play.finish()
    assert not RoundExposure.objects.exists()


def test_the_audit_names_a_round_whose_counters_are_off(play: Play, alice: Any) -> None:
    round_ = play.open()
    play.placed(alice, auto=200)
    sql("UPDATE crash_roundexposure SET amount_minor = 999 WHERE book = 'BRL'")
    (line,) = audit.findings(play.now)
    assert (str(round_.pk) in line, "1000 in BRL, 999" in line) == (True, True)


# --- asked before an operator is --------------------------------------------------------------------------------------
def test_no_operator_is_asked_for_a_stake_that_the_round_has_no_room_for(play: Play, alice: Any) -> None:
    risk(1500)
    play.open()
    wishes = [play.request(alice, i, auto=200) for i in (1, 2)]
    _, found = placing.refusals(play.game, wishes, now=play.now)
    assert [type(refusal) for refusal in found] == [type(None), RoundFull]


# --- cost -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 10])
def test_a_batch_asks_once_for_its_room_and_writes_it_in_one_statement(play: Play, alice: Any, size: int) -> None:
    play.open()
    play.bet(alice, 10, auto=200)
    wishes = [play.request(alice, i, stake=100, auto=200) for i in range(1, size + 1)][:9]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        operations.place_bets(play.game, wishes, now=play.now)
    about = [query["sql"] for query in asked if "roundexposure" in query["sql"]]
    reads = [text for text in about if text.startswith("SELECT")]
    assert len(reads) == 1
    assert len(about) <= 2
    assert Round.objects.get(pk=play.round.pk).state == Round.State.WAITING  # type: ignore[union-attr]
