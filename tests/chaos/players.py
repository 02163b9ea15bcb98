"""What players do, each in a thread of its own: bet, cash out, cancel, move money; and begin again when all is gone."""

import importlib.util
import json
import random
import threading
import time
from collections import Counter
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.servers import ROOT

PATIENCE = 120.0  # seconds to wait for a player who is told to stop
LONG = 3600.0  # that a call is repeated for: the platform may be down at each of its tries for a while


def example() -> Any:
    """The partners' example client."""
    found = importlib.util.spec_from_file_location("partner_client", ROOT / "docs" / "examples" / "partner_client.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Crowd:
    def __init__(self, url: str, seed: int, seats: dict[str, Any], partners: list[str]) -> None:
        self.url, self.seed = url, seed
        self.stop = threading.Event()
        self.did: Counter[str] = Counter()
        self.broken: list[str] = []
        self._client = example()
        self._seats = seats
        names = [(name, self._by_rest) for name in partners] + [(name, self._by_socket) for name in seats["sessions"]]
        self.threads = [threading.Thread(target=self._guarded, args=(name, play)) for name, play in names]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def finish(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(PATIENCE + 60)
            assert not thread.is_alive(), "a player waits for ever"

    def _guarded(self, name: str, play: Any) -> None:
        try:
            play(name, random.Random(f"{self.seed}:{name}"))
        except Exception as error:  # told with the verdict
            self.broken.append(f"{name}: {error!r}")

    # --- partners' players --------------------------------------------------------------------------------------------
    def _by_rest(self, name: str, chance: random.Random) -> None:
        casino = self._client.Casino(
            self.url, key=self._seats["key"], secret=self._seats["secret"], patience=LONG, timeout=5
        )
        turn = 0
        while not self.stop.is_set():
            turn += 1
            call = f"{self.seed}-{name}-{turn}"
            auto = chance.choice([None, chance.randint(101, 150)])
            try:
                if name.startswith("t-") and chance.random() < 0.2:
                    self._move(casino, name, chance, call)
                bet = casino.place(name, chance.randint(100, 900), idempotency_key=call, auto_cashout=auto)
                self.did["placed"] += 1
                after = chance.random()
                if after < 0.2:
                    casino.cancel(bet["ticket_id"])
                    self.did["cancelled"] += 1
                elif after < 0.7:
                    time.sleep(chance.random() * 0.8)
                    casino.cash_out(bet["ticket_id"], idempotency_key=f"{call}-out")
                    self.did["cashed out"] += 1
            except self._client.PartnerError as refusal:
                self.did[refusal.code] += 1
                if refusal.code == "no_answer":
                    raise
                self.stop.wait(0.1)

    def _move(self, casino: Any, name: str, chance: random.Random, call: str) -> None:
        wish = {"user": name, "direction": chance.choice(["in", "out"]), "amount": 100, "reference": call}
        casino._call("POST", "/wallet/transfers", wish, name=f"{call}-move")
        self.did["transferred"] += 1

    # --- the site's own -----------------------------------------------------------------------------------------------
    def _by_socket(self, name: str, chance: random.Random) -> None:
        url = f"{self.url.replace('http', 'ws')}/ws/BigPanda?session={self._seats['sessions'][name]}"
        while not self.stop.is_set():
            try:
                with connect(url, open_timeout=5, close_timeout=1) as socket:
                    self._sit(socket, chance)
            except (OSError, WebSocketException):
                self.stop.wait(0.2)

    def _sit(self, socket: Any, chance: random.Random) -> None:
        bet = ""
        while not self.stop.is_set():
            message = json.loads(socket.recv(timeout=10))
            kind = message["messageType"]
            if kind == "wait" and not bet:
                bet = "asked"
                socket.send(json.dumps({"messageType": "bet", "amount": chance.randint(100, 900), "identifier": 1}))
            elif kind == "bet":
                bet = message["betID"]
                self.did["placed"] += 1
            elif kind == "multiplier" and bet not in ("", "asked") and chance.random() < 0.1:
                socket.send(json.dumps({"messageType": "win", "betID": bet}))
            elif kind == "win":
                self.did["cashed out"] += 1
            elif kind == "crash":
                bet = ""
