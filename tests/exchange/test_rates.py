"""Rates are set, never changed; they form trees; and what has grown old moves no money."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry, User
from tests.exchange.conftest import SetRate
from wallet.exchange import operations, queries
from wallet.exchange.models import ExchangeRate
from wallet.exchange.operations import LargeJump, RateRefused
from wallet.exchange.queries import NoRate, NotExchanged, RateTooOld
from wallet.models import Currency

pytestmark = pytest.mark.django_db


def worth(source: str, target: str, now: datetime) -> Fraction:
    return queries.find(source, target, now=now).rate


def test_a_bit_is_a_hundred_satoshi_whatever_the_time(now: datetime) -> None:
    for moment in (now, now + timedelta(days=3650)):
        assert worth("BITS", "BTC", moment) == Fraction(1, 1_000_000)
        assert worth("BTC", "BITS", moment) == 1_000_000
    assert queries.find("BITS", "BTC", now=now).valid_from is None


def test_rates_are_combined_exactly_over_what_currencies_are_quoted_in(rates: None, now: datetime) -> None:
    assert worth("BRL", "EUR", now) == Fraction(4, 25)
    assert worth("EUR", "BRL", now) == Fraction(25, 4)
    assert worth("BRL", "USD", now) == Fraction(4, 25) / Fraction(9, 10)
    assert worth("BITS", "BRL", now) == Fraction(80_000, 1_000_000) / Fraction(4, 25)
    assert [str(used.row.base_id) for used in queries.find("BITS", "BRL", now=now).used] == ["BITS", "BTC", "BRL"]


def test_the_newest_rate_that_has_begun_is_in_force(set_rate: SetRate, now: datetime) -> None:
    hour = timedelta(hours=1)
    set_rate("BRL", "EUR", "0.16")
    set_rate("BRL", "EUR", "0.17", now=now + hour)
    set_rate("BRL", "EUR", "0.18", now=now + hour, valid_from=now + 3 * hour)
    at = {hours: worth("BRL", "EUR", now + hours * hour) for hours in (0, 1, 2, 3)}
    assert [str(rate) for rate in at.values()] == ["4/25", "17/100", "17/100", "9/50"]


def test_a_rate_names_who_set_it_and_why(set_rate: SetRate, make_player: Callable[..., User], now: datetime) -> None:
    clerk = make_player("clerk")
    row = set_rate("BRL", "EUR", "0.16", actor=clerk, source="central bank", reason="morning fix")
    assert (row.set_by, row.source, row.reason, row.created_at) == (clerk, "central bank", "morning fix", now)
    entry = AuditEntry.objects.get(action="exchange_rate.set", subject=f"exchangerate:{row.pk}")
    assert entry.actor == clerk
    assert {name: entry.details[name] for name in ("pair", "rate", "before", "source", "jump_confirmed")} == {
        "pair": "BRL/EUR",
        "rate": "4/25",
        "before": None,
        "source": "central bank",
        "jump_confirmed": False,
    }


@pytest.mark.parametrize(("rate", "jumps"), [("0.192", False), ("0.1921", True), ("0.13", True), ("0.134", False)])
def test_a_jump_of_more_than_a_fifth_has_to_be_meant(set_rate: SetRate, now: datetime, rate: str, jumps: bool) -> None:
    set_rate("BRL", "EUR", "0.16")
    later = now + timedelta(hours=1)
    if jumps:
        with pytest.raises(LargeJump, match=r"From 0\.16 to .* Confirm"):
            set_rate("BRL", "EUR", rate, now=later)
        assert worth("BRL", "EUR", later) == Fraction("0.16")
    row = set_rate("BRL", "EUR", rate, now=later, jump_is_meant=jumps)
    assert worth("BRL", "EUR", later) == Fraction(rate)
    entry = AuditEntry.objects.get(action="exchange_rate.set", subject=f"exchangerate:{row.pk}")
    assert entry.details["jump_confirmed"] is jumps


REFUSED: dict[str, tuple[tuple[str, str, str], dict[str, Any], str]] = {
    "an unknown currency": (("XXX", "EUR", "1"), {}, "currencies of this house"),
    "a currency in itself": (("EUR", "EUR", "1"), {}, "itself"),
    "the pair turned round": (("EUR", "BRL", "6"), {}, "directly or over another"),
    "another quote": (("BRL", "USD", "1"), {}, "quoted in EUR already"),
    "a ring": (("EUR", "BITS", "12"), {}, "directly or over another"),
    "another value of a definition": (("BITS", "BTC", "1/999999"), {}, "fixed by definition"),
    "nothing": (("ADA", "EUR", "0"), {}, "positive"),
    "less than nothing": (("ADA", "EUR", "-1"), {}, "positive"),
    "more digits than are kept": (("ADA", "EUR", f"1/{10**18 + 1}"), {}, "18 digits"),
    "no source": (("ADA", "EUR", "1"), {"source": "  "}, "has a source"),
    "the past": (("ADA", "EUR", "1"), {"valid_from": datetime.fromisoformat("2026-02-28T00:00:00Z")}, "past"),
    "the same moment": (("BRL", "EUR", "0.16"), {}, "after the last one"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_rate_is_set_for(what: str, rates: None, set_rate: SetRate) -> None:
    (base, quote, rate), options, why = REFUSED[what]
    before = ExchangeRate.objects.count()
    with pytest.raises(RateRefused, match=why):
        set_rate(base, quote, rate, **options)
    assert ExchangeRate.objects.count() == before


def test_a_rate_that_has_grown_old_is_refused_and_said_to_be(rates: None, now: datetime, settings: Any) -> None:
    settings.EXCHANGE_RATE_MAX_AGE_HOURS = 24
    day = timedelta(hours=24)
    assert worth("BITS", "EUR", now + day) == Fraction(2, 25)
    for pair in (("BRL", "EUR"), ("EUR", "BRL"), ("BITS", "USD")):
        with pytest.raises(RateTooOld, match="older than 24 hours"):
            queries.find(*pair, now=now + day + timedelta(microseconds=1))
    settings.EXCHANGE_RATE_MAX_AGE_HOURS = 48
    assert worth("BRL", "EUR", now + day + timedelta(seconds=1)) == Fraction("0.16")


def test_without_a_way_or_with_a_currency_that_is_off_there_is_no_rate(rates: None, now: datetime) -> None:
    with pytest.raises(NoRate):
        queries.find("BRL", "COIN", now=now)
    with pytest.raises(NoRate):  # a rate that has not begun
        queries.find("BRL", "EUR", now=now - timedelta(seconds=1))
    Currency.objects.filter(pk="BRL").update(enabled=False)
    for pair in (("BRL", "EUR"), ("EUR", "BRL"), ("EUR", "EUR"), ("EUR", "XXX")):
        with pytest.raises(NotExchanged):
            queries.find(*pair, now=now)


def test_demo_rates_are_there_once_and_are_renewed_when_they_have_grown_old(now: datetime) -> None:
    assert operations.ensure_demo_rates(now=now) == 5  # BRL, USD, GBP, BTC, ADA in EUR; BITS follow BTC; COIN has none
    assert operations.ensure_demo_rates(now=now + timedelta(hours=1)) == 0
    assert worth("ADA", "BITS", now) == Fraction("0.5") / Fraction("0.08")
    assert {row.source for row in queries.current_rates(now).values()} == {"demo", "definition"}
    later = now + timedelta(hours=30)
    operations.set_rate("BRL", "EUR", Fraction("0.17"), source="bank", actor=None, now=now + timedelta(hours=2))
    assert operations.ensure_demo_rates(now=later) == 4, "what somebody has set is left alone"
    assert worth("ADA", "EUR", later) == Fraction("0.5")


# --- what the database keeps ------------------------------------------------------------------------------------------
@transaction.atomic
def insert(now: datetime, **changes: Any) -> None:
    row = {"base_id": "ADA", "quote_id": "EUR", "numerator": 1, "denominator": 2, "source": "x", "valid_from": now}
    ExchangeRate.objects.create(**(row | {"created_at": now} | changes))
    connection.check_constraints()


BAD_ROWS: dict[str, dict[str, Any]] = {
    "in itself": {"quote_id": "ADA"},
    "of nothing": {"numerator": 0},
    "by nothing": {"denominator": 0},
    "without a source": {"source": ""},
    "a pair turned round": {"base_id": "EUR", "quote_id": "BRL"},
    "another quote": {"base_id": "BRL", "quote_id": "USD"},
    "a ring of three": {"base_id": "EUR", "quote_id": "BITS"},
    "a second one of the moment": {"base_id": "BRL"},
    "of no currency": {"base_id": "XXX"},
}


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_the_database_refuses_a_rate(bad: str, rates: None, now: datetime) -> None:
    with pytest.raises(DatabaseError):
        insert(now, **BAD_ROWS[bad])


def test_a_proper_rate_would_pass(rates: None, now: datetime) -> None:
    insert(now)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(numerator=5),
        lambda rows: rows.update(reason="x"),
        lambda rows: rows.delete(),
        lambda rows: rows.first().save(),
    ],
)
def test_the_database_keeps_every_rate_as_it_was(rates: None, change: Callable[[Any], Any]) -> None:
    before = list(ExchangeRate.objects.order_by("pk").values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(ExchangeRate.objects.filter(base="BRL"))
    assert list(ExchangeRate.objects.order_by("pk").values()) == before
