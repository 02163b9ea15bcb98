"""Bets of the instant games' pages over HTTP: what they answer, and each refusal with nothing moved."""

from collections.abc import Callable
from typing import Any

import pytest

from games.instant.kinds import KINDS
from games.instant.models import InstantBet, InstantGame
from tests.games.instant.conftest import PageOf
from wallet.queries import balance

GAMES = list(KINDS)


def balance_of(page: PageOf) -> int:
    return balance(page.player, is_demo=False).available_minor


@pytest.mark.parametrize("game", GAMES)
def test_a_bet_is_played_paid_and_held_to_the_hash_that_was_shown(game: str, alice: PageOf) -> None:
    seat = alice.seat(game)
    response = alice.bet(game)
    bet = response.json()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert (bet["hash"], bet["clientSeed"], bet["stake"]) == (seat["hash"], 7, 5_00)
    assert bet["balance"] == balance_of(alice) == 1_000_00 - 5_00 + bet["payout"]
    assert alice.seat(game)["hash"] == bet["nextHash"] != seat["hash"]
    kept = alice.client.get(f"/games/{game}/bets/{bet['id']}.json").json()
    assert {name: kept[name] for name in ("shown", "outcome", "secret", "salt", "payout", "choice")} == {
        name: bet[name] for name in ("shown", "outcome", "secret", "salt", "payout", "choice")
    }
    assert kept["rules"]["version"] == bet["version"] == 1


def test_what_is_sent_twice_is_played_once(alice: PageOf) -> None:
    body = alice.body()
    assert alice.post("dice/bet", body).status_code == 200
    again = alice.post("dice/bet", body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "hash_used")
    assert InstantBet.objects.count() == 1


def test_demo_money_is_played_on_an_account_of_its_own(alice: PageOf) -> None:
    bet = alice.bet(mode="demo").json()
    assert bet["isDemo"] is True
    assert balance_of(alice) == 1_000_00
    assert alice.history(query="mode=demo").json()["bets"][0]["id"] == bet["id"]
    assert alice.history(query="mode=real").json()["bets"] == []


def test_a_demo_player_never_plays_for_real_money(games: None, make_player: Callable[..., Any]) -> None:
    assert PageOf(make_player("eve", demo=True)).bet(mode="real").json()["isDemo"] is True


def test_a_new_hash_takes_the_place_of_the_one_before(alice: PageOf) -> None:
    body = alice.body()
    renewed = alice.post("dice/hash", {"mode": "real"}).json()["hash"]
    assert renewed != body["hash"]
    assert alice.post("dice/bet", body).json()["error"]["code"] == "hash_used"
    assert alice.post("dice/bet", {**body, "hash": renewed}).status_code == 200


