"""A conversion moves exact amounts once, in the ledger, and is explained by the audit to the last unit."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck
from hypothesis import given as for_any
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.models import User
from accounts.partners import operations as partners
from accounts.partners.rules import Environment
from tests.exchange.conftest import SetRate
from tests.wallet.ledger_table import FIRST_AT, books_sum
from tests.wallet.unguarded import sql, unguarded
from wallet import audit, queries
from wallet import operations as wallet
from wallet.chart import House
from wallet.exchange import audit as exchange_audit
from wallet.exchange import operations
from wallet.exchange.models import Conversion
from wallet.exchange.operations import (
    AmountTooSmall,
    ConversionRefused,
    InsufficientFunds,
    RateMoved,
    ReferenceUsed,
)
from wallet.exchange.queries import NoRate, NotExchanged, RateTooOld
from wallet.models import Account, Currency, Transfer

Make = Callable[..., User]
pytestmark = pytest.mark.django_db


def balance(player: User, currency: str) -> int | None:
    account = queries.player_account(player, is_demo=False, currency=currency)
    return account.posted_minor if account else None


@pytest.fixture
def alice(make_player: Make) -> User:
    return make_player("alice", real=1000_00)


@pytest.fixture
def convert(now: datetime) -> Callable[..., Conversion]:
    def convert_(player: User, amount: int, pair: str = "BRL/EUR", reference: str = "r-1", **more: Any) -> Conversion:
        source, target = pair.split("/")
        wanted = {"source": source, "target": target, "amount_minor": amount, "reference": reference, "now": now}
        return operations.convert(player, **(wanted | more))

    return convert_


def test_the_amount_is_split_into_what_buys_and_what_is_rounding(
    rates: None, alice: User, convert: Callable[..., Conversion]
) -> None:
    done = convert(alice, 100_05)  # at 0.16 worth 16.008 EUR: 16.00 of them cost 100.00
    assert (done.paid_minor, done.rest_minor, done.given_minor) == (100_00, 5, 16_00)
    assert (done.rate, Fraction(done.remainder), done.spread_bps) == ("4/25", Fraction(4, 5), 0)
    assert [(step.rate.base_id, step.inverted) for step in done.steps.all()] == [("BRL", False)]
    assert (balance(alice, "BRL"), balance(alice, "EUR")) == (899_95, 16_00)
    moved = Transfer.objects.filter(reference="r-1").order_by("id")
    assert [(row.id.split(":")[2], row.code, row.book, row.amount_minor) for row in moved] == [
        ("given", "exchange", "EUR", 16_00),
        ("paid", "exchange", "BRL", 100_00),
        ("rest", "exchange", "BRL", 5),
    ]
    assert queries.house_balance(House.ROUNDING, "BRL") == 5


def test_what_divides_evenly_leaves_nothing(rates: None, alice: User, convert: Callable[..., Conversion]) -> None:
    done = convert(alice, 25)
    assert (done.paid_minor, done.rest_minor, done.given_minor, done.remainder) == (25, 0, 4, "0")
    assert Transfer.objects.filter(code="exchange").count() == 2


def test_a_small_unit_is_bought_over_two_rates(rates: None, alice: User, convert: Callable[..., Conversion]) -> None:
    done = convert(alice, 100_00, "BRL/BITS")
    assert (done.given_minor, done.rate) == (200_00, "2")
    assert [step.inverted for step in done.steps.order_by("position")] == [False, True, True]


def test_the_houses_margin_is_taken_and_kept_with_the_conversion(
    rates: None, alice: User, convert: Callable[..., Conversion], settings: Any
) -> None:
    settings.EXCHANGE_SPREAD_BPS = 150
    done = convert(alice, 100_00)
    assert (done.given_minor, done.spread_bps) == (15_76, 150)
    assert exchange_audit.findings(FIRST_AT) == []


def test_repeating_a_conversion_changes_nothing_even_when_the_rate_is_gone(
    rates: None, alice: User, convert: Callable[..., Conversion], now: datetime
) -> None:
    done = convert(alice, 100_00)
    for moment in (now, now + timedelta(days=30)):
        assert convert(alice, 100_00, now=moment) == done
    assert (balance(alice, "BRL"), balance(alice, "EUR")) == (900_00, 16_00)
    assert Conversion.objects.count() == 1


@pytest.mark.parametrize("other", [{"amount": 100_01}, {"pair": "BRL/USD"}, {"pair": "EUR/BRL"}])
def test_a_reference_stands_for_one_conversion(
    rates: None, alice: User, convert: Callable[..., Conversion], other: dict[str, Any]
) -> None:
    convert(alice, 100_00)
    with pytest.raises(ReferenceUsed):
        convert(alice, **({"amount": 100_00} | other))
    assert balance(alice, "BRL") == 900_00


def test_a_reference_is_the_players_own(
    rates: None, make_player: Make, alice: User, convert: Callable[..., Conversion]
) -> None:
    bob = make_player("bob", real=100_00)
    assert convert(alice, 100_00).pk != convert(bob, 100_00).pk
    assert (balance(alice, "EUR"), balance(bob, "EUR")) == (16_00, 16_00)


REFUSED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "more than there is": ({"amount": 1000_01}, InsufficientFunds),
    "money of a currency never held": ({"amount": 100, "pair": "USD/EUR"}, InsufficientFunds),
    "nothing": ({"amount": 0}, ConversionRefused),
    "less than nothing": ({"amount": -100_00}, ConversionRefused),
    "more than all money": ({"amount": 10**15 + 1}, ConversionRefused),
    "what would give nothing": ({"amount": 6}, AmountTooSmall),
    "into the same currency": ({"amount": 100, "pair": "BRL/BRL"}, NotExchanged),
    "into an unknown currency": ({"amount": 100, "pair": "BRL/XXX"}, NotExchanged),
    "where there is no rate": ({"amount": 100, "pair": "BRL/COIN"}, NoRate),
    "less than was shown": ({"amount": 100_00, "at_least_minor": 16_01}, RateMoved),
    "without a reference": ({"amount": 100, "reference": ""}, ConversionRefused),
    "with an endless reference": ({"amount": 100, "reference": "r" * 65}, ConversionRefused),
}


@pytest.mark.parametrize("what", REFUSED)
def test_no_conversion_of(what: str, rates: None, alice: User, convert: Callable[..., Conversion]) -> None:
    wish, error = REFUSED[what]
    with pytest.raises(error):
        convert(alice, **wish)
    assert balance(alice, "BRL") == 1000_00
    assert not Account.objects.filter(owner=alice).exclude(book="BRL").exists(), "nothing is left of a refused one"
    assert not Conversion.objects.exists()


def test_no_conversion_by_a_rate_that_has_grown_old(
    rates: None, alice: User, convert: Callable[..., Conversion], now: datetime
) -> None:
    with pytest.raises(RateTooOld):
        convert(alice, 100_00, now=now + timedelta(hours=25))


def test_no_conversion_of_demo_money_by_blocked_players_or_by_partners_players(
    rates: None, make_player: Make, convert: Callable[..., Conversion], now: datetime
) -> None:
    demo, blocked, owner = make_player("demo", demo=True), make_player("mallory", real=100_00), make_player("owner")
    with pytest.raises(wallet.DemoMoneyOnly):
        convert(demo, 100_00)
    blocked.is_active = False
    blocked.save()
    with pytest.raises(partners.PlayerBlocked):
        convert(blocked, 100_00)
    acme = partners.create_partner("Acme", slug="acme", owner=owner, now=now)
    brought, _, _ = wallet.seat_partner_player(
        acme, Environment.LIVE, "p-1", currency="BRL", wallet="transfer", now=now
    )
    wallet.deposit(brought.user, 100_00, reference="test:p-1", now=now)
    with pytest.raises(ConversionRefused, match="partner"):
        convert(brought.user, 100_00)
    assert not Conversion.objects.exists()


def test_demo_money_is_held_in_the_players_own_currency_only(alice: User, now: datetime) -> None:
    with pytest.raises(wallet.OwnCurrencyOnly):
        wallet.open_account(alice, is_demo=True, now=now, currency="EUR")
    assert wallet.open_account(alice, is_demo=False, now=now, currency="EUR").posted_minor == 0


def test_games_go_on_in_the_players_own_currency(rates: None, alice: User, convert: Callable[..., Conversion]) -> None:
    convert(alice, 100_00)
    shown = queries.balance(alice, is_demo=False)
    assert (shown.currency, shown.available_minor) == ("BRL", 900_00)


# --- any sequence of conversions --------------------------------------------------------------------------------------
CODES = ("BRL", "EUR", "USD", "BITS", "BTC")
STEP = st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), st.integers(1, 2000_00))


@examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@for_any(steps=st.lists(STEP, min_size=1, max_size=6), spread=st.sampled_from([0, 1, 250]))
def test_whatever_is_converted_the_books_add_up_and_nobody_is_richer_for_it(
    rates: None,
    alice: User,
    convert: Callable[..., Conversion],
    settings: Any,
    now: datetime,
    steps: list[tuple[str, str, int]],
    spread: int,
) -> None:
    settings.EXCHANGE_SPREAD_BPS = spread
    value = {"EUR": Fraction(1), "BRL": Fraction("0.16"), "USD": Fraction("0.9"), "BTC": Fraction(80_000)}
    value["BITS"] = value["BTC"] / 1_000_000
    denominators = dict(Currency.objects.values_list("code", "denominator"))

    def fortune() -> Fraction:
        have = {code: balance(alice, code) or 0 for code in CODES}
        return sum((value[code] * have[code] / denominators[code] for code in CODES), Fraction(0))

    with transaction.atomic():
        before = fortune()
        for number, (source, target, amount) in enumerate(steps):
            try:
                done = convert(alice, amount, f"{source}/{target}", f"r-{number}")
            except (ConversionRefused, NotExchanged):
                continue
            assert convert(alice, amount, f"{source}/{target}", f"r-{number}") == done
            assert fortune() <= before
            before = fortune()
        for code in CODES:
            assert books_sum(code) == 0
        assert exchange_audit.findings(FIRST_AT) == []
        assert audit.findings(now) == []
        transaction.set_rollback(True)


# --- what the database keeps, and what the audit sees -----------------------------------------------------------------
BAD_CONVERSIONS: dict[str, dict[str, Any]] = {
    "that does not add up": {"rest_minor": 6},
    "that gives nothing": {"given_minor": 0},
    "that costs nothing": {"paid_minor": 0, "source_minor": 5},
    "of negative rounding": {"rest_minor": -1, "paid_minor": 100_06},
    "under the same reference": {"reference": "r-1"},
    "with a margin of all": {"spread_bps": 10_000},
    "into the same account": {"target_account": "source"},
    "into another player's account": {"target_account": "bob"},
    "of demo money": {"source_account": "demo"},
    "of another player's money": {"player": "bob"},
}


@transaction.atomic
def insert(**row: Any) -> None:
    Conversion.objects.create(**row)
    connection.check_constraints()


@pytest.mark.parametrize("bad", BAD_CONVERSIONS)
def test_the_database_refuses_a_conversion(
    bad: str, rates: None, alice: User, make_player: Make, convert: Callable[..., Conversion], now: datetime
) -> None:
    done, bob = convert(alice, 100_05), make_player("bob", real=100, currency="EUR")
    named = {
        "source": done.source_account,
        "demo": wallet.open_account(alice, is_demo=True, now=now),
        "bob": queries.player_account(bob, is_demo=False),
    }
    row = {field.name: getattr(done, field.name) for field in Conversion._meta.fields if field.name != "id"}
    changes = {k: named.get(v, v) if isinstance(v, str) else v for k, v in BAD_CONVERSIONS[bad].items()}
    if changes.get("player") is not None:
        changes["player"] = bob
    insert(**(row | {"reference": "proper"}))
    with pytest.raises(DatabaseError):
        insert(**(row | {"reference": "new"} | changes))


def test_the_database_keeps_conversions_as_they_were(
    rates: None, alice: User, convert: Callable[..., Conversion]
) -> None:
    done = convert(alice, 100_05)
    for change in (
        lambda: Conversion.objects.update(rate="1"),
        lambda: sql("DELETE FROM exchange_conversion WHERE id = %s", done.pk),
        lambda: done.steps.update(inverted=True),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


BREAKS: dict[str, tuple[str, str]] = {
    "a leg that is gone": (
        "DELETE FROM wallet_transfer WHERE id = 'exchange:{c}:given'",
        "1600 given, and there is no",
    ),
    "another amount": (
        "UPDATE wallet_transfer SET amount_minor = 9999 WHERE id = 'exchange:{c}:paid'",
        "10000 paid, and its transfer is of 9999",
    ),
    "rounding that went to the exchange": (
        "UPDATE wallet_transfer SET credit_account_id = {exchange} WHERE id = 'exchange:{c}:rest'",
        "5 rest, and there is no",
    ),
    "a transfer of no conversion": (
        "UPDATE wallet_transfer SET id = 'exchange:0:paid' WHERE id = 'exchange:{c}:paid'",
        "transfer exchange:0:paid: no conversion explains 10000 in BRL",
    ),
    "a conversion that is gone": (
        "DELETE FROM exchange_conversion WHERE id = {c}",
        "transfer exchange:{c}:given: no conversion explains 1600 in EUR",
    ),
    "a rate that was not used": (
        "UPDATE exchange_conversion SET rate = '1/5' WHERE id = {c}",
        "conversion {c}: its rate 1/5 is not what its stored rates make",
    ),
    "a rate changed afterwards": (
        "UPDATE exchange_exchangerate SET numerator = 5 WHERE base_id = 'BRL'",
        "conversion {c}: its rate 4/25 is not",
    ),
    "steps that are gone": ("DELETE FROM exchange_conversionstep WHERE conversion_id = {c}", "stored rates make"),
    "a remainder that is not": (
        "UPDATE exchange_conversion SET remainder = '1/5' WHERE id = {c}",
        "does not make what is recorded",
    ),
    "a rate of tomorrow": (
        "UPDATE exchange_exchangerate SET valid_from = '2026-03-02 00:00:00' WHERE base_id = 'BRL'",
        "a rate that was not in force",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, rates: None, alice: User, convert: Callable[..., Conversion]) -> None:
    done = convert(alice, 100_05)
    statement, expected = BREAKS[what]
    names = {"c": done.pk, "exchange": queries.house_accounts(House.EXCHANGE, ["BRL"])["BRL"]}
    assert exchange_audit.findings(FIRST_AT) == []
    with unguarded():
        sql(statement.format(**names))
        lines = exchange_audit.findings(FIRST_AT)
        assert any(expected.format(**names) in line for line in lines), lines
    assert exchange_audit.findings(FIRST_AT) == []


def test_the_cost_of_the_audit_does_not_depend_on_the_number_of_conversions(
    rates: None, alice: User, convert: Callable[..., Conversion], django_assert_num_queries: Any
) -> None:
    convert(alice, 100_00, reference="first")
    with django_assert_num_queries(5):
        exchange_audit.findings(FIRST_AT)
    for number in range(5):
        convert(alice, 100_00, reference=f"r-{number}")
    with django_assert_num_queries(5):
        assert exchange_audit.findings(FIRST_AT) == []


def test_a_later_rate_changes_no_conversion_of_the_past(
    rates: None, alice: User, set_rate: SetRate, convert: Callable[..., Conversion], now: datetime
) -> None:
    convert(alice, 100_00)
    later = now + timedelta(hours=1)
    set_rate("BRL", "EUR", "0.17", now=later)
    assert exchange_audit.findings(FIRST_AT) == []
    assert convert(alice, 100_00, reference="r-2", now=later).given_minor == 17_00
