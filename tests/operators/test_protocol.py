"""What an operator's answer means: believed only when it is surely the operator's and surely about our call."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wallet.operators.protocol import (
    LARGEST_ANSWER,
    Call,
    Confirmed,
    Listed,
    Nonsense,
    Refused,
    Unknown,
    Verdict,
    day_query,
    read_answer,
    read_page,
    sign,
    signed_headers,
    verify,
)

SECRET, NOW = "s3cret", 1_795_262_400.0
SENT = {"transaction_id": "t-1", "user": "s-1", "amount": 10, "currency": "BRL", "denominator": 100}
FINE = {"transaction_id": "t-1", "balance": 990, "currency": "BRL", "denominator": 100}


def heard(
    answer: Any, status: int = 200, *, call: Call = Call.BET, secret: str = SECRET, at: float = NOW, **headers: str
) -> Verdict:
    """What we take a signed answer for."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    signed = {**signed_headers(secret, body, now=at), **headers}
    return read_answer(call, SENT, status, signed, body, secret=SECRET, now=NOW)


def error(code: str = "insufficient_funds", *, retryable: Any = False, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": "No.", "retryable": retryable, "transaction_id": "t-1", **more}


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


def test_a_signature_is_the_hmac_of_the_body_and_the_timestamp() -> None:
    # printf '{"a":1}1795262400' | openssl dgst -sha256 -hmac s3cret
    known = "dbeae692817b53dafaeee47180e66774997c117ee3eddb55f870b9cb7b06693e"
    assert sign("s3cret", b'{"a":1}', "1795262400") == known
    assert verify("s3cret", b'{"a":1}', "1795262400", known, now=NOW)


@pytest.mark.parametrize(
    ("timestamp", "off", "valid"),
    [
        ("1795262400", 0, True),
        ("1795262400", 300, True),
        ("1795262400", -300, True),
        ("1795262400", 301, False),
        ("1795262400", -301, False),
        ("", 0, False),
        ("soon", 0, False),
        ("-1", 0, False),
        ("1795262400.0", 0, False),
        ("٣", 0, False),
        ("9" * 400, 0, False),
    ],
)
def test_a_signature_counts_for_five_minutes(timestamp: str, off: int, valid: bool) -> None:
    signature = sign(SECRET, b"{}", timestamp)
    assert verify(SECRET, b"{}", timestamp, signature, now=NOW + off) is valid


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (FINE, Confirmed(990)),
        ({**FINE, "balance": 0}, Confirmed(0)),
        ({**FINE, "more": ["fields"], "may": "come"}, Confirmed(990)),
        ({**FINE, "transaction_id": "t-2"}, "for another transaction_id than ours"),
        (without(FINE, "transaction_id"), "for another transaction_id than ours"),
        ({**FINE, "balance": -1}, "without a balance"),
        ({**FINE, "balance": "990"}, "without a balance"),
        ({**FINE, "balance": 990.0}, "without a balance"),
        ({**FINE, "balance": True}, "without a balance"),
        ({**FINE, "balance": 10**18 + 1}, "without a balance"),
        (without(FINE, "balance"), "without a balance"),
        ({**FINE, "currency": "EUR"}, "in another currency"),
        ({**FINE, "denominator": 1}, "with another denominator"),
        ({**FINE, "denominator": 100.0}, "with another denominator"),
        (without(FINE, "denominator"), "with another denominator"),
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b'{"balance": 1e999}', "not JSON"),
        ([FINE], "not a JSON object"),
        ({**FINE, "padding": "x" * LARGEST_ANSWER}, "with more than 64 KiB"),
    ],
)
def test_a_success_counts_when_it_names_our_transaction_and_our_money(answer: Any, verdict: Any) -> None:
    found = heard(answer)
    if isinstance(verdict, str):
        assert isinstance(found, Unknown)
        assert verdict in found.reason
    else:
        assert found == verdict


