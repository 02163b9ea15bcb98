"""What the documents tell partners to type is typed, unchanged; the codes they name are those that there are."""

import json
import os
import re
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from casino.api.problems import CATALOGUE
from casino.live import connection
from tests.partners import call
from tests.servers import ROOT, Site, embedded_site

DOCS = ROOT / "docs"
needs_tools = pytest.mark.skipif(
    not all(which(tool) for tool in ("bash", "curl", "openssl")), reason="bash, curl and openssl are needed"
)


def run_blocks(document: Path, site: Site) -> str:
    """All its bash blocks as one script, as if they were pasted one after the other; what they print."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=ROOT,
        env={**os.environ, **site.env, "BASE": site.url},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_tools
def test_a_report_is_sent_by_hand_as_the_guide_for_providers_says(tmp_path: Path) -> None:
    with embedded_site(tmp_path) as site:
        assert json.loads(run_blocks(DOCS / "payments.md", site)) == {"received": True}


@needs_tools
def test_the_commands_for_partners_lead_from_a_key_to_a_paid_bet(tmp_path: Path) -> None:
    # Betting as long as beside `make run`; the curve four times as fast, and long enough to be in time.
    pace = {"CRASH_WAIT_MS": "5000", "CRASH_TICK_MS": "50"}
    with embedded_site(tmp_path, crash_between=(200, 300), **pace) as site:
        said = [json.loads(line) for line in run_blocks(DOCS / "partners.md", site).splitlines()]
        key = site.seed["partner"]["test"]
        (_, listed), (_, balance) = (
            call(site, key, "GET", path) for path in ("/bets?user=ana", "/user/balance?user=ana")
        )
    assert [answer.get("code") for answer in said] == [None] * len(said)
    cancelled, paid = listed["results"]
    assert (cancelled["status"], cancelled["amount"]) == ("cancelled", 700)
    assert (paid["status"], paid["amount"], paid["payout"]) == ("cashed_out", 500, 5 * paid["multiplier"])
    assert balance["balance"] == 100_000 - 500 + paid["payout"] + 50_000 - 20_000
    # Said on the way: the state, the player and the money at first, the repetition of the bet, the money set aside.
    assert said[0]["game"] == "BigPanda"
    assert (said[1]["external_id"], said[2]["balance"]) == ("ana", 100_000)
    assert (said[3]["ticket_id"], said[3]["status"], said[3]["balance"]) == (paid["ticket_id"], "open", 99_500)
    assert [answer["held"] for answer in said if "held" in answer] == [0, 700]
    assert listed in said
    *_, out, transfer, set_limits, limits = said
    assert (transfer["direction"], transfer["amount"], out["direction"]) == ("in", 50_000, "out")
    assert set_limits == limits
    assert [(row["kind"], row["amount"] or row["minutes"]) for row in limits["limits"]] == [
        ("stake", 50_000),
        ("session", 120),
    ]


@needs_tools
def test_the_commands_of_the_examples_play_three_rounds(live_site: Site) -> None:
    *bets, balance, bot = run_blocks(DOCS / "examples" / "README.md", live_site).splitlines()
    assert len(bets) == 3
    assert {bet.split()[1] for bet in bets} <= {"cashed_out", "lost"}
    assert re.fullmatch(r"balance: \d+", balance)
    assert bot.startswith("72 bets verified")


def test_every_code_that_partners_are_told_of_exists_with_its_status() -> None:
    rows = re.findall(r"^\| (.*?) \|", (DOCS / "partners.md").read_text(), re.MULTILINE)
    told: dict[str, int] = {}
    for row in rows:
        status = 0
        for word in re.findall(r"\b[45]\d\d\b|`\w+`", row):
            if word.isdigit():
                status = int(word)
            else:
                told[word.strip("`")] = status
    assert len(told) >= 10
    assert {code: CATALOGUE[code][0] for code in told} == told


def test_the_close_codes_of_the_feed_are_those_it_uses() -> None:
    rows = re.findall(r"^\| (4\d\d\d) \|", (DOCS / "feed.md").read_text(), re.MULTILINE)
    used: list[Any] = [connection.SESSION_ENDED, connection.TOO_SLOW, connection.TOO_MANY, connection.KEY_ENDED]
    assert [int(code) for code in rows] == used
