"""Calls to operators, to real servers: what comes back, what is never waited for, and what is never believed."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.operators.odd_servers import Odd, an_h2_server, an_odd_server, plain_answer
from tests.operators.running import (
    PATIENT,
    SECRET,
    RunningOperator,
    a_bet,
    an_operator,
    follow_up,
    listed,
    refusal,
    until,
)
from wallet.operators.client import Endpoint, ListUnavailable, OperatorClients
from wallet.operators.connections import POOL
from wallet.operators.protocol import Call, Confirmed, Unknown, Verdict, signed_headers

SOON = 0.5  # seconds that a test waits for a server that never answers
Answer = TypeVar("Answer")


def with_clients(work: Callable[[OperatorClients], Awaitable[Answer]], **how: Any) -> Answer:
    async def go() -> Answer:
        clients = OperatorClients(**how)
        try:
            return await work(clients)
        finally:
            await clients.aclose()

    return asyncio.run(go())


def endpoint(url: str, operator_id: int = 1, **other: Any) -> Endpoint:
    settings = {"operator_id": operator_id, "base_url": url, "secret": SECRET, "timeout_s": PATIENT}
    return Endpoint(**settings | {"allow_private": True} | other)


def said(url: str, **other: Any) -> Verdict:
    return with_clients(lambda clients: clients.call(endpoint(url, **other), Call.BET, a_bet("s-1")))


def reason(verdict: Verdict) -> str:
    assert isinstance(verdict, Unknown), verdict
    return verdict.reason


def confirming(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    sent = json.loads(request.partition(b"\r\n\r\n")[2])
    headers, body = confirmation(sent)
    connection.sendall(plain_answer("200 OK", body, *(f"{name}: {value}" for name, value in headers.items())))
    return True


def confirmation(sent: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    body = json.dumps({**sent, "balance": 7}).encode()
    return signed_headers(SECRET, body, now=time.time()), body


def test_money_moves_at_the_operator_and_its_balance_comes_back(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        alice, there = operator.player(1000), operator.endpoint()
        bet = a_bet(alice, 300)
        assert await clients.call(there, Call.BET, bet) == Confirmed(700)
        assert await clients.call(there, Call.WIN, follow_up("win", bet, amount=450, multiplier=150)) == Confirmed(1150)
        assert refusal(await clients.call(there, Call.REFUND, follow_up("refund", bet))) == "bet_settled"
        poor = await clients.call(there, Call.BET, a_bet(alice, 2000))
        assert (refusal(poor), getattr(poor, "balance_minor", None)) == ("insufficient_funds", 1150)

    with_clients(go)


def test_the_host_is_named_and_the_address_is_the_one_that_was_looked_at() -> None:
    with an_odd_server(confirming) as odd:
        url = odd.url.replace("127.0.0.1", "localhost")
        assert said(f"{url}/wallet/") == Confirmed(7)
    head = odd.requests[0].decode().lower()
    assert head.startswith("post /wallet/bet http/1.1\r\n")
    assert f"host: {url.removeprefix('http://')}\r\n" in head


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_not_called_unless_that_is_allowed(host: str) -> None:
    with an_odd_server(confirming) as odd:
        verdict = said(odd.url.replace("127.0.0.1", host), allow_private=False)
    assert "private" in reason(verdict)
    assert odd.connections == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "http://nowhere.invalid", "https://127.0.0.1:9", "http://[::", "http://a\x00b", ""]
)
def test_an_operator_that_is_not_there_leaves_the_call_unknown(url: str) -> None:
    assert reason(said(url))


def drips(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not odd.ending.wait(0.02):
        connection.sendall(b" ")
    return False


def hangs(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    odd.ending.wait(PATIENT)
    return False


def hangs_up(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    return False


def talks_nonsense(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    connection.sendall(b"HELLO\r\n\r\n")
    return False


def floods(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    connection.sendall(plain_answer("200 OK", b"x" * 1_000_000))
    return True


def redirects(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    connection.sendall(plain_answer("307 Temporary Redirect", b"", f"Location: {odd.url}/elsewhere"))
    return True


@pytest.mark.parametrize(
    ("answering", "words"),
    [
        (hangs, "no answer in time"),
        (drips, "no answer in time"),
        (hangs_up, "disconnected"),
        (talks_nonsense, "ProtocolError"),
        (floods, "more than 64 KiB"),
        (redirects, "answered 307"),
    ],
)
def test_an_answer_that_is_none_leaves_the_call_unknown(answering: Any, words: str) -> None:
    with an_odd_server(answering) as odd:
        assert words in reason(said(odd.url, timeout_s=SOON if words == "no answer in time" else PATIENT))
    assert len(odd.requests) <= 1


def test_connections_are_used_again_and_never_more_than_allowed() -> None:
    async def go(clients: OperatorClients) -> None:
        there = endpoint(odd.url, max_connections=POOL + 5)
        for _ in range(3):
            assert await clients.call(there, Call.BET, a_bet("s-1")) == Confirmed(7)
        assert odd.connections == 1
        verdicts = await asyncio.gather(*(clients.call(there, Call.BET, a_bet("s-1")) for _ in range(200)))
        assert set(verdicts) == {Confirmed(7)}
        assert odd.connections <= POOL + 5

    with an_odd_server(confirming) as odd:
        with_clients(go)


def test_calls_that_were_given_up_leave_room_for_others() -> None:
    async def go(clients: OperatorClients) -> None:
        there = endpoint(odd.url, max_connections=2, timeout_s=SOON)
        given_up = await asyncio.gather(*(clients.call(there, Call.BET, a_bet("s-1")) for _ in range(20)))
        assert {reason(verdict) for verdict in given_up} == {"no answer in time"}
        odd.answering = confirming
        for _ in range(100):  # the settings stay the same, so the connections do: they must have become free
            if (verdict := await clients.call(there, Call.BET, a_bet("s-1"))) == Confirmed(7):
                break
        assert verdict == Confirmed(7)

    with an_odd_server(hangs) as odd:
        with_clients(go)


def test_an_operator_that_hangs_delays_no_other(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        stuck = endpoint(odd.url, operator_id=2)
        waiting = [asyncio.create_task(clients.call(stuck, Call.BET, a_bet("s-1"))) for _ in range(300)]
        await until(lambda: len(odd.requests) >= stuck.max_connections)
        assert await clients.call(operator.endpoint(), Call.BET, a_bet(operator.player(10))) == Confirmed(0)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*waiting, return_exceptions=True)
        )

    with an_odd_server(hangs) as odd:
        with_clients(go)


def test_a_changed_endpoint_is_called_by_its_new_settings(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        alice = operator.player(100)
        assert await clients.call(operator.endpoint(), Call.BET, a_bet(alice)) == Confirmed(90)
        changed = operator.endpoint(secret="another")
        assert isinstance(await clients.call(changed, Call.BET, a_bet(alice)), Unknown)  # signed with the old one
        moved = endpoint(odd.url)
        slow = asyncio.create_task(clients.call(moved, Call.BET, a_bet(alice)))
        await until(lambda: bool(odd.requests))
        assert await clients.call(operator.endpoint(), Call.BET, a_bet(alice)) == Confirmed(80)
        assert not slow.done()  # a call under way is not cut off by the change
        slow.cancel()

    with an_odd_server(hangs) as odd:
        with_clients(go)


def test_calls_with_another_patience_or_secret_use_the_same_connections() -> None:
    async def go(clients: OperatorClients) -> None:
        for timeout_s in (PATIENT, PATIENT / 2, PATIENT):
            assert await clients.call(endpoint(odd.url, timeout_s=timeout_s), Call.BET, a_bet("s-1")) == Confirmed(7)
        assert isinstance(await clients.call(endpoint(odd.url, secret="another"), Call.BET, a_bet("s-1")), Unknown)

    with an_odd_server(confirming) as odd:
        with_clients(go)
    assert (len(odd.requests), odd.connections) == (4, 1)


def test_an_operators_cookies_are_not_kept() -> None:
    def baking(connection: socket.socket, request: bytes, odd: Odd) -> bool:
        headers, body = confirmation(json.loads(request.partition(b"\r\n\r\n")[2]))
        lines = [f"{name}: {value}" for name, value in headers.items()]
        connection.sendall(plain_answer("200 OK", body, "Set-Cookie: a=b", *lines))
        return True

    async def go(clients: OperatorClients) -> None:
        for _ in range(2):
            assert await clients.call(endpoint(odd.url), Call.BET, a_bet("s-1")) == Confirmed(7)

    with an_odd_server(baking) as odd:
        with_clients(go)
    assert not any(b"cookie" in request.lower() for request in odd.requests)


def test_calls_share_a_connection_where_the_operator_speaks_http_2(tmp_path: Path) -> None:
    async def go(clients: OperatorClients) -> None:
        there = endpoint(odd.url, max_connections=10)
        verdicts = await asyncio.gather(*(clients.call(there, Call.BET, a_bet("s-1")) for _ in range(200)))
        assert set(verdicts) == {Confirmed(7)}

    with an_h2_server(tmp_path, lambda body: confirmation(json.loads(body))) as (odd, trusting):
        with_clients(go, tls=trusting)
        assert (len(odd.requests), odd.connections) == (200, 1)


def test_a_connection_that_has_fallen_silent_is_left_for_a_new_one(tmp_path: Path) -> None:
    """As behind a router that has forgotten it: nothing ever comes, not even its end."""

    def silent_on_the_first(body: bytes) -> tuple[dict[str, str], bytes] | None:
        return confirmation(json.loads(body)) if odd.connections > 1 else None

    async def go(clients: OperatorClients) -> None:
        async with asyncio.timeout(PATIENT):
            while await clients.call(endpoint(odd.url, timeout_s=SOON), Call.BET, a_bet("s-1")) != Confirmed(7):
                assert odd.requests

    with an_h2_server(tmp_path, silent_on_the_first) as (odd, trusting):
        with_clients(go, tls=trusting)


def test_a_certificate_of_nobody_known_is_not_spoken_to(tmp_path: Path) -> None:
    with an_h2_server(tmp_path, lambda body: confirmation(json.loads(body))) as (odd, _):
        assert "certificate" in reason(said(odd.url)).lower()
    assert odd.requests == []


def test_five_hundred_calls_at_once_are_all_answered(tmp_path: Path) -> None:
    async def go(clients: OperatorClients) -> None:
        alice = running.player(500)
        there = running.endpoint()
        verdicts = await asyncio.gather(*(clients.call(there, Call.BET, a_bet(alice, 1)) for _ in range(500)))
        assert {type(verdict) for verdict in verdicts} == {Confirmed}
        assert sorted(verdict.balance_minor for verdict in verdicts if isinstance(verdict, Confirmed)) == list(
            range(500)
        )

    with an_operator(tmp_path, "--latency-ms", "50") as running:
        with_clients(go)


def test_the_list_by_day_is_read_over_its_pages(operator: RunningOperator) -> None:
    async def go(clients: OperatorClients) -> None:
        began = datetime.now(UTC).date()
        alice, there = operator.player(1000), operator.endpoint()
        bets = [a_bet(alice, 1) for _ in range(450)]
        await asyncio.gather(*(clients.call(there, Call.BET, bet) for bet in bets))
        days = sorted({began, datetime.now(UTC).date()})
        rows = [row for row in await listed(clients, there, *days) if row.user == alice]
        assert sorted(row.transaction_id for row in rows) == sorted(bet["transaction_id"] for bet in bets)
        assert await listed(clients, there, began - timedelta(days=2)) == []

    with_clients(go)


def pages(connection: socket.socket, request: bytes, odd: Odd) -> bool:
    body = b'{"results": [], "next": "1"}'
    headers = signed_headers(SECRET, body, now=time.time())
    connection.sendall(plain_answer("200 OK", body, *(f"{name}: {value}" for name, value in headers.items())))
    return True


@pytest.mark.parametrize(
    ("answering", "secret", "words"),
    [
        (pages, SECRET, "no end"),
        (pages, "another", "signature"),
        (redirects, SECRET, "answered 307"),
        (hangs_up, SECRET, "disconnected"),
    ],
)
def test_a_list_that_cannot_be_read_to_its_end_is_no_list(answering: Any, secret: str, words: str) -> None:
    with an_odd_server(answering) as odd, pytest.raises(ListUnavailable, match=words):
        with_clients(lambda clients: listed(clients, endpoint(odd.url, secret=secret), date(2026, 1, 1)))