@pytest.mark.parametrize("call", [Call.AUTHENTICATE, Call.BALANCE])
def test_questions_are_answered_for_a_user(call: Call) -> None:
    fine = {**without(FINE, "transaction_id"), "user": "s-1"}
    assert heard(fine, call=call) == Confirmed(990)
    assert isinstance(heard({**fine, "user": "s-2"}, call=call), Unknown)
    assert heard(error("session_expired"), 403, call=call) == Refused("session_expired", "No.")


def test_a_question_that_names_no_denominator_takes_any_that_is_one() -> None:
    sent = {"user": "s-1", "currency": "BRL"}
    for denominator, verdict in ((100, Confirmed), (0, Unknown), (None, Unknown)):
        body = json.dumps({"user": "s-1", "balance": 1, "currency": "BRL", "denominator": denominator}).encode()
        signed = signed_headers(SECRET, body, now=NOW)
        found = read_answer(Call.BALANCE, sent, 200, signed, body, secret=SECRET, now=NOW)
        assert isinstance(found, verdict)


@pytest.mark.parametrize("status", [200, 401, 402, 409, 429])
def test_what_is_not_signed_by_the_operator_just_now_is_not_believed(status: int) -> None:
    answer = FINE if status == 200 else error()
    for doubtful in (
        heard(answer, status, secret="another"),
        heard(answer, status, at=NOW - 301),
        heard(answer, status, **{"X-Signature": ""}),
        heard(answer, status, **{"X-Timestamp": ""}),
        heard(answer, status, **{"X-Signature": "\udcff"}),
        read_answer(Call.BET, SENT, status, {}, json.dumps(answer).encode(), secret=SECRET, now=NOW),
    ):
        assert isinstance(doubtful, Unknown)
        assert "sign" in doubtful.reason


@pytest.mark.parametrize(
    ("status", "answer", "verdict"),
    [
        (402, error(balance=5), Refused("insufficient_funds", "No.", 5)),
        (402, error(balance=5, currency="EUR"), Refused("insufficient_funds", "No.")),
        (402, error(balance="5"), Refused("insufficient_funds", "No.")),
        (403, error("player_blocked"), Refused("player_blocked", "No.")),
        (409, error("bet_refunded"), Refused("bet_refunded", "No.")),
        (403, error("limit_reached", message=5), Refused("limit_reached", "")),
        (401, without(error("authentication_failed"), "transaction_id"), Refused("authentication_failed", "No.")),
        (401, error("authentication_failed", retryable=True), Refused("authentication_failed", "No.")),
        (422, without(error("invalid_request"), "transaction_id"), Refused("invalid_request", "No.")),
        (402, error(transaction_id="t-2"), "for another transaction_id than ours"),
        (402, without(error(), "transaction_id"), "for another transaction_id than ours"),
        (401, error("authentication_failed", transaction_id="t-2"), "for another transaction_id than ours"),
        (403, error("limit_reached", retryable=True), "limit_reached, which may pass"),
        (403, without(error("limit_reached"), "retryable"), "limit_reached, which may pass"),
        (403, error("limit_reached", retryable=0), "limit_reached, which may pass"),
        (402, error("No money!"), "without a code"),
        (402, error(code=402), "without a code"),
        (404, b"nginx", "not JSON"),
        (500, error("internal_error"), "answered 500"),
        (503, error("internal_error", retryable=False), "answered 503"),
        (302, FINE, "answered 302"),
        (201, FINE, "answered 201"),
    ],
)
def test_an_error_is_a_refusal_when_it_is_final_and_ours(status: int, answer: Any, verdict: Any) -> None:
    found = heard(answer, status)
    if isinstance(verdict, str):
        assert isinstance(found, Unknown)
        assert verdict in found.reason
    else:
        assert found == verdict


