"""Every answer has the names, types and texts of the reference, in both dialects."""

import hashlib
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from games.instant.kinds import KINDS
from tests.legacy.kit import BETS, Bot

GAMES = list(BETS)
BOTH = pytest.mark.parametrize("dialect", ["/v1", "/1"])
EACH_GAME = pytest.mark.parametrize("game", GAMES)
GENERIC_BET = {"success", "id", "moneypot_id", "balance", "payout", "outcome", "secret", "salt", "hash"}
GENERIC_DETAILS = GENERIC_BET - {"balance"} | {"created_at", "wager"}
OWN_OF_BET = {"dice": {"result"}, "videopoker": {"cards", "name"}, "shell": {"payouts"}, "slots": {"row", "result"}}
OWN_OF_DETAILS = OWN_OF_BET | {
    "dice": {"range", "target", "result"},
    "shell": {"weights", "picked", "payouts"},
}


def test_every_game_that_is_played_here_is_tested_here() -> None:
    assert set(GAMES) == set(KINDS)


def test_a_user_is_told_name_balance_and_next_hash(alice: Bot) -> None:
    old, new = alice.get("/v1/user"), alice.get("/1/user")
    assert old.body["uname"] == new.body["uname"] == alice.player.username
    assert '"balance":1000.00' in old.text
    assert new.body["balance"] == "1000.00"
    assert old.body["hash"] == new.body["hash"]
    assert re.fullmatch("[0-9a-f]{64}", old.body["hash"])
    assert (old.body["currency"], old.body["is_demo"]) == ("BRL", False)


@BOTH
def test_a_new_hash_takes_the_place_of_the_one_before(alice: Bot, dialect: str) -> None:
    before = alice.get(f"{dialect}/user").body["hash"]
    made = alice.post(f"{dialect}/new_hash")
    assert list(made.body) == ["hash"]
    assert made.body["hash"] != before
    assert alice.get(f"{dialect}/user").body["hash"] == made.body["hash"]


@BOTH
@EACH_GAME
def test_a_bet_and_its_details_have_all_fields_and_keep_the_promise(alice: Bot, game: str, dialect: str) -> None:
    promised = alice.get(f"{dialect}/user").body["hash"]
    bet = alice.bet(game, at=dialect)
    assert bet.status == 200
    assert set(bet.body) >= GENERIC_BET | OWN_OF_BET[game]
    assert bet.body["success"] is True
    assert hashlib.sha256(f"{bet.body['secret']}|{bet.body['salt']}".encode()).hexdigest() == promised
    assert bet.body["outcome"] == (bet.body["secret"] + 7) % 2**32
    assert Decimal(bet.body["balance"]) == 1000 + Decimal(bet.body["payout"]) == alice.money
    assert bet.body["hash"] == alice.get(f"{dialect}/user").body["hash"] != promised
    details = alice.get(f"{dialect}/games/{game}/bets/{bet.body['id']}").body
    assert set(details) >= GENERIC_DETAILS | OWN_OF_DETAILS[game]
    same = GENERIC_BET - {"balance", "hash"} | OWN_OF_BET[game]
    assert {name: details[name] for name in same} == {name: bet.body[name] for name in same}
    assert details["hash"] == promised
    assert Decimal(details["wager"]) == 5
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", details["created_at"])


def test_what_is_no_integer_is_a_number_in_the_old_dialect_and_a_text_in_the_new(alice: Bot) -> None:
    bet = alice.bet("dice", wager=1.05)
    details, listed = (alice.get(f"{at}/games/dice/bets/{bet.body['id']}").text for at in ("/v1", "/1"))
    assert '"wager":1.05,' in details
    assert '"wager":"1.05",' in listed
    assert re.search(r'"payout":-?\d+\.\d\d,', details)
    assert re.search(r'"payout":"-?\d+\.\d\d",', listed)


def test_the_last_fifty_bets_are_listed_newest_first(alice: Bot) -> None:
    for _ in range(2):
        alice.multi(*[{"action": "/games/slots/bet", "wager": 1}] * 26)
    for at in ("/v1", "/1"):
        found = alice.get(f"{at}/games/bets").body
        assert found["success"] is True
        assert len(found["bets"]) == 50
        assert set(found["bets"][0]) == {"created_at", "id", "game", "wager", "payout"}
        ids = [bet["id"] for bet in found["bets"]]
        assert ids == sorted(ids, reverse=True)
        assert {bet["game"] for bet in found["bets"]} == {"slots"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["bets"][0]["created_at"])


def test_the_weight_that_the_house_fills_in_is_shown(alice: Bot) -> None:
    bet = alice.bet("shell", weights=[0, 1, 1, 1, 1, 0, 0, 0, 0])
    path = f"/games/shell/bets/{bet.body['id']}"
    assert '"weights":[16.202,1,1,1,1,0,0,0,0]' in alice.get(f"/v1{path}").text
    assert alice.get(f"/1{path}").body["weights"] == ["16.202", "1", "1", "1", "1", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("currency", "real", "wager", "shown"),
    [
        ("BITS", 50_000_00, "2.5", "2.50"),
        ("EUR", 100_00, "2.50", "2.50"),
        ("BTC", 10_000_000, "0.00001234", "0.00001234"),
        ("ADA", 100_000_000, "0.5", "0.500000"),
    ],
)
def test_amounts_have_the_decimals_of_the_currency_and_at_least_two(
    make_bot: Callable[..., Bot], currency: str, real: int, wager: str, shown: str
) -> None:
    dora = make_bot("dora", currency=currency, real=real)
    bet = dora.form("/v1/games/slots/bet", wager=wager, clientseed=0)
    assert bet.status == 200, bet.text
    assert f'"wager":{shown},' in dora.get(f"/v1/games/slots/bets/{bet.body['id']}").text
    assert f'"wager":"{shown}",' in dora.get(f"/1/games/slots/bets/{bet.body['id']}").text
    assert Decimal(bet.body["balance"]) == dora.money


def test_a_demo_player_plays_with_demo_money(make_bot: Callable[..., Bot]) -> None:
    eve = make_bot("eve", demo=True, real=0)
    before = eve.get("/v1/user").body
    assert (before["is_demo"], before["balance"]) == (True, 1000)
    assert eve.bet("dice").body["balance"] == eve.money != 1000


def test_the_house_tells_currencies_rates_and_what_may_be_won(alice: Bot, now: Any) -> None:
    from wallet.exchange import operations

    operations.ensure_demo_rates(now=now)
    for ask in (alice.get, alice.post):
        currencies = {row["currency"]: row for row in ask("/1/site/supported-currencies").body}
        assert (currencies["BITS"]["denominator"], currencies["BTC"]["decimals"]) == (100, 8)
        rates = {(row["base"], row["quote"]): row for row in ask("/1/site/supported-currencies/exchange-rates").body}
        assert rates["BITS", "BTC"]["rate"] == "0.000001"
        assert rates["BTC", "BITS"]["rate"] == "1000000"
        bankrolls = {row["currency"]: row for row in ask("/1/site/bankrolls").body}
        assert set(bankrolls) == set(currencies)
        assert Decimal(bankrolls["BRL"]["maximum_win"]) == Decimal(bankrolls["BRL"]["bankroll"]) / 100
        assert all(isinstance(row["bankroll"], str) for row in bankrolls.values())


def test_the_house_is_asked_without_a_key_and_under_the_new_dialect_only(alice: Bot) -> None:
    assert alice.send("GET", "/api/1/site/bankrolls").status == 200
    assert alice.send("GET", "/api/v1/site/bankrolls").status == 404
