"""
`operator_server.py` with faults: what a network, a machine or a careless operator does. For tests.

At start by `--fault NAME[@CALL][:PROBABILITY]`; while it runs, with `--allow-faults`, by `POST /_faults` with
`{"name", "probability", "count", "calls"}` (`{}` ends all of them). Without `calls` a fault befalls bet, win and
refund. `POST /_players` `{"user", "currency", "denominator", "balance"}` adds a player, `{"user", "blocked"}` blocks.
"""

import argparse
import json
import random
import sqlite3
import threading
import time
from typing import Any

import operator_server as plain
from operator_server import MOVES, HangUp, Json, Refusal, sign

FAULTS = {
    "slow": "books, and answers after three seconds",
    "timeout_before": "books nothing and never answers",
    "timeout_after": "books and never answers",
    "lost_answer": "books and closes the connection",
    "error_500_before": "books nothing and answers 500",
    "error_500_after": "books and answers 500",
    "error_401": "does not believe our signature",
    "error_402": "says there is no money",
    "error_429": "asks for patience",
    "wrong_balance": "answers a balance that is one too much",
    "negative_balance": "answers a balance below zero",
    "wrong_currency": "answers in another currency",
    "wrong_transaction": "answers for another transaction, or user",
    "wrong_signature": "signs with another secret",
    "broken_json": "answers what is not JSON",
    "duplicate": "books a call twice",
    "not_idempotent": "books the repetition of a call once more",
    "refuses_late_refund": "refuses the refund of a bet that it never saw",
    "no_tombstone": "takes that refund and forgets it, so that the late bet is booked",
    "refund_after_win": "refunds a bet that has had its win",
    "blocks_wins": "refuses a win because the player is blocked",
    "accepts_bad_signature": "does not look at signatures",
}
LATE, SILENT = 3.0, 20.0  # seconds


class Faults:
    def __init__(self) -> None:
        self.active: dict[str, Json] = {}
        self._lock = threading.Lock()

    def set(self, name: str, probability: float = 1.0, count: int | None = None, calls: Any = ()) -> None:
        if name not in FAULTS:
            raise Refusal(422, "invalid_request", f"The faults are {', '.join(FAULTS)}.")
        fault = {"probability": probability, "count": count, "calls": list(calls) or list(MOVES)}
        self.active = {**self.active, name: fault}

    def hit(self, name: str, call: str) -> bool:
        fault = self.active.get(name)
        if fault is None or call not in fault["calls"]:
            return False
        with self._lock:
            if fault["count"] == 0 or random.random() >= fault["probability"]:  # noqa: S311 chance, not a secret
                return False
            if fault["count"] is not None:
                fault["count"] -= 1
            return True


class Books(plain.Books):
    def __init__(self, path: str, faults: Faults) -> None:
        self.faults = faults
        super().__init__(path)

    def block(self, name: str, blocked: bool) -> None:
        self.open().execute("UPDATE players SET blocked = ? WHERE name = ?", (blocked, name))

    def decide(self, db: sqlite3.Connection, kind: str, body: Json) -> Json:
        answer = super().decide(db, kind, body)
        if self.faults.hit("duplicate", kind):
            self.once_more(db, body["transaction_id"])
        return answer

    def repeat(self, db: sqlite3.Connection, before: sqlite3.Row) -> Json:
        if self.faults.hit("not_idempotent", before["kind"]):
            self.once_more(db, before["id"])
        return super().repeat(db, before)

    def history(self, db: sqlite3.Connection, bet: str) -> dict[str, sqlite3.Row]:
        found = super().history(db, bet)
        if "refund" in found and "bet" not in found and self.faults.hit("no_tombstone", "bet"):
            del found["refund"]
        return found

    def owed(
        self, db: sqlite3.Connection, kind: str, body: Json, player: sqlite3.Row, history: dict[str, sqlite3.Row]
    ) -> Json:
        if kind == "win" and self.faults.hit("blocks_wins", kind):
            raise Refusal(403, "player_blocked", "That player is blocked.")
        if kind == "refund" and "bet" not in history and self.faults.hit("refuses_late_refund", kind):
            raise Refusal(404, "bet_not_found", "No bet has that bet_transaction_id.")
        if kind == "refund" and "win" in history and self.faults.hit("refund_after_win", kind):
            del history["win"]
        return super().owed(db, kind, body, player, history)

    def once_more(self, db: sqlite3.Connection, transaction_id: str) -> None:
        """The money a second time, beside the constraint that forbids it."""
        row = db.execute("SELECT * FROM movements WHERE id = ? AND copy = 0", (transaction_id,)).fetchone()
        change = -row["amount"] if row["kind"] == "bet" else row["amount"]
        names = "kind, bet, player, amount, currency, booked, at, body, answer"
        db.execute("UPDATE players SET balance = balance + ? WHERE name = ?", (change, row["player"]))
        db.execute(
            f"INSERT INTO movements (id, copy, {names}) SELECT id,"  # noqa: S608 ours
            f" (SELECT count(*) FROM movements WHERE id = ?), {names} FROM movements WHERE id = ? AND copy = 0",
            (transaction_id, transaction_id),
        )


