"""The partners' feed, from outside: a real server process, real sockets, real rounds."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from accounts.partners.rules import Environment
from casino.live.channels import Channel
from games.crash.feed_socket import PartnerFeed
from tests.casino.live.helpers import run, serving
from tests.partners import FeedClient, Message, call, issue_key, revoke_key
from tests.players import SocketPlayer
from tests.servers import Site

ALL = ["live_multiplier", "round_updates", "leaderboard", "bets"]


@pytest.fixture
def key(live_site: Site) -> Message:
    """The demo partner's test key."""
    test: Message = live_site.seed["partner"]["test"]
    return test


@pytest.fixture
def feed(live_site: Site, key: Message) -> Any:
    with FeedClient(live_site.ws, key["key"]) as client:
        assert client.receive()["op"] == "auth"
        yield client


def bet_of(site: Site, key: Message, user: str, **more: Any) -> Message:
    """A bet in the next round that takes it; refused only while none does."""
    with SocketPlayer(site.socket_url("bob")) as clock:
        clock.wait_for_betting()
        status, ticket = call(site, key, "POST", "/bets", {"user": user, "amount": 200, **more})
    assert status == 201, ticket
    return ticket


# --- the door ---------------------------------------------------------------------------------------------------------
def test_a_key_in_the_header_opens_the_feed(live_site: Site, key: Message) -> None:
    with FeedClient(live_site.ws, key["key"]) as client:
        told = client.receive()
    assert (told["op"], told["status"], told["key_id"], told["environment"]) == ("auth", "ok", key["key_id"], "test")


def test_a_key_in_the_first_message_opens_it_too(live_site: Site, key: Message) -> None:
    with FeedClient(live_site.ws) as client:
        assert client.ask(op="subscribe", channels=["bets"])["code"] == "authentication_failed"
        assert client.ask(op="auth", key=key["key"])["status"] == "ok"
        assert client.ask(op="subscribe", channels=["round_updates"])["op"] == "subscribed"


def test_who_sends_no_key_is_closed_with_4401(live_site: Site) -> None:
    with FeedClient(live_site.ws) as client:
        assert client.close_code() == 4401
        assert client.seen[-1]["code"] == "authentication_failed"


def test_an_unknown_key_is_told_so_and_closed_with_4401(live_site: Site) -> None:
    for place in ({"key": "ck_test_unknown"}, {"key": None}):
        with FeedClient(live_site.ws, place["key"]) as client:
            if place["key"] is None:
                client.send(op="auth", key="ck_test_unknown")
            assert client.close_code() == 4401
            assert client.seen[-1]["code"] == "authentication_failed"


def test_a_key_without_the_scope_is_refused(live_site: Site) -> None:
    blind, half = (issue_key(live_site, scopes) for scopes in (["read:bets"], ["read:game_state"]))
    with FeedClient(live_site.ws, blind["key"]) as client:
        assert client.close_code() == 4401
        assert client.seen[-1]["code"] == "insufficient_scope"
    with FeedClient(live_site.ws, half["key"]) as client:
        assert client.ask(op="subscribe", channels=["round_updates", "bets"])["code"] == "insufficient_scope"
        assert client.ask(op="subscribe", channels=["round_updates"])["op"] == "subscribed"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not json", "invalid_request"),
        ("[1]", "invalid_request"),
        (b"\x00\x01", "invalid_request"),
        ('{"op": "dance"}', "invalid_request"),
        ("{}", "invalid_request"),
        ('{"op": "auth", "key": "again"}', "invalid_request"),
        ('{"op": "subscribe"}', "invalid_request"),
        ('{"op": "subscribe", "channels": []}', "invalid_request"),
        ('{"op": "subscribe", "channels": "bets"}', "invalid_request"),
        ('{"op": "subscribe", "channels": ["secrets"]}', "invalid_request"),
        ('{"op": "subscribe", "channels": ["bets"], "game": "NoSuchGame"}', "not_found"),
        ('{"op": "subscribe", "channels": ["bets"], "game": 7}', "not_found"),
        ('{"op": "subscribe", "channels": ["bets"], "since": 5}', "invalid_request"),
        ('{"op": "subscribe", "channels": ["bets"], "since": {"epoch": 1, "seq": "x"}}', "invalid_request"),
        ('{"op": "heartbeat_ack"}', "invalid_request"),
        ('{"op": "heartbeat_ack", "n": 99}', "invalid_request"),
        ('{"op": "x", "pad": "' + "y" * 9000 + '"}', "payload_too_large"),
    ],
)
def test_nonsense_is_answered_with_its_code_and_the_socket_stays_usable(
    feed: FeedClient, message: str | bytes, code: str
) -> None:
    feed.socket.send(message)
    assert feed.wait_for(op="error")["code"] == code
    assert feed.ask(op="subscribe", channels=["leaderboard"])["op"] == "subscribed"


