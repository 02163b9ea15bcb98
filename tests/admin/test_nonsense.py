"""Addresses that were made up, by staff and by visitors: nothing is there, and nothing breaks."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client

from tests.admin.conftest import World
from tests.admin.test_access import DONE_BY

SignIn = Callable[[str], Client]
# Text, a zero (which the admin reads from `_00`), numbers that no column holds, an id of another kind.
IDS = ("abc", "_00", "-1", "0", "9" * 30, "9" * 5_000, "²", "_5", "None", "0198f2a1-c7d9-7c0f-8000-000000000000")
FILTERS = ("kind__exact=%00", "q=%00", "q=a%00b", "p=%00", "o=%00", "%00=1", "e=1&account=%00")


def addresses() -> list[str]:
    """All that the admin has with an id in it, as the router knows it: also what no list of a test names yet."""
    found = []
    for model in admin.site._registry:
        meta = model._meta
        for pattern in admin.site._registry[model].get_urls():
            route = str(pattern.pattern)
            if "object_id" in route:
                found.append(f"/admin/{meta.app_label}/{meta.model_name}/{route}")
    return found


def filled(route: str, given: str) -> str:
    for name in ("<path:object_id>", "<str:object_id>", "<object_id>"):
        route = route.replace(name, given)
    assert "<" not in route, route
    return route


def test_the_router_is_asked_for_every_page(world: World) -> None:
    routes = addresses()
    for page in DONE_BY:
        assert any(filled(route, "7") == "/admin/" + page.format(id=7) for route in routes), page


@pytest.mark.parametrize("given", IDS, ids=lambda given: given[:12])
def test_no_id_that_was_made_up_is_our_mistake(given: str, world: World, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    for route in addresses():
        address = filled(route, given)
        for answer in (client.get(address), client.post(address, {"confirm": "1"})):
            assert answer.status_code in (302, 403, 404), address


@pytest.mark.parametrize("given", ["%00", "a%00b"])
def test_an_address_with_a_zero_in_it_is_refused(given: str, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    for address in (f"/admin/wallet/currency/{given}/change/", f"/static/{given}", f"/games/{given}/", f"/{given}"):
        assert client.get(address).status_code == 400, address


@pytest.mark.parametrize("query", FILTERS)
def test_a_list_asked_for_with_a_zero_is_refused(query: str, world: World, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    for model in world.rows:
        assert client.get(f"/admin/{model}/?{query}").status_code == 400, model
    assert Client().get(f"/wallet/?{query}").status_code == 400
    assert "zero" not in client.get("/admin/wallet/transfer/?kind__exact=%2500").content.decode()


@pytest.mark.parametrize("chosen", ["abc", "\0", "9" * 30, ""])
def test_rows_that_were_made_up_are_chosen_by_nobody(chosen: str, world: World, signed_in: SignIn) -> None:
    client = signed_in("superuser")
    form = {"action": "hide", "_selected_action": chosen}
    assert client.post("/admin/social/chatmessage/", form).status_code == 400
