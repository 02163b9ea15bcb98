"""Partners, their keys and endpoints in the back office."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.partners import operations
from accounts.partners.models import ApiKey, Member, Partner
from accounts.partners.rules import Environment, Role
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


def test_a_member_is_removed_and_loses_the_portal_at_once(staff: Client, world: World) -> None:
    partner, dev = world.api_key.partner, User.objects.create(username="dev")
    member, portal = operations.add_member(partner, dev, role=Role.DEVELOPER, actor=None, now=world.table.now), Client()
    portal.force_login(dev, backend="django.contrib.auth.backends.ModelBackend")
    assert portal.get("/developers/test/keys/").status_code == 200
    page = f"/admin/partners/partner/{partner.pk}/change-member/"
    assert "dev, developer" in staff.get(page).content.decode()
    form = {"member": member.pk, "becomes": "remove"}
    assert staff.post(page, form).status_code == 302
    assert portal.get("/developers/test/keys/").status_code == 403
    assert portal.post("/developers/test/keys/new/").status_code == 403
    assert staff.post(page, form).status_code == 200, "they are gone"
    entry = AuditEntry.objects.get(action="partner.member_removed")
    assert (entry.subject, entry.actor) == (f"partner:{partner.pk}", staff.staff)  # type: ignore[attr-defined]
    assert entry.details == {"user": dev.pk, "role": "developer"}


def test_a_members_role_is_changed(staff: Client, world: World) -> None:
    partner, dev = world.api_key.partner, User.objects.create(username="dev")
    member = operations.add_member(partner, dev, role=Role.DEVELOPER, actor=None, now=world.table.now)
    staff.post(f"/admin/partners/partner/{partner.pk}/change-member/", {"member": member.pk, "becomes": "viewer"})
    member.refresh_from_db()
    assert member.role == "viewer"
    assert AuditEntry.objects.get(action="partner.member_changed").details["role"] == ["developer", "viewer"]


@pytest.mark.parametrize("becomes", ["remove", "viewer"])
def test_the_last_owner_stays_until_there_is_another(staff: Client, world: World, becomes: str) -> None:
    partner = world.api_key.partner
    owner, page = Member.objects.get(partner=partner), f"/admin/partners/partner/{partner.pk}/change-member/"
    assert "last owner" in staff.post(page, {"member": owner.pk, "becomes": becomes}).content.decode()
    assert Member.objects.get(partner=partner).role == "owner"
    second = User.objects.create(username="second")
    operations.add_member(partner, second, role=Role.OWNER, actor=None, now=world.table.now)
    assert staff.post(page, {"member": owner.pk, "becomes": becomes}).status_code == 302
    assert Member.objects.get(partner=partner, role="owner").user == second


def test_members_of_another_partner_are_not_to_be_chosen(staff: Client, world: World) -> None:
    owner, now = User.objects.create(username="rita"), world.table.now
    rival = operations.create_partner("Rival", slug="rival", owner=owner, now=now)
    operations.add_member(rival, User.objects.create(username="rob"), role=Role.VIEWER, actor=None, now=now)
    page = f"/admin/partners/partner/{world.api_key.partner_id}/change-member/"
    for member in Member.objects.filter(partner=rival):
        assert staff.post(page, {"member": member.pk, "becomes": "remove"}).status_code == 200
    assert Member.objects.filter(partner=rival).count() == 2


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