def test_a_bet_that_comes_too_often_is_not_booked_and_a_win_waits() -> None:
    busy = without(error("rate_limited", retryable=True), "transaction_id")
    wait = {"Retry-After": "7"}
    assert heard(busy, 429, **wait) == Refused("rate_limited", "No.", retry_after=7)
    for call in (Call.WIN, Call.REFUND, Call.BALANCE):
        found = heard(busy, 429, call=call, **wait)
        assert isinstance(found, Unknown)
        assert found.retry_after == 7
    unsigned = heard(busy, 429, secret="another", **wait)
    assert isinstance(unsigned, Unknown)
    assert unsigned.retry_after == 7


def test_header_names_are_found_in_small_letters_too() -> None:
    body = json.dumps(FINE).encode()
    signed = {name.lower(): value for name, value in signed_headers(SECRET, body, now=NOW).items()}
    assert read_answer(Call.BET, SENT, 200, signed, body, secret=SECRET, now=NOW) == Confirmed(990)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FINE, "code", "retryable"]), inner),
    max_leaves=8,
)


@example(Call.BET, 200, b'"\x80"', "")  # a text that is none
@given(st.sampled_from(Call), st.integers(100, 599), JSON | st.binary(max_size=50), st.text(max_size=10))
def test_no_answer_whatever_it_is_breaks_the_reader_and_only_a_200_confirms(
    call: Call, status: int, answer: Any, wait: str
) -> None:
    found = heard(answer, status, call=call, **{"Retry-After": wait})
    assert not isinstance(found, Confirmed) or status == 200
    assert not isinstance(found, Refused) or 400 <= status < 500


ROW = {
    "transaction_id": "t-1",
    "kind": "bet",
    "user": "s-1",
    "amount": 10,
    "currency": "BRL",
    "at": "2026-11-21T10:00:00Z",
}


def page(answer: Any, status: int = 200, secret: str = SECRET) -> tuple[list[Listed], str | None]:
    body = json.dumps(answer).encode()
    return read_page(status, signed_headers(secret, body, now=NOW), body, secret=SECRET, now=NOW)


def test_a_page_of_the_list_has_rows_and_the_next_cursor() -> None:
    tombstone = {**ROW, "kind": "refund", "amount": 0, "bet_transaction_id": "t-0", "booked": False}
    rows, cursor = page({"results": [ROW, tombstone], "next": "2"})
    assert cursor == "2"
    assert [(row.kind, row.amount, row.bet_transaction_id, row.booked) for row in rows] == [
        ("bet", 10, None, True),
        ("refund", 0, "t-0", False),
    ]
    assert rows[0].at.isoformat() == "2026-11-21T10:00:00+00:00"
    assert page({"results": [], "next": None}) == ([], None)


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "amount": -1},
        {**ROW, "amount": 1.5},
        {**ROW, "amount": True},
        {**ROW, "kind": "bonus"},
        {**ROW, "at": "yesterday"},
        {**ROW, "at": "2026-11-21T10:00:00"},
        {**ROW, "booked": None},
        without(ROW, "user"),
        "row",
    ],
)
def test_a_row_that_is_not_one_is_named(row: Any) -> None:
    with pytest.raises(Nonsense, match=r"results\[1\]"):
        page({"results": [ROW, row], "next": None})


@pytest.mark.parametrize(
    ("answer", "status", "secret", "words"),
    [
        ({"results": [], "next": None}, 500, SECRET, "answered 500"),
        ({"results": [], "next": None}, 200, "another", "signature"),
        ([], 200, SECRET, "not a JSON object"),
        ({"results": []}, 200, SECRET, "next"),
        ({"results": {}, "next": None}, 200, SECRET, "results"),
    ],
)
def test_a_page_that_is_not_one_is_refused(answer: Any, status: int, secret: str, words: str) -> None:
    with pytest.raises(Nonsense, match=words):
        page(answer, status, secret)


def test_the_first_page_is_asked_for_without_a_cursor() -> None:
    from datetime import date

    assert day_query(date(2026, 11, 21), None) == {"day": "2026-11-21"}
    assert day_query(date(2026, 11, 21), "7") == {"day": "2026-11-21", "cursor": "7"}
