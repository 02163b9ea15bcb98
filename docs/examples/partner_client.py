"""
A client of the partner API, to be copied: signed REST calls that are safe to repeat, and the live feed.

    casino = Casino("http://127.0.0.1:8000", key="ck_test_…", secret="cs_…")
    ticket = casino.place("p-1", 500, auto_cashout=150)  # 5.00 BRL, cashed out at 1.50x by itself

Needs Python 3.11, httpx2 and websockets. Calls may be made from several threads at once. Money is integers of minor
units, multipliers are integers of hundredths.
"""

import argparse
import hashlib
import hmac
import json
import logging
import os
import queue
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]
logger = logging.getLogger("partner_client")
FIRST_BACKOFF, LAST_BACKOFF = 0.2, 10.0
SILENCE = 30.0  # seconds without even a heartbeat, which comes every 15: the line is dead
PASSING = ("rate_limited", "internal_error", "temporarily_unavailable")  # a moment may mend these


class PartnerError(Exception):
    """
    The API refused; decide by `code`. Code `no_answer`, status 0: nothing came back while patience lasted. With status
    0 or 500 and above, money may or may not have moved: repeat the call with the same `idempotency_key` to learn which.
    """

    def __init__(self, problem: Json, status: int = 0, idempotency_key: str = "") -> None:
        self.code: str = problem.get("code", "unknown")
        self.message: str = problem.get("message", "")
        self.request_id: str | None = problem.get("request_id")
        self.errors: list[Json] = problem.get("errors", [])
        self.status, self.idempotency_key = status, idempotency_key
        super().__init__(f"{self.code} ({status}): {self.message} {self.errors or ''} [request {self.request_id}]")

    @property
    def may_be_repeated(self) -> bool:
        """No answer, too many requests, the server's trouble, or the first try still running; no other 4xx."""
        return self.status in (0, 429) or self.status >= 500 or self.code == "idempotency_in_progress"


def backoff(attempt: int) -> float:
    """Full jitter: anything from nothing to a bound that doubles, so that many clients do not come back as one."""
    return random.uniform(0, min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempt, 16)))  # noqa: S311 not a secret


class Gate:
    """Where calls of one class of rate limit queue while it is used up."""

    _opens_at = 0.0

    def shut(self, seconds: float) -> None:
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)

    def pass_through(self) -> float:
        """Wait until it is open; answers for how long."""
        began = time.monotonic()
        while (left := self._opens_at - time.monotonic()) > 0:
            time.sleep(left + backoff(0))
        return time.monotonic() - began


