"""What the `wallet` answer tells somebody who comes in the middle of a round: the table's bets and the chat."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.crash import queries
from games.crash.operations import BetAction, cancel_bets
from games.social.models import ChatMessage
from tests.games.crash.playing import Play, account_of, make_play
from tests.players import SocketPlayer
from tests.servers import Site


# --- at a real socket -------------------------------------------------------------------------------------------------
@pytest.fixture
def alice(live_site: Site) -> Any:
    with SocketPlayer(live_site.socket_url("alice")) as player:
        yield player


def newcomer(live_site: Site) -> SocketPlayer:
    return SocketPlayer(live_site.socket_url("bob"))


def test_a_newcomer_sees_the_open_and_the_cashed_out_bets_of_the_running_round(
    alice: SocketPlayer, live_site: Site
) -> None:
    alice.wait_for_betting()
    taken, left, withdrawn = alice.bet(700, 1), alice.bet(300, 2), alice.bet(200, 3)
    alice.ask(messageType="bet_cancel", betID=withdrawn["betID"])
    alice.wait_for_multiplier(110)
    win = alice.ask(messageType="win", betID=taken["betID"], cashoutAt=105)
    assert win["messageType"] == "win", win
    with newcomer(live_site) as bob:
        wallet = bob.wallet()
    told = {bet["betID"]: bet for bet in wallet["bets"]}
    assert wallet["round"]["roundId"] == taken["roundId"]
    assert withdrawn["betID"] not in told
    assert told[left["betID"]] == {
        "betID": left["betID"],
        "username": "alice",
        "amount": 300,
        "denominator": 100,
        "currency": "BRL",
        "identifier": 2,
        "isDemo": False,
    }
    cashed_out = told[taken["betID"]]
    assert (cashed_out["amount"], cashed_out["multiplier"], cashed_out["winAmount"]) == (700, 105, win["winAmount"])
    assert wallet["currentBets"] == []  # those are the newcomer's own


def test_an_auto_cash_out_stays_the_players_secret_until_it_fires(alice: SocketPlayer, live_site: Site) -> None:
    alice.wait_for_betting()
    placed = alice.bet(400, 1, auto=98_765)
    with newcomer(live_site) as bob:
        wallet = bob.wallet()
    shown = next(bet for bet in wallet["bets"] if bet["betID"] == placed["betID"])
    assert 98_765 not in shown.values()
    assert "multiplier" not in shown


def test_a_newcomer_sees_what_was_said_as_the_broadcast_said_it(alice: SocketPlayer, live_site: Site) -> None:
    text = f"hello {secrets.token_hex(4)}"
    alice.send(messageType="chat", message=text)
    broadcast = alice.wait_for(lambda message: message.get("message") == text)
    with newcomer(live_site) as bob:
        chat = bob.wallet()["chat"]
    assert len(chat) <= 30
    line = chat[-1]
    assert {key: line[key] for key in ("messageType", "username", "message", "timestamp", "id")} == {
        "messageType": "chat",
        "username": "alice",
        "message": text,
        "timestamp": broadcast["timestamp"],
        "id": broadcast["id"],
    }


# --- what it costs and where it ends ----------------------------------------------------------------------------------
@pytest.fixture
def carol(make_player: Callable[..., Any]) -> Any:
    return make_player("carol", real=1000_00)


@pytest.fixture
def play(carol: Any, now: datetime) -> Play:
    return make_play(carol, now)


def said(author: Any, game: str, now: datetime, count: int) -> None:
    ChatMessage.objects.bulk_create(
        ChatMessage(game=game, author=author, text=f"line {n}", created_at=now + timedelta(seconds=n))
        for n in range(count)
    )


def cost(player: Any, play: Play) -> int:
    with CaptureQueriesContext(connection) as seen:
        queries.wallet_message(account_of(player), play.game, now=play.now)
    return len(seen)


@pytest.mark.usefixtures("db")
def test_the_answer_costs_the_same_however_many_bets_and_messages_there_are(
    play: Play, carol: Any, make_player: Callable[..., Any]
) -> None:
    play.open()
    few = cost(carol, play)
    others = [make_player(f"player-{n}", real=100_00) for n in range(5)]
    for other in others:
        play.placed(other, 1)
        play.placed(other, 2)
        said(other, play.game, play.now, 10)
    assert cost(carol, play) == few


@pytest.mark.usefixtures("db")
def test_the_largest_bets_come_first_and_hidden_messages_not_at_all(
    play: Play, carol: Any, make_player: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LARGEST_BETS", 2)
    play.open()
    for identifier, stake in enumerate((500, 2000, 1000), start=1):
        play.placed(carol, identifier, stake=stake)
    said(carol, play.game, play.now, 32)
    ChatMessage.objects.filter(text="line 31").update(hidden=True)
    answer = queries.wallet_message(account_of(carol), play.game, now=play.now)
    assert [bet["amount"] for bet in answer["bets"]] == [2000, 1000]
    assert [line["message"] for line in answer["chat"]] == [f"line {n}" for n in range(1, 31)]


@pytest.mark.usefixtures("db")
def test_a_cancelled_bet_is_not_told(play: Play, carol: Any) -> None:
    play.open()
    bet = play.placed(carol, 1)
    cancel_bets([BetAction(carol.pk, account_of(carol), bet, play.now)], now=play.now)
    assert queries.wallet_message(account_of(carol), play.game, now=play.now)["bets"] == []
