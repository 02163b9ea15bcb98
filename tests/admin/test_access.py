"""Who sees which page of the back office, and that nobody changes what is only to be looked at."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import AuditEntry, User
from tests.admin.conftest import GROUPS, World

SignIn = Callable[[str], Client]
EVERYONE = {*GROUPS, "superuser"}
SEEN_BY: dict[str, set[str]] = {
    "accounts/user": EVERYONE,
    "accounts/gamesession": EVERYONE,
    "accounts/playerkey": {"admin", "superuser"},
    "accounts/auditentry": EVERYONE,
    "wallet/account": EVERYONE,
    "wallet/transfer": EVERYONE,
    "wallet/currency": EVERYONE,
    "exchange/exchangerate": EVERYONE,
    "exchange/conversion": EVERYONE,
    "crash/game": EVERYONE,
    "crash/gameconfig": EVERYONE,
    "crash/round": EVERYONE,
    "crash/bet": EVERYONE,
    "crash/seedchain": EVERYONE,
    "bankroll/bankroll": EVERYONE,
    "affiliates/affiliate": EVERYONE,
    "instant/instantgame": EVERYONE,
    "instant/instantconfig": EVERYONE,
    "instant/instantbet": EVERYONE,
    "reconciliation/run": EVERYONE,
    "reconciliation/difference": EVERYONE,
    "social/chatmessage": EVERYONE,
    "partners/partner": EVERYONE,
    "partners/apikey": EVERYONE,
    "webhooks/endpoint": EVERYONE,
    "webhooks/delivery": EVERYONE,
    "operators/operator": EVERYONE,
    "operators/remotecall": EVERYONE,
    "psp/provider": EVERYONE,
    "psp/cashierlimits": EVERYONE,
    "psp/payment": EVERYONE,
    "psp/report": EVERYONE,
    "psp/suspensecase": EVERYONE,
    "transfers/partnertransfer": EVERYONE,
    "protection/limit": EVERYONE,
    "protection/exclusion": EVERYONE,
    "protection/reached": EVERYONE,
}
READ_ONLY = sorted(
    set(SEEN_BY)
    - {"accounts/user", "wallet/currency", "crash/game", "instant/instantgame", "psp/provider", "psp/cashierlimits"}
)
DONE_BY: dict[str, set[str]] = {
    "accounts/user/{id}/mute/": {"support", "risk", "admin", "superuser"},
    "accounts/user/{id}/unmute/": {"support", "risk", "admin", "superuser"},
    "accounts/user/{id}/block/": {"risk", "admin", "superuser"},
    "accounts/user/{id}/unblock/": {"risk", "admin", "superuser"},
    "accounts/user/{id}/protect/": {"risk", "admin", "superuser"},
    "accounts/user/{id}/revoke/": {"risk", "admin", "superuser"},
    "accounts/gamesession/{id}/revoke/": {"risk", "admin", "superuser"},
    "accounts/playerkey/{id}/revoke/": {"admin", "superuser"},
    "crash/game/{id}/rules/": {"risk", "superuser"},
    "instant/instantgame/{id}/rules/": {"risk", "superuser"},
    "crash/seedchain/{id}/client-seed/": {"risk", "admin", "superuser"},
    "reconciliation/difference/{id}/resolve/": {"finance", "superuser"},
    "bankroll/bankroll/{id}/set/": {"risk", "superuser"},
    "bankroll/bankroll/{id}/count/": {"risk", "superuser"},
    "affiliates/affiliate/{id}/terms/": {"finance", "superuser"},
    "partners/partner/{id}/member/": {"admin", "superuser"},
    "partners/partner/{id}/change-member/": {"admin", "superuser"},
    "partners/partner/{id}/off/": {"admin", "superuser"},
    "partners/partner/{id}/on/": {"admin", "superuser"},
    "partners/apikey/{id}/rotate/": {"admin", "superuser"},
    "partners/apikey/{id}/revoke/": {"risk", "admin", "superuser"},
    "webhooks/endpoint/{id}/switch/": {"admin", "superuser"},
    "webhooks/delivery/{id}/resend/": {"admin", "superuser"},
    "operators/operator/{id}/switch/": {"admin", "superuser"},
    "operators/operator/{id}/move/": {"admin", "superuser"},
    "operators/operator/{id}/secret/": {"admin", "superuser"},
    "operators/remotecall/{id}/try/": {"finance", "admin", "superuser"},
    "psp/provider/{id}/switch/": {"admin", "superuser"},
    "psp/provider/{id}/secret/": {"admin", "superuser"},
    "psp/payment/{id}/approve/": {"finance", "superuser"},
    "psp/payment/{id}/refuse/": {"finance", "superuser"},
    "psp/suspensecase/{id}/propose/": {"finance", "superuser"},
    "psp/suspensecase/{id}/approve/": {"finance", "superuser"},
    "psp/suspensecase/{id}/reject/": {"finance", "superuser"},
}


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_a_group_sees_its_pages_and_no_others(role: str, world: World, signed_in: SignIn) -> None:
    client = signed_in(role)
    assert client.get("/admin/").status_code == 200
    for model, row in world.rows.items():
        expected = 200 if role in SEEN_BY[model] else 403
        assert client.get(f"/admin/{model}/").status_code == expected, model
        assert client.get(f"/admin/{model}/{row}/change/").status_code == expected, model
    assert client.get("/admin/auth/group/").status_code == (200 if role == "superuser" else 403)


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_a_group_may_do_what_is_its_job_and_no_more(role: str, world: World, signed_in: SignIn) -> None:
    client = signed_in(role)
    for page, allowed in DONE_BY.items():
        model = "/".join(page.split("/")[:2])
        url = "/admin/" + page.format(id=world.rows[model])
        expected = 200 if role in allowed else 403
        assert client.get(url).status_code == expected, page
        if role not in allowed:
            assert client.post(url, {"reason": "x", "hours": "1", "client_seed": "x", "source": "x"}).status_code == 403


@pytest.mark.parametrize("where", ["", *(f"{model}/" for model in SEEN_BY)])
def test_a_player_is_sent_away(where: str, signed_in: SignIn) -> None:
    for client in (signed_in("player"), Client()):
        answer = client.get(f"/admin/{where}")
        assert (answer.status_code, "login" in answer.headers["Location"]) == (302, True)


@pytest.mark.parametrize("model", READ_ONLY)
@pytest.mark.parametrize("role", ["superuser", "finance", "admin"])
def test_rows_of_record_are_changed_by_nobody(model: str, role: str, world: World, signed_in: SignIn) -> None:
    client, row = signed_in(role), world.rows[model]
    app, name = model.split("/")
    kind = next(
        entry for entry in admin.site._registry if (entry._meta.app_label, entry._meta.model_name) == (app, name)
    )
    before = list(kind._default_manager.order_by("pk").values())
    for url in (f"/admin/{model}/add/", f"/admin/{model}/{row}/change/", f"/admin/{model}/{row}/delete/"):
        assert client.post(url, {"post": "yes", "amount_minor": 1, "posted_minor": 1}).status_code == 403, url
    assert client.get(f"/admin/{model}/add/").status_code == 403
    assert client.get(f"/admin/{model}/{row}/delete/").status_code == 403
    client.post(f"/admin/{model}/", {"action": "delete_selected", "_selected_action": row, "post": "yes"})
    assert list(kind._default_manager.order_by("pk").values()) == before


@pytest.mark.parametrize("model", ["accounts/user", "wallet/currency", "crash/game", "instant/instantgame"])
def test_nobody_deletes_people_currencies_or_games(model: str, world: World, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    assert client.post(f"/admin/{model}/{world.rows[model]}/delete/", {"post": "yes"}).status_code == 403


def test_an_administrator_does_not_become_a_superuser(world: World, signed_in: SignIn) -> None:
    client = signed_in("admin")
    me: User = client.staff  # type: ignore[attr-defined]
    form = {"username": me.username, "is_staff": "on", "is_superuser": "on", "groups": []}
    assert client.post(f"/admin/accounts/user/{me.pk}/change/", form).status_code == 302
    assert not User.objects.get(pk=me.pk).is_superuser


def colleague(group: str) -> User:
    """Another member of staff."""
    user = User.objects.create_user(f"{group}-colleague", password="correct horse", email="", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def standing(user: User) -> tuple[bool, list[str]]:
    user.refresh_from_db()
    return user.is_staff, sorted(user.groups.values_list("name", flat=True))


@pytest.mark.parametrize("whose", ["their own", "a colleague's", "a player's"])
def test_an_administrator_gives_nobody_a_group(whose: str, world: World, signed_in: SignIn) -> None:
    """Whoever gave themselves, or a puppet, another group would be the second person who must approve."""
    client = signed_in("admin")
    me: User = client.staff  # type: ignore[attr-defined]
    target = {"their own": me, "a colleague's": colleague("support"), "a player's": world.alice}[whose]
    before = standing(target)
    form = {"username": target.username, "is_staff": "on", "groups": [Group.objects.get(name="finance").pk]}
    answer = client.post(f"/admin/accounts/user/{target.pk}/change/", form)
    assert answer.status_code == (403 if whose == "a colleague's" else 302)
    assert standing(target) == before
    made = {**form, "username": "puppet", "password1": "another horse 7", "password2": "another horse 7"}
    client.post("/admin/accounts/user/add/", {**made, "usable_password": "true"})
    assert standing(User.objects.get(username="puppet")) == (False, [])


def test_an_administrator_does_not_sign_in_as_a_colleague(world: World, signed_in: SignIn) -> None:
    client, other = signed_in("admin"), colleague("finance")
    passwords = {"password1": "another horse 7", "password2": "another horse 7", "usable_password": "true"}
    assert client.post(f"/admin/accounts/user/{other.pk}/password/", passwords).status_code == 403
    form = {"username": other.username, "email": "mine@example.com"}  # where a forgotten password would be sent
    assert client.post(f"/admin/accounts/user/{other.pk}/change/", form).status_code == 403
    other.refresh_from_db()
    assert other.check_password("correct horse")
    assert other.email == ""
    assert client.get(f"/admin/accounts/user/{other.pk}/change/").status_code == 200
    mine = client.staff.pk  # type: ignore[attr-defined]
    assert client.post(f"/admin/accounts/user/{mine}/password/", passwords).status_code == 302


def test_an_administrator_edits_players(world: World, signed_in: SignIn) -> None:
    form = {"username": "alicia", "email": "alicia@example.com"}
    assert signed_in("admin").post(f"/admin/accounts/user/{world.alice.pk}/change/", form).status_code == 302
    world.alice.refresh_from_db()
    assert (world.alice.username, world.alice.email) == ("alicia", "alicia@example.com")


def test_a_superuser_makes_staff_and_the_trail_says_which(world: World, signed_in: SignIn) -> None:
    client, page = signed_in("superuser"), f"/admin/accounts/user/{world.alice.pk}/change/"
    support, finance = (Group.objects.get(name=name).pk for name in ("support", "finance"))
    form = {"username": world.alice.username, "is_staff": "on", "groups": [support]}
    assert client.post(page, form).status_code == 302
    assert client.post(page, {**form, "groups": [finance]}).status_code == 302
    assert standing(world.alice) == (True, ["finance"])
    made, moved = AuditEntry.objects.filter(action="user.changed").order_by("pk")
    assert made.details["changes"] == {"is_staff": [False, True], "groups": [[], ["support"]]}
    assert moved.details["changes"] == {"groups": [["support"], ["finance"]]}
    assert moved.actor == client.staff  # type: ignore[attr-defined]


def test_an_administrator_does_not_touch_a_superuser(world: World, signed_in: SignIn) -> None:
    client = signed_in("admin")
    root = User.objects.create_superuser(f"root-{world.alice.pk}", password="correct horse")
    passwords = {"password1": "another horse 7", "password2": "another horse 7", "usable_password": "true"}
    assert client.post(f"/admin/accounts/user/{root.pk}/password/", passwords).status_code == 403
    assert client.post(f"/admin/accounts/user/{root.pk}/change/", {"username": "x"}).status_code == 403
    for verb in ("mute", "block", "revoke"):
        url = f"/admin/accounts/user/{root.pk}/{verb}/"
        assert client.post(url, {"reason": "x", "hours": "1", "confirm": "1"}).status_code == 403, verb
    root.refresh_from_db()
    assert root.check_password("correct horse")
    assert root.is_active


def test_the_back_office_has_a_content_policy_of_its_own(signed_in: SignIn) -> None:
    client = signed_in("superuser")
    office, site = (client.get(url).headers["Content-Security-Policy"] for url in ("/admin/", "/healthz"))
    assert "script-src 'self' 'unsafe-eval'" in office
    assert "script-src 'self'" in site
    assert "unsafe" not in site
    assert all("frame-ancestors 'none'" in policy for policy in (office, site))
