"""The providers' door, over HTTP: who signs is heard once, nobody else is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.webhooks.rules import new_secret
from tests.api.kit import code_of
from tests.psp.kit import Psp, money, signed
from wallet.psp import operations
from wallet.psp.models import Payment, Report
from wallet.psp.rules import MAX_BODY

pytestmark = pytest.mark.django_db
Start = Callable[..., Payment]


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=10_000)


@pytest.fixture
def payment(alice: Any, deposit: Start) -> Payment:
    return deposit(alice)


def test_a_signed_report_is_taken_and_a_replay_answered_alike(psp: Psp, alice: Any, payment: Payment) -> None:
    report = psp.report("deposit.succeeded", payment)
    answers = [psp.send(report, message_id="m-1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {answer.content for answer in answers} == {b'{"received":true}'}
    assert money(alice) == (15_000, 0)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_an_old_or_early_timestamp_is_refused(psp: Psp, alice: Any, payment: Payment, seconds: int) -> None:
    at = datetime.now(UTC) + timedelta(seconds=seconds + (2 if seconds > 0 else -2))
    answer = psp.send(psp.report("deposit.succeeded", payment), at=at)
    assert code_of(answer) == (401, "timestamp_out_of_range")
    assert money(alice) == (10_000, 0)


@pytest.mark.parametrize("seconds", [-240, 240])
def test_clocks_may_differ_by_minutes(psp: Psp, payment: Payment, seconds: int) -> None:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    assert psp.send(psp.report("deposit.succeeded", payment), at=at).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"webhook_signature": "v1,AAAA"}, "signature_invalid"),
        ({"webhook_signature": "nonsense"}, "signature_invalid"),
        ({"webhook_signature": "v1,\xe9"}, "signature_invalid"),
        ({"webhook_signature": None}, "signature_missing"),
        ({"webhook_id": None}, "signature_missing"),
        ({"webhook_id": "another"}, "signature_invalid"),
        ({"webhook_id": "x" * 200}, "signature_invalid"),
        ({"webhook_timestamp": None}, "signature_missing"),
        ({"webhook_timestamp": "soon"}, "timestamp_out_of_range"),
        ({"webhook_timestamp": "-5"}, "timestamp_out_of_range"),
        ({"webhook_timestamp": "1" * 40}, "timestamp_out_of_range"),
    ],
)
def test_what_is_not_signed_is_refused_and_leaves_nothing(
    psp: Psp, alice: Any, payment: Payment, changes: dict[str, Any], code: str
) -> None:
    answer = psp.send(psp.report("deposit.succeeded", payment), **changes)
    assert code_of(answer) == (401, code)
    assert money(alice) == (10_000, 0)
    assert not Report.objects.filter(provider=psp.provider).exists()


def test_one_of_several_signatures_is_enough(psp: Psp, payment: Payment) -> None:
    body = json.dumps(psp.report("deposit.succeeded", payment))
    right = signed(psp.secret, body, message_id="m-1")["webhook-signature"]
    assert psp.send(body, message_id="m-1", webhook_signature=f"v1,AAAA v2,x {right}").status_code == 200


def test_a_changed_body_and_another_providers_secret_are_refused(
    psp: Psp, alice: Any, payment: Payment, now: datetime
) -> None:
    body = json.dumps(psp.report("deposit.succeeded", payment))
    headers = signed(psp.secret, body, message_id="m-1")
    path = f"/api/v1/psp/{psp.provider.slug}/webhook"
    changed = body.replace("5000", "9000")
    assert changed != body
    answer = Client().generic("POST", path, changed, content_type="application/json", headers=headers)
    assert code_of(answer) == (401, "signature_invalid")
    operations.ensure_provider(
        "evil", name="Evil", base_url="https://evil.example", secret=new_secret(), enabled=True, now=now
    )
    assert code_of(psp.send(body, slug="evil")) == (401, "signature_invalid")
    assert money(alice) == (10_000, 0)


@pytest.mark.parametrize(
    ("report", "field"),
    [
        ("{", ""),
        ("[]", ""),
        ({"type": "payout.done", "data": {}}, "type"),
        ({"type": "deposit.succeeded"}, "data"),
        ({"type": "deposit.succeeded", "data": {"reference": "r"}}, "data.provider_reference"),
    ],
)
def test_a_signed_body_that_is_no_report_is_refused_by_its_field(psp: Psp, report: Any, field: str) -> None:
    answer = psp.send(report)
    assert code_of(answer) == (400, "invalid_request")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_the_door_has_limits(psp: Psp, payment: Payment, settings: Any) -> None:
    report = psp.report("deposit.succeeded", payment)
    assert code_of(psp.send(json.dumps({**report, "more": "x" * MAX_BODY}))) == (413, "payload_too_large")
    assert code_of(psp.send(report, content_type="text/plain")) == (415, "unsupported_media_type")
    assert code_of(psp.send(report, slug="nobody")) == (404, "not_found")
    assert code_of(psp.send(report, slug="%00")) == (404, "not_found")
    assert code_of(Client().get(f"/api/v1/psp/{psp.provider.slug}/webhook")) == (405, "method_not_allowed")
    settings.API_RATE_LIMITS = {**settings.API_RATE_LIMITS, "guess": (3, 60)}
    codes = [psp.send(report, webhook_signature="v1,AAAA").status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    assert psp.send(report).status_code == 200, "who signs is not held up by who cannot"


def test_an_id_that_stood_for_another_message_is_refused(psp: Psp, payment: Payment) -> None:
    assert psp.send(psp.report("deposit.failed", payment), message_id="m-1").status_code == 200
    answer = psp.send(psp.report("deposit.succeeded", payment), message_id="m-1")
    assert code_of(answer) == (422, "idempotency_mismatch")


def test_what_is_understood_is_taken_also_where_it_fits_nothing(psp: Psp, payment: Payment) -> None:
    for report in (
        psp.report("deposit.succeeded", "unknown"),
        psp.report("deposit.succeeded", payment, amount=1),
        psp.report("withdrawal.failed", "unknown"),
    ):
        assert psp.send(report).status_code == 200


def test_a_provider_that_is_off_still_reports_what_it_began(
    psp: Psp, alice: Any, payment: Payment, now: datetime
) -> None:
    operations.change_provider(psp.provider, actor=None, now=now, enabled=False)
    assert psp.send(psp.report("deposit.succeeded", payment)).status_code == 200
    assert money(alice) == (15_000, 0)


def test_the_secret_is_stored_sealed(psp: Psp) -> None:
    assert psp.secret not in " ".join(str(value) for value in vars(psp.provider).values())
    assert psp.provider.secret == psp.secret
