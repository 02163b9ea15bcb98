"""Instant bets of players whose money is at an operator, over real HTTP against the reference operator."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any
from uuid import uuid4

import pytest

from casino.lib.errors import DomainError
from games.instant import audit as instant_audit
from games.instant.errors import InsufficientFunds, PlayerRefused, WalletUnavailable
from games.instant.fairness import SPACE
from games.instant.intake import Desk, choice_of
from games.instant.models import InstantBet
from games.instant.operations import PlayedBet, PlayRequest, ensure_games, next_hash
from tests.games.instant.casino import HALF, account_of, secret_of
from tests.operators.seamless import Seamless, findings
from wallet.operators import operations as operators
from wallet.operators import waiting
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=2)


@pytest.fixture
def desk(seamless: Seamless, now: datetime) -> Desk:
    ensure_games(now=now)
    return Desk(seamless.clock)


def wish(seamless: Seamless, player: Any, *, stake: int = 1000, outcome: int | None = None) -> PlayRequest:
    account, (choice, seed) = account_of(player.user), choice_of("dice", {"range": HALF, "target": 0})
    if outcome is not None:
        seed = (outcome - secret_of(account, now=seamless.play.now).number) % SPACE
    user, operator = player.user.pk, seamless.operator.pk
    return PlayRequest(
        "dice", user, account, "BRL", False, stake, choice, client_seed=seed, key=uuid4(), operator_id=operator
    )


def played(answer: Any) -> PlayedBet:
    assert isinstance(answer, PlayedBet), repr(answer)
    return answer


@pytest.fixture
def settled(seamless: Seamless, caller: Caller) -> Callable[..., None]:
    """Everything owed is brought; then both sides agree, and no money is left here."""

    def check(player: Any, *, started_with: int) -> None:
        seamless.server.no_faults()
        at = seamless.play.now + LATER
        for _ in range(3):
            seamless.deliver(at, caller)
            at += timedelta(hours=1)
        assert [*findings(seamless.play.now), *instant_audit.findings(seamless.play.now)] == []
        assert not RemoteCall.objects.filter(operator=seamless.operator, state="owed").exists()
        outcome = sum(bet.profit_minor for bet in InstantBet.objects.filter(player=player.user))
        assert seamless.has(player, caller) == started_with + outcome

    return check


def test_the_stake_is_asked_for_and_the_win_is_owed(
    seamless: Seamless, desk: Desk, caller: Caller, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    bet = desk.submit_one(wish(seamless, player, outcome=0))
    assert (bet.payout_minor, bet.balance_minor) == (1980, 10_980)
    assert seamless.has(player, caller) == 9_000, "the win is on its way"
    row = InstantBet.objects.get()
    assert (row.balance_before_minor, row.balance_after_minor) == (10_000, 10_980)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "owed", 1980)]
    settled(player, started_with=10_000)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "paid", 1980)]


def test_a_lost_bet_is_closed_there_by_a_win_of_nothing(
    seamless: Seamless, desk: Desk, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    assert desk.submit_one(wish(seamless, player, outcome=HALF)).payout_minor == 0
    assert seamless.calls() == [("bet", "confirmed", 1000), ("win", "owed", 0)]
    settled(player, started_with=10_000)


def test_a_run_of_bets_asks_for_each_stake_and_plays_them_in_order(
    seamless: Seamless, desk: Desk, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    first, second, third = map(played, desk.submit([wish(seamless, player, stake=s) for s in (100, 200, 300)]))
    assert [first.next_hash, second.next_hash] == [second.hash, third.hash]
    assert sorted(call for call in seamless.calls() if call[0] == "bet") == [
        ("bet", "confirmed", 100),
        ("bet", "confirmed", 200),
        ("bet", "confirmed", 300),
    ]
    settled(player, started_with=10_000)


@pytest.mark.parametrize(
    ("fault", "refusal"), [("insufficient_funds", InsufficientFunds), ("player_blocked", PlayerRefused)]
)
def test_what_the_operator_refuses_is_refused_with_its_reason(
    fault: str, refusal: type[DomainError], seamless: Seamless, desk: Desk, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    promised = next_hash(account_of(player.user), now=seamless.play.now)
    if fault == "insufficient_funds":
        request = wish(seamless, player, stake=10_001)
    else:
        request = wish(seamless, player)
        seamless.server.steer("_players", user=player.external_id, blocked=True)
    with pytest.raises(refusal):
        desk.submit_one(request)
    assert InstantBet.objects.count() == 0
    assert next_hash(account_of(player.user), now=seamless.play.now) == promised
    seamless.server.steer("_players", user=player.external_id, blocked=False)
    settled(player, started_with=10_000)


def test_a_bet_that_is_refused_here_is_not_asked_for(seamless: Seamless, desk: Desk) -> None:
    player = seamless.seat(10_000)
    with pytest.raises(DomainError) as refusal:
        desk.submit_one(wish(seamless, player, stake=1))
    assert refusal.value.code == "amount_below_minimum"
    assert seamless.calls() == []


def test_when_too_many_wait_for_operators_a_bet_is_refused_and_not_asked_for(
    seamless: Seamless, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(waiting, "_turns", taken)
    with pytest.raises(DomainError) as refusal:
        desk.submit_one(wish(seamless, seamless.seat(10_000)))
    assert (refusal.value.code, refusal.value.status) == ("temporarily_unavailable", 503)
    assert seamless.calls() == []


def test_a_stake_whose_bet_names_an_old_hash_goes_back(
    seamless: Seamless, desk: Desk, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    with pytest.raises(DomainError) as refusal:
        desk.submit_one(replace(wish(seamless, player), hash="0" * 64))
    assert (refusal.value.code, refusal.value.status) == ("hash_used", 409)
    assert seamless.calls() == [("bet", "confirmed", 1000), ("refund", "owed", 1000)]
    settled(player, started_with=10_000)


@pytest.mark.parametrize("fault", ["error_500_before", "error_500_after", "broken_json", "wrong_signature"])
def test_an_answer_that_is_not_one_is_given_back_and_the_bet_is_not_played(
    fault: str, seamless: Seamless, desk: Desk, settled: Callable[..., None]
) -> None:
    player = seamless.seat(10_000)
    seamless.server.fault(fault, calls=["bet"], count=1)
    with pytest.raises(WalletUnavailable) as refusal:
        desk.submit_one(wish(seamless, player))
    assert refusal.value.status == 503
    assert InstantBet.objects.count() == 0
    assert [call[0] for call in seamless.calls()] == ["bet", "refund"]
    settled(player, started_with=10_000)


def test_an_operator_that_is_off_is_not_called(seamless: Seamless, desk: Desk, now: datetime) -> None:
    player = seamless.seat(10_000)
    operators.switch(seamless.operator, active=False, actor=None, now=now)
    with pytest.raises(DomainError) as refusal:
        desk.submit_one(wish(seamless, player))
    assert refusal.value.status == 503
    assert seamless.calls() == []


def test_the_bets_of_others_do_not_wait_for_what_an_operator_refuses(
    seamless: Seamless, desk: Desk, make_player: Any
) -> None:
    alice, player = make_player("alice", real=100_00), seamless.seat(0)
    choice, seed = choice_of("dice", {"range": HALF, "target": 0})
    own = PlayRequest("dice", alice.pk, account_of(alice), "BRL", False, 10_00, choice, client_seed=seed)
    answers = desk.submit([wish(seamless, player), own])
    assert [type(answer).__name__ for answer in answers] == ["InsufficientFunds", "PlayedBet"]
