"""The check passes the reference operator, and says of each kind of wrong operator what is wrong with it."""

import asyncio
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.operators.odd_servers import an_odd_server, plain_answer
from tests.operators.running import PATIENT, SECRET, RunningOperator, an_operator
from wallet.operators.checking import CASES, Result, check
from wallet.operators.talking import Subject

SLOWEST = 60_000  # ms; how fast this machine is is not the question


def checked(operator: RunningOperator, *, seconds: float = PATIENT, **other: Any) -> dict[str, Result]:
    subject = {"endpoint": operator.endpoint(timeout_s=seconds), "user": operator.player(1000), "currency": "BRL"}
    asked = Subject(**subject | {"denominator": 100, "latency_ms": SLOWEST} | other)

    async def go() -> dict[str, Result]:
        return {result.name: result async for result in check(asked)}

    return asyncio.run(go())


def run_command(*arguments: str) -> tuple[str, str]:
    """What it prints, and the error that it ends with."""
    output = StringIO()
    try:
        call_command("check_operator", *arguments, stdout=output)
    except CommandError as error:
        return output.getvalue(), f"{error.returncode}: {error}"
    return output.getvalue(), ""


def arguments(operator: RunningOperator, user: str) -> list[str]:
    money = ["--user", user, "--currency", "BRL", "--latency-ms", str(SLOWEST), "--timeout-ms", str(SLOWEST)]
    return ["--url", operator.url, "--secret", SECRET, *money]


def test_the_reference_operator_passes_every_case(tmp_path: Path) -> None:
    with an_operator(tmp_path, "--player", "s-1:BRL:100:1000:tok") as operator:
        blocked = operator.player()
        operator.steer("_players", user=blocked, blocked=True)
        results = checked(operator, user="s-1", token="tok", blocked_user=blocked)
    assert {name: result for name, result in results.items() if result.verdict != "PASS"} == {}
    assert len(results) == len(CASES) + 2


BET, WIN = "a bet takes its stake once", "a win is paid once"
LATE, AFTER_WIN = "a bet that comes after its refund is refused", "a refund after a win is refused"
BEFORE = "a refund before its bet is accepted and moves nothing"


@pytest.mark.parametrize(
    ("fault", "case", "words"),
    [
        ("error_500_before", BET, "/bet: answered 500, and should have been accepted"),
        ("error_500_after", BET, "/bet: answered 500, and should have been accepted"),
        ("error_401", BET, "/bet answered 401 authentication_failed (A fault.), and should have been accepted"),
        ("error_402", BET, "/bet answered 402 insufficient_funds (A fault.), and should have been accepted"),
        ("error_429", BET, "/bet answered 429 rate_limited (A fault.), and should have been accepted"),
        ("lost_answer", BET, "Server disconnected"),
        ("duplicate", BET, "after a bet of 2 /balance says 996, not 998"),
        ("wrong_balance", BET, "/bet of 2 answered a balance of 999; it was 1000 before"),
        ("wrong_currency", BET, "answered 200, in another currency than ours"),
        ("wrong_signature", BET, "answered 200, with a signature that is wrong"),
        ("wrong_transaction", BET, "answered 200, for another transaction_id than ours"),
        ("broken_json", BET, "answered 200, not JSON"),
        ("negative_balance", BET, "answered 200, without a balance that is a whole number from 0 up"),
        ("refuses_late_refund", BEFORE, "/refund answered 404 bet_not_found"),
        ("refuses_late_refund", LATE, "/refund answered 404 bet_not_found"),
        ("no_tombstone", LATE, "/bet was accepted, and should have been refused with 409 bet_refunded"),
        ("refund_after_win", AFTER_WIN, "/refund was accepted, and should have been refused with 409 bet_settled"),
        ("accepts_bad_signature", "a wrong signature is refused", "/bet was accepted, and should have been refused"),
        ("accepts_bad_signature", "a time five minutes off is refused", "/bet was accepted"),
        ("not_idempotent", BET, "after the same bet sent twice /balance says 996, not 998"),
        ("not_idempotent", "the list by day has all of it, once", "stands 2 times in the list"),
        ("blocks_wins", WIN, "/win answered 403 player_blocked"),
    ],
)
def test_an_operator_that_is_wrong_is_told_what_is_wrong(
    operator: RunningOperator, fault: str, case: str, words: str
) -> None:
    operator.fault(fault)
    result = checked(operator)[case]
    assert result.verdict == "FAIL"
    assert words in result.words