# --- what is told -----------------------------------------------------------------------------------------------------
def test_a_round_is_told_in_order_and_each_channel_counts_by_one(feed: FeedClient) -> None:
    answer = feed.ask(op="subscribe", channels=ALL, game="BigPanda")
    assert set(answer["channels"]) == set(ALL)
    feed.wait_for(type="round.waiting")
    feed.wait_for(type="round.settled")
    for channel in ("live_multiplier", "round_updates"):
        told = feed.events(channel)
        first = answer["channels"][channel]
        assert [event["seq"] for event in told] == list(range(first["seq"] + 1, first["seq"] + 1 + len(told)))
        assert {event["epoch"] for event in told} == {first["epoch"]}
    kinds = [event["type"] for event in feed.events("round_updates")]
    start = kinds.index("round.waiting")
    assert kinds[start : start + 4] == ["round.waiting", "round.started", "round.crashed", "round.settled"]
    events = feed.events("round_updates")[start:]
    assert [event["data"]["status"] for event in events[:4]] == ["waiting", "active", "crashed", "payout"]
    assert len({event["data"]["round_id"] for event in events[:4]}) == 1
    assert events[2]["data"]["hash"] == events[0]["data"]["hash"]
    assert len(events[2]["data"]["salt"]) == 64


def test_nothing_before_the_crash_gives_the_result_away(feed: FeedClient) -> None:
    feed.ask(op="subscribe", channels=["live_multiplier", "round_updates"])
    feed.wait_for(type="round.waiting")
    start = len(feed.seen)
    crashed = feed.wait_for(type="round.crashed")["data"]
    before = [event for event in feed.seen[start:] if event.get("data", {}).get("round_id") == crashed["round_id"]]
    open_ones = [event for event in before if event["type"] not in ("crashed", "round.crashed")]
    assert open_ones
    for event in open_ones:
        assert not {"salt", "crash_point", "crash_multiplier"} & event["data"].keys()
        assert event["data"].get("multiplier", 0) <= crashed["crash_point"]


def test_who_comes_back_gets_all_that_was_missed_and_then_goes_on(live_site: Site, key: Message) -> None:
    with FeedClient(live_site.ws, key["key"]) as watcher, FeedClient(live_site.ws, key["key"]) as client:
        watcher.ask(op="subscribe", channels=["live_multiplier"])
        client.ask(op="subscribe", channels=["live_multiplier"])
        last = client.wait_for(type="multiplier")
        client.ask(op="unsubscribe", channels=["live_multiplier"])
        last = client.events("live_multiplier")[-1]
        for _ in range(30):
            newest = watcher.wait_for(channel="live_multiplier")
        seen_before = len(client.seen)
        since = {"epoch": last["epoch"], "seq": last["seq"]}
        answer = client.ask(op="subscribe", channels=["live_multiplier"], since=since)
        assert answer["channels"]["live_multiplier"] == {**since, "recovered": True}
        client.wait_for(channel="live_multiplier", seq=newest["seq"] + 5)
        again = [event for event in client.seen[seen_before:] if event.get("channel")]
        assert [event["seq"] for event in again] == list(range(last["seq"] + 1, again[-1]["seq"] + 1))
        known = {event["seq"]: event for event in watcher.events("live_multiplier")}
        assert all(known[event["seq"]] == event for event in again if event["seq"] in known)


