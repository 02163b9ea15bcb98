"""Rounds are played through the real operations; then each thing that could be wrong with a bet is broken and named."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.crash import audit
from games.crash.models import Bet
from games.management.commands.check_ledger import one_moment
from tests.wallet.crash_table import Table, set_up
from tests.wallet.threads import at_once
from tests.wallet.unguarded import sql, unguarded
from wallet import audit as wallet_audit
from wallet import operations as wallet_operations
from wallet import queries


@pytest.fixture
def table(make_player: Callable[..., Any], now: datetime) -> Table:
    return set_up(make_player("alice", real=1000_00), now)


BREAKS: dict[str, tuple[str, str, str]] = {
    "a stake that was never taken": (
        "open",
        "DELETE FROM wallet_transfer WHERE id = 'stake:{id}'",
        "is not in the books",
    ),
    "a stake of another amount": (
        "open",
        "UPDATE wallet_transfer SET amount_minor = 1 WHERE id = 'stake:{id}'",
        "stake:{id} of 1 does not fit it",
    ),
    "a stake taken from somebody else": (
        "open",
        "UPDATE wallet_transfer SET debit_account_id = (SELECT MIN(id) FROM wallet_account) WHERE id = 'stake:{id}'",
        "does not fit it",
    ),
    "a stake that went elsewhere": (
        "open",
        (
            "UPDATE wallet_transfer SET credit_account_id = (SELECT id FROM wallet_account WHERE kind = 'suspense' "
            "AND book = 'BRL') WHERE id = 'stake:{id}'"
        ),
        "does not fit it",
    ),
    "a stake that was only set aside": (
        "open",
        "UPDATE wallet_transfer SET kind = 'pending' WHERE id = 'stake:{id}'",
        "does not fit it",
    ),
    "a win that was never paid": (
        "auto",
        "DELETE FROM wallet_transfer WHERE id = 'payout:{id}'",
        "is not in the books",
    ),
    "a win of another amount": (
        "manual",
        "UPDATE wallet_transfer SET amount_minor = amount_minor + 1 WHERE id = 'payout:{id}'",
        "does not fit it",
    ),
    "a payout for a lost bet": (
        "manual",
        "UPDATE crash_bet SET status = 'lost', payout_minor = 0, multiplier_hundredths = NULL WHERE id = {key}",
        "payout:{id} of ",
    ),
    "a refund that was never paid": (
        "cancelled",
        "DELETE FROM wallet_transfer WHERE id = 'refund:{id}'",
        "is not in the books",
    ),
    "a refund of an open bet": (
        "cancelled",
        (
            "UPDATE crash_bet SET status = 'open', payout_minor = 0, settled_at = NULL, cancelled_at = NULL "
            "WHERE id = {key}"
        ),
        "refund:{id} of 999 does not fit it",
    ),
    "money for a bet that is not there": ("lost", "DELETE FROM crash_bet WHERE id = {key}", "no bet explains it"),
    "a transfer under another name": (
        "lost",
        "UPDATE wallet_transfer SET id = 'stake:x{id}' WHERE id = 'stake:{id}'",
        "stake:x{id} of 999: no bet explains it",
    ),
    "another player's account": (
        "lost",
        "UPDATE crash_bet SET player_id = player_id - 1 WHERE id = {key}",
        "is not its player's",
    ),
    "demo money in a real bet": ("lost", "UPDATE crash_bet SET is_demo = NOT is_demo WHERE id = {key}", "in its money"),
    "a payout rounded up": (
        "auto",
        "UPDATE crash_bet SET payout_minor = payout_minor + 1 WHERE id = {key}",
        "but 999 at 105 with 0 % more is 1048",
    ),
    "a bet left open in a settled round": (
        "lost",
        "UPDATE crash_bet SET status = 'open', settled_at = NULL WHERE id = {key}",
        "is open in a round that is over",
    ),
    "a bet lost while it could be won": (
        "open",
        "UPDATE crash_bet SET status = 'lost', settled_at = placed_at WHERE id = {key}",
        "is lost in a round that is not over",
    ),
    "a win before the start": (
        "open",
        (
            "UPDATE crash_bet SET status = 'cashed_out', multiplier_hundredths = 200, payout_minor = 1998, "
            "settled_at = placed_at WHERE id = {key}"
        ),
        "is cashed out in a round that did not run",
    ),
    "a win above the crash point": (
        "manual",
        "UPDATE crash_bet SET multiplier_hundredths = 1750001 WHERE id = {key}",
        "above the round's crash point",
    ),
    "a win above its auto cash-out": (
        "auto",
        "UPDATE crash_bet SET multiplier_hundredths = 106, payout_minor = 1058 WHERE id = {key}",
        "above its auto cash-out",
    ),
    "a bonus that nobody gave": (
        "auto",
        "UPDATE crash_bet SET boost_percent = 10, payout_minor = 1153 WHERE id = {key}",
        "has a boost that its round did not give",
    ),
    "a refund in a round that was played": (
        "lost",
        "UPDATE crash_bet SET status = 'refunded', payout_minor = 999 WHERE id = {key}",
        "is refunded in a round that was not undone",
    ),
    "a due auto cash-out that was lost": (
        "lost",
        "UPDATE crash_bet SET auto_cashout_hundredths = 101 WHERE id = {key}",
        "its auto cash-out was reached and not paid",
    ),
    "other rules than the round's": (
        "lost",
        "UPDATE crash_bet SET config_id = config_id + 100000 WHERE id = {key}",
        "another version of the rules",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, table: Table, now: datetime) -> None:
    fate, statement, expected = BREAKS[what]
    bet = table.play()[fate]
    assert audit.findings(now) == []
    names = {"id": str(bet), "key": f"'{bet.hex if connection.vendor == 'sqlite' else bet}'"}
    with unguarded():
        sql(statement.format(**names))
        lines = audit.findings(now)
        assert any(expected.format(**names) in line and str(bet) in line for line in lines), lines


@pytest.mark.django_db
def test_bets_of_every_fate_are_explained(table: Table, now: datetime) -> None:
    bets = table.play()
    assert {name: Bet.objects.get(pk=bet).status for name, bet in bets.items()} == {
        "auto": "cashed_out",
        "manual": "cashed_out",
        "lost": "lost",
        "cancelled": "cancelled",
        "refunded": "refunded",
        "open": "open",
    }
    assert audit.findings(now) == []
    assert wallet_audit.findings(now) == []


@pytest.mark.django_db
def test_the_number_of_questions_does_not_depend_on_the_bets(table: Table, now: datetime) -> None:
    with CaptureQueriesContext(connection) as few:
        audit.findings(now)
    table.play()
    with CaptureQueriesContext(connection) as many:
        audit.findings(now)
    assert len(few) == len(many)


@pytest.mark.django_db
def test_check_ledger_prints_the_totals_of_clean_books(table: Table) -> None:
    table.play()
    out = StringIO()
    call_command("check_ledger", stdout=out)
    *books, last = out.getvalue().splitlines()
    assert last == "The books add up."
    (brl,) = [line for line in books if line.startswith("BRL: ")]
    assert "players hold" in brl
    assert "house: " in brl


@pytest.mark.django_db
def test_check_ledger_fails_with_a_line_per_finding(table: Table) -> None:
    bet = table.play()["open"]
    out = StringIO()
    with unguarded():
        sql("UPDATE wallet_account SET posted_minor = posted_minor + 1 WHERE id = %s", table.account_id)
        sql("DELETE FROM wallet_transfer WHERE id = %s", f"stake:{bet}")
        with pytest.raises(CommandError, match="do not add up") as failure:
            call_command("check_ledger", stdout=out)
    assert failure.value.returncode == 1
    assert f"account {table.account_id} (BRL): balance" in out.getvalue()
    assert f"bet {bet} (open): its stake of 999 is not in the books" in out.getvalue()


def test_check_ledger_sees_one_moment_while_players_play_on(
    make_player: Callable[..., Any], now: datetime, committed_db: None
) -> None:
    alice = make_player("alice", real=100)

    def deposit() -> None:
        wallet_operations.deposit(alice, 5, reference=f"test:{uuid4()}", now=now)

    def balance() -> int:
        return queries.balance(alice, is_demo=False).available_minor

    with one_moment():
        assert balance() == 100
        assert at_once([deposit]) == [None]  # it is not held up, and not seen
        assert balance() == 100
        assert wallet_audit.book_findings(now) == []
    assert balance() == 105
