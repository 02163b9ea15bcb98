"""
An operator's wallet server to start from: the five calls of docs/operators.md and the list by day.

    python operator_server.py --port 9000 --db wallet.sqlite3 --secret S --player s-1:BRL:100:100000

Python 3.11 and nothing else. The rules that matter are in `Books`: every movement is one row under its transaction id,
written in one transaction with the balance, and answered only after that transaction is on the disk; a repeated id gets
the stored answer.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import queue
import sqlite3
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
TOLERANCE = 300  # seconds that clocks may differ
LARGEST_BODY = 64 * 1024
LARGEST_AMOUNT = 2**53 - 1  # what every language's JSON can hold
PAGE = 200  # rows of the list by day
MOVES = ("bet", "win", "refund")
WHO: dict[str, type] = {"user": str, "currency": str}
BET: dict[str, type] = {
    **dict.fromkeys(("transaction_id", "user", "game", "round_id", "bet_id", "currency"), str),
    **dict.fromkeys(("amount", "denominator"), int),
    "is_test": bool,
}
OWED = {**BET, "bet_transaction_id": str}
FIELDS = {"authenticate": WHO, "balance": WHO, "bet": BET, "win": OWED, "refund": OWED}
SCHEMA = """
CREATE TABLE IF NOT EXISTS players (
    name TEXT PRIMARY KEY, currency TEXT NOT NULL, denominator INTEGER NOT NULL, token TEXT,
    balance INTEGER NOT NULL CHECK (balance >= 0), blocked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS movements (  -- `copy` stays 0: it is for tests of what happens when somebody books twice
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, copy INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL,
    bet TEXT NOT NULL, player TEXT NOT NULL REFERENCES players, amount INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL, booked INTEGER NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, answer TEXT NOT NULL,
    UNIQUE (id, copy)
);
CREATE UNIQUE INDEX IF NOT EXISTS one_of_a_kind ON movements (bet, kind) WHERE copy = 0;
CREATE INDEX IF NOT EXISTS by_day ON movements (substr(at, 1, 10), number);
"""


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, "message": message, "retryable": status == 429 or status >= 500, **more}


class Books:
    """
    The money. One thread writes, and what has arrived together is committed together: a disk takes some hundred commits
    a second, and each of them may as well hold fifty bets.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.waiting: queue.Queue[tuple[str, Json, Future[Json]]] = queue.Queue()
        self.local = threading.local()
        self.open().executescript(SCHEMA)
        threading.Thread(target=self._write, daemon=True).start()

    def open(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self.local, "db", None)
        if found is None:
            found = self.local.db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before it is answered
            found.execute("PRAGMA foreign_keys = ON")
        return found

    def add_player(self, name: str, currency: str, denominator: int, balance: int, token: str | None = None) -> None:
        """Once: a player who is there already keeps their balance."""
        self.open().execute(
            "INSERT OR IGNORE INTO players (name, currency, denominator, balance, token) VALUES (?, ?, ?, ?, ?)",
            (name, currency, denominator, balance, token),
        )

    def show(self, body: Json) -> Json:
        """For `authenticate` and `balance`."""
        player = self.player(self.open(), body)
        if body.get("token") is not None and player["token"] not in (None, body["token"]):
            raise Refusal(403, "session_expired", "That session has ended.")
        return {"user": player["name"], **money(player)}

    def book(self, kind: str, body: Json) -> Json:
        """For `bet`, `win` and `refund`: the answer, once it is on the disk."""
        done: Future[Json] = Future()
        self.waiting.put((kind, body, done))
        return done.result()

    def day(self, day: str, after: int) -> Json:
        rows = self.open().execute(
            "SELECT * FROM movements WHERE substr(at, 1, 10) = ? AND number > ? ORDER BY number LIMIT ?",
            (day, after, PAGE + 1),
        )
        found = rows.fetchall()
        results = [
            {
                "transaction_id": row["id"],
                "kind": row["kind"],
                "user": row["player"],
                "amount": row["amount"],
                "currency": row["currency"],
                "bet_transaction_id": None if row["kind"] == "bet" else row["bet"],
                "at": row["at"],
                "booked": bool(row["booked"]),
            }
            for row in found[:PAGE]
        ]
        return {"results": results, "next": str(found[PAGE - 1]["number"]) if len(found) > PAGE else None}

    def _write(self) -> None:
        db = self.open()
        while True:
            batch = [self.waiting.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < 500:
                    batch.append(self.waiting.get_nowait())
            outcomes: list[Json | Exception] = []
            try:
                db.execute("BEGIN IMMEDIATE")
                outcomes = [self._alone(db, kind, body) for kind, body, _ in batch]
                db.execute("COMMIT")
            except Exception as error:  # nothing of this batch is booked
                if db.in_transaction:
                    db.execute("ROLLBACK")
                outcomes = [error] * len(batch)
            for (_, _, done), outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)

    def _alone(self, db: sqlite3.Connection, kind: str, body: Json) -> Json | Exception:
        """One movement; when it is refused or fails, the others of its batch are not touched."""
        db.execute("SAVEPOINT one")
        try:
            answer = self.decide(db, kind, body)
        except Exception as error:
            db.execute("ROLLBACK TO one")
            db.execute("RELEASE one")
            return error
        db.execute("RELEASE one")
        return answer

    def decide(self, db: sqlite3.Connection, kind: str, body: Json) -> Json:
        before = db.execute("SELECT * FROM movements WHERE id = ?", (body["transaction_id"],)).fetchone()
        if before is not None:
            if before["kind"] != kind or json.loads(before["body"]) != body:
                raise Refusal(409, "transaction_mismatch", "That transaction_id was used for something else.")
            return self.repeat(db, before)
        player = self.player(db, body)
        history = self.history(db, body.get("bet_transaction_id") or body["transaction_id"])
        if kind == "bet":
            return self.bet(db, body, player, history)
        return self.owed(db, kind, body, player, history)

    def repeat(self, db: sqlite3.Connection, before: sqlite3.Row) -> Json:
        answer: Json = json.loads(before["answer"])
        return answer

    def history(self, db: sqlite3.Connection, bet: str) -> dict[str, sqlite3.Row]:
        """What is booked for a bet: at most one each of bet, win and refund."""
        rows = db.execute("SELECT * FROM movements WHERE bet = ? AND copy = 0", (bet,))
        return {row["kind"]: row for row in rows}

    def bet(self, db: sqlite3.Connection, body: Json, player: sqlite3.Row, history: dict[str, sqlite3.Row]) -> Json:
        if "refund" in history:
            raise Refusal(409, "bet_refunded", "That bet was refunded before it came.")
        if player["blocked"]:
            raise Refusal(403, "player_blocked", "That player is blocked.")
        if player["balance"] < body["amount"]:
            raise Refusal(402, "insufficient_funds", "There is not enough money.", **money(player))
        return self.move(db, "bet", body, player, -body["amount"])

    def owed(
        self, db: sqlite3.Connection, kind: str, body: Json, player: sqlite3.Row, history: dict[str, sqlite3.Row]
    ) -> Json:
        """A win or a refund. Neither a block nor the end of a session stands in its way."""
        if "win" in history:
            raise Refusal(409, "bet_settled", "That bet has had its win.")
        if "refund" in history:
            raise Refusal(409, "bet_refunded", "That bet was refunded.")
        bet = history.get("bet")
        if bet is None:
            if kind == "win":
                raise Refusal(404, "bet_not_found", "No bet has that bet_transaction_id.")
            # A refund of a bet that never came is remembered, so that the bet is refused should it come after all.
            return self.move(db, kind, body, player, 0, booked=False)
        if bet["player"] != body["user"] or (kind == "refund" and bet["amount"] != body["amount"]):
            raise Refusal(409, "transaction_mismatch", "The bet has another user or amount.")
        return self.move(db, kind, body, player, body["amount"])

    def move(
        self, db: sqlite3.Connection, kind: str, body: Json, player: sqlite3.Row, change: int, *, booked: bool = True
    ) -> Json:
        """The balance and its reason, together or not at all."""
        answer = {"transaction_id": body["transaction_id"], **money(player, change)}
        db.execute("UPDATE players SET balance = balance + ? WHERE name = ?", (change, player["name"]))
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        bet = body.get("bet_transaction_id") or body["transaction_id"]
        self.write(
            db,
            *(body["transaction_id"], kind, bet, player["name"], abs(change), body["currency"], booked, at),
            *(json.dumps(body), json.dumps(answer)),
        )
        return answer

    def write(self, db: sqlite3.Connection, *row: Any) -> None:
        names = "id, kind, bet, player, amount, currency, booked, at, body, answer"
        db.execute(f"INSERT INTO movements ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 ours

    def player(self, db: sqlite3.Connection, body: Json) -> sqlite3.Row:
        found: sqlite3.Row | None = db.execute("SELECT * FROM players WHERE name = ?", (body["user"],)).fetchone()
        if found is None:
            raise Refusal(404, "player_not_found", "There is no such player.")
        if body["currency"] != found["currency"] or body.get("denominator") not in (None, found["denominator"]):
            raise Refusal(422, "invalid_request", "That player has another currency or denominator.")
        return found


def money(player: sqlite3.Row, change: int = 0) -> Json:
    return {
        "balance": player["balance"] + change,
        "currency": player["currency"],
        "denominator": player["denominator"],
    }


class HangUp(Exception):
    """No answer at all."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, options: argparse.Namespace, books: Books, handler: "type[Handler] | None" = None) -> None:
        super().__init__((options.host, options.port), handler or Handler)
        self.books, self.secret, self.latency = books, str(options.secret), options.latency_ms / 1000

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that has hung up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body of an answer leave together
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.serve("GET")

    def do_POST(self) -> None:
        self.serve("POST")

    def serve(self, method: str) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            return self.answer(413, Refusal(413, "invalid_request", "At most 64 KiB.").body)
        raw = self.rfile.read(int(length))
        time.sleep(self.server.latency)
        path = urlsplit(self.path).path.strip("/")
        try:
            return self.answer(200, self.handle_call(method, path, raw))
        except Refusal as refusal:
            return self.answer(refusal.status, refusal.body)
        except HangUp:
            self.close_connection = True
        except Exception as error:  # whatever it was, it was rolled back
            return self.answer(500, Refusal(500, "internal_error", type(error).__name__).body)

    def handle_call(self, method: str, path: str, raw: bytes) -> Json:
        self.authenticate(path, raw)
        if (method, path) == ("GET", "transactions"):
            return self.list_day()
        if method != "POST" or path not in FIELDS:
            raise Refusal(404, "not_found", "There is no such call.")
        return self.carry_out(path, checked(path, raw))

    def authenticate(self, path: str, raw: bytes) -> None:
        timestamp = self.headers.get("X-Timestamp", "")
        given, right = self.headers.get("X-Signature", ""), sign(self.server.secret, raw, timestamp)
        in_time = timestamp.isdecimal() and abs(time.time() - int(timestamp)) <= TOLERANCE
        if not hmac.compare_digest(given.encode(), right.encode()) or not in_time:
            raise Refusal(401, "authentication_failed", "The signature is wrong, or older than five minutes.")

    def carry_out(self, call: str, body: Json) -> Json:
        books = self.server.books
        if call not in MOVES:
            return books.show(body)
        try:
            return books.book(call, body)
        except Refusal as refusal:
            refusal.body["transaction_id"] = body["transaction_id"]  # an error says which call it is about
            raise

    def list_day(self) -> Json:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        try:
            day = datetime.strptime(asked.get("day", ""), "%Y-%m-%d").date()  # noqa: DTZ007 a day, in UTC
            return self.server.books.day(day.isoformat(), int(asked.get("cursor", "0")))
        except (ValueError, OverflowError):
            raise Refusal(422, "invalid_request", "day is YYYY-MM-DD, cursor what `next` was.") from None

    def answer(self, status: int, body: Json) -> None:
        text, timestamp = json.dumps(body).encode(), str(int(time.time()))
        self.send(status, text, timestamp, sign(self.server.secret, text, timestamp))

    def send(self, status: int, text: bytes, timestamp: str, signature: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Timestamp", timestamp)
        self.send_header("X-Signature", signature)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def sign(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def checked(call: str, raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refusal(422, "invalid_request", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(422, "invalid_request", "The body is not an object.")
    for name, kind in FIELDS[call].items():
        if type(body.get(name)) is not kind or (kind is str and not 0 < len(body[name]) <= 200):
            raise Refusal(422, "invalid_request", f"{name} is missing or not of its type.")
    if call in MOVES and not (0 if call == "win" else 1) <= body["amount"] <= LARGEST_AMOUNT:
        raise Refusal(422, "invalid_request", "amount is not a possible amount.")
    return body


def serve(options: argparse.Namespace, server: Server) -> None:
    for text in options.player:
        user, currency, denominator, balance, *token = text.split(":")
        server.books.add_player(user, currency, int(denominator), int(balance), *token)
    print(json.dumps({"url": f"http://{options.host}:{server.server_port}"}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="An operator's wallet server to start from.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0: any that is free; it is printed")
    parser.add_argument("--db", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--player", action="append", default=[], help="user:currency:denominator:balance[:token]")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--fault", action="append", default=[], help="name[@call][:probability], see operator_faults")
    parser.add_argument("--allow-faults", action="store_true", help="tests may POST /_faults and /_players")
    options = parser.parse_args()
    if options.fault or options.allow_faults:
        import operator_faults

        operator_faults.serve(options)
    else:
        serve(options, Server(options, Books(options.db)))


if __name__ == "__main__":
    main()
