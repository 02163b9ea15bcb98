"""What a report does to a payment, as a table; and what is a report at all."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from wallet.psp.rules import Effect, NotAReport, Reason, Said, Standing, Verdict, judge, next_delay, read_report

AT = datetime(2026, 3, 1, tzinfo=UTC)
PENDING = Standing("deposit", "pending", 500, "BRL", "")
ASKED = Standing("withdrawal", "requested", 500, "BRL", "")
PAID = Standing("deposit", "succeeded", 500, "BRL", "p-1")
FAILED = Standing("deposit", "failed", 500, "BRL", "p-1")
CANCELLED = Standing("withdrawal", "cancelled", 500, "BRL", "")
OUT = Standing("withdrawal", "succeeded", 500, "BRL", "p-1")


def said(kind: str, **changes: Any) -> Said:
    fields = {"reference": "r", "provider_reference": "p-1", "amount_minor": 500, "currency": "BRL", "at": AT}
    return Said(type=kind, **{**fields, **changes})


def case(reason: Reason) -> Verdict:
    return Verdict(Effect.SUSPENDED, reason)


APPLIED, REPEATED, WAITING = Verdict(Effect.APPLIED), Verdict(Effect.REPEATED), Verdict(Effect.WAITING)
TABLE = [
    (PENDING, said("deposit.succeeded"), APPLIED),
    (PENDING, said("deposit.failed"), APPLIED),
    (ASKED, said("withdrawal.succeeded"), APPLIED),
    (ASKED, said("withdrawal.failed"), APPLIED),
    (PAID, said("deposit.succeeded"), REPEATED),
    (FAILED, said("deposit.failed"), REPEATED),
    (CANCELLED, said("withdrawal.failed"), REPEATED),
    (OUT, said("withdrawal.succeeded"), REPEATED),
    (PAID, said("deposit.succeeded", provider_reference="p-2"), case(Reason.PAID_TWICE)),
    (PAID, said("deposit.failed"), case(Reason.CONTRADICTION)),
    (OUT, said("withdrawal.failed"), case(Reason.CONTRADICTION)),
    (FAILED, said("deposit.succeeded"), case(Reason.AFTER_THE_END)),
    (CANCELLED, said("withdrawal.succeeded"), case(Reason.AFTER_THE_END)),
    (PENDING, said("deposit.succeeded", amount_minor=499), case(Reason.OTHER_AMOUNT)),
    (PENDING, said("deposit.succeeded", currency="EUR"), case(Reason.OTHER_CURRENCY)),
    (PENDING, said("withdrawal.succeeded"), case(Reason.OTHER_DIRECTION)),
    (PAID, said("deposit.succeeded", amount_minor=1), case(Reason.OTHER_AMOUNT)),
    (ASKED, said("withdrawal.failed", amount_minor=1), case(Reason.OTHER_AMOUNT)),
    (None, said("deposit.succeeded"), case(Reason.UNKNOWN_REFERENCE)),
    (None, said("withdrawal.succeeded"), case(Reason.UNKNOWN_REFERENCE)),
    (None, said("deposit.failed"), WAITING),
    (None, said("withdrawal.failed"), WAITING),
]


@pytest.mark.parametrize(("payment", "report", "expected"), TABLE)
def test_a_report_does(payment: Standing | None, report: Said, expected: Verdict) -> None:
    assert judge(report, payment, known_case=False) == expected
    again = judge(report, payment, known_case=True)
    assert again == (REPEATED if expected.effect is Effect.SUSPENDED else expected)


GOOD: dict[str, Any] = {
    "type": "deposit.succeeded",
    "data": {
        "reference": "dep_1",
        "provider_reference": "p-1",
        "amount": 500,
        "currency": "BRL",
        "at": "2026-03-01T12:00:00Z",
    },
}


def test_a_report_is_read_with_its_amount_in_minor_units() -> None:
    read = read_report(json.dumps({**GOOD, "id": "more is no harm"}).encode())
    assert (read.reference, read.amount_minor, read.succeeded) == ("dep_1", 500, True)
    assert read.at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "deposit.unknown"}, "type"),
        ({"type": ["deposit.failed"]}, "type"),
        ({"data": None}, "data"),
        ({"amount": 0}, "data.amount"),
        ({"amount": -5}, "data.amount"),
        ({"amount": 5.0}, "data.amount"),
        ({"amount": "5"}, "data.amount"),
        ({"amount": True}, "data.amount"),
        ({"amount": 10**16}, "data.amount"),
        ({"currency": "brl"}, "data.currency"),
        ({"reference": ""}, "data.reference"),
        ({"reference": "a b"}, "data.reference"),
        ({"reference": "r\x00"}, "data.reference"),
        ({"reference": "r" * 65}, "data.reference"),
        ({"provider_reference": None}, "data.provider_reference"),
        ({"at": "yesterday"}, "data.at"),
        ({"at": "2026-03-01T12:00:00"}, "data.at"),
        ({"at": 5}, "data.at"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "data.at"),
        ({"at": "9999-12-31T23:59:59-23:59"}, "data.at"),
    ],
)
def test_what_is_no_report_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    top = {name: value for name, value in changes.items() if name in ("type", "data")}
    inner = {name: value for name, value in changes.items() if name not in top}
    body = {**GOOD, **({} if "data" in top else {"data": {**GOOD["data"], **inner}}), **top}
    with pytest.raises(NotAReport) as refused:
        read_report(json.dumps(body).encode())
    assert refused.value.field == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", "{}".encode("utf-16"), b"[" * 100_000, b'"x"'])
def test_what_is_not_even_an_object_is_refused(body: bytes) -> None:
    with pytest.raises(NotAReport):
        read_report(body)


def test_hand_overs_are_tried_for_ever_with_growing_pauses() -> None:
    delays = [next_delay(attempt) for attempt in range(1, 40)]
    assert delays == sorted(delays)
    assert delays[-1] == delays[-2]
