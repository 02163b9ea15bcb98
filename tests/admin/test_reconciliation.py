"""Differences in the back office: open ones first, resolved by finance with a reason."""

from collections.abc import Callable

from django.test import Client

from tests.admin.conftest import World
from wallet.reconciliation.models import Difference

SignIn = Callable[[str], Client]
LIST = "/admin/reconciliation/difference/"


def test_finance_resolves_a_difference_with_a_reason(world: World, signed_in: SignIn) -> None:
    client, row = signed_in("finance"), Difference.objects.get()
    page = f"{LIST}{row.pk}/resolve/"
    assert "dep-1: missing here" in client.get(page).content.decode()
    refused = client.post(page, {"reason": " "})
    assert "This field is required" in refused.content.decode()
    assert client.post(page, {"reason": "credited by hand, adjustment 7"}).status_code == 302
    row.refresh_from_db()
    assert (row.resolved_by, row.reason) == (client.staff, "credited by hand, adjustment 7")  # type: ignore[attr-defined]
    again = client.post(page, {"reason": "once more"})
    assert "closed already" in again.content.decode()


def test_the_list_shows_open_ones_unless_asked_for_others(world: World, signed_in: SignIn) -> None:
    client, row = signed_in("finance"), Difference.objects.get()

    def listed() -> dict[str, bool]:
        link = f"{LIST}{row.pk}/change/"
        return {
            state: link in client.get(LIST + state).content.decode() for state in ("", "?state=closed", "?state=all")
        }

    assert listed() == {"": True, "?state=closed": False, "?state=all": True}
    client.post(f"{LIST}{row.pk}/resolve/", {"reason": "known"})
    assert listed() == {"": False, "?state=closed": True, "?state=all": True}


def test_a_run_shows_both_sides_totals(world: World, signed_in: SignIn) -> None:
    page = signed_in("support").get(f"/admin/reconciliation/run/{world.rows['reconciliation/run']}/change/")
    text = page.content.decode()
    for shown in ("deposit BRL", "5000", "differs", "Payment provider"):
        assert shown.lower() in text.lower(), shown
