"""The players' socket, from outside: a real server process, real sockets, real rounds."""

import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from games.crash.rules import CURVE
from tests.players import SocketPlayer
from tests.servers import Site


@pytest.fixture
def alice(live_site: Site) -> Any:
    with SocketPlayer(live_site.socket_url("alice")) as player:
        yield player


@pytest.fixture
def bob(live_site: Site) -> Any:
    with SocketPlayer(live_site.socket_url("bob")) as player:
        yield player


def test_a_round_is_told_in_order_without_gaps(alice: SocketPlayer) -> None:
    first = alice.wait_for_betting()
    start = len(alice.seen) - 1
    alice.wait_for("crash")
    alice.wait_for_betting()
    told = [message for message in alice.seen[start:] if "seq" in message]
    kinds = [message["messageType"] for message in told]
    assert [message["seq"] for message in told] == list(range(first["seq"], first["seq"] + len(told)))
    assert kinds[0] == "provablyFair"
    assert kinds[-1] == "provablyFair"
    waits = [message for message in told if message["messageType"] == "wait"]
    assert waits[0]["time"] == 1000
    assert waits[-1]["time"] == 0
    assert kinds[1 : 1 + len(waits)] == ["wait"] * len(waits)
    assert kinds[1 + len(waits)] == "start"
    ticks = [message for message in told if message["messageType"] == "multiplier"]
    numbers = [tick["tick"] for tick in ticks]  # a busy machine may leave some out, and never goes back
    assert numbers == sorted(set(numbers))
    assert all(CURVE[tick["tick"]] == tick["multiplier"] for tick in ticks)
    assert all(tick["denominator"] == 100 for tick in ticks)
    assert kinds.count("crash") == 1
    for message in told[:-1]:
        assert message["roundId"] == first["roundId"]
        assert message["timestamp"].endswith("Z")
        assert len(message["timestamp"]) == 24


def test_the_commitment_hides_the_result_before_and_proves_it_after(alice: SocketPlayer) -> None:
    before = alice.wait_for_betting()["provablyFair"]
    assert before["salt"] is None
    assert before["currentResult"] is None
    after = alice.wait_for("crash")["provablyFair"]
    assert after["hash"] == before["hash"]
    text = f"{after['previousResult']}{after['salt']}{after['currentResult']}"
    assert hashlib.sha256(text.encode()).hexdigest() == before["hash"]
    following = alice.wait_for_betting()["provablyFair"]
    assert following["previousResult"] == after["currentResult"]


def test_the_wallet_has_every_documented_field(alice: SocketPlayer) -> None:
    alice.wait_for("crash")
    wallet = alice.wallet()
    assert wallet["username"] == "alice"
    assert wallet["currency"] == "BRL"
    assert wallet["denominator"] == 100
    assert wallet["isDemo"] is False
    assert wallet["rtp"] == "0.95"
    assert wallet["volatility"] == "high"
    assert wallet["minBet"] <= wallet["defaultBet"] <= wallet["maxBet"]
    limits = wallet["limitValues"]
    assert limits["minMultiplier"] * 100 == limits["minCrashPoint"] == 100
    assert limits["maxMultiplier"] * 100 == limits["MaxCrashPoint"] == 1_750_000
    assert set(wallet["provablyFair"]) >= {"hash", "salt", "previousResult", "currentResult"}
    assert len(wallet["multiplierHistory"]) == len(wallet["bonusHistory"]) <= 10
    assert isinstance(wallet["currentBets"], list)


