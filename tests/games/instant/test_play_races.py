"""
Bets at the same moment, on real connections: money is spent once, and a secret serves once.

The controls take the accounts' lock away and show that the races are real. They need PostgreSQL: on SQLite a write
transaction is alone from its beginning, so there is nothing to show there.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from casino.lib.clock import ManualClock
from games.instant.intake import Desk
from games.instant.models import Commitment, InstantBet
from games.instant.operations import PlayedBet, PlayRequest, ensure_games, next_hash, play, playing, renew
from tests.games.instant.casino import Casino, secret_of, shown, with_hash
from tests.wallet.threads import at_once
from wallet import ledger

needs_row_locks = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite runs one write transaction at a time: there is no race to show"
)


@pytest.mark.django_db
def test_the_games_are_there() -> None:
    """One test that asks for `db`, so that there is a test database for the others."""
    ensure_games(now=datetime.now(UTC))


@pytest.fixture
def casino(committed_db: None, make_player: Callable[..., Any], now: datetime) -> Casino:
    ensure_games(now=now)
    return Casino(make_player, now)


def losing(casino: Casino, name: str, stake: int) -> PlayRequest:
    """Whatever its secret comes to, it wins one time in 2^32: so what is left is what was not staked."""
    return replace(casino.wish(name, stake=stake, range=1, target=1), key=uuid4())


def answers_of(found: list[Any]) -> list[str]:
    assert not [answer for answer in found if isinstance(answer, Exception) and not hasattr(answer, "code")], found
    return sorted("played" if isinstance(answer, PlayedBet) else shown(answer) for answer in found)


def findings_of(casino: Casino, name: str) -> list[str]:
    keys = {str(bet.pk) for bet in InstantBet.objects.filter(account_id=casino.account(name))}
    return [line for line in casino.findings() if any(f"instant bet {key}:" in line for key in keys)]


def test_twenty_bets_at_once_on_money_for_ten_are_ten(casino: Casino) -> None:
    casino.player("alice", real=10_00)
    wishes = [losing(casino, "alice", 1_00) for _ in range(20)]
    found = at_once([lambda wish=wish: play([wish], now=casino.now)[0] for wish in wishes])  # type: ignore[misc]
    assert answers_of(found) == ["InsufficientFunds"] * 10 + ["played"] * 10
    assert casino.balance("alice") == 0
    assert findings_of(casino, "alice") == []
    played = [answer for answer in found if isinstance(answer, PlayedBet)]
    assert len({bet.hash for bet in played}) == 10, "each was held to a secret of its own"
    last = max(played, key=lambda bet: bet.id)
    assert {bet.next_hash for bet in played} - {bet.hash for bet in played} == {last.next_hash}


def test_of_two_bets_that_name_one_hash_one_is_played(casino: Casino) -> None:
    casino.player("alice")
    promised = next_hash(casino.account("alice"), now=casino.now)
    wishes = [with_hash(losing(casino, "alice", 1_00), promised) for _ in range(6)]
    found = at_once([lambda wish=wish: play([wish], now=casino.now)[0] for wish in wishes])  # type: ignore[misc]
    assert answers_of(found) == ["HashUsed"] * 5 + ["played"]
    assert casino.balance("alice") == 99_00


def test_the_same_through_the_desk_that_makes_one_batch_of_them(casino: Casino) -> None:
    casino.player("alice", real=5_00)
    desk = Desk(ManualClock(casino.now))
    promised = next_hash(casino.account("alice"), now=casino.now)
    wishes = [losing(casino, "alice", 1_00) for _ in range(10)] + [
        with_hash(losing(casino, "alice", 1_00), promised) for _ in range(4)
    ]
    found = at_once([lambda wish=wish: desk.submit_one(wish) for wish in wishes])  # type: ignore[misc]
    names = answers_of(found)
    assert names.count("played") == 5
    assert set(names) <= {"played", "HashUsed", "InsufficientFunds"}
    assert casino.balance("alice") == 0


def test_a_hash_that_is_first_asked_for_by_many_is_one(casino: Casino) -> None:
    casino.player("alice")
    account = casino.account("alice")
    found = at_once([lambda: next_hash(account, now=casino.now)] * 8)
    assert len(set(found)) == 1
    assert Commitment.objects.get(pk=account).hash == found[0]


def test_a_bet_and_a_new_hash_at_once_leave_a_hash_that_was_told(casino: Casino) -> None:
    casino.player("alice")
    account = casino.account("alice")
    next_hash(account, now=casino.now)
    wish = losing(casino, "alice", 1_00)
    renewed, bet = at_once([lambda: renew(account, now=casino.now), lambda: play([wish], now=casino.now)[0]])
    assert isinstance(bet, PlayedBet)
    assert next_hash(account, now=casino.now) in (renewed, bet.next_hash)
    assert secret_of(account, now=casino.now).hash != bet.hash


@needs_row_locks
def test_control_without_the_lock_two_bets_are_decided_on_one_secret(
    casino: Casino, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look at the secret before either has used it; only the key of the bets' hash then stops the second."""
    casino.player("alice")
    next_hash(casino.account("alice"), now=casino.now)
    meeting = threading.Barrier(2)
    really, ask = ledger.lock, playing.next_secrets

    def unlocked(account_ids: Any, *, now: datetime) -> ledger.Locked:
        """What the lock answers, without holding it: from a transaction that has ended."""
        found: list[ledger.Locked] = []

        def look() -> None:
            from django.db import transaction

            with transaction.atomic():
                found.append(really(account_ids, now=now))

        assert at_once([look]) == [None]
        return found[0]

    def when_both_have_looked(*args: Any, **kwargs: Any) -> Any:
        secrets = ask(*args, **kwargs)
        meeting.wait(timeout=20)
        return secrets

    monkeypatch.setattr(playing.ledger, "lock", unlocked)
    monkeypatch.setattr(playing, "next_secrets", when_both_have_looked)
    wishes = [losing(casino, "alice", 1_00) for _ in range(2)]
    found = at_once([lambda wish=wish: play([wish], now=casino.now)[0] for wish in wishes])  # type: ignore[misc]
    assert sum(isinstance(answer, PlayedBet) for answer in found) == 1
    assert sum(isinstance(answer, IntegrityError) for answer in found) == 1
