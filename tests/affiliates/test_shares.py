"""What affiliates get of a day: exactly the rule's share, once, and only of what is left of the days before."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from itertools import accumulate
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.affiliates import operations as affiliates
from accounts.affiliates.models import Affiliate, Referral
from accounts.models import User
from casino.lib.clock import ManualClock
from casino.ops.settled import MARGIN
from games.crash import operations as crash
from tests.affiliates.conftest import after, on, play
from tests.games.crash.playing import account_of, make_play
from tests.wallet.unguarded import sql, unguarded
from wallet import audit as wallet_audit
from wallet.affiliates import audit, rules
from wallet.affiliates.management.commands import pay_affiliates
from wallet.affiliates.models import ClosedDay, Share
from wallet.affiliates.operations import DayNotOver, close_days, close_next_day
from wallet.chart import House
from wallet.models import Transfer
from wallet.queries import balance, house_balance

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def booked() -> dict[tuple[str, str, str], int]:
    """By code, book and day."""
    rows = Share.objects.values_list("affiliate__code", "book", "day", "share_minor")
    return {(code, book, str(day)): share for code, book, day, share in rows}


def money(player: Any) -> int:
    return balance(player, is_demo=False).available_minor


def no_findings(now: datetime) -> None:
    assert audit.findings(now) == []
    assert [line for line in wallet_audit.findings(now) if "share" in line] == []


# --- the rule ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("gain", "begun", "share_bps", "share", "carried"),
    [
        (100_00, 0, 1_000, 10_00, 0),
        (99, 0, 1_000, 9, 0),  # 9.9 rounded down
        (9, 0, 1_000, 0, 0),
        (0, 0, 1_000, 0, 0),
        (-50_00, 0, 1_000, 0, -50_00),
        (30_00, -50_00, 1_000, 0, -20_00),
        (50_00, -50_00, 1_000, 0, 0),
        (80_00, -50_00, 1_000, 3_00, 0),
        (-1, -50_00, 1_000, 0, -50_01),
        (100_00, 0, 0, 0, 0),
        (100_00, 0, 10_000, 100_00, 0),
    ],
)
def test_a_days_share(gain: int, begun: int, share_bps: int, share: int, carried: int) -> None:
    assert rules.close(gain, begun, share_bps) == (share, carried)


@given(gains=st.lists(st.integers(-(10**6), 10**6), max_size=31), share_bps=st.integers(0, 10_000))
def test_no_run_of_days_gives_more_than_the_share_of_the_most_that_it_ever_came_to(
    gains: list[int], share_bps: int
) -> None:
    """Nor less, but for what each day rounds off."""
    total = carried = 0
    most = max(0, *accumulate(gains, initial=0))
    for gain in gains:
        share, carried = rules.close(gain, carried, share_bps)
        assert share >= 0 >= carried
        assert share == 0 or carried == 0
        total += share
    assert total * 10_000 <= most * share_bps <= (total + len(gains)) * 10_000


# --- closing ----------------------------------------------------------------------------------------------------------
def test_the_owner_gets_the_share_of_what_the_house_gained(brought: Any, olga: Any, day: date) -> None:
    play(brought("alice"), 100_00, 30_00, at=on(day))
    play(brought("bob"), 50_00, 0, back=20_00, at=on(day), house=House.INSTANT)
    (closed,) = close_days(now=after(day))
    assert (closed.day, closed.shares) == (day, 1)
    (share,) = Share.objects.all()
    assert (share.players, share.staked_minor, share.paid_minor) == (2, 130_00, 30_00)
    assert (share.share_bps, share.share_minor, share.carried_minor) == (1_000, 10_00, 0)
    assert money(olga) == 10_00
    transfer = Transfer.objects.get(code="share")
    assert transfer.pk == f"affiliate:{share.affiliate_id}:BRL:2026-03-03"
    assert house_balance(House.AFFILIATES, "BRL") == -10_00
    no_findings(after(day))


def test_only_real_money_since_the_player_was_brought_counts(
    acme: Affiliate, make_player: Callable[..., Any], olga: Any, day: date
) -> None:
    from wallet.operations import open_account

    alice, bob = make_player("alice", real=1000_00), make_player("bob", real=1000_00)
    open_account(alice, is_demo=True, now=on(day))
    play(alice, 500_00, at=on(day, 9))
    affiliates.credit(alice.pk, "acme", now=on(day, 10))
    play(alice, 1_00, at=on(day, 11))
    play(alice, 300_00, at=on(day, 11), demo=True)
    play(bob, 400_00, at=on(day, 11))  # whom nobody brought
    close_days(now=after(day))
    assert booked() == {("acme", "BRL", "2026-03-03"): 10}
    no_findings(after(day))


def test_a_day_is_from_midnight_to_midnight_in_utc(brought: Any, day: date) -> None:
    alice = brought("alice")
    midnight = on(day, 0) + DAY
    play(alice, 10_00, at=midnight - timedelta(microseconds=1))
    play(alice, 70_00, at=midnight)
    close_days(now=after(day + DAY))
    assert booked() == {("acme", "BRL", "2026-03-03"): 1_00, ("acme", "BRL", "2026-03-04"): 7_00}
    no_findings(after(day + DAY))


def test_a_day_that_the_players_won_is_made_up_by_those_after_it(brought: Any, olga: Any) -> None:
    """28 March to 2 April: a new month begins with what is missing."""
    alice = brought("alice")
    days = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)]
    for staked, won, at in zip([100, 10, 60, 40, 10], [0, 90, 0, 0, 30], map(on, days), strict=True):
        play(alice, staked * 100, won * 100, at=at)
    close_days(now=after(days[-1]))
    shares = Share.objects.order_by("day").values_list("day", "begun_minor", "share_minor", "carried_minor")
    assert list(shares) == [
        (days[0], 0, 10_00, 0),
        (days[1], 0, 0, -80_00),
        (days[2], -80_00, 0, -20_00),  # across a day without bets
        (days[3], -20_00, 2_00, 0),
        (days[4], 0, 0, -20_00),
    ]
    assert money(olga) == 12_00, "what was booked is never taken back"
    no_findings(after(days[-1]))


def test_a_bet_that_is_cancelled_after_midnight_was_no_gain_of_the_day_before(
    brought: Any, olga: Any, day: date
) -> None:
    alice = brought("alice")
    midnight = on(day + DAY, 0)
    table = make_play(alice, midnight - timedelta(seconds=2))
    table.open()
    bet = table.placed(alice, stake=1_000_00)
    with pytest.raises(DayNotOver):
        close_days(now=after(day), until=day)
    table.now = midnight + timedelta(seconds=1)
    crash.cancel_bets([crash.BetAction(alice.pk, account_of(alice), bet, table.now)], now=table.now)
    table.launch()
    table.finish()
    with pytest.raises(DayNotOver):
        close_days(now=table.now + MARGIN - timedelta(seconds=1), until=day)
    close_days(now=table.now + MARGIN, until=day)
    assert booked() == {("acme", "BRL", str(day)): 0}
    assert money(olga) == 0
    no_findings(table.now + MARGIN)


def test_a_win_after_midnight_is_taken_off_the_day_of_its_stake(brought: Any, olga: Any, day: date) -> None:
    alice = brought("alice")
    table = make_play(alice, on(day + DAY, 0) - timedelta(seconds=2))
    table.open(crash_point=300)
    table.placed(alice, stake=100_00, auto=200)
    table.launch()
    table.finish()
    close_days(now=table.now + MARGIN)
    assert booked() == {("acme", "BRL", str(day)): 0}
    assert Share.objects.get().carried_minor == -100_00
    no_findings(table.now + MARGIN)


def test_books_and_affiliates_are_apart(brought: Any, make_player: Callable[..., Any], day: date) -> None:
    rival = make_player("rival")
    affiliates.create("rival", owner=rival, share_bps=2_000, actor=None, now=on(day, 1))
    play(brought("alice"), 100_00, at=on(day))
    play(brought("eva", currency="EUR"), 40_00, 90_00, at=on(day))
    play(brought("rob", code="rival"), 10_00, at=on(day))
    close_days(now=after(day))
    assert booked() == {
        ("acme", "BRL", "2026-03-03"): 10_00,
        ("acme", "EUR", "2026-03-03"): 0,
        ("rival", "BRL", "2026-03-03"): 2_00,
    }
    no_findings(after(day))


def test_without_an_account_in_the_currency_the_share_waits_to_be_paid_out(
    brought: Any, olga: Any, fiona: User, day: date
) -> None:
    affiliates.create("company", name="Company Ltd", actor=None, now=on(day, 1))
    play(brought("eva", currency="EUR"), 40_00, at=on(day))  # olga has no euros
    play(brought("carl", code="company"), 90_00, at=on(day))
    close_days(now=after(day))
    assert (house_balance(House.PAYABLE, "EUR"), house_balance(House.PAYABLE, "BRL")) == (4_00, 9_00)
    assert money(olga) == 0
    no_findings(after(day))


def test_another_share_holds_for_the_days_after_it_was_agreed_on(
    brought: Any, acme: Affiliate, fiona: User, day: date
) -> None:
    alice = brought("alice")
    affiliates.change(acme, share_bps=5_000, reason="more", actor=fiona, now=on(day))
    for i in range(2):
        play(alice, 100_00, at=on(day + i * DAY))
    close_days(now=after(day + DAY))  # late, both at once: each day has its own share all the same
    assert list(booked().values()) == [10_00, 50_00]
    no_findings(after(day + DAY))


# --- once, in order ---------------------------------------------------------------------------------------------------
def test_a_day_is_closed_once(brought: Any, olga: Any, day: date) -> None:
    play(brought("alice"), 100_00, at=on(day))
    assert len(close_days(now=after(day))) == 1
    assert close_days(now=after(day)) == []
    assert (money(olga), Transfer.objects.filter(code="share").count()) == (10_00, 1)


def test_a_day_that_is_not_over_is_left_alone(brought: Any, day: date) -> None:
    play(brought("alice"), 100_00, at=on(day))
    assert close_days(now=after(day) - timedelta(microseconds=1)) == []
    with pytest.raises(DayNotOver):
        close_days(now=after(day) - timedelta(microseconds=1), until=day)
    assert not ClosedDay.objects.exists()


def test_nothing_is_closed_as_long_as_nobody_has_brought_anybody(acme: Affiliate, day: date) -> None:
    assert close_next_day(now=after(day)) is None
    assert not ClosedDay.objects.exists()


def test_whoever_comes_after_a_crash_goes_on_with_the_day_that_was_not_finished(
    brought: Any, olga: Any, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between a day's transfers and its record: nothing of that day has happened."""
    alice = brought("alice")
    for i in range(3):
        play(alice, 100_00, at=on(day + i * DAY))
    now = after(day + 2 * DAY)
    create = ClosedDay.objects.create

    def die_on_the_second(**row: Any) -> Any:
        if row["day"] == day + DAY:
            raise KeyboardInterrupt
        return create(**row)

    with monkeypatch.context() as dying:
        dying.setattr(ClosedDay.objects, "create", die_on_the_second)
        with pytest.raises(KeyboardInterrupt):
            close_days(now=now)
    assert (money(olga), ClosedDay.objects.count()) == (10_00, 1)
    assert [one.day for one in close_days(now=now)] == [day + DAY, day + 2 * DAY]
    assert (money(olga), Transfer.objects.filter(code="share").count()) == (30_00, 3)
    no_findings(now)


