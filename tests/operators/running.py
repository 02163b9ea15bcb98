"""The reference operator as a process of its own, with faults that tests switch on and off while it runs."""

import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.servers import ROOT
from wallet.operators.client import Endpoint, OperatorClients
from wallet.operators.protocol import Call, Confirmed, Listed, Verdict

SCRIPT = ROOT / "docs" / "examples" / "operator_server.py"
SECRET = "operator-secret"
PATIENT = 60.0  # seconds; where a test is not about time


@dataclass
class RunningOperator:
    folder: Path
    options: tuple[str, ...]
    url: str = ""
    running: "subprocess.Popen[str] | None" = None
    players: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Also once more, at the same address and with the same books, after `kill`."""
        command = [sys.executable, str(SCRIPT), "--db", str(self.folder / "operator.sqlite3"), "--secret", SECRET]
        command += ["--port", self.url.rpartition(":")[2] or "0", "--allow-faults", *self.options]
        self.running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.running.stdout is not None
        self.url = json.loads(self.running.stdout.readline())["url"]

    def kill(self, how: int = signal.SIGKILL) -> None:
        assert self.running is not None
        self.running.send_signal(how)
        self.running.communicate(timeout=60)

    def steer(self, path: str, **wish: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/{path}", json.dumps(wish).encode())  # noqa: S310 our own server
        with urllib.request.urlopen(request, timeout=PATIENT) as answer:  # noqa: S310 our own server
            return json.load(answer)

    def fault(self, name: str, **how: Any) -> None:
        self.steer("_faults", name=name, **how)

    def no_faults(self) -> None:
        self.steer("_faults")

    def player(self, balance: int = 1000, *, currency: str = "BRL", denominator: int = 100) -> str:
        """A new one of that name."""
        name = f"s-{uuid4().hex[:8]}"
        self.steer("_players", user=name, currency=currency, denominator=denominator, balance=balance)
        return name

    def endpoint(self, operator_id: int = 1, **other: Any) -> Endpoint:
        return Endpoint(
            **{"operator_id": operator_id, "base_url": self.url, "secret": SECRET, "timeout_s": PATIENT}
            | {"allow_private": True}
            | other
        )

    async def balance(self, clients: OperatorClients, user: str) -> int:
        who = {"user": user, "currency": "BRL", "denominator": 100}
        verdict = await clients.call(self.endpoint(), Call.BALANCE, who)
        assert isinstance(verdict, Confirmed), verdict
        return verdict.balance_minor


@contextmanager
def an_operator(folder: Path, *options: str) -> Iterator[RunningOperator]:
    operator = RunningOperator(folder, options)
    operator.start()
    try:
        yield operator
    finally:
        if operator.running is not None and operator.running.poll() is None:
            operator.kill()


def a_bet(user: str, amount: int = 10, **other: Any) -> dict[str, Any]:
    name = f"bet-{uuid4().hex}"
    money = {"amount": amount, "currency": "BRL", "denominator": 100, "is_test": True}
    return {"transaction_id": name, "user": user, "game": "BigPanda", "round_id": "r", "bet_id": name, **money, **other}


def follow_up(kind: str, bet: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Its win or refund."""
    return {**bet, "transaction_id": f"{kind}-{uuid4().hex}", "bet_transaction_id": bet["transaction_id"], **other}


def refusal(verdict: Verdict) -> str:
    """The code of a refusal; of another verdict, what it is."""
    return getattr(verdict, "code", repr(verdict))


async def listed(clients: OperatorClients, endpoint: Endpoint, *days: Any) -> list[Listed]:
    return [row for day in days async for row in clients.transactions(endpoint, day)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT):
        while not condition():
            await asyncio.sleep(0.01)
