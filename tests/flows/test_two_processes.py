"""What partners are promised, where two servers share one database and one Redis: limits, ends of keys, one bet."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Barrier
from uuid import uuid4

import pytest

from tests.flows.books import Books
from tests.flows.waiting import PATIENCE, until
from tests.partners import Answer, FeedClient, Message, ask, issue_key, revoke_key
from tests.servers import Cluster, Site

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

REPORT = "/reports/activity?from=2026-01-01&to=2026-01-01"
REPORTS_A_MINUTE = 60  # the default of the settings


@pytest.fixture
def key(processes: Cluster) -> Message:
    """A key that no other test uses."""
    scopes = ["read:game_state", "read:bets", "write:bet", "write:users", "read:reports"]
    return issue_key(processes.here, scopes)


def test_two_servers_count_a_keys_requests_together(processes: Cluster, key: Message) -> None:
    servers = cycle([processes.here, processes.there])
    accepted: list[int] = []  # in the window that is running
    while (answer := ask(next(servers), key, "GET", REPORT)).status == 200:
        left = int(answer.headers["X-RateLimit-Remaining"])
        accepted = [left] if accepted and left > accepted[-1] else [*accepted, left]
    assert (answer.status, answer.body["code"]) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert accepted == list(range(REPORTS_A_MINUTE - 1, -1, -1))
    also = ask(next(servers), key, "GET", REPORT)
    assert also.status == 429 or also.headers["X-RateLimit-Remaining"] == str(REPORTS_A_MINUTE - 1)  # the next window
    # Calls of another class are served by both.
    others = [ask(site, key, "GET", "/game/state") for site in (processes.here, processes.there)]
    assert {other.headers["RateLimit-Policy"] for other in others} == {'"read";q=1200;w=60'}
    assert all(other.status != 429 for other in others)


def test_a_key_revoked_anywhere_ends_at_once_on_every_server(processes: Cluster, key: Message) -> None:
    other = issue_key(processes.here, ["read:game_state"])
    sites = (processes.here, processes.there)
    with (
        FeedClient(processes.here.ws, key["key"]) as here,
        FeedClient(processes.there.ws, key["key"]) as there,
        FeedClient(processes.there.ws, other["key"]) as bystander,
    ):
        for feed in (here, there, bystander):
            assert feed.ask(op="subscribe", channels=["round_updates"])["op"] == "subscribed"
        assert [ask(site, key, "GET", "/bets").status for site in sites] == [200, 200]
        revoke_key(processes.here, key["pk"])
        for site in sites:
            answer = ask(site, key, "GET", "/bets")
            assert (answer.status, answer.body["code"]) == (401, "key_revoked")
        for feed in (here, there):
            assert feed.close_code() == 4501
            assert feed.seen[-1]["code"] == "key_revoked"
        assert bystander.ask(op="subscribe", channels=["leaderboard"])["op"] == "subscribed"


# --- one bet ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def player(processes: Cluster, key: Message) -> Iterator[str]:
    """One of the test's own, in a round that has just begun to take bets, and does for long."""
    user = f"p-{uuid4().hex[:12]}"
    assert ask(processes.here, key, "POST", "/users", {"external_id": user, "currency": "BRL"}).status == 201
    with processes.engine(CRASH_WAIT_MS="8000"), FeedClient(processes.there.ws, key["key"]) as feed:
        feed.ask(op="subscribe", channels=["round_updates"])
        feed.wait_for(PATIENCE, type="round.waiting")
        yield user


def bet_of(player: str, identifier: int) -> Message:
    return {"user": player, "amount": 100, "identifier": identifier, "client_reference": uuid4().hex}


def test_the_same_call_at_two_servers_at_once_is_one_bet(
    processes: Cluster, books: Books, key: Message, player: str
) -> None:
    together = Barrier(2)

    def place(site: Site, bet: Message) -> Answer:
        together.wait(PATIENCE)
        return ask(site, key, "POST", "/bets", bet, idempotency_key=bet["client_reference"])

    tickets = []
    with ThreadPoolExecutor(2) as threads:
        for identifier in range(1, 11):
            bet = bet_of(player, identifier)
            at_once = [threads.submit(place, site, bet) for site in (processes.here, processes.there)]
            first, second = sorted((one.result() for one in at_once), key=lambda a: (a.status, a.replayed))
            assert (first.status, first.replayed) == (201, False), first
            if second.status == 409:
                assert second.body["code"] == "idempotency_in_progress"
                second = ask(processes.there, key, "POST", "/bets", bet, idempotency_key=bet["client_reference"])
            assert (second.status, second.replayed, second.body) == (201, True, first.body)
            tickets.append(first.body["ticket_id"])
    for ticket in tickets:
        assert books.transfers(ticket) == [("stake", 100)]
    listed = ask(processes.here, key, "GET", f"/bets?user={player}").body["results"]
    assert [bet["ticket_id"] for bet in listed] == tickets[::-1]


def test_a_call_that_still_runs_at_one_server_is_told_so_at_the_other_and_replayed_later(
    processes: Cluster, books: Books, key: Message, player: str
) -> None:
    before = ask(processes.here, key, "POST", "/bets", bet_of(player, 1))
    bet = bet_of(player, 2)
    name = bet["client_reference"]
    with ThreadPoolExecutor(1) as thread:
        with books.held_account(before.body["ticket_id"]) as holder:
            running = thread.submit(ask, processes.here, key, "POST", "/bets", bet, idempotency_key=name)
            until(lambda: books.waiting_for(holder), "a bet that waits for its account")
            meanwhile = ask(processes.there, key, "POST", "/bets", bet, idempotency_key=name)
            assert (meanwhile.status, meanwhile.body["code"]) == (409, "idempotency_in_progress")
            assert meanwhile.headers["Retry-After"] == "1"
        first = running.result(PATIENCE)
    assert (first.status, first.replayed) == (201, False)
    again = ask(processes.there, key, "POST", "/bets", bet, idempotency_key=name)
    assert (again.status, again.replayed, again.body) == (201, True, first.body)
    assert books.transfers(first.body["ticket_id"]) == [("stake", 100)]
