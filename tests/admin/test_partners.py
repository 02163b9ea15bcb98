"""Partners, their keys and endpoints in the back office."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.partners.models import ApiKey, Member, Partner
from accounts.webhooks.models import Delivery, Endpoint
from tests.admin.conftest import World

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def staff(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("admin")


def test_a_partner_is_made_with_its_owner(staff: Client) -> None:
    User.objects.create(username="olga")
    form = {"name": "Umbrella", "slug": "umbrella", "username": "olga"}
    assert staff.post("/admin/partners/partner/new/", form, follow=True).status_code == 200
    member = Member.objects.get(user__username="olga")
    assert (member.partner.slug, member.role) == ("umbrella", "owner")
    entry = AuditEntry.objects.get(action="partner.created")
    assert entry.actor == staff.staff  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "changes", [{"username": "nobody"}, {"username": "acme-owner"}, {"slug": "acme"}, {"slug": "a b"}, {"name": "Acme"}]
)
def test_a_partner_that_cannot_be_is_refused_at_its_field(staff: Client, world: World, changes: dict[str, str]) -> None:
    User.objects.create(username="olga")
    form = {"name": "Umbrella", "slug": "umbrella", "username": "olga", **changes}
    page = staff.post("/admin/partners/partner/new/", form)
    assert page.status_code == 200
    assert Partner.objects.count() == 1


def test_a_member_is_added_and_works_for_one_partner_only(staff: Client, world: World) -> None:
    User.objects.create(username="dev")
    url = f"/admin/partners/partner/{world.api_key.partner_id}/member/"
    staff.post(url, {"username": "dev", "role": "viewer"})
    assert Member.objects.get(user__username="dev").role == "viewer"
    staff.post(url, {"username": "dev", "role": "owner"})
    assert Member.objects.filter(user__username="dev").count() == 1


def test_a_partner_that_is_switched_off_opens_nothing(staff: Client, world: World, issue_token: str) -> None:
    where = f"/admin/partners/partner/{world.api_key.partner_id}/"
    ask = {"X-API-Key": issue_token}
    assert Client().get("/api/v1/bets", headers=ask).status_code == 200
    staff.post(f"{where}off/")
    assert Client().get("/api/v1/bets", headers=ask).status_code == 401
    staff.post(f"{where}on/")
    assert Client().get("/api/v1/bets", headers=ask).status_code == 200


@pytest.fixture
def issue_token(world: World, now: Any) -> str:
    from accounts.partners import operations
    from accounts.partners.rules import Environment

    partner = world.api_key.partner
    return operations.issue_key(partner, Environment.TEST, scopes=["read:bets"], actor=None, now=now).token


def test_staff_rotate_a_key_and_see_the_new_one_once(staff: Client, world: World) -> None:
    url = f"/admin/partners/apikey/{world.api_key.pk}/rotate/"
    page = staff.post(url, {"hours": "0"})
    found = re.search(r'id="new-key">([\w-]+)<', page.content.decode())
    assert found
    assert "no-store" in page["Cache-Control"]
    assert Client().get("/api/v1/bets", headers={"X-API-Key": found[1]}).status_code == 200
    world.api_key.refresh_from_db()
    assert world.api_key.revoked_at is not None
    assert staff.post(url, {"hours": "0"}).status_code == 200
    assert ApiKey.objects.count() == 2
    assert AuditEntry.objects.get(action="api_key.rotated").actor == staff.staff  # type: ignore[attr-defined]


def test_staff_revoke_a_key(staff: Client, world: World) -> None:
    url = f"/admin/partners/apikey/{world.api_key.pk}/revoke/"
    staff.get(url)
    world.api_key.refresh_from_db()
    assert world.api_key.revoked_at is None
    staff.post(url)
    world.api_key.refresh_from_db()
    assert world.api_key.revoked_at is not None


def test_no_page_shows_a_secret_or_a_hash(staff: Client, world: World) -> None:
    endpoint = world.delivery.endpoint
    hidden = (world.api_key.key_hash, world.api_key.secret_sealed, endpoint.secret_sealed)
    pages = [f"/admin/{model}/{world.rows[model]}/change/" for model in world.rows if model[:4] in ("part", "webh")]
    for page in [*pages, "/admin/partners/apikey/", "/admin/webhooks/endpoint/"]:
        text = staff.get(page).content.decode()
        assert not any(secret in text for secret in hidden), page


def test_an_endpoint_is_switched_and_a_message_sent_again(staff: Client, world: World) -> None:
    endpoint = world.delivery.endpoint
    staff.post(f"/admin/webhooks/endpoint/{endpoint.pk}/switch/")
    assert not Endpoint.objects.get().is_active
    staff.post(f"/admin/webhooks/endpoint/{endpoint.pk}/switch/")
    assert Endpoint.objects.get().is_active
    Delivery.objects.update(state="failed")
    staff.post(f"/admin/webhooks/delivery/{world.delivery.pk}/resend/")
    assert Delivery.objects.get().state == "pending"