def test_a_cash_out_pays_to_the_cent_and_only_once(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    before = alice.wallet()["balance"]
    bet = alice.bet(333)
    assert bet["balance"] == before - 333
    alice.wait_for_multiplier(120)
    win = alice.ask(messageType="win", betID=bet["betID"])
    assert win["messageType"] == "win", win
    assert win["winAmount"] == 333 * win["multiplier"] // 100
    assert win["balance"] == before - 333 + win["winAmount"]
    assert win["denominator"] == 100
    assert alice.refused(messageType="win", betID=bet["betID"]) == (1007, None)
    assert alice.wallet()["balance"] == win["balance"]


def test_a_cash_out_below_the_current_multiplier_pays_what_was_asked(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    first, second = alice.bet(200, 1), alice.bet(200, 2)
    alice.wait_for_multiplier(130)
    win = alice.ask(messageType="win", betID=first["betID"], cashoutAt=125)
    assert (win["multiplier"], win["winAmount"]) == (125, 250)
    assert alice.refused(messageType="win", betID=second["betID"], cashoutAt=10_000) == (1007, None)
    assert alice.refused(messageType="win", betID=second["betID"], cashoutAt=100) == (1007, None)
    assert alice.refused(messageType="win", betID=second["betID"], cashoutAt="1.2") == (1007, None)


def test_an_auto_cash_out_is_paid_at_exactly_its_target_without_being_asked(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    bet = alice.bet(777, auto=137)
    win = alice.wait_for(lambda m: m["messageType"] == "win" and m["betID"] == bet["betID"])
    assert (win["multiplier"], win["winAmount"], win["auto"]) == (137, 777 * 137 // 100, True)
    assert "requestId" not in win
    assert alice.wallet()["balance"] == win["balance"] == bet["balance"] + win["winAmount"]


def test_a_bet_can_be_cancelled_before_the_start_and_placed_again(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    before = alice.wallet()["balance"]
    bet = alice.bet(500)
    cancelled = alice.ask(msgType="bet_cancel", betID=bet["betID"])
    assert (cancelled["messageType"], cancelled["betID"], cancelled["balance"]) == ("bet_cancel", bet["betID"], before)
    assert alice.refused(messageType="bet_cancel", betID=bet["betID"]) == (1006, None)
    again = alice.bet(500)
    alice.wait_for("start")
    assert alice.refused(messageType="bet_cancel", betID=again["betID"]) == (1009, None)


def test_every_error_of_the_table_is_answered_and_loses_nothing(alice: SocketPlayer, bob: SocketPlayer) -> None:
    alice.wait_for_betting()
    wallet = alice.wallet()
    low, high = wallet["minBet"], wallet["maxBet"]
    for amount in (low - 1, 0, -5, -(10**30), 1.5, 100.0, "100", None, True, [], {}):
        assert alice.refused(messageType="bet", amount=amount, identifier=1) == (1001, low), amount
    for amount in (high + 1, 10**18, 10**30):
        assert alice.refused(messageType="bet", amount=amount, identifier=1) == (1002, high), amount
    for auto in (100, 0, -1, 1.5, "2", True):
        answer = alice.refused(messageType="bet", amount=low, identifier=1, autoCashoutMultiplier=auto)
        assert answer == (1008, 101), auto
    answer = alice.refused(messageType="bet", amount=low, identifier=1, autoCashoutMultiplier=1_750_001)
    assert answer == (1008, 1_750_000)
    for identifier in (0, 11, -1, "1", 1.0, None, True):
        assert alice.refused(messageType="bet", amount=low, identifier=identifier)[0] == 1005, identifier
    assert alice.refused(messageType="bet", amount=high, identifier=1)[0] == 1005  # more than there is
    assert alice.wallet()["balance"] == wallet["balance"]


def test_bets_belong_to_their_player_and_their_identifier(alice: SocketPlayer, bob: SocketPlayer) -> None:
    alice.wait_for_betting()
    bet = alice.bet(100, 3)
    assert alice.refused(messageType="bet", amount=100, identifier=3) == (1004, None)
    assert bob.refused(messageType="bet_cancel", betID=bet["betID"]) == (1003, None)
    assert bob.refused(messageType="win", betID=bet["betID"]) == (1003, None)
    for wrong in (str(uuid4()), "nonsense", 5, None, "x" * 500, ["a"]):
        assert bob.refused(messageType="win", betID=wrong) == (1003, None)
        assert bob.refused(messageType="bet_cancel", betID=wrong) == (1003, None)
    assert alice.refused(messageType="win", betID=bet["betID"]) == (1012, None)  # nothing runs yet
    alice.wait_for("start")
    assert alice.refused(messageType="bet", amount=100, identifier=4) == (1009, None)
    alice.wait_for("crash")
    assert alice.refused(messageType="win", betID=bet["betID"]) == (1011, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "5",
        "null",
        '"bet"',
        "{",
        '{"messageType": 5}',
        '{"messageType": "jump"}',
        "{}",
        b"\x00\xff",
    ],
)
def test_what_is_no_message_gets_1013_and_the_socket_stays_usable(alice: SocketPlayer, text: str | bytes) -> None:
    alice.send_text(text)
    error = alice.wait_for("error")
    assert error["error"]["code"] == 1013
    assert error["error"]["var"] is None
    assert alice.wallet()["messageType"] == "wallet"


def test_a_message_too_long_is_refused_and_the_socket_stays_usable(alice: SocketPlayer) -> None:
    alice.send(messageType="chat", message="x" * 9000)
    assert alice.wait_for("error")["error"]["code"] == 429
    assert alice.wallet()["messageType"] == "wallet"


def test_whoever_insists_on_flooding_is_closed(live_site: Site) -> None:
    with SocketPlayer(live_site.socket_url("carol")) as carol:
        for _ in range(400):
            carol.send_text('{"messageType": "multipliers"}')
        assert carol.close_code() == 4429
        assert any(m["messageType"] == "error" and m["error"]["code"] == 429 for m in carol.seen)


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 4000])
def test_a_bad_session_is_told_and_closed(live_site: Site, token: str) -> None:
    with SocketPlayer(f"{live_site.ws}/ws/BigPanda?session={token}") as stranger:
        assert stranger.close_code() == 4401
        assert stranger.seen[0]["error"]["code"] == 1000


def test_an_unknown_game_or_path_is_told_and_closed(live_site: Site) -> None:
    session = live_site.player("alice")["session"]
    for path in (f"/ws/NoGame?session={session}", "/ws/", "/elsewhere"):
        with SocketPlayer(f"{live_site.ws}{path}") as lost:
            assert lost.close_code() == 4404
            assert lost.seen[0]["messageType"] == "error"


def test_a_revoked_session_opens_no_socket(live_site: Site) -> None:
    session = live_site.player("dora")["session"]
    with SocketPlayer(live_site.socket_url("dora")) as dora:
        assert dora.wallet()["username"] == "dora"
        # Another process revokes it; with the in-memory layer the server finds out when it sweeps, and at the next try.
        revoke = (
            "from accounts import operations, queries; from django.utils import timezone as t; "
            f"operations.revoke_session(queries.session_by_token('{session}', now=t.now()), now=t.now())"
        )
        live_site.manage("shell", "--no-imports", "-c", revoke)
    with SocketPlayer(live_site.socket_url("dora")) as dora:
        assert dora.close_code() == 4401
    live_site.fresh_seed()


def test_the_histories_are_in_the_documented_order_and_shape(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    bet = alice.bet(100)
    crash = alice.wait_for("crash")["provablyFair"]
    alice.wait_for_betting()
    points = alice.ask(messageType="multipliers")["multiplierList"]
    assert points[-1] == crash["currentResult"]
    assert alice.wallet()["multiplierHistory"] == points[::-1][:10]
    history = alice.ask(messageType="bet_history")
    assert history["username"] == "alice"
    line = next(line for line in history["history"] if line["betID"] == bet["betID"])
    assert line["difference"] == -100
    assert line["winAmount"] == 0
    assert line["balanceAfterBet"] == line["balanceBeforeBet"] - 100
    assert line["provablyFair"] == crash
    created = [line["createdAt"] for line in history["history"]]
    assert created == sorted(created, reverse=True)


def test_the_leaderboard_ranks_real_wins_and_leaves_demo_out(live_site: Site, bob: SocketPlayer) -> None:
    with SocketPlayer(live_site.socket_url("eve")) as eve:
        bob.wait_for_betting()
        bet = bob.bet(1000, auto=150)
        demo = eve.bet(9_000, auto=150)
        assert demo["isDemo"] is True
        bob.wait_for(lambda m: m["messageType"] == "win" and m["betID"] == bet["betID"])
        bob.wait_for_betting()
        bob.wait_for("start")  # the list is kept for two seconds at most
        bob.wait_for("crash")
        for period in ("day", "month", "year"):
            top = bob.ask(messageType="top_win", time=period)
            assert top["statusCode"] == 200
            assert all(line["username"] != "eve" for line in top["history"])
            amounts = [line["winning_amount"] for line in top["history"] if line["currency"] == "BRL"]
            assert amounts == sorted(amounts, reverse=True)
            assert {"date", "bet_amount", "value_cash_out", "denominator"} <= set(top["history"][0])
    for wrong in ("week", None, 5):
        assert bob.refused(messageType="top_win", time=wrong)[0] == 400


def test_chat_reaches_everyone_and_refuses_links_and_emptiness(alice: SocketPlayer, bob: SocketPlayer) -> None:
    bob.wallet()
    answer = alice.ask(messageType="chat", message="  good luck, all  ")
    assert (answer["status"], answer["statusCode"]) == ("success", 200)
    heard = bob.wait_for("chat")
    assert (heard["username"], heard["message"]) == ("alice", "good luck, all")
    assert isinstance(heard["timestamp"], int)
    assert heard["chatSeq"] >= 1
    for wrong in ("", "   ", "x" * 256, "see https://evil.example", "www.evil.example", "evil.com", None, 5, ["a"]):
        assert alice.refused(messageType="chat", message=wrong)[0] == 400, wrong
    codes = [bob.ask(messageType="chat", message=f"hello {i}") for i in range(7)]
    assert codes[-1]["error"]["code"] == 429


def test_opted_in_sockets_get_deltas_and_others_do_not(alice: SocketPlayer, bob: SocketPlayer) -> None:
    subscribed = bob.ask(messageType="subscribe", channels=["bets", "cashouts"])
    assert subscribed["channels"] == ["bets", "cashouts"]
    bob.wait_for_betting()
    bet = alice.bet(100, 5, auto=110)
    delta = bob.wait_for("bets")
    assert bet["betID"] in [line["betID"] for line in delta["bets"]]
    assert all("autoCashoutMultiplier" not in line for line in delta["bets"])
    assert delta["deltaSeq"] >= 1
    paid = bob.wait_for("cashouts")
    line = next(line for line in paid["cashouts"] if line["betID"] == bet["betID"])
    assert (line["multiplier"], line["winAmount"]) == (110, 110)
    assert all(message["messageType"] not in ("bets", "cashouts") for message in alice.seen)
    assert alice.refused(messageType="subscribe", channels=["everything"])[0] == 400


def test_the_wait_message_lists_the_open_bets(alice: SocketPlayer) -> None:
    alice.wait_for_betting()
    bet = alice.bet(1234, 7)
    wait = alice.wait_for(lambda m: m["messageType"] == "wait" and m["time"] == 0)
    line = next(line for line in wait["bets"] if line["betID"] == bet["betID"])
    wanted = {"username": "alice", "amount": 1234, "identifier": 7, "currency": "BRL", "denominator": 100}
    assert wanted.items() <= line.items()
    assert wait["totalBets"] >= 1
    assert wait["totalAmount"] >= 1234
    assert len(wait["multiplierHistory"]) <= 10


def test_a_reload_in_the_middle_of_a_round_finds_the_open_bet(live_site: Site) -> None:
    with SocketPlayer(live_site.socket_url("bob")) as bob:
        bob.wait_for_betting()
        bet = bob.bet(200, 9)
        bob.wait_for_multiplier(110)
    with SocketPlayer(live_site.socket_url("bob")) as again:
        wallet = again.wallet()
        line = next(line for line in wallet["currentBets"] if line["betID"] == bet["betID"])
        assert (line["amount"], line["identifier"], line["isAutoCashout"]) == (200, 9, False)
        assert wallet["round"]["state"] == "running"
        assert wallet["round"]["multiplier"] >= 110
        assert wallet["provablyFair"]["salt"] is None
        assert again.ask(messageType="win", betID=bet["betID"])["messageType"] == "win"


def test_requests_may_be_named_and_the_name_comes_back(alice: SocketPlayer) -> None:
    alice.send(messageType="multipliers", requestId=42)
    assert alice.wait_for("multipliers")["requestId"] == 42
    alice.send(messageType="nothing", requestId="abc")
    assert alice.wait_for("error")["requestId"] == "abc"


def test_balances_match_to_the_cent_and_the_books_and_rounds_verify(live_site: Site, bob: SocketPlayer) -> None:
    balance = bob.wallet()["balance"]
    for auto in (120, 9000):
        bob.wait_for_betting()
        bob.bet(456, auto=auto)
        crash = bob.wait_for("crash")
        assert crash["provablyFair"]["currentResult"] < 9000
        balance += (456 * 120 // 100 if auto == 120 else 0) - 456
    bob.wait_for_betting()
    assert bob.wallet()["balance"] == balance
    assert live_site.manage("check_ledger").returncode == 0
    assert live_site.manage("verify_round", crash["roundId"]).returncode == 0
    assert Decimal(balance) >= 0
    assert json.dumps(crash)
