"""
The example client plays on while the server is killed three times, at the worst moments.

    a bet is written, its answer is lost    → the round is voided, the stake given back; the repetition says so
    a cash-out is written, its answer lost  → it stays paid
    the curve runs                          → the round is interrupted
"""

import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.examples.proxy import Exchange, Proxy
from tests.servers import Site, embedded_site

ROUNDS, AMOUNT, USER = 20, 250, "p-1"
BETS = "/api/v1/bets"
PATIENCE = 60.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Rounds of about a second; 1.10x comes a tenth of a second after the start, the crash three tenths later."""
    pace = {"CRASH_WAIT_MS": "500", "CRASH_TICK_MS": "10", "CRASH_GRACE_MS": "50"}
    with embedded_site(tmp_path, crash_between=(150, 220), **pace) as running:
        yield running


class Strikes:
    """Kills the server when the answer comes that a test waits for, before anyone gets it."""

    def __init__(self, site: Site, proxy: Proxy) -> None:
        self._site, self._proxy = site, proxy
        self._waits_for = ""
        self._struck: queue.SimpleQueue[Exchange] = queue.SimpleQueue()
        proxy.loses = self._loses

    def _loses(self, asked: Exchange) -> bool:
        if not self._waits_for or not asked.target.endswith(self._waits_for) or asked.status not in (200, 201):
            return False
        self._waits_for = ""
        self._site.kill()
        self._struck.put(asked)
        return True

    def at_the_answer_to(self, ending: str) -> Exchange:
        self._waits_for = ending
        return self._struck.get(timeout=PATIENCE)


def until(feed: Any, kind: str, *, after: str = "") -> list[Any]:
    """What the feed tells up to an event of this kind, of a later server than that of the epoch given."""
    events = [feed.next_event(PATIENCE)]
    while events[-1]["type"] != kind or events[-1]["epoch"] == after:
        events.append(feed.next_event(PATIENCE))
    return events


def verified(site: Site, rounds: set[str]) -> int:
    """How many of them `verify_round` agrees with; one process for all of them, since each costs seconds."""
    script = (
        f"from django.core.management import call_command\nfor r in {sorted(rounds)}: call_command('verify_round', r)"
    )
    return site.manage("shell", "--no-imports", "-c", script).stdout.count("The round verifies.")


def assert_without_gaps(events: list[Any]) -> None:
    """A snapshot begins anew (more than once at the same place, before a new server's first event); then all follow."""
    at: dict[str, tuple[str, int]] = {}
    for event in events:
        epoch, seq = event["epoch"], event["seq"]
        if event["type"] != "snapshot" and event["channel"] in at:
            last_epoch, last = at[event["channel"]]
            assert seq == (last + 1 if epoch == last_epoch else 1), event
        at[event["channel"]] = (epoch, seq)


def test_after_twenty_rounds_and_three_kills_every_ticket_is_known_and_the_balance_is_exact_to_the_cent(
    example: Any, site: Site
) -> None:
    key = site.seed["partner"]["test"]
    with Proxy(site.port) as proxy, ThreadPoolExecutor(1) as thread:
        casino = example.Casino(proxy.url, key=key["key"], secret=key["secret"], patience=PATIENCE)
        before = casino.balance(USER)["balance"]
        strikes = Strikes(site, proxy)
        with casino.feed("round_updates", "live_multiplier", "bets") as watch:
            watched = until(watch, "multiplier")
            playing: Future[Any] = thread.submit(example.play, casino, USER, AMOUNT, ROUNDS)
            lost_bet = strikes.at_the_answer_to("/bets")
            site.start()
            # The next kill waits until the feed has found the server again, however slow the machine.
            watched += until(watch, "multiplier", after=watched[-1]["epoch"])
            lost_cashout = strikes.at_the_answer_to("/cashout")
            site.start()
            watched += until(watch, "multiplier", after=watched[-1]["epoch"])
            site.kill()
            site.start()
            bets = playing.result(ROUNDS * PATIENCE)
            last = max(casino.round(bet["round_id"])["number"] for bet in bets)
            while watched[-1]["data"].get("number", 0) <= last:
                watched.append(watch.next_event(PATIENCE))
        after = casino.balance(USER)
        tickets = {bet["ticket_id"]: bet for bet in casino.bets(user=USER)}
        today = datetime.now(UTC).date()
        days = casino.report((today - timedelta(days=1)).isoformat(), (today + timedelta(days=1)).isoformat())

    # Every ticket's fate is known, and there is no ticket that the client does not know.
    assert {bet["ticket_id"]: bet for bet in bets} == tickets
    assert len({bet["round_id"] for bet in bets}) == len(bets) == ROUNDS
    assert {bet["status"] for bet in bets} <= {"cashed_out", "lost", "refunded"}
    # What was written before a kill holds: the bet's stake was given back, the cash-out stays paid.
    (stricken,) = [bet for bet in bets if bet["client_reference"] == lost_bet.headers["Idempotency-Key"]]
    assert (stricken["status"], stricken["payout"]) == ("refunded", AMOUNT)
    paid = tickets[lost_cashout.target.split("/")[-2]]
    assert (paid["status"], paid["payout"]) == ("cashed_out", AMOUNT * paid["multiplier"] // 100)
    # To the cent, by three ways of counting.
    assert after["held"] == 0
    assert after["balance"] == before - sum(bet["amount"] - bet["payout"] for bet in bets)
    played = [bet for bet in bets if bet["status"] != "refunded"]
    assert sum(day["stake"] for day in days) == AMOUNT * len(played)
    assert sum(day["payout"] for day in days) == sum(bet["payout"] for bet in played)
    assert "The books add up." in site.manage("check_ledger").stdout
    assert verified(site, {bet["round_id"] for bet in bets}) == ROUNDS
    # The feed said when it could not go on where it was, and left nothing out otherwise.
    assert_without_gaps(watched)
    snapshots = [event for event in watched if event["type"] == "snapshot" and event["channel"] == "round_updates"]
    assert snapshots[0]["recovered"] is None
    assert {event["recovered"] for event in snapshots[1:]} == {False}
    assert len({event["epoch"] for event in watched if event["type"] == "multiplier"}) == 4, "one for each server"
