"""
Talking to an operator's server to find out how it keeps the protocol: what is said, heard, and should have been heard.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from casino.lib.ids import uuid7
from wallet.operators import protocol
from wallet.operators.client import Endpoint, OperatorClients, Raw
from wallet.operators.protocol import Call, Confirmed, Refused, Unknown, Verdict

STAKE = 2  # minor units
Json = dict[str, Any]


class Failed(Exception):
    """What the operator does that the protocol does not allow."""


class Skipped(Exception):
    """Why a case could not be played."""


@dataclass(frozen=True, slots=True)
class Subject:
    endpoint: Endpoint
    user: str
    currency: str
    denominator: int
    token: str | None = None  # a session of the user's, where the operator has such
    blocked_user: str | None = None  # somebody with the same currency who may not play
    latency_ms: float = 100


@dataclass(frozen=True, slots=True)
class Heard:
    path: str
    status: int | None
    said: Json
    verdict: Verdict

    def __str__(self) -> str:
        match self.verdict:
            case Confirmed():
                return f"{self.path} was accepted"
            case Refused(code, message):
                return f"{self.path} answered {self.status} {code} ({message})"
            case Unknown(reason):
                return f"{self.path}: {reason}"


@dataclass(slots=True)
class Talk:
    """What is said to the operator in the course of the check, and what should stand in its list afterwards."""

    subject: Subject
    clients: OperatorClients
    booked: dict[str, tuple[str, int, bool]] = field(default_factory=dict)  # kind, amount, whether money moved
    refused: set[str] = field(default_factory=set)
    times_ms: list[float] = field(default_factory=list)

    async def say(self, call: Call, body: Mapping[str, Any], **how: Any) -> Heard:
        content = protocol.encode(body)
        return await self.send(f"/{call}", content, call, body, **how)

    async def send(
        self,
        path: str,
        content: bytes,
        call: Call = Call.BET,
        body: Mapping[str, Any] | None = None,
        *,
        secret: str | None = None,
        off: int = 0,
    ) -> Heard:
        endpoint, now = self.subject.endpoint, time.time()
        headers = protocol.signed_headers(secret or endpoint.secret, content, now=now + off)
        began = time.perf_counter()
        answer = await self.clients.exchange(endpoint, "POST", path, content, headers)
        if isinstance(answer, Unknown):
            return Heard(path, None, {}, answer)
        self.times_ms.append((time.perf_counter() - began) * 1000)
        sent = body or {"transaction_id": "", "user": "", "currency": ""}
        heard = Heard(path, answer.status, _object(answer), self._verdict(call, sent, answer))
        if call.moves_money and body is not None:
            self._note(call, body, heard.verdict)
        return heard

    def _verdict(self, call: Call, sent: Mapping[str, Any], answer: Raw) -> Verdict:
        return protocol.read_answer(
            call, sent, answer.status, answer.headers, answer.body, secret=self.subject.endpoint.secret, now=time.time()
        )

    def _note(self, call: Call, body: Mapping[str, Any], verdict: Verdict) -> None:
        name = body["transaction_id"]
        if isinstance(verdict, Confirmed):
            self.booked.setdefault(name, (str(call), body["amount"], True))
        elif isinstance(verdict, Refused) and name not in self.booked:
            self.refused.add(name)

    async def balance(self) -> int:
        who = {"user": self.subject.user, "currency": self.subject.currency, "denominator": self.subject.denominator}
        return accepted(await self.say(Call.BALANCE, who)).balance_minor

    async def must_have(self, expected: int, after: str) -> None:
        found = await self.balance()
        if found != expected:
            raise Failed(f"after {after} /balance says {found}, not {expected}")

    def new_bet(self, amount: Any = STAKE, **other: Any) -> Json:
        name = f"check-{uuid7()}"
        body: Json = {
            "transaction_id": name,
            "user": self.subject.user,
            "game": "check",
            "round_id": "check",
            "bet_id": name,
        }
        body |= {"amount": amount, "currency": self.subject.currency, "denominator": self.subject.denominator}
        return {**body, "is_test": True, **other}

    async def placed(self, amount: int = STAKE) -> Json:
        bet = self.new_bet(amount)
        accepted(await self.say(Call.BET, bet))
        return bet

    async def undo(self, *bets: Json) -> None:
        for bet in bets:
            accepted(await self.say(Call.REFUND, refund_of(bet)))


def win_of(bet: Json, amount: int) -> Json:
    name = {"transaction_id": f"check-{uuid7()}", "bet_transaction_id": bet["transaction_id"]}
    return {**bet, **name, "amount": amount, "multiplier": amount * 100 // bet["amount"] or None}


def refund_of(bet: Json) -> Json:
    return {**bet, "transaction_id": f"check-{uuid7()}", "bet_transaction_id": bet["transaction_id"]}


def accepted(heard: Heard) -> Confirmed:
    if isinstance(heard.verdict, Confirmed):
        return heard.verdict
    raise Failed(f"{heard}, and should have been accepted")


def refused(heard: Heard, status: int, code: str) -> Refused:
    if isinstance(heard.verdict, Refused) and (heard.status, heard.verdict.code) == (status, code):
        return heard.verdict
    if isinstance(heard.verdict, Refused) and heard.verdict.code == "limit_reached":
        raise Skipped("the operator's own limit for stakes is in the way")
    raise Failed(f"{heard}, and should have been refused with {status} {code}")


def _object(answer: Raw) -> Json:
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
