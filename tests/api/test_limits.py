"""`/user/limits`: what a partner sets and is shown of its players' protection."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.partners.models import PartnerPlayer
from accounts.protection import operations as protection
from accounts.protection.models import Exclusion
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from accounts.webhooks.models import Event
from tests.api.kit import Caller, code_of
from tests.games.crash.playing import Play

pytestmark = pytest.mark.usefixtures("db")
PATH = "/user/limits?user=p-1"


def put(caller: Caller, **wish: Any) -> Any:
    return caller.put("/user/limits", {"user": "p-1", **wish})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_nobody_has_limits_at_first(acme: Caller, pat: PartnerPlayer) -> None:
    answer = acme.get(PATH)
    assert answer.json() == {
        "user": "p-1",
        "currency": "BRL",
        "denominator": 100,
        "is_demo": True,
        "limits": [],
        "cool_off_until": None,
        "excluded_until": None,
        "excluded_permanently": False,
        "reality_check_minutes": 60,
    }
    assert answer["Cache-Control"] == "private, max-age=900"
    assert acme.get(PATH, If_None_Match=answer["ETag"]).status_code == 304


def test_a_limit_holds_at_once_and_a_looser_one_waits(acme: Caller, pat: PartnerPlayer, now: datetime) -> None:
    stake = {"kind": "stake", "period": "day", "amount": 5000}
    assert put(acme, limits=[stake]).status_code == 200
    (shown,) = put(acme, limits=[{**stake, "amount": 8000}]).json()["limits"]
    pending = shown.pop("pending")
    assert pending["amount"] == 8000
    assert timedelta(hours=23, minutes=55) < moment(pending["effective_at"]) - now < timedelta(hours=24, minutes=5)
    (source,) = shown.pop("sources")
    assert source == {"source": "partner", "amount": 5000, "minutes": None, "pending": pending}
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert moment(shown.pop("resets_at")) == midnight + timedelta(days=1)
    assert shown == {"kind": "stake", "period": "day", "amount": 5000, "minutes": None, "used": 0}
    (again,) = put(acme, limits=[{**stake, "amount": 8000}]).json()["limits"]
    assert again["pending"] == pending, "a repetition does not begin the day anew"
    (taken_back,) = put(acme, limits=[stake]).json()["limits"]
    assert taken_back["pending"] is None
    (lifted,) = put(acme, limits=[{**stake, "amount": None}]).json()["limits"]
    assert (lifted["amount"], lifted["pending"]["amount"]) == (5000, None)


def test_what_is_not_named_stays(acme: Caller, pat: PartnerPlayer) -> None:
    put(acme, limits=[{"kind": "loss", "period": "month", "amount": 5000}])
    body = put(acme, limits=[{"kind": "session", "minutes": 120}], reality_check_minutes=15).json()
    kinds = [(row["kind"], row["period"], row["amount"], row["minutes"]) for row in body["limits"]]
    assert kinds == [("loss", "month", 5000, None), ("session", None, None, 120)]
    assert body["reality_check_minutes"] == 15
    assert body["limits"][1]["used"] is body["limits"][1]["resets_at"] is None
    assert put(acme, reality_check_minutes=None).json()["reality_check_minutes"] == 60


def test_the_player_own_limit_counts_beside_the_partners(acme: Caller, pat: PartnerPlayer, now: datetime) -> None:
    own = Wish((LimitWish(Kind.STAKE, Period.DAY, 3000),))
    protection.change(pat.user, own, source=Source.PLAYER, actor=pat.user, now=now)
    (shown,) = put(acme, limits=[{"kind": "stake", "period": "day", "amount": 5000}]).json()["limits"]
    assert shown["amount"] == 3000
    assert {source["source"]: source["amount"] for source in shown["sources"]} == {"player": 3000, "partner": 5000}
    (lifted,) = put(acme, limits=[{"kind": "stake", "period": "day", "amount": None}]).json()["limits"]
    assert (lifted["amount"], lifted["pending"]) == (3000, None), "a partner lifts its own limit only"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"limits": [{"kind": "stake", "amount": 1}]}, "limits.0.period"),
        ({"limits": [{"kind": "stake", "period": "year", "amount": 1}]}, "limits.0.period"),
        ({"limits": [{"kind": "bets", "period": "day", "amount": 1}]}, "limits.0.kind"),
        ({"limits": [{"kind": "stake", "period": "day"}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": 0}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": -1}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": 10**15 + 1}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": "5"}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": 1.5}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "minutes": 5}]}, "limits.0.amount"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": 5, "minutes": 5}]}, "limits.0.minutes"),
        ({"limits": [{"kind": "session", "period": "day", "minutes": 5}]}, "limits.0.period"),
        ({"limits": [{"kind": "session", "minutes": 0}]}, "limits.0.minutes"),
        ({"limits": [{"kind": "session", "minutes": 1441}]}, "limits.0.minutes"),
        ({"limits": [{"kind": "session", "amount": 100}]}, "limits.0.minutes"),
        ({"limits": [{"kind": "stake", "period": "day", "amount": 5, "is": 1}]}, "limits.0.is"),
        ({"limits": [{"kind": "loss", "period": "day", "amount": 5}] * 2}, "limits.1"),
        ({"cool_off_hours": 23}, "cool_off_hours"),
        ({"cool_off_hours": 1009}, "cool_off_hours"),
        ({"cool_off_hours": "24"}, "cool_off_hours"),
        ({"self_exclusion_months": 5}, "self_exclusion_months"),
        ({"self_exclusion_months": "ever"}, "self_exclusion_months"),
        ({"self_exclusion_months": True}, "self_exclusion_months"),
        ({"reality_check_minutes": 0}, "reality_check_minutes"),
        ({"reality_check_minutes": 1441}, "reality_check_minutes"),
        ({"username": "x"}, "username"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_whole(
    acme: Caller, pat: PartnerPlayer, wish: dict[str, Any], field: str
) -> None:
    answer = put(acme, **{"cool_off_hours": 24, **wish})
    assert code_of(answer) == (400, "invalid_request")
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not Exclusion.objects.exists()


def test_bodies_that_are_no_objects_are_refused(acme: Caller, pat: PartnerPlayer) -> None:
    for body in ([], "x", 5, None, {"user": "p-1", "limits": {}}, {"user": "p-1", "limits": [5]}, {}):
        assert code_of(acme.put("/user/limits", body)) == (400, "invalid_request")


@pytest.mark.parametrize("stranger", [("rival", "test"), ("acme", "live")])
def test_nobody_elses_player_is_limited(make_caller: Any, acme: Caller, pat: PartnerPlayer, stranger: Any) -> None:
    answer = put(make_caller(*stranger), cool_off_hours=24)
    assert code_of(answer) == (404, "not_found")
    assert not Exclusion.objects.exists()


def test_the_scope_is_that_of_players(make_caller: Any, pat: PartnerPlayer) -> None:
    reader = make_caller(scopes=["read:balance", "read:bets", "write:bet"])
    assert code_of(reader.get(PATH)) == code_of(put(reader, cool_off_hours=24)) == (403, "insufficient_scope")


def test_an_excluded_player_gets_no_session_and_loses_those_that_are_open(acme: Caller, pat: PartnerPlayer) -> None:
    assert acme.post("/sessions", {"user": "p-1"}).status_code == 201
    body = put(acme, cool_off_hours=24).json()
    assert body["cool_off_until"] is not None
    assert (body["excluded_until"], body["excluded_permanently"]) == (None, False)
    refusal = acme.post("/sessions", {"user": "p-1"})
    assert code_of(refusal) == (403, "player_blocked")
    assert "by a cool-off" in refusal.json()["message"]
    longer = put(acme, self_exclusion_months=6).json()
    assert longer["excluded_until"] > longer["cool_off_until"]
    for_good = put(acme, self_exclusion_months="permanent").json()
    assert (for_good["excluded_until"], for_good["excluded_permanently"]) == (None, True)
    assert put(acme, self_exclusion_months=6).json() == for_good, "nothing makes it shorter"


def test_a_session_is_as_long_as_the_limit(acme: Caller, pat: PartnerPlayer) -> None:
    put(acme, limits=[{"kind": "session", "minutes": 45}])
    session = acme.post("/sessions", {"user": "p-1"}).json()
    left = moment(session["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=40) < left <= timedelta(minutes=45)


def test_reaching_a_limit_is_told_once_in_its_period(acme: Caller, pat: PartnerPlayer, play: Play) -> None:
    hook = {"url": "https://93.184.216.34/hook", "events": ["player.limit_reached"]}
    assert acme.post("/webhooks", hook).status_code == 201
    put(acme, limits=[{"kind": "stake", "period": "week", "amount": 1000}])
    play.open()
    assert acme.place(pat, 800).status_code == 201
    for identifier in (2, 3):
        refusal = acme.place(pat, 500, identifier=identifier)
        assert code_of(refusal) == (403, "limit_reached")
        assert "stake limit of 10.00 BRL a week" in refusal.json()["message"]
    (event,) = Event.objects.filter(type="player.limit_reached")
    data = json.loads(event.body)["data"]
    resets_at = data.pop("resets_at")
    assert moment(resets_at).weekday() == 0
    assert data == {
        "user": "p-1",
        "kind": "stake",
        "period": "week",
        "amount": 1000,
        "used": 800,
        "denominator": 100,
        "currency": "BRL",
        "is_demo": True,
    }


def test_every_change_is_in_the_audit_trail_with_the_key(acme: Caller, pat: PartnerPlayer) -> None:
    put(acme, limits=[{"kind": "stake", "period": "day", "amount": 5000}])
    put(acme, limits=[{"kind": "stake", "period": "day", "amount": 6000}])
    put(acme, limits=[{"kind": "stake", "period": "day", "amount": 5000}])
    put(acme, limits=[{"kind": "stake", "period": "day", "amount": 5000}])  # nothing changes, nothing is written
    put(acme, self_exclusion_months="permanent")
    rows = AuditEntry.objects.filter(subject=f"player:{pat.user_id}", action__startswith="protection.").order_by("pk")
    assert [row.action for row in rows] == [
        "protection.limit_set",
        "protection.limit_waits",
        "protection.change_taken_back",
        "protection.self_excluded",
    ]
    assert {row.details["key"] for row in rows} == {acme.key.key_id}
    assert (rows[1].details["before"], rows[1].details["value"]) == (5000, 6000)
