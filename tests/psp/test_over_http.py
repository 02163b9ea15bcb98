"""The whole way over real HTTP: site, provider, hand-over, webhook, books. By a player with cookies and forms."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.psp.kit import signed
from tests.psp.site import PATIENCE, SitePlayer
from tests.servers import Site, embedded_site, manage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with embedded_site(tmp_path_factory.mktemp("payments")) as found:
        yield found


@pytest.fixture
def bob(site: Site) -> Iterator[SitePlayer]:
    with SitePlayer(site, "bob") as player:
        yield player


def minor(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def report(site: Site, kind: str, reference: str, amount: int, *, message_id: str = "", **changes: Any) -> int:
    """What the provider would send, with the secret that `seed_demo` prints; the answer's status."""
    data = {
        "reference": reference,
        "provider_reference": "by-hand",
        "amount": amount,
        "currency": "BRL",
        "at": "2026-11-21T12:00:00Z",
    }
    body = json.dumps({"type": kind, "data": data})
    headers = signed(
        site.seed["psp"]["webhook_secret"], body, message_id=message_id or uuid4().hex, at=changes.get("at")
    )
    if "signature" in changes:
        headers["webhook-signature"] = changes["signature"]
    url = f"{site.url}/api/v1/psp/{site.seed['psp']['provider']}/webhook"
    return httpx.post(
        url, content=body, headers={**headers, "Content-Type": "application/json"}, timeout=PATIENCE
    ).status_code


def books(site: Site) -> str:
    done = site.manage("check_ledger")
    assert "The books add up." in done.stdout
    return done.stdout


def test_a_deposit_paid_at_the_sandbox_reaches_the_balance(site: Site, bob: SitePlayer) -> None:
    has = minor(bob.balance())
    reference, address = bob.begin_deposit("250.50")
    assert bob.payments()[reference] == "pending"
    back = bob.choose(address, "pay")
    assert back.url.path == "/wallet/"
    bob.until_status(reference, "succeeded")
    assert minor(bob.balance()) == has + 25_050


def test_a_declined_deposit_fails_and_one_that_waits_can_be_continued(site: Site, bob: SitePlayer) -> None:
    has = bob.balance()
    reference, address = bob.begin_deposit("30")
    bob.choose(address, "decline")
    bob.until_status(reference, "failed")
    waiting, address = bob.begin_deposit("40")
    bob.choose(address, "wait")
    assert bob.payments()[waiting] == "pending"
    assert bob.balance() == has
    again = bob.http.get(f"/wallet/payments/{waiting}/continue/", follow_redirects=False)
    assert again.headers["Location"] == address
    bob.choose(address, "pay")
    bob.until_status(waiting, "succeeded")


def test_withdrawals_are_handed_over_decided_and_reported(site: Site, bob: SitePlayer) -> None:
    has = minor(bob.balance())
    paid = bob.withdraw("40.00")
    bob.until_status(paid, "succeeded")
    assert minor(bob.balance()) == has - 4_000
    declined = bob.withdraw("40.66")
    bob.until_status(declined, "failed")
    assert minor(bob.balance()) == has - 4_000
    waiting = bob.withdraw("40.77")
    bob.until_status(waiting, "pending")
    assert minor(bob.balance()) == has - 4_000 - 4_077
    assert report(site, "withdrawal.failed", waiting, 4_077) == 200
    bob.until_status(waiting, "failed")
    assert minor(bob.balance()) == has - 4_000


def test_a_day_agrees_with_the_report_of_the_provider_and_without_one_nothing_is_concluded(
    site: Site, bob: SitePlayer
) -> None:
    reference, address = bob.begin_deposit("12.34")
    bob.choose(address, "pay")
    bob.until_status(reference, "succeeded")
    command = ("reconcile", "--source", "psp:sandbox", "--day", f"{datetime.now(UTC):%Y-%m-%d}")
    here = {**site.env, "SITE_ORIGIN": site.url}
    agreed = manage(*command, env=here)
    assert re.search(r"psp sandbox .*: [1-9]\d* agree, \d+ pending, 0 differ", agreed.stdout), agreed.stdout
    away = manage(*command, env={**site.env, "SITE_ORIGIN": "http://127.0.0.1:9"}, check=False)
    assert (away.returncode, "not compared" in away.stdout) == (1, True), away.stdout


def test_replays_forgeries_and_lies_move_nothing(site: Site, bob: SitePlayer) -> None:
    has = minor(bob.balance())
    reference, _ = bob.begin_deposit("50")
    now = datetime.now(UTC)
    assert report(site, "deposit.succeeded", reference, 5_000, at=now - timedelta(minutes=6)) == 401
    assert report(site, "deposit.succeeded", reference, 5_000, signature="v1,c29tZXRoaW5n") == 401
    assert minor(bob.balance()) == has
    for _ in range(3):
        assert report(site, "deposit.succeeded", reference, 5_000, message_id="replayed-1") == 200
    assert report(site, "deposit.succeeded", reference, 5_000) == 200
    assert minor(bob.balance()) == has + 5_000
    assert report(site, "deposit.failed", reference, 5_000) == 200
    assert minor(bob.balance()) == has + 5_000
    mismatch, _ = bob.begin_deposit("60")
    assert report(site, "deposit.succeeded", mismatch, 6_001) == 200
    assert report(site, "deposit.succeeded", mismatch, 6_000) == 200, "it has ended: a case for staff"
    assert report(site, "deposit.succeeded", "never-heard-of", 700) == 200
    assert minor(bob.balance()) == has + 5_000
    assert "suspense 127.01" in books(site)


def test_no_key_and_no_game_session_withdraws(site: Site, bob: SitePlayer) -> None:
    has = bob.balance()
    player = site.player("bob")
    fields = {"amount": "30", "provider": "sandbox", "form_key": str(uuid4())}
    for token in (player["api_key"], player["session"], site.seed["partner"]["live"]["key"]):
        for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}, {"Cookie": f"sessionid={token}"}):
            answer = httpx.post(
                f"{site.url}/wallet/withdraw/", data={**fields, "api_key": token}, headers=headers, timeout=PATIENCE
            )
            # Without the site's own cookie and form token there is no way in: the door, or the way to sign in.
            assert answer.status_code in (302, 403), answer.status_code
            assert answer.status_code == 403 or "/accounts/login/" in answer.headers["Location"]
    assert bob.balance() == has


def test_the_statement_comes_as_a_file(bob: SitePlayer) -> None:
    answer = bob.http.get("/wallet/statement.csv?money=real")
    assert answer.headers["Content-Type"].startswith("text/csv")
    header, *lines = answer.text.strip().splitlines()
    assert header == "time,what,change,balance,currency,reference,transfer"
    changes = [float(line.split(",")[-5]) for line in lines]
    assert len(lines) > 3
    assert round(sum(changes), 2) == float(lines[0].split(",")[-4]), "the changes add up to the balance"


def test_a_withdrawal_survives_the_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Killed right after the request, and started again: it is handed over, reported, and paid out once."""
    with embedded_site(tmp_path_factory.mktemp("killed")) as site, SitePlayer(site, "alice") as alice:
        has = minor(alice.balance())
        reference = alice.withdraw("35.00")
        site.kill()
        site.start()
        alice.until_status(reference, "succeeded")
        assert minor(alice.balance()) == has - 3_500
        books(site)
