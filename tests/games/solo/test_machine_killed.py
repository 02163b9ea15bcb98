"""The platform is killed in the middle of solo rounds, and comes back: nobody has to act, and nothing is lost by it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from games.solo.operations.pulse import GAP
from tests.games.solo.test_socket import SoloSocketPlayer
from tests.players import PATIENCE
from tests.servers import Site, embedded_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Where the next round of three players crashes between 4.00x and 6.00x: after eight seconds at least."""
    with embedded_site(tmp_path, CRASH_TICK_MS="60") as running:
        steer = "[s(name, low=400, high=600, rounds=1) for name in ('alice', 'bob', 'carol')]"
        running.manage(
            "shell", "--no-imports", "-c", f"from tests.games.solo.playing import steer_player as s; {steer}"
        )
        yield running


def solo(site: Site, name: str) -> SoloSocketPlayer:
    return SoloSocketPlayer(f"{site.ws}/ws/BigPanda/solo?session={site.player(name)['session']}")


def settled(site: Site, bets: list[str]) -> dict[str, tuple[str, int]]:
    """What became of these bets, as the rows say once none of them is open."""
    path = site.env["DATABASE_URL"].removeprefix("sqlite:///")
    deadline = time.monotonic() + PATIENCE
    keys = [bet.replace("-", "") for bet in bets]
    while time.monotonic() < deadline:
        with closing(sqlite3.connect(path, timeout=20)) as database:
            rows: list[Any] = database.execute("SELECT id, status, payout_minor FROM solo_bet").fetchall()
        found = {key: (status, paid) for key, status, paid in rows if key in keys}
        if all(status != "open" for status, _ in found.values()):
            return {bet: found[key] for bet, key in zip(bets, keys, strict=True)}
        time.sleep(0.2)
    raise AssertionError(f"still open: {found}")


def test_targets_are_paid_open_stakes_go_back_and_cash_outs_stay_paid(site: Site) -> None:
    with solo(site, "alice") as alice, solo(site, "bob") as bob, solo(site, "carol") as carol:
        open_bet, target, by_hand = alice.bet(500), bob.bet(500, auto=390), carol.bet(500)
        carol.wait_for_multiplier(105)
        won = carol.ask(messageType="win", betID=by_hand["betID"], cashoutAt=103)
        site.kill()
    killed_at = time.monotonic()
    while time.monotonic() - killed_at <= GAP.total_seconds() + 1.5:
        time.sleep(0.1)
    site.start()
    fates = settled(site, [open_bet["betID"], target["betID"], by_hand["betID"]])  # nobody has come back yet
    assert list(fates.values()) == [("refunded", 500), ("cashed_out", 1950), ("cashed_out", won["winAmount"])]
    with solo(site, "alice") as alice:
        line = alice.ask(messageType="bet_history")["history"][0]
        assert (line["betID"], line["status"], line["difference"]) == (open_bet["betID"], "refunded", 0)
        assert line["provablyFair"]["salt"] is not None
        assert alice.wallet()["balance"] == open_bet["balance"] + 500
    assert site.manage("check_ledger").returncode == 0
    assert "The round verifies." in site.manage("verify_round", open_bet["roundId"]).stdout
