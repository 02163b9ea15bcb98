"""The example client for partners, unchanged, at a real server with an unreliable line between them."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.examples.proxy import Exchange, Proxy
from tests.partners import FeedClient, call, issue_key, revoke_key
from tests.players import SocketPlayer
from tests.servers import Site, embedded_site

BETS = "/api/v1/bets"
FEED = "/ws/v1/feed"
PATIENCE = 30.0


@pytest.fixture
def user(casino: Any) -> str:
    """A player of the test's own, with demo money."""
    name = f"p-{uuid4().hex[:12]}"
    assert casino.create_user(name, "BRL")["is_demo"] is True
    return name


def in_the_next_round(casino: Any, example: Any, place: Any) -> Any:
    """What `place()` gives, called when betting opens; in a later round where it came too late."""
    with casino.feed("round_updates") as feed:
        while True:
            if feed.next_event(PATIENCE)["type"] != "round.waiting":
                continue
            try:
                return place()
            except example.PartnerError as refusal:
                if refusal.code != "round_closed":
                    raise


# --- money ------------------------------------------------------------------------------------------------------------
def test_a_reservation_is_confirmed_and_cancelled_and_leaves_no_trace_in_the_balance(
    casino: Any, example: Any, user: str
) -> None:
    before = casino.balance(user)

    def reserve_and_confirm() -> tuple[Any, Any, Any]:
        reserved = casino.place(user, 700, confirm=False)
        held = casino.balance(user)
        return reserved, held, (casino.confirm(reserved["ticket_id"]), casino.cancel(reserved["ticket_id"]))

    reserved, held, (confirmed, cancelled) = in_the_next_round(casino, example, reserve_and_confirm)
    assert (reserved["status"], confirmed["status"], cancelled["status"]) == ("reserved", "open", "cancelled")
    assert (held["balance"], held["held"], held["available"]) == (before["balance"], 700, before["balance"] - 700)
    assert casino.balance(user) == before
    # Asked again, each call is answered as it was, and moves nothing.
    assert casino.cancel(reserved["ticket_id"]) == cancelled
    assert casino.balance(user) == before


def test_a_lost_answer_is_asked_for_again_and_the_money_moves_once(
    casino: Any, example: Any, user: str, proxy: Proxy
) -> None:
    proxy.loses = lambda asked: asked.target == BETS and asked.status == 201 and len(placed(proxy)) == 1
    before = casino.balance(user)["balance"]
    ticket = in_the_next_round(casino, example, lambda: casino.place(user, 500))
    first, second = placed(proxy)
    assert (first.lost, second.lost) == (True, False)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert second.answer_headers["Idempotent-Replayed"] == "true"
    assert ticket["balance"] == before - 500
    assert [bet["ticket_id"] for bet in casino.bets(user=user)] == [ticket["ticket_id"]]


def placed(proxy: Proxy) -> list[Exchange]:
    return [asked for asked in proxy.asked("POST", BETS) if asked.status == 201]


