"""A partner whose players have their money at its own server calls our API, by every way in."""

from collections.abc import Callable
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

import pytest

from accounts.partners import operations as partners
from accounts.partners.models import ApiKey
from accounts.partners.rules import SCOPES, Environment
from casino.lib.clock import ManualClock
from games.crash.models import Bet
from tests.api.kit import Caller as Partner
from tests.api.kit import code_of
from tests.operators.running import RunningOperator
from tests.operators.seamless import Seamless, findings
from wallet.operators import waiting
from wallet.operators.client import Caller
from wallet.operators.models import RemoteCall, RemoteWallet

pytestmark = pytest.mark.django_db
Post = Callable[..., Any]


@pytest.fixture
def seamless(operator: RunningOperator, caller: Caller, now: datetime) -> Seamless:
    found = Seamless.set_up(operator, now, ManualClock(now), Environment.TEST)
    found.play.open(crash_point=300)
    return found


@pytest.fixture
def partner(seamless: Seamless, now: datetime) -> Partner:
    issued = partners.issue_key(seamless.partner, Environment.TEST, scopes=SCOPES, actor=None, now=now)
    return Partner(seamless.partner, issued.key, issued.token, issued.secret)


def bet(seamless: Seamless, player: Any, **more: Any) -> dict[str, Any]:
    return {"user": player.external_id, "amount": 1000, "game": seamless.play.game, **more}


def test_a_bet_costs_one_call_to_the_operator_and_shows_its_balance(seamless: Seamless, partner: Partner) -> None:
    player = seamless.seat(5_000)
    placed = partner.post("/bets", bet(seamless, player))
    assert (placed.status_code, placed.json()["balance"]) == (201, 4_000)
    assert seamless.calls() == [("bet", "confirmed", 1000)]
    assert partner.balance(player) == 4_000


def test_nobody_is_asked_for_a_stake_by_a_key_that_was_revoked_on_another_process(
    seamless: Seamless, partner: Partner, now: datetime
) -> None:
    """This one remembers it, and what an operator has taken cannot be undone by not writing it down."""
    player = seamless.seat(5_000)
    assert partner.post("/bets", bet(seamless, player, identifier=1)).status_code == 201
    ApiKey.objects.filter(pk=partner.key.pk).update(revoked_at=now)
    assert code_of(partner.post("/bets", bet(seamless, player, identifier=2))) == (401, "key_revoked")
    assert len(seamless.calls()) == 1


def test_a_repeated_call_is_answered_as_before_and_takes_nothing(seamless: Seamless, partner: Partner) -> None:
    player = seamless.seat(5_000)
    first = partner.post("/bets", bet(seamless, player), idem="k-1")
    again = partner.post("/bets", bet(seamless, player), idem="k-1")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert len(seamless.calls()) == 1


def test_a_refusal_of_the_operator_is_the_answer_of_that_call_for_ever(seamless: Seamless, partner: Partner) -> None:
    player = seamless.seat(500)
    first, again = (partner.post("/bets", bet(seamless, player), idem="k-1") for _ in range(2))
    assert code_of(first) == (402, "insufficient_funds")
    assert (again.status_code, again.json()) == (402, first.json())
    assert seamless.calls() == [("bet", "refused", 1000)]


def test_a_call_that_met_a_silent_operator_may_be_repeated_under_its_key(
    seamless: Seamless, partner: Partner, caller: Caller
) -> None:
    player = seamless.seat(5_000)
    seamless.server.fault("error_500_after", count=1, calls=["bet"])
    assert code_of(partner.post("/bets", bet(seamless, player), idem="k-1")) == (503, "temporarily_unavailable")
    assert partner.post("/bets", bet(seamless, player), idem="k-1").status_code == 201
    seamless.deliver(seamless.play.now.replace(year=2100), caller)
    assert seamless.has(player, caller) == 4_000
    assert findings(seamless.play.now) == []


def test_many_bets_in_one_request_are_asked_for_before_its_transaction(
    seamless: Seamless, partner: Partner, caller: Caller
) -> None:
    player = seamless.seat(2_500)
    place = {"action": "/bets", "method": "POST"}
    actions = [{**place, **bet(seamless, player, identifier=n)} for n in (1, 2, 3)]
    actions += [{"action": "/user/balance", "user": player.external_id}, {**place, "user": "nobody", "amount": 500}]
    answers = partner.post("/multi", {"actions": actions}).json()
    placed = [answer for answer in answers[:3] if "ticket_id" in answer]
    assert (len(placed), [answer.get("error_code") for answer in answers if "error_code" in answer]) == (2, [402, 404])
    assert Bet.objects.filter(player=player.user).count() == 2
    assert seamless.has(player, caller) == 500
    assert findings(seamless.play.now) == []


def test_a_reservation_takes_the_stake_and_its_end_gives_it_back(
    seamless: Seamless, partner: Partner, caller: Caller
) -> None:
    player = seamless.seat(5_000)
    ticket = partner.post("/bets", bet(seamless, player, confirm=False)).json()["ticket_id"]
    assert seamless.has(player, caller) == 4_000
    assert partner.post(f"/bets/{ticket}/cancel").json()["balance"] == 5_000
    seamless.deliver(seamless.play.now.replace(year=2100), caller)
    assert seamless.has(player, caller) == 5_000
    assert findings(seamless.play.now) == []


def test_when_too_many_wait_for_operators_the_others_are_still_served(
    seamless: Seamless, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = seamless.seat(5_000)
    assert partner.balance(player) == 5_000
    taken = BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(waiting, "_turns", taken)
    assert code_of(partner.post("/bets", bet(seamless, player))) == (503, "temporarily_unavailable")
    assert code_of(partner.post("/sessions", {"user": player.external_id})) == (503, "temporarily_unavailable")
    assert seamless.calls() == []
    assert partner.balance(player) == 5_000, "its last word stands"
    taken.release()
    assert partner.post("/bets", bet(seamless, player)).status_code == 201


def test_a_session_is_opened_when_the_operator_admits_the_player(seamless: Seamless, partner: Partner) -> None:
    player = seamless.seat()
    ask = {"user": player.external_id, "game": seamless.play.game, "token": "from-the-operator"}
    assert partner.post("/sessions", ask).status_code == 201
    RemoteWallet.objects.update(user="somebody-else")
    assert code_of(partner.post("/sessions", ask)) == (403, "player_blocked")


def test_without_an_operator_or_its_answer_there_is_no_play(
    seamless: Seamless, partner: Partner, caller: Caller
) -> None:
    player = seamless.seat()
    seamless.server.fault("error_500_before", calls=["authenticate"])
    assert code_of(partner.post("/sessions", {"user": player.external_id})) == (503, "temporarily_unavailable")
    RemoteCall.objects.all().delete()
    RemoteWallet.objects.all().delete()
    assert code_of(partner.post("/bets", bet(seamless, player))) == (503, "temporarily_unavailable")
    assert code_of(partner.post("/sessions", {"user": player.external_id})) == (503, "temporarily_unavailable")
    assert partner.balance(player) == 0


def test_where_the_operator_does_not_answer_its_last_word_on_a_balance_stands(
    seamless: Seamless, partner: Partner
) -> None:
    player = seamless.seat(5_000)
    assert partner.balance(player) == 5_000
    seamless.server.fault("error_500_before", calls=["balance"])
    assert partner.balance(player) == 5_000
