"""Players who are excluded or at a limit: refused on every way to bet, and kept from nothing that is theirs."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.partners.models import PartnerPlayer
from games.crash.models import Bet
from tests.api.kit import Caller, code_of
from tests.games.crash.playing import Play

pytestmark = pytest.mark.usefixtures("db")

BARRED: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "cooled off": ({"cool_off_hours": 24}, (403, "player_blocked")),
    "self-excluded": ({"self_exclusion_months": 6}, (403, "player_blocked")),
    "self-excluded for good": ({"self_exclusion_months": "permanent"}, (403, "player_blocked")),
    "at the stake limit": ({"limits": [{"kind": "stake", "period": "day", "amount": 1999}]}, (403, "limit_reached")),
    "at the loss limit": ({"limits": [{"kind": "loss", "period": "week", "amount": 1999}]}, (403, "limit_reached")),
}


@pytest.fixture
def tickets(acme: Caller, pat: PartnerPlayer, play: Play) -> dict[str, str]:
    """Three bets and a reservation, made before: 1500 are at stake."""
    play.open(crash_point=10_000)
    made = {name: acme.place(pat, 500, identifier=i) for i, name in enumerate(("kept", "cancelled"), 1)}
    made["reserved"] = acme.place(pat, 500, identifier=3, confirm=False)
    return {name: answer.json()["ticket_id"] for name, answer in made.items()}


def ways_in(caller: Caller, player: PartnerPlayer) -> dict[str, tuple[int, str]]:
    """Every way to a new bet, and what it was answered."""
    wish = {"user": player.external_id, "amount": 500, "identifier": 9}
    multi = caller.post("/multi", {"actions": [{"action": "/bets", "method": "POST", **wish}]}).json()[0]
    reserve = caller.post("/multi", {"actions": [{"action": "/bets", "method": "POST", **wish, "confirm": False}]})
    return {
        "POST /bets": code_of(caller.place(player, 500, identifier=9)),
        "POST /bets, reserving": code_of(caller.place(player, 500, identifier=9, confirm=False)),
        "POST /multi": (multi["error_code"], multi["details"][0]),
        "POST /multi, reserving": (reserve.json()[0]["error_code"], reserve.json()[0]["details"][0]),
    }


@pytest.mark.parametrize("why", BARRED)
def test_every_way_in_is_closed_and_every_way_out_is_open(
    acme: Caller, pat: PartnerPlayer, play: Play, tickets: dict[str, str], why: str
) -> None:
    wish, refusal = BARRED[why]
    assert acme.put("/user/limits", {"user": "p-1", **wish}).status_code == 200
    assert ways_in(acme, pat) == dict.fromkeys(ways_in(acme, pat), refusal)
    assert Bet.objects.count() == 3
    cancelled = acme.post(f"/bets/{tickets['cancelled']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    play.now -= timedelta(seconds=6)
    play.launch()  # a second ago, by the clock that requests are received by
    paid = acme.post(f"/bets/{tickets['kept']}/cashout")
    assert (paid.status_code, paid.json()["status"]) == (200, "cashed_out")
    play.finish()
    assert acme.get(f"/bets/{tickets['kept']}").json()["status"] == "cashed_out"


def test_a_reservation_of_an_excluded_player_is_not_confirmed_and_goes_back(
    acme: Caller, pat: PartnerPlayer, play: Play, tickets: dict[str, str]
) -> None:
    before = acme.balance(pat)
    acme.put("/user/limits", {"user": "p-1", "cool_off_hours": 24})
    assert code_of(acme.post(f"/bets/{tickets['reserved']}/confirm")) == (403, "player_blocked")
    play.launch()
    play.finish()
    assert acme.get(f"/bets/{tickets['reserved']}").json()["status"] == "cancelled"
    assert acme.balance(pat) == before + 500


def test_a_reservation_of_a_blocked_player_is_not_confirmed_either(
    acme: Caller, pat: PartnerPlayer, play: Play, tickets: dict[str, str]
) -> None:
    User.objects.filter(pk=pat.user_id).update(is_active=False)
    assert code_of(acme.post(f"/bets/{tickets['reserved']}/confirm")) == (403, "player_blocked")
    assert acme.get(f"/bets/{tickets['reserved']}").json()["status"] == "reserved"


def test_a_reservation_that_was_within_the_limit_may_be_confirmed(
    acme: Caller, pat: PartnerPlayer, play: Play, tickets: dict[str, str]
) -> None:
    acme.put("/user/limits", {"user": "p-1", "limits": [{"kind": "stake", "period": "day", "amount": 1500}]})
    assert acme.post(f"/bets/{tickets['reserved']}/confirm").status_code == 200


def test_one_players_limit_is_nobody_elses(acme: Caller, pat: PartnerPlayer, seat: Any, play: Play) -> None:
    play.open()
    acme.put("/user/limits", {"user": "p-1", "self_exclusion_months": "permanent"})
    other = seat(acme, "p-2")
    assert acme.place(other).status_code == 201


def moved(caller: Caller, direction: str, amount: int, reference: str) -> Any:
    wish = {"user": "p-1", "direction": direction, "amount": amount, "reference": reference}
    return caller.post("/wallet/transfers", wish)


def test_transfers_in_count_as_deposits_and_transfers_out_are_free(acme: Caller, pat: PartnerPlayer) -> None:
    assert moved(acme, "in", 400, "before").status_code == 201
    acme.put("/user/limits", {"user": "p-1", "limits": [{"kind": "deposit", "period": "day", "amount": 1000}]})
    refusal = moved(acme, "in", 601, "too-much")
    assert code_of(refusal) == (403, "limit_reached")
    assert "the deposit limit of 10.00 BRL a day" in refusal.json()["message"]
    assert code_of(acme.get("/wallet/transfers/too-much")) == (404, "not_found")
    first = moved(acme, "in", 600, "just-enough")
    assert first.status_code == 201
    again = moved(acme, "in", 600, "just-enough")
    assert again.json()["reference"] == "just-enough", "what was carried out is answered as before"
    assert again.status_code in (200, 201)
    assert code_of(moved(acme, "in", 1, "one-more")) == (403, "limit_reached")
    assert moved(acme, "out", 700, "back").status_code == 201
    (shown,) = acme.get("/user/limits?user=p-1").json()["limits"]
    assert (shown["kind"], shown["used"]) == ("deposit", 1000)


def test_nothing_comes_in_for_an_excluded_player_and_all_may_leave(acme: Caller, pat: PartnerPlayer) -> None:
    acme.put("/user/limits", {"user": "p-1", "self_exclusion_months": 6})
    assert code_of(moved(acme, "in", 100, "in")) == (403, "player_blocked")
    assert moved(acme, "out", acme.balance(pat), "all").status_code == 201
    assert acme.balance(pat) == 0
