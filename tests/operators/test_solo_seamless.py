"""Solo rounds of players whose money is at an operator, over real HTTP against the reference operator."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from casino.lib.errors import DomainError
from games.crash.errors import OperatorUnavailable, RoundCrashed
from games.crash.operations import PlacedBet
from games.crash.operations import remote as crash_remote
from games.crash.operations.remote import LATEST_CASH_OUT, Wanted
from games.solo import audit as solo_audit
from games.solo import operations
from tests.games.crash.playing import account_of
from tests.games.solo.playing import Solo, fate, ms_of
from tests.operators.seamless import Seamless, findings
from wallet import queries
from wallet.operators.client import Caller
from wallet.operators.operations import StakeCall
from wallet.operators.protocol import Call, Confirmed

pytestmark = pytest.mark.django_db


@pytest.fixture
def player(seamless: Seamless) -> Any:
    return seamless.seat(10_000)


@pytest.fixture
def solo(seamless: Seamless, player: Any) -> Solo:
    return Solo(seamless.play.game, player.user, seamless.play.now)


def bet(solo: Solo, seamless: Seamless, caller: Caller, **wish: Any) -> Any:
    """What the socket's intake does: ask for the stake, then place with it."""
    request = replace(solo.request(**wish), operator_id=seamless.operator.pk)
    (call,) = operations.ask_for_stakes([Wanted(request)], now=solo.now)
    if not isinstance(call, StakeCall):
        return call
    verdict = caller.submit(call.endpoint, Call.BET, call.body).result()
    if not isinstance(verdict, Confirmed):
        crash_remote.not_taken({call.transaction_id: verdict}, now=solo.now)
    debited = crash_remote.with_debit(request, call, verdict)
    if isinstance(debited, DomainError):
        return debited
    (answer,) = operations.start_rounds([debited], now=solo.now)
    if isinstance(answer, PlacedBet):
        solo.started = solo.now
    return answer


def settle_everything(solo: Solo, seamless: Seamless, caller: Caller) -> None:
    seamless.server.no_faults()
    at = solo.now + timedelta(minutes=2)
    for _ in range(3):
        seamless.deliver(at, caller)
        at += timedelta(hours=1)
    assert [*findings(solo.now), *solo_audit.findings(solo.now)] == []
    account = queries.player_account(solo.player, is_demo=False)
    assert account is not None
    assert account.available_minor == 0  # nothing of it stays here


def test_a_stake_is_taken_there_and_wins_targets_and_losses_are_told_there(
    solo: Solo, seamless: Seamless, caller: Caller, player: Any
) -> None:
    solo.coming(300)
    answer = bet(solo, seamless, caller)
    assert answer.balance_minor == 9_000 == seamless.has(player, caller)
    paid = solo.out(answer.bet_id, ms_of(150))
    assert (paid.paid_minor, paid.balance_minor) == (1500, 10_500)
    solo.finish()
    solo.coming(300)
    target = bet(solo, seamless, caller, auto=200)
    solo.finish()
    assert fate(target.bet_id) == ("cashed_out", 2000, 200)
    solo.coming(150)
    lost = bet(solo, seamless, caller)
    solo.finish()
    assert fate(lost.bet_id)[0] == "lost"
    settle_everything(solo, seamless, caller)
    assert seamless.has(player, caller) == 10_000 + 500 + 1000 - 1000
    assert sorted(amount for kind, _, amount in seamless.calls() if kind == "win") == [0, 1500, 2000]


def test_a_late_cash_out_counts_until_the_operator_is_told_that_it_was_lost(
    solo: Solo, seamless: Seamless, caller: Caller, player: Any
) -> None:
    for wait, counts in ((LATEST_CASH_OUT, True), (LATEST_CASH_OUT + timedelta(seconds=1), False)):
        solo.coming(200)
        placed = bet(solo, seamless, caller)
        solo.finish()
        solo.now += wait
        answer = solo.out(placed.bet_id, ms_of(150))
        assert isinstance(answer, RoundCrashed) is not counts
    settle_everything(solo, seamless, caller)
    assert seamless.has(player, caller) == 10_000 + 500 - 1000


def test_a_stake_that_nobody_knows_of_starts_nothing_and_goes_back(
    solo: Solo, seamless: Seamless, caller: Caller, player: Any
) -> None:
    solo.coming(200)
    seamless.server.fault("lost_answer")
    assert isinstance(bet(solo, seamless, caller), OperatorUnavailable)
    assert solo.advance().state == "waiting"
    settle_everything(solo, seamless, caller)
    assert seamless.has(player, caller) == 10_000


def test_what_was_taken_for_a_round_that_another_bet_has_started_goes_back(
    solo: Solo, seamless: Seamless, caller: Caller, player: Any
) -> None:
    solo.coming(200)
    wishes = [replace(solo.request(), operator_id=seamless.operator.pk) for _ in range(2)]
    calls = operations.ask_for_stakes([Wanted(wish) for wish in wishes], now=solo.now)
    debited = []
    for wish, call in zip(wishes, calls, strict=True):
        assert isinstance(call, StakeCall)
        verdict = caller.submit(call.endpoint, Call.BET, call.body).result()
        debited.append(crash_remote.with_debit(wish, call, verdict))
    assert seamless.has(player, caller) == 8_000
    first, second = operations.start_rounds(debited, now=solo.now)  # type: ignore[arg-type]
    assert isinstance(first, PlacedBet)
    assert isinstance(second, DomainError)
    assert second.socket_code == 1009
    solo.started = solo.now
    solo.finish()
    settle_everything(solo, seamless, caller)
    assert seamless.has(player, caller) == 10_000 + (solo_outcome := -1000)
    assert solo_outcome == fate(first.bet_id)[1] - 1000


def test_an_interrupted_round_gives_the_stake_back_to_the_operator(
    solo: Solo, seamless: Seamless, caller: Caller, player: Any
) -> None:
    solo.coming(200)
    placed = bet(solo, seamless, caller)
    operations.beat(now=solo.now)
    solo.after(600_000)
    solo.advance()
    assert fate(placed.bet_id)[0] == "refunded"
    settle_everything(solo, seamless, caller)
    assert seamless.has(player, caller) == 10_000
    assert account_of(solo.player) == solo.account_id
