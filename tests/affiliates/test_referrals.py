"""A player is credited to one affiliate, once and for ever."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts.affiliates import operations, queries
from accounts.affiliates.models import Affiliate, Referral, ShareRate
from accounts.affiliates.operations import AffiliateRefused, change, create, credit
from accounts.models import AuditEntry, User
from tests.affiliates.conftest import on

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice")


@pytest.fixture
def other(acme: Affiliate, now: datetime) -> Affiliate:
    return create("other", name="Other Ltd", actor=None, now=now)


# --- crediting --------------------------------------------------------------------------------------------------------
def test_the_first_code_that_comes_with_a_player_is_credited_and_no_other(
    acme: Affiliate, other: Affiliate, alice: Any, now: datetime
) -> None:
    assert credit(alice.pk, "acme", now=now, via="link")
    assert not credit(alice.pk, "acme", now=now)
    assert not credit(alice.pk, "other", now=now + timedelta(days=1))
    referral = Referral.objects.get(player=alice)
    assert (referral.affiliate, referral.at, referral.via) == (acme, now, "link")


@pytest.mark.parametrize("code", ["", "nobody", "ACME", "acme ", "a" * 65, "ac\x00me", "acme\n", "'; DROP", "é"])
def test_what_is_nobodys_code_credits_nobody(acme: Affiliate, alice: Any, now: datetime, code: str) -> None:
    assert not credit(alice.pk, code, now=now)
    assert not queries.is_known(code)
    assert not Referral.objects.exists()
    assert credit(alice.pk, "acme", now=now), "and does not stand in the way of one that is"


def test_an_affiliate_is_never_credited_with_himself(acme: Affiliate, olga: Any, now: datetime) -> None:
    assert queries.is_known("acme")
    assert not credit(olga.pk, "acme", now=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        Referral.objects.create(player=olga, affiliate=acme, at=now, via="api")


def test_an_inactive_affiliate_is_credited_with_nobody_new(
    acme: Affiliate, alice: Any, fiona: User, now: datetime, make_player: Callable[..., Any]
) -> None:
    credit(alice.pk, "acme", now=now)
    change(acme, active=False, reason="contract ended", actor=fiona, now=now)
    assert not queries.is_known("acme")
    assert not credit(make_player("bob").pk, "acme", now=now)
    assert Referral.objects.count() == 1


def test_who_is_credited_is_asked_for_once(
    acme: Affiliate, alice: Any, now: datetime, django_assert_num_queries: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        credit(alice.pk, "acme", now=now)
    with django_assert_num_queries(0):
        for _ in range(20):
            assert not credit(alice.pk, "acme", now=now)


def test_what_was_undone_is_not_remembered(acme: Affiliate, alice: Any, now: datetime) -> None:
    with transaction.atomic():
        assert credit(alice.pk, "acme", now=now)
        transaction.set_rollback(True)
    assert credit(alice.pk, "acme", now=now)


def test_a_referral_is_changed_and_deleted_by_nobody(
    acme: Affiliate, other: Affiliate, alice: Any, now: datetime
) -> None:
    credit(alice.pk, "acme", now=now)
    for spoil in (
        lambda: Referral.objects.update(affiliate=other),
        lambda: Referral.objects.all().delete(),
        lambda: Referral.objects.create(player=alice, affiliate=other, at=now, via="api"),
        lambda: Affiliate.objects.filter(pk=acme.pk).update(code="mine"),
        lambda: Affiliate.objects.filter(pk=acme.pk).update(owner=alice),
        lambda: ShareRate.objects.update(share_bps=9_000),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()


# --- terms ------------------------------------------------------------------------------------------------------------
def test_a_share_holds_from_the_day_it_was_made_and_another_from_the_next(
    acme: Affiliate, fiona: User, day: date
) -> None:
    noon = on(day)
    change(acme, share_bps=2_500, reason="good work", actor=fiona, now=noon)
    change(acme, share_bps=3_000, reason="a slip", actor=fiona, now=noon)
    rates = [queries.rates_on(day + timedelta(days=i), [acme.pk]).get(acme.pk) for i in (-1, 0, 1, 9)]
    assert rates == [None, 1_000, 3_000, 3_000]
    entry = AuditEntry.objects.filter(action="affiliate.changed").latest("pk")
    assert (entry.actor, entry.details["changes"]) == (fiona, {"share_bps": [2_500, 3_000]})


def test_nothing_is_recorded_where_nothing_changes(acme: Affiliate, fiona: User, now: datetime) -> None:
    change(
        acme, share_bps=1_000, active=True, owner=acme.owner, reason="none", actor=fiona, now=now + timedelta(days=9)
    )
    assert not AuditEntry.objects.filter(action="affiliate.changed").exists()
    assert ShareRate.objects.count() == 1


@pytest.mark.parametrize(
    "wish",
    [
        {"code": "acme"},
        {"code": "with space"},
        {"code": "a" * 65},
        {"owner": None, "name": ""},
        {"share_bps": 10_001},
        {"share_bps": -1},
    ],
)
def test_an_affiliate_that_cannot_be_is_refused(
    acme: Affiliate, olga: Any, now: datetime, wish: dict[str, Any]
) -> None:
    with pytest.raises(AffiliateRefused):
        create(**{"code": "new", "owner": olga, "actor": None, "now": now, **wish})
    assert Affiliate.objects.count() == 1


def test_a_player_does_not_become_the_owner_of_who_brought_them(
    acme: Affiliate, alice: Any, fiona: User, now: datetime
) -> None:
    credit(alice.pk, "acme", now=now)
    with pytest.raises(AffiliateRefused):
        change(acme, owner=alice, reason="sold", actor=fiona, now=now)
    with pytest.raises(AffiliateRefused):
        change(acme, owner=None, reason="sold", actor=fiona, now=now)
    with pytest.raises(AffiliateRefused):
        change(acme, share_bps=500, reason=" ", actor=fiona, now=now)
    with pytest.raises(AffiliateRefused):
        change(acme, share_bps=10_500, reason="typo", actor=fiona, now=now)
    owner = acme.owner_id
    acme.refresh_from_db()
    assert (acme.owner_id, ShareRate.objects.count()) == (owner, 1)


def test_a_process_does_not_remember_players_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_REMEMBERED", 3)
    for player in range(10):
        operations._remember(player)
    assert len(operations._settled) <= 3