REFUSED: list[tuple[str, dict[str, Any], int, str, str | None]] = [
    ("dice", {"mode": "house"}, 400, "invalid_request", "mode"),
    ("dice", {"mode": None}, 400, "invalid_request", "mode"),
    ("dice", {"stake": 0}, 400, "invalid_request", "stake"),
    ("dice", {"stake": -100}, 400, "invalid_request", "stake"),
    ("dice", {"stake": 100.5}, 400, "invalid_request", "stake"),
    ("dice", {"stake": "100"}, 400, "invalid_request", "stake"),
    ("dice", {"stake": True}, 400, "invalid_request", "stake"),
    ("dice", {"stake": None}, 400, "invalid_request", "stake"),
    ("dice", {"stake": 10**400}, 400, "invalid_request", "stake"),
    ("dice", {"stake": 99}, 422, "amount_below_minimum", None),
    ("dice", {"stake": 500_001}, 422, "amount_above_maximum", None),
    ("dice", {"stake": 1_000_01}, 402, "insufficient_funds", None),
    ("dice", {"hash": None}, 400, "invalid_request", "hash"),
    ("dice", {"hash": "f" * 63}, 400, "invalid_request", "hash"),
    ("dice", {"hash": "ä" * 64}, 400, "invalid_request", "hash"),
    ("dice", {"hash": "0" * 64}, 409, "hash_used", None),
    ("dice", {"version": "1"}, 400, "invalid_request", "version"),
    ("dice", {"version": 0}, 400, "invalid_request", "version"),
    ("dice", {"version": 2}, 409, "rules_changed", None),
    ("dice", {"clientseed": -2}, 400, "invalid_request", "clientseed"),
    ("dice", {"clientseed": 2**32}, 400, "invalid_request", "clientseed"),
    ("dice", {"clientseed": "x"}, 400, "invalid_request", "clientseed"),
    ("dice", {"clientseed": 1.5}, 400, "invalid_request", "clientseed"),
    ("dice", {"range": 0}, 400, "invalid_request", "range"),
    ("dice", {"range": 2**32}, 400, "invalid_request", "range"),
    ("dice", {"range": "--5"}, 400, "invalid_request", "range"),
    ("dice", {"range": "-"}, 400, "invalid_request", "range"),
    ("dice", {"range": "1" * 5000}, 400, "invalid_request", "range"),
    ("dice", {"range": [1]}, 400, "invalid_request", "range"),
    ("dice", {"target": 2}, 400, "invalid_request", "target"),
    ("shell", {"picked": 3}, 400, "invalid_request", "picked"),
    ("shell", {"weights": [0] * 9}, 400, "invalid_request", "weights"),
    ("shell", {"weights": [0, 1]}, 400, "invalid_request", "weights"),
    ("shell", {"weights": [0, -1, 1, 1, 1, 1, 1, 1, 1]}, 400, "invalid_request", "weights"),
    ("shell", {"weights": [0, "1e-999999999", 1, 1, 1, 1, 1, 1, 1]}, 400, "invalid_request", "weights"),
    ("shell", {"weights": "111111111"}, 400, "invalid_request", "weights"),
    ("shell", {"weights": [0, {}, 1, 1, 1, 1, 1, 1, 1]}, 400, "invalid_request", "weights"),
]


@pytest.mark.parametrize(("game", "changes", "status", "code", "field"), REFUSED)
def test_a_bad_bet_is_refused_with_its_code_and_loses_nothing(
    game: str, changes: dict[str, Any], status: int, code: str, field: str | None, alice: PageOf
) -> None:
    seen = alice.seat(game)["hash"]
    response = alice.post(f"{game}/bet", {**alice.body(game), **changes})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"]) == (status, code, field)
    assert error["message"]
    assert InstantBet.objects.count() == 0
    assert balance_of(alice) == 1_000_00
    assert alice.seat(game)["hash"] == seen


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        '"x"',
        "null",
        '{"stake": NaN}',
        "[" * 10_000,
        '{"mode": 1e99999999999999999999}',
        b"\xff\xfe",
        '{"a": "' + "x" * 20_000 + '"}',
    ],
)
def test_a_body_that_is_no_small_json_object_is_refused_in_words(body: Any, alice: PageOf) -> None:
    response = alice.post("dice/bet", body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


def test_a_bet_that_could_win_more_than_the_house_pays_is_refused_with_that_amount(
    alice: PageOf,
) -> None:
    _bankroll("BRL", 100_000_00)
    assert alice.seat("videopoker")["mostWin"] == 1_000_00
    error = alice.bet("videopoker").json()["error"]
    assert (error["code"], error["limit"]) == ("amount_above_maximum", 1_000_00)


def test_dice_is_held_to_what_the_house_pays_and_says_so_in_its_record(alice: PageOf) -> None:
    _bankroll("BRL", 100_000_00)
    bet = alice.bet(range=1000, stake=1_00).json()
    kept = alice.client.get(f"/games/dice/bets/{bet['id']}.json").json()
    assert kept["mostPayout"] == 1_00 + 1_000_00


def _bankroll(book: str, capital_minor: int) -> None:
    from wallet.bankroll import queries as bankroll
    from wallet.bankroll.models import Bankroll

    Bankroll.objects.filter(book=book).update(capital_minor=capital_minor)
    bankroll.forget()


def test_a_game_that_is_switched_off_refuses_and_its_page_knows(alice: PageOf) -> None:
    InstantGame.objects.filter(pk="dice").update(enabled=False)
    assert alice.seat()["enabled"] is False
    response = alice.bet()
    assert (response.status_code, response.json()["error"]["code"]) == (503, "temporarily_unavailable")
