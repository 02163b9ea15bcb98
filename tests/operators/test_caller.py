"""One thread for the calls of a process, which turns calls away at once while an operator does not answer."""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.operators.odd_servers import an_odd_server
from tests.operators.running import PATIENT, RunningOperator, a_bet, follow_up, refusal, until
from tests.operators.test_client import confirming, endpoint, hangs, hangs_up
from wallet.operators import client
from wallet.operators.breaker import FAILURES
from wallet.operators.client import Caller, ListUnavailable
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict


@pytest.fixture
def caller() -> Iterator[Caller]:
    made = Caller()
    yield made
    made.close()


def known(future: "Future[Verdict]") -> Verdict:
    return future.result(PATIENT * 2)


def wait_until(condition: Any) -> None:
    asyncio.run(until(condition))


def test_threads_and_loops_call_through_the_same_caller(caller: Caller, operator: RunningOperator) -> None:
    alice, there = operator.player(100), operator.endpoint()

    def bet(_: int) -> Verdict:
        return known(caller.submit(there, Call.BET, a_bet(alice, 1)))

    async def go() -> list[Verdict]:
        calls = [asyncio.wrap_future(caller.submit(there, Call.BET, a_bet(alice, 1))) for _ in range(50)]
        return list(await asyncio.gather(*calls))

    with ThreadPoolExecutor(10) as threads:
        verdicts = [*threads.map(bet, range(50)), *asyncio.run(go())]
    assert sorted(verdict.balance_minor for verdict in verdicts if isinstance(verdict, Confirmed)) == list(range(100))


def test_a_list_is_read_for_threads_too(caller: Caller, operator: RunningOperator) -> None:
    bet, there, today = a_bet(operator.player(100)), operator.endpoint(), datetime.now(UTC).date()
    known(caller.submit(there, Call.BET, bet))
    days = {today, datetime.now(UTC).date()}
    rows = [row for day in days for row in caller.transactions(there, day).result(PATIENT)]
    assert bet["transaction_id"] in [row.transaction_id for row in rows]
    with pytest.raises(ListUnavailable, match="answered 401"):
        caller.transactions(operator.endpoint(2, secret="another"), today).result(PATIENT)


def test_an_operator_that_does_not_answer_is_left_alone_and_others_are_not(
    caller: Caller, operator: RunningOperator
) -> None:
    with an_odd_server(hangs_up) as odd:
        down = endpoint(odd.url, operator_id=2)
        for _ in range(FAILURES):
            assert isinstance(known(caller.submit(down, Call.BET, a_bet("s-1"))), Unknown)
        turned_away = [caller.submit(down, call, a_bet("s-1")) for call in (Call.BET, Call.BALANCE, Call.AUTHENTICATE)]
        # At most one of them was the trial, where this machine took longer than the pause to come here.
        codes = [refusal(known(future)) for future in turned_away]
        assert codes.count("operator_unavailable") >= 2
        assert len(odd.requests) <= FAILURES + 1
        assert known(caller.submit(operator.endpoint(), Call.BET, a_bet(operator.player(10)))) == Confirmed(0)


def test_a_refusal_for_want_of_an_answer_says_when_to_come_again(caller: Caller) -> None:
    with an_odd_server(hangs_up) as odd:
        down = endpoint(odd.url)
        verdict: Verdict = Confirmed(0)
        deadline = time.monotonic() + PATIENT
        while not isinstance(verdict, Refused) and time.monotonic() < deadline:
            verdict = known(caller.submit(down, Call.BET, a_bet("s-1")))
    assert isinstance(verdict, Refused)
    assert verdict.code == "operator_unavailable"
    assert verdict.retry_after is not None
    assert 0 <= verdict.retry_after <= 30


def test_what_is_owed_is_tried_all_the_same_and_its_answer_ends_the_pause(caller: Caller) -> None:
    with an_odd_server(hangs_up) as odd:
        down = endpoint(odd.url)
        for _ in range(3 * FAILURES):  # so that the pause is a long one
            assert isinstance(known(caller.submit(down, Call.WIN, follow_up("win", a_bet("s-1")))), Unknown)
        assert len(odd.requests) == 3 * FAILURES
        odd.answering = confirming
        assert known(caller.submit(down, Call.REFUND, follow_up("refund", a_bet("s-1")))) == Confirmed(7)
        assert known(caller.submit(down, Call.BET, a_bet("s-1"))) == Confirmed(7)


def test_an_operator_that_is_back_is_found_by_a_trial(caller: Caller) -> None:
    with an_odd_server(hangs_up) as odd:
        there = endpoint(odd.url)
        for _ in range(FAILURES):
            known(caller.submit(there, Call.BET, a_bet("s-1")))
        odd.answering = confirming
        wait_until(lambda: known(caller.submit(there, Call.BET, a_bet("s-1"))) == Confirmed(7))
        for _ in range(3):
            assert known(caller.submit(there, Call.BET, a_bet("s-1"))) == Confirmed(7)


def test_a_hanging_operator_cannot_pile_up_calls(caller: Caller) -> None:
    with an_odd_server(hangs) as odd:
        there = endpoint(odd.url, max_connections=1, timeout_s=PATIENT)
        bound = there.most_under_way
        waiting = [caller.submit(there, Call.BET, a_bet("s-1")) for _ in range(bound)]
        assert refusal(known(caller.submit(there, Call.BET, a_bet("s-1")))) == "operator_unavailable"
        owed = caller.submit(there, Call.WIN, follow_up("win", a_bet("s-1")))  # has room of its own
        wait_until(lambda: len(odd.requests) == 1)
        assert not owed.done()
        assert not any(future.done() for future in waiting)
        caller.close()
        assert isinstance(known(owed), Unknown)


def test_calls_under_way_at_the_end_are_unknown_and_later_ones_are_not_made() -> None:
    caller = Caller()
    with an_odd_server(hangs) as odd:
        under_way = [caller.submit(endpoint(odd.url), Call.BET, a_bet("s-1")) for _ in range(5)]
        wait_until(lambda: len(odd.requests) == 5)
        caller.close()
        assert {getattr(known(future), "reason", "") for future in under_way} == {"cancelled: the process is ending"}
        assert refusal(known(caller.submit(endpoint(odd.url), Call.BET, a_bet("s-1")))) == "operator_unavailable"
        assert isinstance(known(caller.submit(endpoint(odd.url), Call.WIN, a_bet("s-1"))), Unknown)
        with pytest.raises(ListUnavailable):
            caller.transactions(endpoint(odd.url), datetime.now(UTC).date())
        assert len(odd.requests) == 5
    caller.close()


def test_a_process_has_one_and_its_child_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_shared", None)
    ours = client.caller()
    assert client.caller() is ours
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert client.caller() is not ours