@pytest.mark.parametrize("fault", ["slow", "timeout_before", "timeout_after"])
def test_an_operator_that_takes_too_long_is_told_so(operator: RunningOperator, fault: str) -> None:
    operator.fault(fault, calls=["win"], count=1)
    result = checked(operator, seconds=2.0)[WIN]
    assert result.verdict == "FAIL"
    assert "no answer in time" in result.words


@pytest.mark.parametrize("fault", ["wrong_balance", "wrong_currency", "negative_balance", "wrong_transaction"])
def test_questions_are_checked_too(operator: RunningOperator, fault: str) -> None:
    operator.fault(fault, calls=["authenticate"])
    assert checked(operator)["authenticate and balance tell the same"].verdict == "FAIL"


def test_a_player_without_money_is_no_test_player(operator: RunningOperator) -> None:
    result = checked(operator, user=operator.player(3))["authenticate and balance tell the same"]
    assert result.words == "the player has 3 minor units; the check needs at least 10"


def test_an_operator_that_is_slow_is_told_how_slow(operator: RunningOperator) -> None:
    result = checked(operator, latency_ms=0)["answers come quickly"]
    assert result.verdict == "FAIL"
    assert "median" in result.words


def test_a_server_that_is_none_fails_every_case_and_breaks_none() -> None:
    def refusing(connection: Any, request: bytes, odd: Any) -> bool:
        connection.sendall(plain_answer("200 OK", b"<h1>It works!</h1>"))
        return True

    with an_odd_server(refusing) as odd:
        operator = RunningOperator(Path(), ())
        operator.url = odd.url
        subject = Subject(operator.endpoint(), "s-1", "BRL", 100, latency_ms=SLOWEST)

        async def go() -> list[Result]:
            return [result async for result in check(subject)]

        results = asyncio.run(go())
    passed = [result.name for result in results if result.verdict == "PASS"]
    assert passed == ["answers come quickly"]


@pytest.mark.django_db
def test_the_command_prints_a_line_per_case_and_ends_well(operator: RunningOperator) -> None:
    printed, error = run_command(*arguments(operator, operator.player()))
    assert error == ""
    lines = printed.splitlines()
    assert [line[:4] for line in lines[:-1]].count("PASS") == len(CASES)
    assert f"PASS  {BET}" in lines
    assert "SKIP  a session that has ended is refused: no --token was given" in lines
    assert lines[-1] == f"{len(CASES)} PASS, 0 FAIL, 2 SKIP: the server keeps the protocol."


@pytest.mark.django_db
def test_the_command_ends_with_an_error_when_a_case_fails(operator: RunningOperator) -> None:
    operator.fault("refund_after_win")
    printed, error = run_command(*arguments(operator, operator.player()))
    assert f"FAIL  {AFTER_WIN}: " in printed
    assert error.startswith("1: ")
    assert " 1 FAIL, " in error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "Give the name of an operator, or --url and --secret."),
        (["acme", "--url", "http://127.0.0.1:1"], "Give the name of an operator, or --url and --secret."),
        (["--url", "http://127.0.0.1:1"], "--url needs --secret"),
        (["nobody"], "No operator nobody is set up here"),
        (["--url", "http://127.0.0.1:1", "--secret", "s", "--currency", "XTS"], "XTS is no currency"),
    ],
)
def test_the_command_says_what_it_lacks(given: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("check_operator", "--user", "s-1", "--currency", "BRL", *given)
