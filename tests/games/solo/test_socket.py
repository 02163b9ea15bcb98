"""The socket of a player's own rounds, from outside: a real server process, real sockets, real rounds."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from games.crash.rules import CURVE
from games.solo import socket_schemas
from tests.games.crash.test_asyncapi import wrong
from tests.players import SocketPlayer
from tests.servers import Site

Message = dict[str, Any]


class SoloSocketPlayer(SocketPlayer):
    def refused(self, **request: Any) -> tuple[int, Any]:
        answer = self.ask(**request)
        assert answer["messageType"] == "errorResponse", answer
        return answer["error"]["code"], answer["error"]["var"]

    def told(self, since: int = 0) -> list[Message]:
        """What was told without having been asked."""
        return [message for message in self.seen[since:] if "seq" in message]


Join = Callable[..., SoloSocketPlayer]


STEERED = ("alice", "bob", "dora")


@pytest.fixture(scope="module")
def site(live_site: Site) -> Site:
    """Where the next six rounds of some players crash between 2.00x and 4.00x."""
    steer = f"[s(name, low=200, high=400, rounds=6) for name in {STEERED}]"
    steer += "; s('eve', low=100, high=100, rounds=2, is_demo=True)"
    live_site.manage("shell", "--no-imports", "-c", f"from tests.games.solo.playing import steer_player as s; {steer}")
    return live_site


@pytest.fixture
def join(site: Site) -> Iterator[Join]:
    """`join("alice")`: at a socket of their own."""
    with ExitStack() as sockets:

        def sit(name: str) -> SoloSocketPlayer:
            session = site.player(name)["session"]
            return sockets.enter_context(SoloSocketPlayer(f"{site.ws}/ws/BigPanda/solo?session={session}"))

        seated: list[SoloSocketPlayer] = []
        yield lambda name: seated.append(sit(name)) or seated[-1]
        everything = [message for player in seated for message in player.seen]
        assert wrong(everything, socket_schemas.TOLD, "messageType") == []


def test_a_round_is_told_in_order_without_gaps_and_proves_what_was_promised(join: Join) -> None:
    alice = join("alice")
    before = alice.wait_for("provablyFair")
    assert before["provablyFair"]["salt"] is None
    assert before["provablyFair"]["currentResult"] is None
    bet = alice.bet(500)
    assert bet["roundId"] == before["roundId"]
    crash = alice.wait_for("crash")
    following = alice.wait_for("provablyFair")
    kinds = [message["messageType"] for message in alice.seen]
    assert kinds[:3] == ["provablyFair", "bet", "start"]
    assert set(kinds[3:-2]) == {"multiplier"}
    assert kinds[-2:] == ["crash", "provablyFair"]
    assert "wait" not in kinds
    told = alice.told()
    assert [message["seq"] for message in told] == list(range(1, len(told) + 1))
    ticks = [message for message in told if message["messageType"] == "multiplier"]
    assert [tick["tick"] for tick in ticks] == sorted({tick["tick"] for tick in ticks})
    assert all(CURVE[tick["tick"]] == tick["multiplier"] and tick["denominator"] == 100 for tick in ticks)
    assert all(message["roundId"] == before["roundId"] for message in told[:-1])
    assert all(len(message["timestamp"]) == 24 for message in told)
    after = crash["provablyFair"]
    assert after["hash"] == before["provablyFair"]["hash"]
    text = f"{after['previousResult']}{after['salt']}{after['currentResult']}"
    assert hashlib.sha256(text.encode()).hexdigest() == after["hash"]
    assert following["provablyFair"]["previousResult"] == after["currentResult"]
    assert following["roundId"] != before["roundId"]


def test_a_new_player_is_shown_the_terminal_hash_before_its_client_seed_exists(join: Join) -> None:
    carol = join("carol")
    seeds = carol.receive()
    assert (seeds["messageType"], seeds["clientSeed"]) == ("seeds", None)
    first = carol.wait_for("provablyFair")
    assert first["seeds"]["terminalHash"] == seeds["terminalHash"]
    assert len(first["seeds"]["clientSeed"]) == 32
    assert len(first["seeds"]["nextTerminalHash"]) == 64
    answer = carol.ask(messageType="client_seed", clientSeed="carol's own")
    assert (answer["clientSeed"], answer["terminalHash"]) == ("carol's own", first["seeds"]["nextTerminalHash"])
    own = carol.wait_for("provablyFair")
    assert own["seeds"]["clientSeed"] == "carol's own"
    assert own["roundId"] != first["roundId"]
    assert carol.refused(messageType="client_seed", clientSeed="another") == (1010, None)
    assert carol.refused(messageType="client_seed", clientSeed="") == (400, None)
    assert carol.refused(messageType="client_seed", clientSeed=["a"]) == (400, None)


def test_a_round_that_is_over_before_anyone_can_look_is_told_from_start_to_crash(join: Join) -> None:
    eve = join("eve")
    for _ in range(2):
        promised = eve.wait_for("provablyFair")
        bet = eve.bet(10_000)
        crash = eve.wait_for("crash")
        assert (crash["roundId"], crash["multiplier"]) == (bet["roundId"], 100)
        assert crash["provablyFair"]["hash"] == promised["provablyFair"]["hash"]
    kinds = [message["messageType"] for message in eve.seen if message["messageType"] != "seeds"]
    assert kinds == ["provablyFair", "bet", "start", "multiplier", "crash"] * 2


def test_a_cash_out_pays_to_the_cent_and_only_once(join: Join) -> None:
    alice = join("alice")
    before = alice.wallet()["balance"]
    bet = alice.bet(333)
    assert bet["balance"] == before - 333
    alice.wait_for_multiplier(120)
    win = alice.ask(messageType="win", betID=bet["betID"], cashoutAt=115)
    assert (win["messageType"], win["multiplier"], win["winAmount"]) == ("win", 115, 333 * 115 // 100)
    assert win["balance"] == before - 333 + win["winAmount"] == alice.wallet()["balance"]
    assert alice.refused(messageType="win", betID=bet["betID"]) == (1007, None)
    alice.wait_for("crash")
    alice.wait_for("provablyFair")
    assert [message["messageType"] for message in alice.seen].count("win") == 1


def test_an_auto_cash_out_is_told_without_being_asked_before_the_crash(join: Join) -> None:
    alice = join("alice")
    bet = alice.bet(777, auto=137)
    win = alice.wait_for("win")
    assert (win["betID"], win["multiplier"], win["winAmount"], win["auto"]) == (
        bet["betID"],
        137,
        777 * 137 // 100,
        True,
    )
    assert "requestId" not in win
    alice.wait_for("crash")
    assert alice.wallet()["balance"] == win["balance"] == bet["balance"] + win["winAmount"]


def test_every_error_has_its_code_and_loses_nothing(join: Join) -> None:
    bob, eve = join("bob"), join("eve")
    wallet = bob.wallet()
    low, high = wallet["minBet"], wallet["maxBet"]
    for amount in (low - 1, 0, -(10**30), 1.5, "100", None, True, [], {}):
        assert bob.refused(messageType="bet", amount=amount, identifier=1) == (1001, low), amount
    assert bob.refused(messageType="bet", amount=10**30, identifier=1) == (1002, high)
    for auto in (100, "2", True):
        assert bob.refused(messageType="bet", amount=low, autoCashoutMultiplier=auto) == (1008, 101), auto
    assert bob.refused(messageType="bet", amount=high, identifier=1) == (1005, None)
    assert bob.refused(messageType="bet", amount=low, identifier=0) == (1005, None)
    assert bob.refused(messageType="win", betID=str(uuid4())) == (1012, None)
    assert bob.refused(messageType="bet_cancel", betID=str(uuid4())) == (1003, None)
    assert bob.refused(messageType="chat", message="hello") == (400, None)
    assert bob.refused(messageType="top_win", time="week") == (400, None)
    assert bob.refused(messageType="jump") == (1013, None)
    assert bob.wallet()["balance"] == wallet["balance"]
    bet = bob.bet(low)
    assert bob.refused(messageType="bet", amount=low) == (1009, None)
    assert bob.refused(msgType="bet_cancel", betID=bet["betID"]) == (1009, None)
    assert bob.refused(messageType="client_seed", clientSeed="now") == (1010, None)
    assert bob.refused(messageType="win", betID=bet["betID"], cashoutAt=10_000) == (1007, None)
    assert bob.refused(messageType="win", betID="nonsense") == (1003, None)
    assert eve.refused(messageType="win", betID=bet["betID"]) == (1012, None)
    assert eve.refused(messageType="bet_cancel", betID=bet["betID"]) == (1003, None)
    bob.wait_for("crash")
    assert bob.refused(messageType="win", betID=bet["betID"]) == (1011, None)
    assert bob.refused(messageType="bet_cancel", betID=bet["betID"]) == (1006, None)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "5", '"bet"', '{"messageType": 5}', "{}", b"\x00\xff"])
def test_what_is_no_message_gets_1013_and_the_socket_stays_usable(join: Join, text: str | bytes) -> None:
    bob = join("bob")
    bob.send_text(text)
    assert bob.wait_for("errorResponse")["error"] == {
        "message": bob.seen[-1]["error"]["message"],
        "code": 1013,
        "var": None,
    }
    assert bob.wallet()["messageType"] == "wallet"


def test_what_is_too_long_or_of_nobody_is_told_in_the_same_shape(join: Join, site: Site) -> None:
    bob = join("bob")
    bob.send(messageType="chat", message="x" * 9000)
    assert bob.wait_for("errorResponse")["error"]["code"] == 429
    for path, code, close in (("BigPanda/solo?session=nonsense", 1000, 4401), ("BigPanda/solo", 1000, 4401)):
        with SoloSocketPlayer(f"{site.ws}/ws/{path}") as stranger:
            assert stranger.close_code() == close
            assert (stranger.seen[0]["messageType"], stranger.seen[0]["error"]["code"]) == ("errorResponse", code)
    session = site.player("bob")["session"]
    with SoloSocketPlayer(f"{site.ws}/ws/NoGame/solo?session={session}") as lost:
        assert lost.close_code() == 4404


def test_a_player_who_comes_back_in_the_middle_of_a_round_goes_on_with_it(join: Join) -> None:
    with join("dora") as dora:
        bet = dora.bet(200)
        dora.wait_for_multiplier(110)
    again = join("dora")
    start = again.wait_for("start")
    assert (start["roundId"], start["betID"]) == (bet["roundId"], bet["betID"])
    assert start["tick"] > 0
    assert start["elapsedMs"] >= 10 * start["tickMs"]
    wallet = again.wallet()
    assert [line["betID"] for line in wallet["currentBets"]] == [bet["betID"]]
    assert wallet["round"]["state"] == "running"
    assert wallet["provablyFair"]["salt"] is None
    win = again.ask(messageType="win", betID=bet["betID"])
    assert win["messageType"] == "win", win
    again.wait_for("crash")


def test_two_sockets_of_a_player_see_the_same_round_and_one_bet(join: Join) -> None:
    first = join("dora")
    second = join("dora")
    promised = second.wait_for("provablyFair")
    bet = first.bet(200)
    start = second.wait_for("start")
    assert (start["roundId"], start["betID"]) == (promised["roundId"], bet["betID"])
    assert second.refused(messageType="bet", amount=200) == (1009, None)
    second.wait_for_multiplier(110)
    win = second.ask(messageType="win", betID=bet["betID"])
    elsewhere = first.wait_for("win")
    assert (elsewhere["winAmount"], elsewhere["balance"]) == (win["winAmount"], win["balance"])
    ends = [player.wait_for("crash")["provablyFair"] for player in (first, second)]
    assert ends[0] == ends[1]
    assert [player.wait_for("provablyFair")["roundId"] for player in (first, second)]


def test_histories_are_the_players_own_in_the_documented_order_and_shape(join: Join, site: Site) -> None:
    alice = join("alice")
    lost = alice.bet(100)
    point = alice.wait_for("crash")["provablyFair"]
    alice.wait_for("provablyFair")
    won = alice.bet(10_000, auto=150)
    alice.wait_for("crash")
    alice.wait_for("provablyFair")
    wallet = alice.wallet()
    points = alice.ask(messageType="multipliers")["multiplierList"]
    assert wallet["multiplierHistory"] == points[::-1][:10]
    assert points[-2] == point["currentResult"]
    assert set(wallet["limitValues"]) >= {"minMultiplier", "maxMultiplier", "minCrashPoint", "MaxCrashPoint"}
    history = alice.ask(messageType="bet_history")["history"]
    assert [line["betID"] for line in history[:2]] == [won["betID"], lost["betID"]]
    assert (history[1]["difference"], history[1]["status"], history[1]["provablyFair"]) == (-100, "lost", point)
    assert (history[0]["withdrawMultiplier"], history[0]["winAmount"]) == ("1.50x", 15_000)
    top = alice.ask(messageType="top_win", time="day")["history"]
    assert top[0]["winning_amount"] == 15_000
    assert {"date", "bet_amount", "value_cash_out", "username", "denominator", "currency"} <= set(top[0])
    with join("eve") as eve:
        demo = eve.bet(10_000, auto=101)
        assert demo["isDemo"] is True
        assert eve.ask(messageType="top_win", time="day")["history"] == []
    assert site.manage("check_ledger").returncode == 0
    assert "The round verifies." in site.manage("verify_round", won["roundId"]).stdout
    assert json.dumps(history)


def test_a_round_goes_on_without_its_player_and_the_books_are_right_afterwards(join: Join, site: Site) -> None:
    with join("bob") as bob:
        before = bob.wallet()["balance"]
        bet = bob.bet(1000, auto=150)
    again = join("bob")
    if again.wait_for("provablyFair")["roundId"] == bet["roundId"]:
        again.wait_for("crash")
    line = again.ask(messageType="bet_history")["history"][0]
    assert (line["betID"], line["status"], line["multiplier"]) == (bet["betID"], "cashed_out", 150)
    assert again.wallet()["balance"] == before + 500
    assert site.manage("check_ledger").returncode == 0
