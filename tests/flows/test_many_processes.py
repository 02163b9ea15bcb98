"""
Production's shape from outside: two servers and a separate engine on PostgreSQL and Redis, players on both servers.

Every test starts its own engines, so it begins with the takeover of whatever round the test before it left behind.
"""

import subprocess
from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import pytest

from games.crash.rules import CURVE
from tests.flows.books import Books
from tests.flows.waiting import PATIENCE, until
from tests.players import Message, SocketPlayer
from tests.servers import Cluster

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

FAR = 1_000_000  # an auto cash-out that no round of these reaches


@pytest.fixture
def alice(processes: Cluster) -> Iterator[SocketPlayer]:
    with SocketPlayer(processes.here.socket_url("alice")) as player:
        yield player


@pytest.fixture
def bob(processes: Cluster) -> Iterator[SocketPlayer]:
    """On the other server."""
    with SocketPlayer(processes.there.socket_url("bob")) as player:
        yield player


def heard(player: SocketPlayer, kind: str, round_id: str) -> Message:
    """The player's next message of that kind about that round."""
    return player.wait_for(lambda m: m["messageType"] == kind and m["roundId"] == round_id, PATIENCE)


def next_betting(*players: SocketPlayer) -> str:
    """Everyone hears the beginning of the same round; its id."""
    first, *others = players
    opened = first.wait_for("provablyFair", PATIENCE)
    for player in others:
        assert heard(player, "provablyFair", opened["roundId"])["provablyFair"] == opened["provablyFair"]
    return str(opened["roundId"])


def win_of(player: SocketPlayer, bet: Message) -> Message:
    """The `win` that comes by itself."""
    return player.wait_for(lambda m: m["messageType"] == "win" and m["betID"] == bet["betID"], PATIENCE)


def broadcasts(player: SocketPlayer, round_id: str) -> list[Message]:
    return [message for message in player.seen if "seq" in message and message["roundId"] == round_id]


def assert_seq_rises(player: SocketPlayer) -> None:
    told = [message["seq"] for message in player.seen if "seq" in message]
    assert told
    assert all(before < after for before, after in pairwise(told))


def kill(engine: "subprocess.Popen[bytes]") -> None:
    engine.kill()
    engine.wait(timeout=20)


def assert_books_exact(processes: Cluster, round_id: str) -> None:
    assert "The books add up." in processes.here.manage("check_ledger").stdout
    assert "The round verifies." in processes.there.manage("verify_round", round_id).stdout