class Casino:
    def __init__(self, url: str, *, key: str, secret: str, patience: float = 60, timeout: float = 10) -> None:
        """`patience`: for how many seconds a call is repeated; waiting behind a rate limit is not counted."""
        self._url, self._key, self._secret, self._patience = url.rstrip("/"), key, secret.encode(), patience
        self._gates: defaultdict[str, Gate] = defaultdict(Gate)
        self._http = httpx2.Client(base_url=self._url, timeout=timeout, headers={"Authorization": f"Bearer {key}"})

    def state(self, game: str = "BigPanda") -> Json:
        return self._get("/game/state", game=game)

    def round(self, round_id: str) -> Json:
        return self._get(f"/game/rounds/{round_id}")

    def balance(self, user: str) -> Json:
        return self._get("/user/balance", user=user)

    def bet(self, ticket_id: str) -> Json:
        return self._get(f"/bets/{ticket_id}")

    def bets(self, **wanted: str) -> Iterator[Json]:
        """All of them, newest first, page by page; `user`, `round` and `status` narrow it."""
        page = self._get("/bets", **{"limit": "100", **wanted})
        yield from page["results"]
        while page["next"]:  # only its query counts: the key goes to the host that we chose
            yield from (page := self._get(f"/bets?{urlsplit(page['next']).query}"))["results"]

    def report(self, first: str, last: str) -> list[Json]:
        """Stakes, payouts and revenue by day, game and currency; days as `2026-03-01`, both included."""
        return list(self._get("/reports/activity", gate="report", **{"from": first, "to": last})["results"])

    def create_user(self, external_id: str, currency: str, wallet: str = "transfer") -> Json:
        """Repeating it changes nothing."""
        return self._call("POST", "/users", {"external_id": external_id, "currency": currency, "wallet": wallet})

    def session(self, user: str, game: str = "BigPanda") -> Json:
        """A game session for the player's browser: `launch_url` is where to send it."""
        return self._call("POST", "/sessions", {"user": user, "game": game})

    # --- money --------------------------------------------------------------------------------------------------------
    def place(self, user: str, amount: int, *, idempotency_key: str = "", **more: Any) -> Json:
        """
        A bet in the round that is open when the call gets through; the answer says which. `more`: `auto_cashout`,
        `identifier` (several bets a round), `client_reference`, `confirm=False` to only set the amount aside, `game`.

        To learn the outcome even if this process dies, write `idempotency_key` down before the call.
        """
        name = idempotency_key or uuid4().hex
        # The reference also keeps two equal bets of one second from having the same signature.
        body = {"user": user, "amount": amount, "client_reference": name[:64], **more}
        return self._call("POST", "/bets", body, name=name)

    def confirm(self, ticket_id: str) -> Json:
        return self._call("POST", f"/bets/{ticket_id}/confirm", {}, name=f"confirm-{ticket_id}")

    def cancel(self, ticket_id: str) -> Json:
        return self._call("POST", f"/bets/{ticket_id}/cancel", {}, name=f"cancel-{ticket_id}")

    def cash_out(self, ticket_id: str, cashout_at: int | None = None, *, idempotency_key: str = "") -> Json:
        """At the multiplier of the moment in which it is received, or at `cashout_at` where that is not above it."""
        body = {} if cashout_at is None else {"cashout_at": cashout_at}
        return self._call("POST", f"/bets/{ticket_id}/cashout", body, name=idempotency_key or uuid4().hex)

    # --- how calls are made -------------------------------------------------------------------------------------------
    def _get(self, path: str, *, gate: str = "read", **query: str) -> Json:
        return self._call("GET", f"{path}?{urlencode(query)}".rstrip("?"), gate=gate)

    def _call(self, method: str, path: str, body: Json | None = None, *, name: str = "", gate: str = "write") -> Json:
        """`name` is the Idempotency-Key of a call that moves money; the others have none."""
        target, data = f"/api/v1{path}", b"" if body is None else json.dumps(body).encode()
        deadline, attempt = time.monotonic() + self._patience, 0
        while True:
            deadline += self._gates[gate].pass_through()
            wait = 0.0
            try:
                headers = self._headers(method, target, data, name)
                answer = self._http.request(method, target, content=data, headers=headers)
            except httpx2.TransportError as lost:
                refusal = PartnerError({"code": "no_answer", "message": repr(lost)}, 0, name)
            else:
                wait = self._note_limits(answer, gate)
                if answer.is_success:
                    return dict(answer.json())
                refusal = PartnerError(_problem_of(answer), answer.status_code, name)
            wait = max(wait, backoff(attempt))
            if refusal.status == 429:
                continue  # the gate is shut: this call queues behind it like every other
            if not refusal.may_be_repeated or time.monotonic() + wait > deadline:
                raise refusal
            logger.info("%s %s: %s, again in %.1f s", method, target, refusal.code, wait)
            time.sleep(wait)
            attempt += 1

    def _headers(self, method: str, target: str, data: bytes, name: str) -> dict[str, str]:
        """Calls that move money are signed, each try anew, under the same Idempotency-Key."""
        if not name:
            return {"Content-Type": "application/json"}
        at = str(int(time.time()))
        text = f"{at}\n{method}\n{target}\n{hashlib.sha256(data).hexdigest()}"
        signature = hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
        headers = {"X-Timestamp": at, "X-Signature": signature, "X-Signature-Version": "2", "Idempotency-Key": name}
        return {"Content-Type": "application/json", **headers}

    def _note_limits(self, answer: httpx2.Response, gate: str) -> float:
        """Shut the gate where the limit is used up; answers how long we are asked to wait."""
        asked = answer.headers.get("Retry-After", "")
        wait = float(asked) if asked.isdigit() else 0.0
        if answer.status_code == 429:
            self._gates[gate].shut(wait := wait or 1.0)
            logger.info("rate limited: %s calls wait for %.0f s", gate, wait)
        elif answer.headers.get("X-RateLimit-Remaining") == "0":
            self._gates[gate].shut(float(answer.headers.get("X-RateLimit-Reset", "1")))
        return wait

    def feed(self, *channels: str, game: str = "BigPanda") -> "Feed":
        return Feed(f"{self._url.replace('http', 'ws', 1)}/ws/v1/feed", self._key, channels, game)


def _problem_of(answer: httpx2.Response) -> Json:
    try:
        return dict(answer.json())
    except ValueError:  # not ours: of a proxy in between
        return {"code": f"http_{answer.status_code}", "message": answer.text[:200]}