@pytest.mark.parametrize("since", [{"epoch": "other", "seq": 1}, {"seq": 10**9}, {"seq": -1}])
def test_who_cannot_be_given_everything_gets_a_fresh_snapshot(feed: FeedClient, since: Message) -> None:
    now = feed.ask(op="subscribe", channels=["round_updates"])["channels"]["round_updates"]
    answer = feed.ask(op="subscribe", channels=["round_updates"], since={"epoch": now["epoch"], **since})
    channel = answer["channels"]["round_updates"]
    assert channel["recovered"] is False
    assert channel["snapshot"]["round_id"]
    assert channel["epoch"] == now["epoch"]


def test_a_partner_hears_of_its_own_players_bets_and_of_no_others(live_site: Site, key: Message) -> None:
    operator, live = live_site.seed["operator"], live_site.seed["partner"]["live"]
    with (
        FeedClient(live_site.ws, key["key"]) as own,
        FeedClient(live_site.ws, operator["key"]) as other,
        FeedClient(live_site.ws, live["key"]) as elsewhere,
    ):
        for client in (own, other, elsewhere):
            client.ask(op="subscribe", channels=["bets", "round_updates"])
        reference = uuid4().hex
        lost = bet_of(live_site, key, "p-1", identifier=1, client_reference=reference)
        status, won = call(
            live_site, key, "POST", "/bets", {"user": "p-1", "amount": 300, "identifier": 2, "auto_cashout": 110}
        )
        assert status == 201, won
        for client in (own, other, elsewhere):
            client.wait_for(type="round.settled")
        # Players' bets come by another way than the round's end: nothing orders the two.
        ended = {
            ticket: own_event(own, ticket, kind)
            for ticket, kind in ((lost["ticket_id"], "bet.lost"), (won["ticket_id"], "bet.cashed_out"))
        }
    told = own.events("bets")
    assert [event["seq"] for event in told] == list(range(told[0]["seq"], told[0]["seq"] + len(told)))
    placed = next(event["data"] for event in told if event["type"] == "bet.placed")
    assert (placed["ticket_id"], placed["user"], placed["client_reference"]) == (lost["ticket_id"], "p-1", reference)
    assert (placed["amount"], placed["denominator"], placed["status"]) == (200, 100, "open")
    assert ended[lost["ticket_id"]]["payout"] == 0
    assert (ended[won["ticket_id"]]["payout"], ended[won["ticket_id"]]["multiplier"]) == (330, 110)
    assert other.events("bets") == elsewhere.events("bets") == []


def own_event(feed: FeedClient, ticket: str, kind: str) -> Message:
    for event in feed.events("bets"):
        if event["type"] == kind and event["data"]["ticket_id"] == ticket:
            data: Message = event["data"]
            return data
    while True:
        event = feed.wait_for(channel="bets", type=kind)
        if event["data"]["ticket_id"] == ticket:
            found: Message = event["data"]
            return found


def test_the_snapshot_of_bets_has_those_that_are_open(live_site: Site, key: Message) -> None:
    ticket = bet_of(live_site, key, "p-1", identifier=3)
    with FeedClient(live_site.ws, key["key"]) as client:
        snapshot = client.ask(op="subscribe", channels=["bets"])["channels"]["bets"]["snapshot"]
    mine = [bet for bet in snapshot["bets"] if bet["ticket_id"] == ticket["ticket_id"]]
    assert [(bet["status"], bet["amount"], bet["user"]) for bet in mine] == [("open", 200, "p-1")]


# --- the end of a key -------------------------------------------------------------------------------------------------
def test_a_revoked_key_closes_its_sockets_and_no_others(live_site: Site, feed: FeedClient) -> None:
    issued = issue_key(live_site, ["read:game_state"])
    with FeedClient(live_site.ws, issued["key"]) as client:
        client.ask(op="subscribe", channels=["round_updates"])
        status, _ = call(live_site, issued, "GET", "/game/state?game=BigPanda")
        assert status == 200
        revoke_key(live_site, issued["pk"])
        assert client.close_code() == 4501
        assert client.seen[-1]["code"] == "key_revoked"
    assert feed.ask(op="subscribe", channels=["leaderboard"])["op"] == "subscribed"