def test_players_on_two_servers_play_the_same_round_and_are_paid_to_the_cent(
    processes: Cluster, books: Books, alice: SocketPlayer, bob: SocketPlayer
) -> None:
    before = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
    with processes.engine():
        round_id = next_betting(alice, bob)
        by_hand, by_itself, lost = alice.bet(333), bob.bet(777, 1, auto=137), bob.bet(250, 2, auto=FAR)
        assert {by_hand["roundId"], by_itself["roundId"], lost["roundId"]} == {round_id}
        alice.wait_for_multiplier(120)
        win = alice.ask(messageType="win", betID=by_hand["betID"])
        assert win["messageType"] == "win", win
        assert 120 <= win["multiplier"] < 250
        assert win["winAmount"] == 333 * win["multiplier"] // 100
        auto = win_of(bob, by_itself)
        assert (auto["multiplier"], auto["winAmount"], auto["auto"]) == (137, 777 * 137 // 100, True)
        crashes = [heard(player, "crash", round_id) for player in (alice, bob)]
        assert crashes[0] == crashes[1]
        following = next_betting(alice, bob)
        assert following != round_id
        after = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
    assert after["alice"] == before["alice"] - 333 + win["winAmount"]
    assert after["bob"] == before["bob"] - 777 - 250 + 777 * 137 // 100
    assert books.fate(by_hand["betID"]) == ("cashed_out", win["winAmount"])
    assert books.fate(by_itself["betID"]) == ("cashed_out", auto["winAmount"])
    assert books.fate(lost["betID"]) == ("lost", 0)
    for player in (alice, bob):
        assert_seq_rises(player)
    # Ticks may be conflated for a reader that is behind; everything else reaches both, under the same numbers.
    told = [
        [(m["messageType"], m["seq"]) for m in broadcasts(player, round_id) if m["messageType"] != "multiplier"]
        for player in (alice, bob)
    ]
    assert told[0] == told[1]
    assert [kind for kind, _ in told[0] if kind not in ("wait", "bonus")] == ["provablyFair", "start", "crash"]
    assert_books_exact(processes, round_id)


def test_chat_and_deltas_of_one_server_reach_the_other(
    processes: Cluster, alice: SocketPlayer, bob: SocketPlayer
) -> None:
    assert bob.ask(messageType="subscribe", channels=["bets", "cashouts"])["channels"] == ["bets", "cashouts"]
    text = f"hello over there {uuid4().hex[:8]}"
    assert alice.ask(messageType="chat", message=text)["status"] == "success"
    for player in (alice, bob):
        line = player.wait_for(lambda m: m["messageType"] == "chat" and m.get("message") == text, PATIENCE)
        assert line["username"] == "alice"
    with processes.engine():
        round_id = next_betting(alice, bob)
        bet = alice.bet(500, auto=110)
        delta = bob.wait_for(
            lambda m: m["messageType"] == "bets" and bet["betID"] in [b["betID"] for b in m["bets"]], PATIENCE
        )
        assert delta["roundId"] == round_id
        paid = bob.wait_for(
            lambda m: m["messageType"] == "cashouts" and bet["betID"] in [b["betID"] for b in m["cashouts"]], PATIENCE
        )
        (line,) = [line for line in paid["cashouts"] if line["betID"] == bet["betID"]]
        assert (line["username"], line["multiplier"], line["winAmount"]) == ("alice", 110, 550)
    assert all(message["messageType"] not in ("bets", "cashouts") for message in alice.seen)


def test_a_revoked_session_is_closed_on_every_server_and_no_other_is(
    processes: Cluster, alice: SocketPlayer, bob: SocketPlayer
) -> None:
    token = processes.here.player("dora")["session"]
    revoke = f"""
from hashlib import sha256
from accounts.models import GameSession
from accounts.operations import revoke_session
from casino.lib.clock import system_clock
session = GameSession.objects.get(token_hash=sha256({token!r}.encode()).hexdigest())
revoke_session(session, now=system_clock.now())
"""
    with (
        SocketPlayer(processes.here.socket_url("dora")) as one,
        SocketPlayer(processes.there.socket_url("dora")) as other,
    ):
        assert one.wallet()["username"] == other.wallet()["username"] == "dora"
        processes.here.manage("shell", "--no-imports", "-c", revoke)
        for player in (one, other):
            assert player.close_code(PATIENCE) == 4401
            assert player.seen[-1]["error"]["code"] == 1000
    assert alice.wallet()["username"] == "alice"
    assert bob.wallet()["username"] == "bob"


def test_a_standby_engine_takes_over_from_one_that_is_killed_while_the_round_runs(
    processes: Cluster, books: Books, alice: SocketPlayer, bob: SocketPlayer
) -> None:
    slow = {"CRASH_TICK_MS": "150"}  # the curve is thirteen seconds from its end when the engine is killed
    with processes.engine(**slow) as one, processes.engine(**slow) as other:
        round_id = next_betting(alice, bob)
        leader = next(engine for engine in (one, other) if engine.pid == books.engine_pid("BigPanda"))
        before = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
        auto, open_ = alice.bet(1000, 1, auto=105), alice.bet(700, 2)
        by_hand, far = bob.bet(333, 1), bob.bet(450, 2, auto=FAR)
        assert {bet["roundId"] for bet in (auto, open_, by_hand, far)} == {round_id}
        win_of(alice, auto)
        bob.wait_for_multiplier(105)
        win = bob.ask(messageType="win", betID=by_hand["betID"])
        assert win["messageType"] == "win", win
        kill(leader)
        crashes = [heard(player, "crash", round_id) for player in (alice, bob)]
        following = next_betting(alice, bob)
        after = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
        assert bob.bet(100)["roundId"] == following
        assert books.engine_pid("BigPanda") in {one.pid, other.pid} - {leader.pid}
    assert following != round_id
    for player, crash in zip((alice, bob), crashes, strict=True):
        shown = [m["multiplier"] for m in broadcasts(player, round_id) if m["messageType"] == "multiplier"]
        assert crash["interrupted"] is True
        assert crash["interruptedAt"] >= max(shown)
        assert_seq_rises(player)
    assert books.fate(auto["betID"]) == ("cashed_out", 1050)
    assert books.fate(open_["betID"]) == ("refunded", 700)
    assert books.fate(by_hand["betID"]) == ("cashed_out", win["winAmount"])
    assert books.fate(far["betID"]) == ("refunded", 450)
    assert after["alice"] == before["alice"] + 50
    assert after["bob"] == before["bob"] - 333 + win["winAmount"]
    assert_books_exact(processes, round_id)


def betting_with_a_result_between_ticks(books: Books, *players: SocketPlayer) -> tuple[str, int]:
    """
    A round that takes bets, and its crash point, which no tick shows.

    So an auto cash-out at exactly that point is not paid by any tick, but by the settlement.
    """
    for _ in range(20):
        round_id = next_betting(*players)
        course = books.course(round_id)
        if course.crash_point not in CURVE:
            return round_id, course.crash_point
    raise AssertionError("no such round in twenty")


def test_nothing_is_paid_twice_when_the_engine_is_killed_in_the_middle_of_the_settlement(
    processes: Cluster, books: Books, alice: SocketPlayer, bob: SocketPlayer
) -> None:
    with processes.engine(CRASH_TICK_MS="20") as first:
        round_id, point = betting_with_a_result_between_ticks(books, alice, bob)
        before = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
        due, lost = alice.bet(1000, auto=point), bob.bet(600)
        assert due["roundId"] == lost["roundId"] == round_id
        # The settlement pays what is due, then writes down what is lost: there it meets this row and waits.
        with books.held_bet(lost["betID"]) as holder:
            (statement,) = until(lambda: books.waiting_for(holder), "a settlement that waits")
            assert statement.startswith('UPDATE "crash_bet" SET "status" = \'lost\''), statement
            kill(first)
            assert books.state(round_id) == "crashed"
            assert books.fate(due["betID"]) == ("open", 0)
        heard(alice, "crash", round_id)
    with processes.engine():
        again = heard(alice, "crash", round_id)
        win = win_of(alice, due)
        next_betting(alice, bob)
        after = {"alice": alice.wallet()["balance"], "bob": bob.wallet()["balance"]}
    payout = 1000 * point // 100
    assert (again["multiplier"], again["interrupted"]) == (point, False)
    assert (win["multiplier"], win["winAmount"]) == (point, payout)
    assert [m["betID"] for m in alice.seen if m["messageType"] == "win"] == [due["betID"]]
    assert books.transfers(due["betID"]) == [("payout", payout), ("stake", 1000)]
    assert books.transfers(lost["betID"]) == [("stake", 600)]
    assert books.fate(due["betID"]) == ("cashed_out", payout)
    assert books.fate(lost["betID"]) == ("lost", 0)
    assert after["alice"] == before["alice"] - 1000 + payout
    assert after["bob"] == before["bob"] - 600
    for player in (alice, bob):
        assert_seq_rises(player)
    assert_books_exact(processes, round_id)
