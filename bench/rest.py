"""
(d) REST: `GET /game/state`, and `POST /bets` signed, idempotent and durable, over 32 connections, on PostgreSQL and
Redis.

Ours is `web` as production runs it: granian by WSGI, where bets that arrive together share a transaction. Baseline:
the same project under one uvicorn ASGI process with a transaction per bet (`bench.rest_baseline`). Runs alternate;
every acknowledged bet is looked for in the books. Then bets at two thirds of the highest rate over new connections,
for the wait of the slowest hundredth. (How many of the connections either process gets is chance; hence more runs.)
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bench.rest_client import Answers, as_fast_as_possible, at_a_rate
from bench.table import Row
from bench.world import ROOT, Table, database, now, postgres_answers

REDIS = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/14")
CONNECTIONS = 32
RUNS, PACED_RUNS = 3, 5
BETS = 10  # per player and round: as many identifiers as there are
STATE_SECONDS = 4.0
WANTED, WANTED_P99_MS = 3.0, 100.0
WORKERS, THREADS = 2, 16
# As it runs in production, but for the encryption of the connection, which ends before it.
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "bench-" * 12,
    "ENCRYPTION_KEYS": "bench-key-" * 6,
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "SECURE_SSL_REDIRECT": "false",
}
NAMES = {"ours": "granian WSGI", "baseline": "uvicorn ASGI, a transaction per bet"}


def command(kind: str, port: int) -> list[str]:
    if kind == "baseline":
        return ["uvicorn", "bench.rest_baseline:application", "--port", str(port), "--log-level", "error"]
    return [
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--log-level", "error"),
        "casino.wsgi:application",
    ]


@contextmanager
def serving(kind: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = tempfile.TemporaryFile()  # noqa: SIM115 the child's, as long as it lives
    quiet = {
        "API_READ_PER_WINDOW": "1000000000",
        "API_WRITE_PER_WINDOW": "1000000000",
        "API_PLAYS_PER_WINDOW": "1000000000",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", *command(kind, port)],
        cwd=ROOT,
        env={**os.environ, **quiet},
        stdout=log,
        stderr=log,
    )
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{kind} did not come up")
        yield port
    except RuntimeError as error:
        log.seek(max(0, log.tell() - 2_000_000))
        raise RuntimeError(f"{error}\n{log.read().decode(errors='replace')}") from error
    finally:
        child.terminate()
        child.wait(15)


# --- requests ---------------------------------------------------------------------------------------------------------
@dataclass
class Partner:
    token: str
    secret: str
    players: Iterator[str]
    asked: int = 0
    names: list[str] = field(default_factory=list)

    def state(self, game: str) -> bytes:
        path = f"/api/v1/game/state?game={game}"
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()

    def bets(self, game: str, count: int) -> list[bytes]:
        """Signed requests for so many bets of players who have made none, the bets of a player far apart."""
        players = list(itertools.islice(self.players, count // BETS))
        assert len(players) == count // BETS, "enough players were seated"
        self.names += players
        return [self._bet(game, player, n) for n in range(1, BETS + 1) for player in players]

    def _bet(self, game: str, player: str, identifier: int) -> bytes:
        fields = {"user": player, "amount": 100, "game": game, "identifier": identifier}
        body = json.dumps(fields).encode()
        at = str(int(time.time()))
        text = f"{at}\nPOST\n/api/v1/bets\n{hashlib.sha256(body).hexdigest()}"
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        head = (
            f"POST /api/v1/bets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {uuid4().hex}\r\n"
            f"X-Timestamp: {at}\r\nX-Signature-Version: 2\r\nX-Signature: {signature}\r\n\r\n"
        )
        return head.encode() + body


def seat(count: int) -> Partner:
    """A partner with a test key, and players with demo money."""
    from django.db import transaction

    from accounts.models import User
    from accounts.partners import operations as partners
    from accounts.partners.models import PartnerPlayer
    from accounts.partners.rules import SCOPES, Environment
    from wallet import ledger, queries
    from wallet.chart import PLAYER, Code, House
    from wallet.models import Account

    at, environment = now(), Environment.TEST
    owner = User.objects.create(username=f"bench-{uuid4().hex[:6]}")
    partner = partners.create_partner("Bench", slug="bench", owner=owner, now=at)
    issued = partners.issue_key(partner, environment, scopes=SCOPES, actor=None, now=at)
    users = User.objects.bulk_create(
        [User(username=f"guest-b{n}", is_demo=True) for n in range(count)], batch_size=2000
    )
    PartnerPlayer.objects.bulk_create(
        [
            PartnerPlayer(partner=partner, environment=str(environment), external_id=f"b{n}", user=user, created_at=at)
            for n, user in enumerate(users)
        ],
        batch_size=2000,
    )
    accounts = Account.objects.bulk_create(
        [
            Account(
                kind=PLAYER,
                owner=user,
                currency_id="BRL",
                is_demo=True,
                book="BRL.demo",
                posted_minor=0,
                held_minor=0,
                created_at=at,
            )
            for user in users
        ],
        batch_size=2000,
    )
    source = queries.house_accounts(House.DEMO_ISSUE, ["BRL.demo"])["BRL.demo"]
    with transaction.atomic():
        ledger.post(
            [
                ledger.TransferRequest(
                    f"bench:{each.pk}", source, each.pk, 1_000_000, Code.DEPOSIT, reference=f"bench:{each.pk}"
                )
                for each in accounts
            ],
            now=at,
        )
    return Partner(issued.token, issued.secret, iter([f"b{n}" for n in range(count)]))


def check_books(partner: Partner) -> None:
    """Every acknowledged bet has its row and its transfer."""
    from games.crash.models import PartnerBet
    from wallet.models import Transfer

    bets = PartnerBet.objects.filter(player__external_id__in=partner.names).count()
    stakes = Transfer.objects.filter(code="stake").count()
    if not bets == stakes == partner.asked:
        raise RuntimeError(f"{partner.asked} bets were acknowledged; found {bets} bets and {stakes} transfers")


# --- measuring --------------------------------------------------------------------------------------------------------
def checked(answers: Answers, wanted: int) -> Answers:
    if set(answers.statuses) != {wanted}:
        raise RuntimeError(f"answers: {dict(answers.statuses)}")
    return answers


def measure(quick: bool) -> dict[str, Any]:
    import django

    django.setup()
    runs, paced_runs, bets, seconds = (1, 1, 1_000, 1.0) if quick else (RUNS, PACED_RUNS, 2_400, STATE_SECONDS)
    warm = 640
    table = Table()
    table.open()
    partner = seat((2 * (bets * runs + warm) + bets * paced_runs) // BETS)
    found: dict[str, Any] = {kind: {"state": [], "bets": []} for kind in NAMES}

    def fast(port: int, requests: Iterator[bytes], seconds: float = 0) -> Answers:
        return asyncio.run(as_fast_as_possible(port, requests, connections=CONNECTIONS, seconds=seconds))

    def place(port: int, count: int) -> Answers:
        requests = partner.bets(table.slug, count)
        partner.asked += len(requests)
        return checked(fast(port, iter(requests)), 201)

    with serving("ours") as ours, serving("baseline") as baseline:
        ports = {"ours": ours, "baseline": baseline}
        for port in ports.values():  # imports, connections, prepared plans
            place(port, warm)
            fast(port, itertools.repeat(partner.state(table.slug), 500))
        for _ in range(runs):
            for kind, port in ports.items():
                states = fast(port, itertools.repeat(partner.state(table.slug)), seconds)
                found[kind]["state"].append(checked(states, 200).rate)
                # The baseline needs longer for the same number; a sixth of them tells as much.
                found[kind]["bets"].append(place(port, bets if kind == "ours" else bets // 6).rate)
        rate = statistics.median(found["ours"]["bets"]) * 2 / 3
        paced = []
        for _ in range(paced_runs):
            requests = partner.bets(table.slug, bets)
            partner.asked += len(requests)
            paced.append(checked(asyncio.run(at_a_rate(ours, requests, connections=CONNECTIONS, rate=rate)), 201))
        found["paced"] = {
            "rate": statistics.median(run.rate for run in paced),
            "p50": statistics.median(run.waited(50) for run in paced),
            "p99": statistics.median(run.waited(99) for run in paced),
        }
    check_books(partner)
    return found


def run(quick: bool = False) -> list[Row]:
    if not postgres_answers():
        print("  PostgreSQL does not answer: no REST figures", file=sys.stderr, flush=True)
        return []
    with database("postgresql") as url:
        settings = {"DATABASE_URL": url, "REDIS_URL": REDIS, "DJANGO_SETTINGS_MODULE": "casino.settings", **PRODUCTION}
        done = subprocess.run(
            [sys.executable, "-m", "bench.rest", *(["--quick"] if quick else [])],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"bench.rest failed:\n{done.stdout}\n{done.stderr}")
    return _rows(json.loads(done.stdout), quick=quick)


def _rows(found: dict[str, Any], *, quick: bool) -> list[Row]:
    rows = []
    for what, name in (("state", "GET /game/state"), ("bets", "POST /bets, signed, idempotent, durable")):
        medians = {kind: statistics.median(found[kind][what]) for kind in NAMES}
        ratio = medians["ours"] / medians["baseline"]
        rows.append(Row(f"{name}, {NAMES['baseline']}", medians["baseline"], "/s"))
        target, ok = (None, None) if quick else (f">= {WANTED:g} ×", ratio >= WANTED)
        rows.append(Row(f"{name}, {NAMES['ours']}", medians["ours"], "/s", ratio, NAMES["baseline"], target, ok))
    paced = found["paced"]
    name = f"POST /bets at two thirds of that ({paced['rate']:,.0f}/s)"
    rows.append(Row(f"{name}: p50 of the answer", paced["p50"], "ms"))
    target, ok = (None, None) if quick else (f"< {WANTED_P99_MS:g} ms", paced["p99"] < WANTED_P99_MS)
    rows.append(Row(f"{name}: p99 of the answer", paced["p99"], "ms", None, None, target, ok))
    return rows


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
