"""Operators of seamless wallets in the back office."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from tests.admin.conftest import World
from wallet.operators.models import Operator, RemoteCall

pytestmark = pytest.mark.usefixtures("db")
WHERE = "/admin/operators/operator/"


@pytest.fixture
def staff(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("admin")


def assert_shown_once(page: Any, secret: str, staff: Client) -> None:
    """In the answer itself, which nobody keeps; in no cookie and in no message of the next page."""
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert secret in page.content.decode()
    assert not [cookie for cookie in staff.cookies.values() if secret in cookie.OutputString()]
    assert secret not in staff.get(WHERE).content.decode()


def test_messages_are_not_kept_in_a_cookie(staff: Client, world: World) -> None:
    staff.post(f"{WHERE}{Operator.objects.get(slug='acme-wallet').pk}/switch/")
    assert "messages" not in staff.cookies
    assert "takes no stakes" in staff.get(WHERE).content.decode()


def test_an_operator_is_connected_and_its_secret_shown_once(staff: Client, world: World) -> None:
    Operator.objects.filter(slug="acme-wallet").update(environment="live")
    form = {
        "partner": world.api_key.partner_id,
        "environment": "test",
        "slug": "two",
        "base_url": "https://op2.example",
    }
    page = staff.post(f"{WHERE}connect/", form)
    made = Operator.objects.get(slug="two")
    assert_shown_once(page, made.secret, staff)
    assert made.secret not in staff.get(f"{WHERE}{made.pk}/change/").content.decode()
    assert AuditEntry.objects.filter(action="operator.connected", subject=f"operator:{made.pk}").exists()


@pytest.mark.parametrize(
    "changes", [{"slug": "acme-wallet"}, {"base_url": "ftp://op.example"}, {"base_url": ""}, {"environment": "live"}]
)
def test_an_operator_that_cannot_be_is_refused_at_its_field(
    staff: Client, world: World, changes: dict[str, str]
) -> None:
    Operator.objects.filter(slug="acme-wallet").update(environment="live")
    form = {
        "partner": world.api_key.partner_id,
        "environment": "test",
        "slug": "two",
        "base_url": "https://op2.example",
    }
    assert staff.post(f"{WHERE}connect/", {**form, **changes}).status_code == 200
    assert not Operator.objects.filter(slug="two").exists()


def test_an_operator_is_switched_moved_and_given_a_new_secret(staff: Client, world: World) -> None:
    operator = Operator.objects.get(slug="acme-wallet")
    old = operator.secret
    staff.post(f"{WHERE}{operator.pk}/switch/")
    staff.post(f"{WHERE}{operator.pk}/move/", {"base_url": "https://elsewhere.example/wallet/"})
    assert staff.get(f"{WHERE}{operator.pk}/secret/").status_code == 200
    assert Operator.objects.get(pk=operator.pk).secret == old, "nothing happens by looking"
    page = staff.post(f"{WHERE}{operator.pk}/secret/")
    operator = Operator.objects.get(pk=operator.pk)
    assert (operator.is_active, operator.base_url) == (False, "https://elsewhere.example/wallet")
    assert old != operator.secret
    assert_shown_once(page, operator.secret, staff)
    actions = set(AuditEntry.objects.filter(subject=f"operator:{operator.pk}").values_list("action", flat=True))
    assert {"operator.switched_off", "operator.moved", "operator.secret_renewed"} <= actions


def test_what_is_owed_is_said_again_at_once(staff: Client, world: World) -> None:
    call = RemoteCall.objects.get(kind="refund")
    RemoteCall.objects.filter(pk=call.pk).update(next_attempt_at=call.created_at.replace(year=2100))
    staff.post(f"/admin/operators/remotecall/{call.pk}/try/")
    assert RemoteCall.objects.get(pk=call.pk).next_attempt_at.year < 2100