def test_days_without_bets_are_closed_too_and_cost_little(
    brought: Any, day: date, django_assert_max_num_queries: Any
) -> None:
    play(brought("alice"), 100_00, at=on(day))
    close_days(now=after(day))
    with django_assert_max_num_queries(12):  # savepoints are among them
        assert close_next_day(now=after(day + DAY)) is not None
    assert close_days(now=after(day + 4 * DAY))[-1].day == day + 4 * DAY


def test_a_day_costs_the_same_for_many_players(
    brought: Any, make_player: Callable[..., Any], day: date, django_assert_max_num_queries: Any
) -> None:
    for i in range(8):
        play(brought(f"player{i}", currency="BRL" if i % 2 else "EUR"), 100_00, at=on(day))
    with django_assert_max_num_queries(25):
        assert close_next_day(now=after(day)) is not None


def test_what_was_booked_is_changed_by_nobody(brought: Any, day: date) -> None:
    play(brought("alice"), 100_00, at=on(day))
    close_days(now=after(day))
    for spoil in (
        lambda: Share.objects.update(share_minor=1),
        lambda: Share.objects.all().delete(),
        lambda: ClosedDay.objects.all().delete(),
        lambda: ClosedDay.objects.update(shares=0),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()


# --- the command ------------------------------------------------------------------------------------------------------
def run(*words: str) -> str:
    out = StringIO()
    call_command("pay_affiliates", *words, stdout=out)
    return out.getvalue()


def test_the_command_closes_what_is_over_and_says_what_was_booked(
    brought: Any, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay_affiliates, "system_clock", ManualClock(after(day + DAY)))
    alice = brought("alice")
    play(alice, 100_00, 20_00, at=on(day))
    play(alice, 5_00, 9_00, at=on(day + DAY))
    said = run("--day", str(day))
    assert "2026-03-03: 1 shares" in said
    assert "acme: 1 players, the house gained 80.00 BRL, share of 10.00 %: 8.00, carried over 0.00" in said
    assert "carried over -4.00" in run()
    assert "Nothing is left" in run()


@pytest.mark.parametrize(("word", "why"), [("yesterday", "--day is a date"), ("2026-03-04", "not over")])
def test_the_command_says_why_it_does_not(
    brought: Any, day: date, monkeypatch: pytest.MonkeyPatch, word: str, why: str
) -> None:
    monkeypatch.setattr(pay_affiliates, "system_clock", ManualClock(after(day)))
    brought("alice")
    with pytest.raises(CommandError, match=why):
        run("--day", word)
    assert not ClosedDay.objects.exists()


# --- the audit --------------------------------------------------------------------------------------------------------
BREAKS = {
    "a share changed": ("UPDATE affiliate_shares_share SET share_minor = share_minor + 1", "its transfer is of 1000"),
    "a gain changed": ("UPDATE affiliate_shares_share SET staked_minor = staked_minor + 1000", "the transfers make"),
    "a rate changed": ("UPDATE affiliate_shares_share SET share_bps = 900", "not what the rule makes"),
    "a share deleted": ("DELETE FROM affiliate_shares_share", "no share explains it"),
    "a transfer deleted": ("DELETE FROM wallet_transfer WHERE code = 'share'", "there is no such transfer"),
    "a bet that came late": ("UPDATE wallet_transfer SET amount_minor = 1 WHERE code = 'stake'", "the transfers make"),
    "a day opened again": ("DELETE FROM affiliate_shares_closedday", "which is not closed"),
}


@pytest.mark.parametrize(("statement", "named"), BREAKS.values(), ids=BREAKS.keys())
def test_the_audit_names_what_was_spoiled(brought: Any, day: date, statement: str, named: str) -> None:
    play(brought("alice"), 100_00, at=on(day))
    close_days(now=after(day))
    assert audit.findings(after(day)) == []
    with unguarded():
        sql(statement)
        found = audit.findings(after(day))
    assert [line for line in found if named in line], found


def test_the_audit_names_days_that_were_left_out_and_own_players(
    brought: Any, acme: Affiliate, olga: Any, day: date
) -> None:
    brought("alice")
    close_days(now=after(day))
    ClosedDay.objects.create(day=day + 3 * DAY, shares=0, closed_at=after(day))
    with unguarded():
        Referral.objects.create(player=olga, affiliate=acme, at=on(day), via="api")
        found = audit.findings(after(day))
    assert ["the days between are not" in line for line in found] == [True, False]
    assert f"player {olga.pk}" in found[1]


def test_the_audit_costs_no_more_for_more_days(brought: Any, day: date, django_assert_num_queries: Any) -> None:
    alice = brought("alice")
    for i in range(6):
        play(alice, 100_00, at=on(day + i * DAY))
    close_days(now=after(day + 5 * DAY))
    with django_assert_num_queries(10):
        assert audit.findings(after(day + 5 * DAY)) == []