class Handler(plain.Handler):
    server: "Server"

    def handle_call(self, method: str, path: str, raw: bytes) -> Json:
        if self.server.is_steered and method == "POST" and path in ("_faults", "_players"):
            return self.steer(path, json.loads(raw))
        return super().handle_call(method, path, raw)

    def steer(self, path: str, asked: Json) -> Json:
        books, faults = self.server.faulty_books, self.server.faults
        if path == "_faults" and asked:
            faults.set(**asked)
        elif path == "_faults":
            faults.active = {}
        else:
            if "balance" in asked:
                books.add_player(asked["user"], asked["currency"], asked["denominator"], asked["balance"])
            if "blocked" in asked:
                books.block(asked["user"], asked["blocked"])
        return {"faults": faults.active}

    def authenticate(self, path: str, raw: bytes) -> None:
        try:
            super().authenticate(path, raw)
        except Refusal:
            if not self.server.faults.hit("accepts_bad_signature", path):
                raise

    def carry_out(self, call: str, body: Json) -> Json:
        if not self.server.faults.active:
            return super().carry_out(call, body)
        self.fail_before(call, body)
        return self.fail_after(call, super().carry_out(call, body))

    def fail_before(self, call: str, body: Json) -> None:
        hit = self.server.faults.hit
        if hit("timeout_before", call):
            time.sleep(SILENT)
            raise HangUp
        if hit("error_500_before", call):
            raise Refusal(500, "internal_error", "Nothing was booked.")
        if hit("error_401", call):
            raise Refusal(401, "authentication_failed", "A fault.")
        if hit("error_402", call):
            raise Refusal(402, "insufficient_funds", "A fault.", balance=0, transaction_id=body.get("transaction_id"))
        if hit("error_429", call):
            raise Refusal(429, "rate_limited", "A fault.")

    def fail_after(self, call: str, answer: Json) -> Json:
        hit = self.server.faults.hit
        if hit("slow", call):
            time.sleep(LATE)
        if hit("timeout_after", call):
            time.sleep(SILENT)
            raise HangUp
        if hit("lost_answer", call):
            raise HangUp
        if hit("error_500_after", call):
            raise Refusal(500, "internal_error", "It was booked.")
        lies: Json = {
            "wrong_balance": {"balance": answer["balance"] + 1},
            "negative_balance": {"balance": -5},
            "wrong_currency": {"currency": "XXX"},
            "wrong_transaction": {"transaction_id": "another", "user": "another"},
        }
        for name, lie in lies.items():
            answer = {**answer, **lie} if hit(name, call) else answer
        return answer

    def send(self, status: int, text: bytes, timestamp: str, signature: str) -> None:
        call = self.path.strip("/")
        if self.server.faults.hit("broken_json", call):
            text = text[:-5]
            signature = sign(self.server.secret, text, timestamp)
        if self.server.faults.hit("wrong_signature", call):
            signature = sign(self.server.secret + "x", text, timestamp)
        super().send(status, text, timestamp, signature)


class Server(plain.Server):
    def __init__(self, options: argparse.Namespace, books: Books) -> None:
        super().__init__(options, books, Handler)
        self.faulty_books, self.faults = books, books.faults
        self.is_steered: bool = options.allow_faults


def serve(options: argparse.Namespace) -> None:
    faults = Faults()
    for text in options.fault:
        name, _, probability = text.partition(":")
        name, _, call = name.partition("@")
        faults.set(name, float(probability or 1), calls=[call] if call else ())
    plain.serve(options, Server(options, Books(options.db, faults)))