def test_an_expired_key_closes_its_sockets(live_site: Site) -> None:
    issued = issue_key(live_site, ["read:game_state"])
    with FeedClient(live_site.ws, issued["key"]) as client:
        client.receive()
        expire = "from accounts.partners.models import ApiKey; from django.utils import timezone; "
        expire += f"ApiKey.objects.filter(pk={issued['pk']}).update(expires_at=timezone.now())"
        live_site.manage("shell", "--no-imports", "-c", expire)
        assert client.close_code() == 4501


# --- heartbeats, and how many -----------------------------------------------------------------------------------------
class Hasty(PartnerFeed):
    HEARTBEAT_SECONDS = 1.0
    ACK_SECONDS = 0.8


class Few(PartnerFeed):
    SOCKETS_PER_KEY = 2


@pytest.fixture
def token(committed_db: None, make_partner_key: Callable[..., str]) -> str:
    return make_partner_key()


@pytest.fixture
def make_partner_key() -> Callable[..., str]:
    def make() -> str:
        from accounts.models import User
        from accounts.partners import operations

        name, now = uuid4().hex[:12], datetime.now(UTC)
        owner = User.objects.create(username=f"owner-{name}")
        partner = operations.create_partner(name, slug=name, owner=owner, now=now)
        scopes = ["read:game_state"]
        return operations.issue_key(partner, Environment.TEST, scopes=scopes, actor=None, now=now).token

    return make


async def code_of(client: Any) -> int | None:
    try:
        while True:
            await client.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_heartbeats_that_are_answered_keep_the_feed_and_others_close_it_with_4408(token: str) -> None:
    async def main() -> None:
        async with serving(Hasty.as_asgi()) as (host, port):
            headers = {"X-API-Key": token}
            async with connect(f"ws://{host}:{port}/", additional_headers=headers) as client:
                assert json.loads(await client.recv())["op"] == "auth"
                for n in (1, 2, 3):
                    assert json.loads(await client.recv()) == {"op": "heartbeat", "n": n}
                    await client.send(json.dumps({"op": "heartbeat_ack", "n": n}))
                assert await code_of(client) == 4408

    run(main)


def test_a_key_opens_only_so_many_feeds(token: str) -> None:
    async def main() -> None:
        async with serving(Few.as_asgi()) as (host, port), asyncio.TaskGroup():
            headers = {"X-API-Key": token}
            url = f"ws://{host}:{port}/"
            async with connect(url, additional_headers=headers) as first:
                assert json.loads(await first.recv())["op"] == "auth"
                async with connect(url, additional_headers=headers) as second:
                    assert json.loads(await second.recv())["op"] == "auth"
                    async with connect(url, additional_headers=headers) as third:  # only now: keys are looked up aside
                        assert json.loads(await third.recv())["code"] == "rate_limited"
                        assert await code_of(third) == 4429

    run(main)


# --- what a channel remembers -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("epoch", "seq", "rest"),
    [
        ("1", 5, []),
        ("1", 4, ["e5"]),
        ("1", 2, ["e3", "e4", "e5"]),
        ("1", 1, None),  # the second is not remembered any more
        ("1", 6, None),
        ("2", 5, None),
        ("1", -1, None),
    ],
)
def test_a_channel_gives_all_that_came_after_or_nothing(epoch: str, seq: int, rest: list[str] | None) -> None:
    channel = Channel("1", 0, remembered=3)
    for number in range(1, 6):
        assert channel.add("1", number, f"e{number}")
    assert channel.since(epoch, seq) == rest


def test_a_channel_that_missed_events_forgets_those_before() -> None:
    channel = Channel("1")
    assert channel.add("1", 1, "e1")
    assert not channel.add("1", 1, "e1")
    assert channel.add("1", 3, "e3")
    assert channel.since("1", 2) == ["e3"]
    assert channel.since("1", 1) is None
    channel.place("1", 3)
    assert channel.since("1", 2) == ["e3"]
    channel.place("2", 0)
    assert (channel.since("2", 0), channel.since("1", 3)) == ([], None)


def test_a_channel_that_has_heard_nothing_yet_recovers_nobody() -> None:
    assert Channel().since("", 0) is None
    assert Channel("1").since("1", 0) == []
