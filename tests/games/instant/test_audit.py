"""Bets are played through the real operations; then each thing that could be wrong with one is broken and named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.instant import audit
from games.instant.models import InstantBet
from tests.games.instant.casino import HALF, Casino
from tests.wallet.unguarded import sql, unguarded

# what: (which bet, what is done to it, what the audit must say)
BREAKS: dict[str, tuple[str, str, str]] = {
    "a stake that was never taken": (
        "lost",
        "DELETE FROM wallet_transfer WHERE id = 'stake:{key}'",
        "its stake of 1000 is not in the books",
    ),
    "a stake of another amount": (
        "lost",
        "UPDATE wallet_transfer SET amount_minor = 1 WHERE id = 'stake:{key}'",
        "the transfer stake:{key} of 1 does not fit it",
    ),
    "a stake taken from somebody else": (
        "lost",
        "UPDATE wallet_transfer SET debit_account_id = (SELECT MIN(id) FROM wallet_account) WHERE id = 'stake:{key}'",
        "does not fit it",
    ),
    "a stake that went to another game's account": (
        "lost",
        (
            "UPDATE wallet_transfer SET credit_account_id = (SELECT id FROM wallet_account WHERE kind = 'crash' "
            "AND book = 'BRL') WHERE id = 'stake:{key}'"
        ),
        "does not fit it",
    ),
    "a stake that was only set aside": (
        "lost",
        "UPDATE wallet_transfer SET kind = 'pending' WHERE id = 'stake:{key}'",
        "does not fit it",
    ),
    "a win that was never paid": (
        "won",
        "DELETE FROM wallet_transfer WHERE id = 'payout:{key}'",
        "its payout of 1980 is not in the books",
    ),
    "a win of another amount": (
        "won",
        "UPDATE wallet_transfer SET amount_minor = 1981 WHERE id = 'payout:{key}'",
        "the transfer payout:{key} of 1981 does not fit it",
    ),
    "a win that was paid and is not known": (
        "won",
        "UPDATE instant_instantbet SET payout_minor = 0 WHERE id = {id}",
        "the transfer payout:{key} of 1980 does not fit it",
    ),
    "money for a bet that is not there": (
        "won",
        "DELETE FROM instant_instantbet WHERE id = {id}",
        "transfer payout:{key} of 1980: no instant bet explains it",
    ),
    "a transfer under another name": (
        "lost",
        "UPDATE wallet_transfer SET id = 'stake:x{key}' WHERE id = 'stake:{key}'",
        "transfer stake:x{key} of 1000: no instant bet explains it",
    ),
    "another player's account": (
        "lost",
        "UPDATE instant_instantbet SET player_id = player_id - 1 WHERE id = {id}",
        "its account or its version of the rules is not its own",
    ),
    "demo money": (
        "lost",
        "UPDATE instant_instantbet SET is_demo = NOT is_demo WHERE id = {id}",
        "its account or its version of the rules is not its own",
    ),
    "another currency": (
        "lost",
        "UPDATE instant_instantbet SET currency_id = 'EUR' WHERE id = {id}",
        "its account or its version of the rules is not its own",
    ),
    "another game's rules": (
        "lost",
        "UPDATE instant_instantbet SET game_id = 'slots' WHERE id = {id}",
        "its account or its version of the rules is not its own",
    ),
    "another secret than was promised": (
        "lost",
        (
            "UPDATE instant_instantbet SET secret = (secret + 1) % 4294967296, "
            "outcome = (outcome + 1) % 4294967296 WHERE id = {id}"
        ),
        "its secret and salt do not make its hash",
    ),
    "another salt": (
        "slots",
        "UPDATE instant_instantbet SET salt = 'pepper' WHERE id = {id}",
        "its secret and salt do not make its hash",
    ),
    "another outcome": (
        "lost",
        "UPDATE instant_instantbet SET outcome = 5 WHERE id = {id}",
        "its secret and client seed do not make its outcome",
    ),
    "another client seed": (
        "lost",
        "UPDATE instant_instantbet SET client_seed = (client_seed + 1) % 4294967296 WHERE id = {id}",
        "its secret and client seed do not make its outcome",
    ),
    "something shown that did not come": (
        "slots",
        'UPDATE instant_instantbet SET shown_json = \'{{"row": [6, 6, 6], "result": 1}}\' WHERE id = {id}',
        "it shows {{'row': [6, 6, 6], 'result': 1}}, and its outcome makes",
    ),
    "another choice than what was paid for": (
        "lost",
        'UPDATE instant_instantbet SET choice_json = \'{{"range": 4294967295, "target": 1}}\' WHERE id = {id}',
        "it paid 0, and its outcome makes 990",
    ),
    "a payout that is one unit too large": (
        "won",
        "UPDATE instant_instantbet SET payout_minor = 1981 WHERE id = {id}",
        "it paid 1981, and its outcome makes 1980",
    ),
    "a payout that was not held to the house's most": (
        "won",
        "UPDATE instant_instantbet SET most_payout_minor = 1500 WHERE id = {id}",
        "it paid 1980, and its outcome makes 1500",
    ),
}


@pytest.fixture
def bets(casino: Casino) -> dict[str, InstantBet]:
    casino.player("alice")
    found = {
        "won": casino.played("alice", outcome=0),
        "lost": casino.played("alice", outcome=HALF),
        "slots": casino.played("alice", "slots", outcome=0),
        "shell": casino.played("alice", "shell", weights=["0", *"11110000"], picked=1),
        "poker": casino.played("alice", "videopoker"),
    }
    return {name: InstantBet.objects.get(pk=bet.id) for name, bet in found.items()}


@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_names(what: str, casino: Casino, bets: dict[str, InstantBet]) -> None:
    name, statement, expected = BREAKS[what]
    bet = bets[name]
    assert audit.findings(casino.now) == []
    with unguarded():
        sql(statement.format(id=bet.pk, key=bet.key).replace("%", "%%"))
        lines = audit.findings(casino.now)
        wanted = expected.format(id=bet.pk, key=bet.key)
        assert any(wanted in line and (f"bet {bet.pk}" in line or str(bet.key) in line) for line in lines), lines


def test_the_number_of_questions_does_not_depend_on_the_bets(casino: Casino) -> None:
    casino.player("alice")
    casino.played("alice")
    with CaptureQueriesContext(connection) as few:
        audit.findings(casino.now)
    for game in ("dice", "dice", "slots", "videopoker"):
        casino.played("alice", game, stake=1_00)
    audit.findings(casino.now)  # versions of the rules are read once
    with CaptureQueriesContext(connection) as many:
        assert audit.findings(casino.now) == []
    assert len(few) == len(many)


def test_check_ledger_looks_at_instant_bets(casino: Casino, bets: dict[str, InstantBet]) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert out.getvalue().endswith("The books add up.\n")
    bet, out = bets["won"], StringIO()
    with unguarded():
        sql("UPDATE instant_instantbet SET secret = 7 WHERE id = %s", bet.pk)
        with pytest.raises(CommandError, match="do not add up"):
            call_command("check_ledger", stdout=out)
    assert f"instant bet {bet.pk}: its secret and salt do not make its hash" in out.getvalue()
