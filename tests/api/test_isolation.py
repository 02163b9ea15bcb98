"""A partner reads and moves nothing of another's, and a test key nothing of the live environment. Every endpoint."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver

from games.crash.models import Bet
from tests.api.kit import Caller, code_of
from tests.games.crash.playing import Play
from wallet.models import Transfer

pytestmark = pytest.mark.usefixtures("db")

# Every endpoint that is about somebody's: how a stranger asks for it.
FOREIGN = {
    "api-user": ("GET", "/users/{user}", None),
    "api-sessions": ("POST", "/sessions", {"user": "{user}"}),
    "api-balance": ("GET", "/user/balance?user={user}", None),
    "api-transfers": (
        "POST",
        "/wallet/transfers",
        {"user": "{user}", "direction": "out", "amount": 500, "reference": "r-2"},
    ),
    "api-transfer": ("GET", "/wallet/transfers/{reference}", None),
    "api-limits": ("GET", "/user/limits?user={user}", None),
    "api-bets": ("POST", "/bets", {"user": "{user}", "amount": 500}),
    "api-bet": ("GET", "/bets/{ticket}", None),
    "api-bet-confirm": ("POST", "/bets/{reserved}/confirm", {}),
    "api-bet-cancel": ("POST", "/bets/{ticket}/cancel", {}),
    "api-bet-cashout": ("POST", "/bets/{ticket}/cashout", {}),
}
# Endpoints that name nobody: the same for all, or lists of the caller's own (tested below).
NOBODYS = {
    "api-game-state",
    "api-rounds",
    "api-round",
    "api-games",
    "api-game-config",
    "api-currencies",
    "api-exchange-rates",
    "api-users",
    "api-activity",
    "api-psp-webhook",  # takes no key: tests/psp
    "api-multi",
    "api-changelog",
    "api-status",
    "api-openapi",
    "api-asyncapi",
    "api-postman",
}


def _names(patterns: Any) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            found |= {pattern.name} if pattern.name and pattern.name.startswith("api-") else set()
        else:
            found |= _names(pattern.url_patterns)
    return found


def test_every_endpoint_is_in_one_of_the_tables_or_tested_for_it_elsewhere() -> None:
    elsewhere = {name for name in _names(get_resolver().url_patterns) if name.startswith("api-webhook")}
    assert _names(get_resolver().url_patterns) - elsewhere == FOREIGN.keys() | NOBODYS


@pytest.fixture
def table(make_caller: Any, seat: Any, play: Play) -> dict[str, str]:
    """Acme's player with a bet and a reservation, in the test environment."""
    acme = make_caller("acme")
    player = seat(acme, "only-acmes")
    play.open(crash_point=300)
    ticket = acme.place(player).json()["ticket_id"]
    reserved = acme.place(player, identifier=2, confirm=False).json()["ticket_id"]
    transfer = {"user": "only-acmes", "direction": "in", "amount": 500, "reference": "r-1"}
    assert acme.post("/wallet/transfers", transfer).status_code == 201
    return {"user": "only-acmes", "ticket": ticket, "reserved": reserved, "reference": "r-1"}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("stranger", [("rival", "test"), ("acme", "live")])
def test_nothing_of_another_partner_or_environment_is_there(
    make_caller: Any, table: dict[str, str], name: str, stranger: tuple[str, str]
) -> None:
    method, path, data = FOREIGN[name]
    caller: Caller = make_caller(*stranger)
    before = [*Bet.objects.order_by("pk").values_list("pk", "status"), Transfer.objects.count()]
    filled = {k: v.format(**table) if isinstance(v, str) else v for k, v in (data or {}).items()}
    answer = caller.get(path.format(**table)) if method == "GET" else caller.post(path.format(**table), filled)
    assert code_of(answer) == (404, "not_found")
    assert [*Bet.objects.order_by("pk").values_list("pk", "status"), Transfer.objects.count()] == before


@pytest.mark.parametrize("stranger", [("rival", "test"), ("acme", "live")])
def test_lists_and_reports_show_the_callers_own_only(
    make_caller: Any, table: dict[str, str], play: Play, stranger: tuple[str, str]
) -> None:
    play.launch()
    play.finish()
    caller: Caller = make_caller(*stranger)
    day = play.now.date()
    report = f"/reports/activity?from={day - timedelta(days=1)}&to={day}"
    assert caller.get("/bets").json()["results"] == []
    assert caller.get(f"/bets?user={table['user']}").json()["results"] == []
    assert caller.get(report).json()["results"] == []
    actions = [
        {"action": "/user/balance", "user": table["user"]},
        {"action": f"/bets/{table['ticket']}"},
        {"action": f"/bets/{table['ticket']}/cancel", "method": "POST"},
        {"action": "/bets", "method": "POST", "user": table["user"], "amount": 500},
    ]
    results = caller.post("/multi", {"actions": actions}).json()
    assert [result["error_code"] for result in results] == [404] * 4


def test_two_partners_may_use_the_same_names(make_caller: Any, seat: Any, play: Play) -> None:
    play.open()
    callers = [make_caller("acme"), make_caller("rival"), make_caller("acme", "live")]
    for caller in callers:
        player = seat(caller, "p-1")
        assert caller.place(player, client_reference="r-1", idem="k-1").status_code == 201
    assert Bet.objects.filter(round=play.round).count() == 3
    assert len({bet.player_id for bet in Bet.objects.all()}) == 3
