"""A stake may be set aside first and confirmed later: the money is held, and is never lost or taken twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from accounts.partners.models import Partner, PartnerPlayer
from accounts.partners.rules import Environment
from games.crash import audit, operations, queries
from games.crash.models import Bet, PartnerBet
from games.crash.operations import BetAction, ClosedBet, FromPartner, PlacedBet
from tests.games.crash.playing import Play, account_of, fate, make_play, money
from wallet import audit as wallet_audit
from wallet.models import Account, Transfer

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


def reserve(play: Play, player: Any, identifier: int = 1, **changes: Any) -> Any:
    request = replace(play.request(player, identifier, **changes), reserve=True)
    return operations.place_bets(play.game, [request], now=play.now)[0]


def reserved(play: Play, player: Any, identifier: int = 1, **changes: Any) -> UUID:
    answer = reserve(play, player, identifier, **changes)
    assert isinstance(answer, PlacedBet), answer
    return answer.bet_id


def confirm(play: Play, player: Any, bet: UUID, times: int = 1) -> list[Any]:
    action = BetAction(player.pk, account_of(player), bet, play.now)
    return operations.confirm_bets([action] * times, now=play.now)


def held(player: Any) -> tuple[int, int]:
    account = Account.objects.get(pk=account_of(player))
    return account.posted_minor or 0, account.held_minor or 0


def books_add_up(play: Play) -> bool:
    return not audit.findings(play.now) and not wallet_audit.findings(play.now)


def test_a_reservation_sets_the_stake_aside_and_is_not_on_the_table(play: Play, alice: Any) -> None:
    posted, before = held(alice)
    round_ = play.open()
    bet = reserved(play, alice, stake=1000)
    assert held(alice) == (posted, before + 1000)
    assert fate(bet)[0] == "reserved"
    assert queries.waiting_bets(round_)["totalBets"] == 0
    assert queries.table_bets(round_) == []
    assert books_add_up(play)


def test_a_confirmed_reservation_plays_and_is_paid_as_any_bet(play: Play, alice: Any) -> None:
    start = money(alice)
    play.open(crash_point=300)
    bet = reserved(play, alice, stake=1000, auto=150)
    answer = confirm(play, alice, bet)[0]
    assert isinstance(answer, PlacedBet)
    assert answer.balance_minor == start - 1000
    assert held(alice)[1] == 0
    play.launch()
    play.finish()
    assert fate(bet) == ("cashed_out", 1500, 150)
    assert money(alice) == start + 500
    assert books_add_up(play)


def test_what_nobody_confirmed_is_given_back_when_betting_ends(play: Play, alice: Any) -> None:
    start = money(alice)
    play.open()
    bet = reserved(play, alice)
    play.launch()
    assert fate(bet)[0] == "cancelled"
    assert (money(alice), held(alice)[1]) == (start, 0)
    assert confirm(play, alice, bet)[0].code == "round_closed"
    play.finish()
    assert books_add_up(play)


def test_a_reservation_of_a_round_that_is_voided_is_given_back(play: Play, alice: Any) -> None:
    start = money(alice)
    round_ = play.open()
    bet = reserved(play, alice)
    operations.void_round(round_.pk, epoch=play.epoch, now=play.now)
    assert fate(bet)[0] == "cancelled"
    assert (money(alice), held(alice)[1]) == (start, 0)
    assert books_add_up(play)


def test_a_cancelled_reservation_gives_the_stake_back_once(play: Play, alice: Any) -> None:
    start = money(alice)
    play.open()
    bet = reserved(play, alice)
    action = BetAction(alice.pk, account_of(alice), bet, play.now)
    first, second = operations.cancel_bets([action, action], now=play.now)
    assert isinstance(first, ClosedBet)
    assert second.code == "bet_not_open"  # type: ignore[union-attr]
    assert (money(alice), held(alice)[1]) == (start, 0)
    assert Transfer.objects.filter(reference=str(bet)).count() == 2
    assert confirm(play, alice, bet)[0].code == "bet_not_open"
    assert books_add_up(play)


def test_a_confirmed_reservation_can_still_be_cancelled_while_the_round_waits(play: Play, alice: Any) -> None:
    start = money(alice)
    play.open()
    bet = reserved(play, alice)
    confirm(play, alice, bet)
    closed = operations.cancel_bets([BetAction(alice.pk, account_of(alice), bet, play.now)], now=play.now)[0]
    assert isinstance(closed, ClosedBet)
    assert money(alice) == start
    assert books_add_up(play)


def test_confirming_twice_moves_the_money_once(play: Play, alice: Any) -> None:
    start = money(alice)
    play.open()
    bet = reserved(play, alice, stake=1000)
    answers = [*confirm(play, alice, bet, times=2), *confirm(play, alice, bet)]
    assert isinstance(answers[0], PlacedBet)
    assert [answer.code for answer in answers[1:]] == ["bet_not_open", "bet_not_open"]
    assert money(alice) == start - 1000
    assert books_add_up(play)


def test_nobody_confirms_a_reservation_of_somebody_else(play: Play, alice: Any, bob: Any) -> None:
    play.open()
    bet = reserved(play, alice)
    assert confirm(play, bob, bet)[0].code == "not_found"
    crossed = BetAction(bob.pk, account_of(alice), bet, play.now)
    assert operations.confirm_bets([crossed], now=play.now)[0].code == "not_found"  # type: ignore[union-attr]
    assert fate(bet)[0] == "reserved"


def test_what_is_reserved_cannot_be_staked_a_second_time(play: Play, alice: Any) -> None:
    play.open()
    everything = money(alice)
    stake = 3_000
    bets = [reserve(play, alice, i, stake=stake) for i in range(1, 11)]
    taken = [bet for bet in bets if isinstance(bet, PlacedBet)]
    assert len(taken) == everything // stake
    assert all(bet.code == "insufficient_funds" for bet in bets if not isinstance(bet, PlacedBet))
    assert books_add_up(play)


def test_the_database_refuses_a_bet_that_becomes_reserved_later(play: Play, alice: Any) -> None:
    from django.db import DatabaseError, transaction

    play.open()
    bet = play.placed(alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        Bet.objects.filter(pk=bet).update(status="reserved")
    with pytest.raises(DatabaseError), transaction.atomic():
        Bet.objects.filter(pk=bet).update(was_reserved=True)


@pytest.fixture
def whose(play: Play, alice: Any) -> FromPartner:
    partner = Partner.objects.create(name="P", slug="p", created_at=play.now)
    player = PartnerPlayer.objects.create(
        partner=partner, environment="live", external_id="a", user=alice, created_at=play.now
    )
    return FromPartner(partner.pk, str(Environment.LIVE), player.pk, player.external_id, "ref-1")


def test_a_partners_name_of_a_bet_is_used_once_for_ever(play: Play, alice: Any, whose: FromPartner) -> None:
    play.open()
    first = replace(play.request(alice, 1), partner=whose)
    second = replace(play.request(alice, 2), partner=whose)
    third = replace(play.request(alice, 3), partner=replace(whose, client_reference=None))
    answers = operations.place_bets(play.game, [first, second, third], now=play.now)
    assert isinstance(answers[0], PlacedBet)
    assert answers[1].code == "idempotency_mismatch"  # type: ignore[union-attr]
    assert isinstance(answers[2], PlacedBet)
    again = operations.place_bets(play.game, [replace(play.request(alice, 4), partner=whose)], now=play.now)[0]
    assert again.code == "idempotency_mismatch"  # type: ignore[union-attr]
    assert str(first.bet_id) in again.message  # type: ignore[union-attr]
    assert set(PartnerBet.objects.values_list("bet_id", "client_reference")) == {
        (first.bet_id, "ref-1"),
        (third.bet_id, None),
    }
    assert books_add_up(play)


def test_a_refused_bet_does_not_use_its_name_up(play: Play, alice: Any, whose: FromPartner) -> None:
    play.open()
    refused = replace(play.request(alice, 1, stake=1), partner=whose)
    assert operations.place_bets(play.game, [refused], now=play.now)[0].code == "amount_below_minimum"  # type: ignore[union-attr]
    good = operations.place_bets(play.game, [replace(play.request(alice, 1), partner=whose)], now=play.now)[0]
    assert isinstance(good, PlacedBet)


def test_the_same_name_is_free_for_another_partner(play: Play, alice: Any, bob: Any, whose: FromPartner) -> None:
    play.open()
    other = Partner.objects.create(name="Q", slug="q", created_at=play.now)
    theirs = PartnerPlayer.objects.create(
        partner=other, environment="live", external_id="a", user=bob, created_at=play.now
    )
    mine = replace(play.request(alice, 1), partner=whose)
    their = replace(play.request(bob, 1), partner=replace(whose, partner_id=other.pk, partner_player_id=theirs.pk))
    answers = operations.place_bets(play.game, [mine, their], now=play.now)
    assert all(isinstance(answer, PlacedBet) for answer in answers)