def test_two_calls_with_the_same_key_at_once_both_get_the_one_ticket(casino: Any, example: Any, user: str) -> None:
    names = [uuid4().hex for _ in range(8)]

    def both() -> list[Any]:
        def place(i: int) -> Any:
            return casino.place(user, 100, idempotency_key=names[i // 2], identifier=1 + i // 2)

        with ThreadPoolExecutor(16) as threads:
            return list(threads.map(place, range(16)))

    tickets = [ticket["ticket_id"] for ticket in in_the_next_round(casino, example, both)]
    assert tickets[::2] == tickets[1::2]
    assert {bet["ticket_id"] for bet in casino.bets(user=user)} == set(tickets)
    assert len(set(tickets)) == 8


def test_bets_are_walked_page_by_page(casino: Any, example: Any, user: str, proxy: Proxy) -> None:
    def place_five() -> list[str]:
        return [str(casino.place(user, 100, identifier=i)["ticket_id"]) for i in range(1, 6)]

    tickets = in_the_next_round(casino, example, place_five)
    found = [bet["ticket_id"] for bet in casino.bets(user=user, limit="2")]
    assert found == sorted(tickets, reverse=True)
    pages = [asked.target for asked in proxy.asked("GET", BETS)]
    assert len(pages) == 3
    assert all("limit=2" in target for target in pages)


def test_a_session_lets_the_player_play_with_the_money_the_partner_sees(casino: Any, user: str) -> None:
    opened = casino.session(user)
    with SocketPlayer(opened["socket_url"]) as player:
        assert player.wallet()["balance"] == casino.balance(user)["balance"]
    assert casino.create_user(user, "BRL")["external_id"] == user
    assert casino.state()["game"] == opened["game"] == "BigPanda"


# --- refusals ---------------------------------------------------------------------------------------------------------
def test_what_is_refused_is_told_with_code_status_request_id_and_errors_and_never_repeated(
    casino: Any, example: Any, user: str, proxy: Proxy, live_site: Site
) -> None:
    with pytest.raises(example.PartnerError) as refused:
        casino.place(user, "five", idempotency_key="not-a-number")
    (asked,) = proxy.asked("POST", BETS)
    assert (refused.value.code, refused.value.status) == ("invalid_request", 400)
    assert [error["field"] for error in refused.value.errors] == ["amount"]
    assert refused.value.request_id == asked.answer_headers["X-Request-Id"]
    assert refused.value.idempotency_key == "not-a-number"

    forger = example.Casino(proxy.url, key=live_site.seed["partner"]["test"]["key"], secret="cs_wrong")
    with pytest.raises(example.PartnerError) as refused:
        forger.place(user, 500)
    assert (refused.value.code, refused.value.status) == ("signature_invalid", 401)
    with pytest.raises(example.PartnerError) as refused:
        casino.bet("01980f3e-7b11-7c44-8a3b-0c9d8e7f6a5b")
    assert (refused.value.code, refused.value.status) == ("not_found", 404)
    assert len(proxy.asked("POST", BETS)) == 2
    assert len(proxy.exchanges) == 4  # and the player


def test_a_server_that_never_answers_is_given_up_when_patience_ends(example: Any, live_site: Site) -> None:
    with Proxy(live_site.port) as dead:
        dead.loses = lambda asked: True
        casino = example.Casino(dead.url, key="ck_test_x", secret="cs_x", patience=1)
        with pytest.raises(example.PartnerError) as refused:
            casino.place("p-1", 500, idempotency_key="kept")
    assert (refused.value.code, refused.value.status, refused.value.idempotency_key) == ("no_answer", 0, "kept")
    assert {asked.headers["Idempotency-Key"] for asked in dead.exchanges} == {"kept"}
    assert len(dead.exchanges) > 1


# --- rate limits ------------------------------------------------------------------------------------------------------
def test_calls_over_the_rate_limit_queue_until_it_opens_and_are_all_served(
    example: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="partner_client")

    def was_refused() -> bool:
        return any("rate limited" in record.getMessage() for record in caplog.records)

    with embedded_site(tmp_path, DJANGO_SETTINGS_MODULE="tests.examples.settings") as site, Proxy(site.port) as proxy:
        key = site.seed["partner"]["test"]
        casino = example.Casino(proxy.url, key=key["key"], secret=key["secret"])
        with ThreadPoolExecutor(5) as threads:
            first: list[Any] = []
            while not was_refused():  # another user of the key takes all there is; a window may end meanwhile
                if all(waiting.done() for waiting in first):
                    while call(site, key, "GET", "/user/balance?user=p-1")[0] == 200:
                        pass
                    first.append(threads.submit(casino.balance, "p-1"))
                time.sleep(0.01)
            others = [threads.submit(casino.balance, "p-1") for _ in range(4)]
            answers = [waiting.result(PATIENCE) for waiting in (*first, *others)]
    assert len(answers) == len(first) + 4
    assert all(answer["user"] == "p-1" for answer in answers)
    statuses = [asked.status for asked in proxy.asked("GET", "/api/v1/user/balance")]
    # The four that came later waited behind the one that was refused, and were never refused themselves.
    assert (statuses.count(429), statuses.count(200)) == (1, len(answers))


# --- the feed ---------------------------------------------------------------------------------------------------------
def test_a_feed_that_was_cut_goes_on_without_missing_an_event(
    casino: Any, example: Any, live_site: Site, proxy: Proxy
) -> None:
    channels = ("live_multiplier", "round_updates")
    told: list[Any] = []
    with FeedClient(live_site.ws, live_site.seed["partner"]["test"]["key"]) as watcher:
        watcher.ask(op="subscribe", channels=list(channels))
        with casino.feed(*channels) as feed:
            for _ in range(3):
                told += [feed.next_event(PATIENCE) for _ in range(40)]
                assert proxy.cut(FEED) == 1
            told += [feed.next_event(PATIENCE) for _ in range(40)]
        last = {channel: [e for e in told if e["channel"] == channel][-1] for channel in channels}
        for channel in channels:
            while not [e for e in watcher.events(channel) if e["seq"] >= last[channel]["seq"]]:
                watcher.receive()
    assert len(proxy.asked("GET", FEED)) == 4
    assert [event["channel"] for event in told if event["type"] == "snapshot"] == list(channels)
    for channel in channels:
        snapshot, *events = [event for event in told if event["channel"] == channel]
        assert snapshot["recovered"] is None
        assert [event["seq"] for event in events] == [snapshot["seq"] + 1 + i for i in range(len(events))]
        seen = {event["seq"]: event for event in watcher.events(channel)}
        assert all(seen[event["seq"]] == event for event in events if event["seq"] in seen)


def test_a_revoked_key_ends_feed_and_calls_with_the_code_that_says_so(
    example: Any, live_site: Site, proxy: Proxy
) -> None:
    issued = issue_key(live_site, ["read:game_state"])
    casino = example.Casino(proxy.url, key=issued["key"], secret=issued["secret"])
    with casino.feed("round_updates") as feed:
        assert feed.next_event(PATIENCE)["type"] == "snapshot"
        revoke_key(live_site, issued["pk"])
        with pytest.raises(example.PartnerError) as ended:
            exhaust(feed)
        assert (ended.value.code, ended.value.status) == ("key_revoked", 4501)
        with pytest.raises(example.PartnerError):
            feed.next_event(PATIENCE)
    with pytest.raises(example.PartnerError) as refused:
        casino.state()
    assert (refused.value.code, refused.value.status) == ("key_revoked", 401)
    # Neither came back with it; who opens a feed with it now is told the same, and does not either.
    assert len(proxy.asked("GET", FEED)) == len(proxy.asked("GET", "/api/v1/game/state")) == 1
    with casino.feed("round_updates") as feed, pytest.raises(example.PartnerError) as ended:
        feed.next_event(PATIENCE)
    assert ended.value.code == "key_revoked"


def exhaust(feed: Any) -> None:
    while True:
        feed.next_event(PATIENCE)


def test_a_key_that_may_not_hear_a_channel_is_told_so(example: Any, live_site: Site, proxy: Proxy) -> None:
    issued = issue_key(live_site, ["read:game_state"])
    casino = example.Casino(proxy.url, key=issued["key"], secret=issued["secret"])
    with casino.feed("bets") as feed, pytest.raises(example.PartnerError) as refused:
        feed.next_event(PATIENCE)
    assert refused.value.code == "insufficient_scope"