class Feed:
    """
    Events as they happen, in order: `{"channel", "type", "seq", "epoch", "timestamp", "data"}`.

    A lost connection is opened again and continues after the last event that came. Where that is not possible, and at
    first, an event of type `snapshot` says in `data` what is true now; `recovered` is False where events were missed
    (ask REST what became of your bets), None at first. Raises PartnerError when there is no use in coming back.
    """

    def __init__(self, url: str, key: str, channels: tuple[str, ...], game: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {key}"}
        self._wish: Json = {"op": "subscribe", "channels": channels, "game": game}
        self._places: dict[str, Json] = {}  # by channel: epoch and seq of the last event
        self._events: queue.SimpleQueue[Json | PartnerError] = queue.SimpleQueue()
        self._told, self._complaint = False, {"code": "feed_ended"}
        self._closed = threading.Event()
        self._socket: ClientConnection | None = None
        # A thread of its own answers heartbeats, however long the one that takes the events is busy.
        threading.Thread(target=self._run, name="feed", daemon=True).start()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        if self._socket:
            self._socket.close()

    def __iter__(self) -> Iterator[Json]:
        while True:
            yield self.next_event()

    def next_event(self, timeout: float | None = None) -> Json:
        """Raises queue.Empty where none comes in time."""
        if isinstance(event := self._events.get(timeout=timeout), PartnerError):
            self._events.put(event)  # for whoever asks again
            raise event
        return event

    def _run(self) -> None:
        attempt = 0
        while not self._closed.is_set():
            self._told = False
            try:
                self._listen()
                why = "an event is missing"
            except PartnerError as refusal:
                self._events.put(refusal)
                return
            except (OSError, WebSocketException) as lost:  # TimeoutError is an OSError
                why = repr(lost)
            attempt = 0 if self._told else attempt + 1
            if not self._closed.wait(pause := backoff(attempt)):
                logger.info("the feed was lost: %s; tried again after %.1f s", why, pause)

    def _listen(self) -> None:
        """One connection, as long as it lasts."""
        try:
            with connect(self._url, additional_headers=self._headers, close_timeout=1) as self._socket:
                since = {"since": self._places} if self._places else {}
                self._socket.send(json.dumps({**self._wish, **since}))
                while not self._closed.is_set() and self._take(json.loads(self._socket.recv(SILENCE)), self._socket):
                    pass
        except InvalidStatus as refused:
            if 400 <= refused.response.status_code < 500:
                raise PartnerError({"code": "feed_refused"}, refused.response.status_code) from refused
            raise
        except ConnectionClosed as closed:
            if closed.rcvd is not None and 4500 <= closed.rcvd.code <= 4999:
                raise PartnerError(self._complaint, closed.rcvd.code) from closed
            raise

    def _take(self, message: Json, socket: ClientConnection) -> bool:
        """False where the connection is to be made anew: an event is missing, or we could not be served now."""
        match message.get("op"):
            case None:
                return self._pass_on(message)
            case "heartbeat":
                socket.send(json.dumps({"op": "heartbeat_ack", "n": message["n"]}))
            case "subscribed":
                self._told = True
                for channel, place in message["channels"].items():
                    self._start(channel, place)
            case "error":
                self._complaint = message
                if not self._told and message["code"] not in PASSING:
                    raise PartnerError(message)  # the same wish with the same key would be refused again
                return self._told
        return True

    def _start(self, channel: str, place: Json) -> None:
        at = self._places[channel] = {"epoch": place["epoch"], "seq": place["seq"]}
        if "snapshot" in place:
            told = {"type": "snapshot", "recovered": place.get("recovered"), "data": place["snapshot"]}
            self._events.put({"channel": channel, **at, **told})

    def _pass_on(self, event: Json) -> bool:
        last = self._places[event["channel"]]
        # An engine that took over from another counts from 1, under an epoch of its own.
        expected = last["seq"] + 1 if event["epoch"] == last["epoch"] else 1
        if event["seq"] != expected:
            return False
        self._places[event["channel"]] = {"epoch": event["epoch"], "seq": event["seq"]}
        self._events.put(event)
        return True


# --- a demonstration --------------------------------------------------------------------------------------------------
def play(casino: Casino, user: str, amount: int, rounds: int) -> list[Json]:
    """A bet in each of so many rounds, paid at 1.20x by itself or cashed out by us; the bets, all decided."""
    tickets: dict[str, Json] = {}  # by round
    with casino.feed("round_updates", "live_multiplier") as feed:
        for event in feed:
            data = event["data"]
            ticket = tickets.get(data.get("round_id", ""))
            try:
                if ticket is None and data.get("status") == "waiting":
                    if len(tickets) == rounds:
                        break
                    ticket = casino.place(user, amount, auto_cashout=120 if len(tickets) % 2 else None)
                    tickets[ticket["round_id"]] = {**ticket, "by_hand": ticket["auto_cashout"] is None}
                elif ticket and ticket["by_hand"] and event["type"] == "multiplier" and data["multiplier"] >= 110:
                    ticket["by_hand"] = False
                    casino.cash_out(ticket["ticket_id"])
            except PartnerError as refusal:
                if refusal.may_be_repeated:  # an outage longer than our patience
                    raise
                logger.info("%s", refusal)  # too late, mostly; what became of the bet is asked below
    names = [ticket["ticket_id"] for ticket in tickets.values()]
    while any(casino.bet(name)["status"] == "open" for name in names):
        time.sleep(0.5)
    return [casino.bet(name) for name in names]


def main() -> None:
    parser = argparse.ArgumentParser(description="Play rounds with the key in PARTNER_KEY and PARTNER_SECRET.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    casino = Casino(wanted.url, key=os.environ["PARTNER_KEY"], secret=os.environ["PARTNER_SECRET"])
    for bet in play(casino, "p-1", 500, wanted.rounds):
        print(bet["round_id"], bet["status"], bet["amount"], "→", bet["payout"])
    print("balance:", casino.balance("p-1")["balance"])


if __name__ == "__main__":
    main()
