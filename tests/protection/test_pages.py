"""The player's page about playing safely, and what staff do on theirs."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, GameSession, User
from accounts.protection import operations, queries
from accounts.protection.models import Exclusion, Limit
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from casino.lib.clock import system_clock
from games.crash import operations as crash

PAGE = "/play-safe/"
STAKE_A_DAY = (Kind.STAKE, Period.DAY)


@pytest.fixture
def page(alice: User) -> Client:
    return signed_in(alice)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def in_force(player: User) -> dict[Any, int]:
    return dict(queries.standing(player.pk, now=system_clock.now()).limits)


def test_visitors_read_what_there_is_and_sign_in_to_use_it(db: None) -> None:
    answer = Client().get(PAGE)
    assert answer.status_code == 200
    assert "Self-exclusion" in text_of(answer)
    for path in ("keep/", "break/"):
        assert Client().post(PAGE + path, {"cool_off": "24"}).status_code in (302, 403)
    assert not Exclusion.objects.exists()


def test_limits_are_set_in_whole_units_and_shown_with_what_is_used(page: Client, alice: User) -> None:
    answer = page.post(PAGE, {"stake_day": "50", "loss_week": "20.05", "session": "90"}, follow=True)
    assert in_force(alice) == {
        STAKE_A_DAY: 50_00,
        (Kind.LOSS, Period.WEEK): 20_05,
        (Kind.SESSION, Period.NONE): 90,
    }
    shown = text_of(answer)
    assert "Your limits are set, from this moment on." in shown
    assert "0.00 BRL used" in shown
    assert "Loss limit a week: 20.05 BRL you" in shown


def test_a_looser_limit_waits_and_can_be_taken_back(page: Client, alice: User) -> None:
    page.post(PAGE, {"stake_day": "50"})
    answer = page.post(PAGE, {"stake_day": "80"}, follow=True)
    assert "Looser limits take effect in 24 hours" in text_of(answer)
    assert in_force(alice)[STAKE_A_DAY] == 50_00
    assert 'form="keep-stake-day"' in answer.content.decode()
    page.post(PAGE, {"stake_day": "50"})  # the field as it stands: what waits goes on waiting
    assert Limit.objects.get().next_value == 80_00
    kept = page.post(PAGE + "keep/", {"kind": "stake", "period": "day"}, follow=True)
    assert "The limit stays as it is." in text_of(kept)
    assert Limit.objects.get().next_at is None


def test_an_emptied_field_lifts_the_limit_in_a_day(page: Client, alice: User) -> None:
    page.post(PAGE, {"session": "30"})
    page.post(PAGE, {"session": ""})
    assert in_force(alice) == {(Kind.SESSION, Period.NONE): 30}
    row = Limit.objects.get()
    assert (row.next_value, row.next_at is not None) == (None, True)


@pytest.mark.parametrize("typed", ["abc", "0", "-5", "1.005", "1e99", "10000000000001", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_refused_beside_its_field(page: Client, typed: str) -> None:
    answer = page.post(PAGE, {"stake_day": typed, "loss_day": "5"})
    assert answer.status_code == 200
    assert "Not saved" in text_of(answer)
    assert 'id="id_stake_day_error"' in answer.content.decode()
    assert not Limit.objects.exists()


@pytest.mark.parametrize("typed", ["abc", "0", "1441", "1.5"])
def test_minutes_that_are_none_are_refused(page: Client, typed: str) -> None:
    assert "Not saved" in text_of(page.post(PAGE, {"reality_check": typed}))
    assert not Limit.objects.exists()


def test_amounts_have_the_digits_of_the_currency(db: None, make_player: Callable[..., Any]) -> None:
    satoshi = make_player("sat", currency="BTC")
    signed_in(satoshi).post(PAGE, {"deposit_month": "0.00000001"})
    assert in_force(satoshi) == {(Kind.DEPOSIT, Period.MONTH): 1}


def test_the_operators_tighter_limit_is_told(page: Client, alice: User) -> None:
    page.post(PAGE, {"stake_day": "50"})
    wish = Wish((LimitWish(*STAKE_A_DAY, 10_00),))
    operations.change(alice, wish, source=Source.STAFF, actor=None, now=system_clock.now())
    assert "In force: 10.00 BRL , set by our staff" in text_of(page.get(PAGE))


@pytest.mark.parametrize(
    ("query", "ban", "length"),
    [
        ("cool_off=24", "cool_off", timedelta(hours=24)),
        ("cool_off=1008", "cool_off", timedelta(weeks=6)),
        ("exclusion=6", "self_exclusion", timedelta(days=181)),
        ("exclusion=permanent", "self_exclusion", None),
    ],
)
def test_a_break_is_confirmed_before_it_begins(
    page: Client, alice: User, query: str, ban: str, length: timedelta | None
) -> None:
    assert page.post("/session/", {"mode": "demo"}, content_type="application/json").status_code == 201
    step = page.get(f"{PAGE}break/?{query}")
    assert step.status_code == 200
    unsure = page.post(f"{PAGE}break/?{query}", {})
    assert "Tick this to go on." in text_of(unsure)
    assert not Exclusion.objects.exists()
    done = page.post(f"{PAGE}break/?{query}", {"sure": "on"}, follow=True)
    row = Exclusion.objects.get()
    assert (row.ban, row.source, row.player_id) == (ban, "player", alice.pk)
    if length is None:
        assert row.ends_at is None
        assert "for good" in text_of(done)
    else:
        assert row.ends_at is not None
        assert length <= row.ends_at - row.starts_at < length + timedelta(days=4)
    assert GameSession.objects.get().revoked_at is not None


@pytest.mark.parametrize("query", ["", "cool_off=1", "cool_off=24&exclusion=6", "exclusion=1", "exclusion=ever"])
def test_a_break_that_is_not_on_offer_leads_back(page: Client, query: str) -> None:
    assert page.post(f"{PAGE}break/?{query}", {"sure": "on"}).status_code == 302
    assert not Exclusion.objects.exists()


def test_an_excluded_player_signs_in_sees_the_account_and_watches_but_does_not_play(
    page: Client, alice: User, exclude: Callable[..., None]
) -> None:
    crash.ensure_game(slug="BigPanda", title="BigPanda", now=system_clock.now())
    exclude(alice, months="permanent")
    refusal = page.post("/session/", {"mode": "demo"}, content_type="application/json")
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (403, "player_blocked")
    table = page.get("/games/BigPanda/")
    assert "You are not playing now" in text_of(table)
    assert 'data-part="balance"' not in table.content.decode()
    for path in (PAGE, "/account/"):
        assert page.get(path).status_code == 200
    entry = signed_in(alice).get(PAGE)
    assert "You have excluded yourself from play for good." in text_of(entry)


# --- staff ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def risk(db: None) -> Client:
    user = User.objects.create(username="risk-staff", is_staff=True)
    user.groups.add(Group.objects.get(name="risk"))
    return signed_in(user)


def test_staff_tighten_at_once_and_loosen_in_a_day(risk: Client, alice: User, page: Client) -> None:
    url = reverse("admin:accounts_user_protect", args=[alice.pk])
    assert risk.get(url).status_code == 200
    assert risk.post(url, {"stake_day": "10"}).status_code == 200, "without a reason nothing is done"
    assert not Limit.objects.exists()
    assert risk.post(url, {"stake_day": "10", "reason": "plays all night"}).status_code == 302
    assert in_force(alice) == {STAKE_A_DAY: 10_00}
    risk.post(url, {"stake_day": "", "reason": "asked by mail"})
    assert in_force(alice) == {STAKE_A_DAY: 10_00}
    entries = AuditEntry.objects.filter(action__startswith="protection.").order_by("pk")
    assert [(e.action, e.details["reason"], str(e.actor)) for e in entries] == [
        ("protection.limit_set", "plays all night", "risk-staff"),
        ("protection.limit_waits", "asked by mail", "risk-staff"),
    ]
    assert "Stake limit a day: 10.00 BRL our staff" in text_of(page.get(PAGE))


def test_staff_exclude_and_cannot_undo_it(risk: Client, alice: User) -> None:
    url = reverse("admin:accounts_user_protect", args=[alice.pk])
    both = risk.post(url, {"cool_off": "24", "exclusion": "6", "reason": "x"})
    assert "Choose one of the two." in text_of(both)
    assert risk.post(url, {"exclusion": "permanent", "reason": "asked on the phone"}).status_code == 302
    row = Exclusion.objects.get()
    assert (row.source, row.ends_at) == ("staff", None)
    player = text_of(risk.get(reverse("admin:accounts_user_change", args=[alice.pk])))
    assert "Self-exclusion for good" in player
    assert "excluded" in player
    change = reverse("admin:protection_exclusion_change", args=[row.pk])
    assert risk.post(change, {"ends_at_0": "2020-01-01"}).status_code == 403
    assert risk.post(reverse("admin:protection_exclusion_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
