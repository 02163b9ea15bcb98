"""Keys in the portal: made with what is chosen, shown once, rotated, revoked; by members and for their partner only."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.partners.models import ApiKey, Partner

pytestmark = pytest.mark.usefixtures("db")
WANTED = {
    "label": "Back office",
    "scopes": ["read:bets", "write:bet"],
    "days": "30",
    "cidrs": "203.0.113.0/24\n2001:db8::1",
}


def once(client: Client, path: str) -> str:
    page = client.get(path).content.decode()
    found = re.search(r'name="once" value="([\w-]+)"', page)
    assert found, "the form has a name of its own"
    return found[1]


def make(client: Client, environment: str = "test", **changes: Any) -> Any:
    path = f"/developers/{environment}/keys/new/"
    return client.post(path, {**WANTED, "once": once(client, path), **changes})


def secrets_on(page: Any) -> tuple[str, str]:
    text = page.content.decode()
    token, secret = (re.search(rf'id="new-{name}"><code>([\w-]+)<', text) for name in ("key", "secret"))
    assert token is not None
    assert secret is not None
    return token[1], secret[1]


def test_a_key_is_made_as_chosen_works_at_once_and_is_shown_once(olga: Client) -> None:
    made = make(olga)
    token, secret = secrets_on(made)
    assert made["Cache-Control"].find("no-store") >= 0
    key = ApiKey.objects.get()
    assert (key.environment, key.label, key.scopes) == ("test", "Back office", ["read:bets", "write:bet"])
    assert key.cidrs == ["203.0.113.0/24", "2001:db8::1/128"]
    assert key.expires_at == key.created_at + timedelta(days=30)
    assert not key.only_signature_v2
    listed = olga.get("/developers/test/keys/").content.decode()
    assert "Back office" in listed
    assert token not in listed
    assert secret not in listed
    assert token not in str(list(ApiKey.objects.values()))
    answer = Client(REMOTE_ADDR="203.0.113.9").get("/api/v1/bets", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert AuditEntry.objects.get(action="api_key.issued").actor_id == key.created_by_id


def test_a_form_that_is_sent_again_makes_no_second_key(olga: Client) -> None:
    name = once(olga, "/developers/test/keys/new/")
    assert olga.post("/developers/test/keys/new/", {**WANTED, "once": name}).status_code == 200
    again = olga.post("/developers/test/keys/new/", {**WANTED, "once": name})
    assert again.status_code == 302
    assert olga.post("/developers/test/keys/new/", WANTED).status_code == 302
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["read:everything"]},
        {"cidrs": "300.1.1.1"},
        {"cidrs": "10.0.0.0/8\n" * 51},
        {"days": "1000000"},
        {"days": "x"},
        {"label": "x" * 61},
    ],
)
def test_a_wish_that_cannot_be_granted_is_explained_and_makes_nothing(olga: Client, changes: dict[str, Any]) -> None:
    if changes.get("cidrs", "").startswith("10."):
        changes = {"cidrs": "\n".join(f"10.0.0.{n}" for n in range(51))}
    answer = make(olga, **changes)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_rotation_lets_the_old_key_live_as_long_as_chosen(olga: Client, acme: Partner, issue: Any) -> None:
    old = issue(acme).key
    path = f"/developers/test/keys/{old.key_id}/rotate/"
    page = olga.post(path, {"hours": "1", "once": once(olga, path)})
    token, _ = secrets_on(page)
    old.refresh_from_db()
    assert old.successor is not None
    assert old.expires_at is not None
    assert timedelta(minutes=59) < old.expires_at - old.successor.created_at <= timedelta(hours=1)
    assert Client().get("/api/v1/bets", headers={"X-API-Key": token}).status_code == 200
    assert olga.post(path, {"hours": "1", "once": "another-name"}).status_code == 302
    assert ApiKey.objects.count() == 2


def test_a_revoked_key_opens_nothing_any_more(olga: Client, acme: Partner, issue: Any) -> None:
    issued = issue(acme)
    assert olga.get(f"/developers/test/keys/{issued.key.key_id}/revoke/").status_code == 405
    olga.post(f"/developers/test/keys/{issued.key.key_id}/revoke/")
    answer = Client().get("/api/v1/bets", headers={"X-API-Key": issued.token})
    assert answer.json()["code"] == "key_revoked"
    assert "revoked" in olga.get("/developers/test/keys/").content.decode()


def test_states_are_shown_as_they_are(olga: Client, acme: Partner, issue: Any, now: datetime) -> None:
    issue(acme, label="fresh")
    issue(acme, label="short", expires_at=now + timedelta(days=3))
    issue(acme, "live", label="real")
    page = olga.get("/developers/test/keys/").content.decode()
    assert "fresh" in page
    assert "ends soon" in page
    assert "real" not in page


# --- who --------------------------------------------------------------------------------------------------------------
def ways(key_id: str) -> list[tuple[str, str]]:
    return [
        ("GET", f"/developers/test/keys/{key_id}/rotate/"),
        ("POST", f"/developers/test/keys/{key_id}/rotate/"),
        ("POST", f"/developers/test/keys/{key_id}/revoke/"),
    ]


def test_another_partners_key_is_not_there(rival: Partner, acme: Partner, signed_in: Any, issue: Any) -> None:
    rita = signed_in("rita")
    key = issue(acme).key
    for method, path in ways(key.key_id):
        assert rita.generic(method, path).status_code == 404
    assert key.key_id not in rita.get("/developers/test/keys/").content.decode()
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_key_of_the_other_environment_is_not_there(olga: Client, acme: Partner, issue: Any) -> None:
    key = issue(acme, "live").key
    for method, path in ways(key.key_id):
        assert olga.generic(method, path).status_code == 404
    assert olga.get("/developers/production/keys/").status_code == 404


def test_a_viewer_looks_and_changes_nothing(vera: Client, acme: Partner, issue: Any) -> None:
    key = issue(acme).key
    page = vera.get("/developers/test/keys/").content.decode()
    assert key.key_id in page
    assert "Revoke" not in page
    paths = [f"/developers/test/keys/{key.key_id}/{verb}/" for verb in ("rotate", "revoke")]
    for path in [*paths, "/developers/test/keys/new/"]:
        assert vera.post(path, {**WANTED, "hours": "1", "once": "x"}).status_code == 403
    key.refresh_from_db()
    assert (key.revoked_at, ApiKey.objects.count()) == (None, 1)


def test_who_works_for_no_partner_is_told_how_to(db: None, acme: Partner, make_player: Any, signed_in: Any) -> None:
    page = signed_in(make_player("nina").username).get("/developers/test/keys/")
    assert page.status_code == 403
    assert "works for no partner yet" in page.content.decode()


def test_a_partner_that_was_switched_off_manages_nothing(olga: Client, acme: Partner) -> None:
    acme.is_active = False
    acme.save()
    assert olga.get("/developers/test/keys/").status_code == 403


def test_signed_out_visitors_are_asked_to_sign_in(acme: Partner) -> None:
    answer = Client().get("/developers/test/keys/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_a_post_from_another_site_is_refused(acme: Partner, signed_in: Any, issue: Any) -> None:
    key = issue(acme).key
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in("olga").cookies
    assert strict.post(f"/developers/test/keys/{key.key_id}/revoke/").status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None


def test_fifty_keys_take_as_many_queries_as_one(
    olga: Client, acme: Partner, issue: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(50):
        issue(acme)
    with django_assert_max_num_queries(5):
        assert olga.get("/developers/test/keys/").status_code == 200
