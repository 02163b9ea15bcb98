"""A bot at both legacy APIs, for tests."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts import operations as accounts
from accounts.models import User
from wallet.queries import balance

BETS: dict[str, dict[str, Any]] = {
    "dice": {"clientseed": 7, "wager": 5, "range": 2**31, "target": 0},
    "videopoker": {"clientseed": 7, "wager": 5},
    "shell": {"clientseed": 7, "wager": 5, "weights": [0, 1, 1, 1, 1, 0, 0, 0, 0], "picked": 1},
    "slots": {"clientseed": 7, "wager": 5},
}
BEARER = "Bearer"


def exact(text: bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any
    text: str

    @property
    def details(self) -> Any:
        return self.body.get("details")


@dataclass
class Bot:
    """A player who plays by key. Amounts of answers are read as Decimals, never as floats."""

    player: User
    key: str
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def send(self, method: str, path: str, body: bytes = b"", content_type: str = "", **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        found = self.client.generic(method, path, body, content_type=content_type, headers=given)
        is_json = "json" in found.get("Content-Type", "")
        return Answer(
            found.status_code,
            exact(found.content) if is_json and found.content else None,
            found,
            found.content.decode(),
        )

    def get(self, path: str, **params: Any) -> Answer:
        """With the key in the header, as all below."""
        query = f"?{urlencode(params)}" if params else ""
        return self.send("GET", f"/api{path}{query}", Authorization=f"{BEARER} {self.key}")

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"{BEARER} {self.key}"} | headers
        return self.send("POST", f"/api{path}", data, "application/json", **headers)

    def form(self, path: str, **params: Any) -> Answer:
        data = urlencode(params, doseq=True).encode()
        authorization = f"{BEARER} {self.key}"
        return self.send("POST", f"/api{path}", data, "application/x-www-form-urlencoded", Authorization=authorization)

    def bet(self, game: str = "dice", /, *, at: str = "/v1", **changes: Any) -> Answer:
        wish = {name: value for name, value in {**BETS[game], **changes}.items() if value is not None}
        return self.post(f"{at}/games/{game}/bet", wish)

    def multi(self, *actions: Any, **headers: str) -> Answer:
        return self.post("/1/multi", {"actions": list(actions)}, **headers)

    @property
    def money(self) -> Decimal:
        """What the books say."""
        held = balance(self.player, is_demo=self.player.is_demo)
        return Decimal(held.available_minor) / held.denominator


def bot_of(player: User, now: datetime) -> Bot:
    return Bot(player, accounts.issue_player_key(player, now=now))


def wish(game: str = "dice", **changes: Any) -> dict[str, Any]:
    """A bet as an action of multi."""
    return {"action": f"/games/{game}/bet", **BETS[game], **changes}
