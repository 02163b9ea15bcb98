"""
A bot for the two legacy APIs, to copy: one file without dependencies, Python 3.11 or newer.

It plays all four instant games by both dialects, trusts nothing it is told, and leaves with an error at the first thing
that is not as it was promised:

- every secret and salt must make the hash that was shown before the bet, and with the client seed the outcome;
- every outcome must make the cards, payouts, reels and amounts that the published rules make of it;
- its own books must be equal to what `/user` says, after each step.

    API_KEY=pk_… python legacy_bot.py --url https://casino.example --bets 20

The rules are those of docs/legacy-apis.md, with the tables as they are seeded; where a house has set others, change
`RTP`, `POKER`, `STRIPS` and `LINES`.
"""

import argparse
import hashlib
import hmac
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from math import comb
from typing import Any

Json = dict[str, Any]
SPACE = 2**32

# --- the published rules ----------------------------------------------------------------------------------------------
RTP = Fraction(99, 100)
FIELDS = (0, 2, 3, 5, 10, 25, 100, 1_000, 10_000)
RANKS, SUITS = "23456789TJQKA", "cdhs"
POKER = {
    "Royal Flush": 5_000,
    "Straight Flush": 1_000,
    "Four of a Kind": 200,
    "Full House": 50,
    "Flush": 40,
    "Straight": 16,
    "Three of a Kind": 6,
    "Two Pair": 4,
    "Jacks or Better": 3,
}
STRIPS = (
    (1, 5, 1, 1, 3, 2, 1, 1, 2, 4, 2, 1, 2, 3, 1, 2, 1, 4, 3, 2, 3, 1, 3, 2, 1, 4, 5, 2, 4, 3, 4, 6),
    (4, 3, 2, 3, 2, 1, 5, 2, 1, 3, 2, 5, 3, 4, 1, 4, 2, 1, 1, 4, 1, 1, 2, 6, 3, 4, 1, 2, 3, 1, 1, 2),
    (2, 1, 2, 1, 3, 1, 1, 4, 5, 4, 6, 3, 4, 2, 4, 2, 1, 3, 5, 4, 2, 3, 2, 1, 1, 2, 1, 3, 1, 2, 1, 3),
)
# A line pays its first symbols in a row (0: whatever symbol); the first that fits counts, numbered from 1.
LINES: tuple[tuple[tuple[int, int, int], Fraction], ...] = (
    ((6, 6, 6), Fraction(2_000)),
    ((5, 5, 5), Fraction(200)),
    ((4, 4, 4), Fraction(40)),
    ((3, 3, 3), Fraction(15)),
    ((2, 2, 2), Fraction(10)),
    ((1, 1, 1), Fraction(6)),
    ((3, 3, 0), Fraction(5, 2)),
    ((2, 2, 0), Fraction(5, 2)),
    ((1, 1, 0), Fraction(3, 2)),
)


class Roll:
    """An outcome, and the 32-bit words that follow it: HMAC-SHA256(salt, "outcome:n"), its first four bytes."""

    def __init__(self, outcome: int, salt: str) -> None:
        self.outcome = outcome
        self._salt = salt.encode()
        self._n = 0

    def word(self) -> int:
        self._n += 1
        digest = hmac.new(self._salt, f"{self.outcome}:{self._n}".encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:4], "big")

    def below(self, n: int) -> int:
        """The incomplete last stretch of the 32 bits is passed over, so every number is as likely."""
        value = self.outcome
        while value >= SPACE - SPACE % n:
            value = self.word()
        return value % n


Ruled = tuple[Fraction, Json]  # how many times the stake is paid, and what is shown


def dice(roll: Roll, wish: Json) -> Ruled:
    won = roll.outcome < wish["range"] if wish["target"] == 0 else roll.outcome >= SPACE - wish["range"]
    return (RTP * SPACE / wish["range"] if won else Fraction()), {"result": roll.outcome}


def videopoker(roll: Roll, wish: Json) -> Ruled:
    number, cards, card = roll.below(comb(52, 5)), [], 52
    for left in range(5, 0, -1):
        card = max(c for c in range(card) if comb(c, left) <= number)
        number -= comb(card, left)
        cards.append(card)
    name = name_of(cards)
    written = "".join(f"{RANKS[card // 4]}{SUITS[card % 4]}" for card in cards)
    return Fraction(POKER.get(name, 0)), {"cards": written, "name": name}


def name_of(cards: Sequence[int]) -> str:
    ranks = [card // 4 for card in cards]
    counts = sorted(Counter(ranks).values(), reverse=True)
    if counts[0] == 1:
        flush = len({card % 4 for card in cards}) == 1
        straight = ranks[0] - ranks[4] == 4 or ranks == [12, 3, 2, 1, 0]
        if flush and straight:
            return "Royal Flush" if ranks[4] == RANKS.index("T") else "Straight Flush"
        return "Flush" if flush else "Straight" if straight else "High Card"
    if counts[0] == 2 and counts[1] == 1:
        pair = Counter(ranks).most_common(1)[0][0]
        return "Jacks or Better" if pair >= RANKS.index("J") else "Low Pair"
    if counts[0] == 2:
        return "Two Pair"
    if counts[0] == 3:
        return "Full House" if counts[1] == 2 else "Three of a Kind"
    return "Four of a Kind"


def shell(roll: Roll, wish: Json) -> Ruled:
    weights = [Fraction(str(weight)) for weight in wish["weights"]]
    pairs = list(zip(FIELDS, weights, strict=True))[1:]
    whole = sum((field * weight for field, weight in pairs), Fraction()) / RTP
    ways = [(field, int(SPACE * weight / whole)) for field, weight in reversed(pairs)]

    def drawn(value: int) -> int:
        for field, many in ways:
            if value < many:
                return field
            value -= many
        return 0

    won = drawn(roll.outcome)
    payouts = [won if place == wish["picked"] else drawn(roll.word()) for place in range(3)]
    return Fraction(won), {"payouts": payouts}


def slots(roll: Roll, wish: Json) -> Ruled:
    number = roll.below(len(STRIPS[0]) * len(STRIPS[1]) * len(STRIPS[2]))
    row: list[int] = []
    for strip in reversed(STRIPS):
        number, stop = divmod(number, len(strip))
        row.insert(0, strip[stop])
    for i, (symbols, pays) in enumerate(LINES, start=1):
        if all(symbol in (0, found) for symbol, found in zip(symbols, row, strict=True)):
            return pays, {"row": row, "result": i}
    return Fraction(), {"row": row, "result": 0}


RULES = {"dice": dice, "videopoker": videopoker, "shell": shell, "slots": slots}


# --- talking ----------------------------------------------------------------------------------------------------------
class Refused(Exception):
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body
        super().__init__(f"{status}: {body}")


class Api:
    """Both dialects. Numbers with a point become Decimals, so no amount passes through a float."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key

    def call(self, method: str, path: str, params: Json, *, bearer: bool) -> Any:
        """`bearer`: the key in the header, as `/api/1` has it; else as a parameter, as `/api/v1` has it."""
        params = params if bearer else {"api_key": self.key, **params}
        url, body, headers = self.url + path, None, {"Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {self.key}"
        if method == "GET":
            url += "?" + urllib.parse.urlencode(params)
        elif bearer:
            body = urllib.parse.urlencode(params).encode()
        else:
            body, headers["Content-Type"] = json.dumps(params).encode(), "application/json"
        while True:
            request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310 the given site
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 the given site
                    return json.load(answer, parse_float=Decimal)
            except urllib.error.HTTPError as error:
                found = json.load(error)
                if error.code != 429:  # too fast: nothing was done
                    raise Refused(error.code, found) from error
                time.sleep(float(error.headers.get("Retry-After", 1)))

    def old(self, method: str, path: str, **params: Any) -> Any:
        return self.call(method, f"/api/v1{path}", params, bearer=False)

    def new(self, method: str, path: str, **params: Any) -> Any:
        return self.call(method, f"/api/1{path}", params, bearer=True)

    def multi(self, actions: Sequence[Json]) -> list[Any]:
        found: list[Any] = self.new("POST", "/multi", actions=json.dumps(actions))
        return found


# --- the bot ----------------------------------------------------------------------------------------------------------
class Mismatch(Exception):
    """Something was not as it was promised."""


def must(right: Any, found: Any, what: str) -> None:
    if right != found:
        raise Mismatch(f"{what}: {found!r} was told, {right!r} is right")


class Bot:
    """Its books are its own: the balance at the start and what it has computed since."""

    def __init__(self, api: Api, wager: Decimal, seed: int | None = None) -> None:
        self.api, self.wager = api, wager
        self.random = random.Random(seed)  # noqa: S311 wishes and client seeds, nothing secret
        user = api.old("GET", "/user")
        self.balance = Decimal(user["balance"])
        self.unit = Decimal(1).scaleb(self.balance.as_tuple().exponent)  # type: ignore[arg-type]  # of a finite number
        self.hash: str = user["hash"]
        self.bets = 0
        most = {row["currency"]: row["maximum_win"] for row in api.new("GET", "/site/bankrolls")}
        self.most_win = Decimal(most[user["currency"]])

    def wish(self, game: str) -> Json:
        chosen: Json = {"clientseed": self.random.randrange(SPACE), "wager": float(self.wager)}
        if game == "dice":
            chosen |= {"range": self.random.randrange(SPACE // 100, SPACE), "target": self.random.randrange(2)}
        if game == "shell":
            weights = [0, *(self.random.randrange(5) for _ in range(5)), 0, 0, 0]
            chosen |= {"weights": weights if any(weights) else [0, 1] + [0] * 7, "picked": self.random.randrange(3)}
        return chosen

    # --- checking -----------------------------------------------------------------------------------------------------
    def check(self, game: str, wish: Json, told: Mapping[str, Any]) -> None:
        """A bet's answer against the promise, the rules and the books; what it promises is kept for the next."""
        commitment = hashlib.sha256(f"{told['secret']}|{told['salt']}".encode()).hexdigest()
        must(self.hash, commitment, "hash of secret and salt")
        must(32, len(told["salt"]), "length of the salt")
        outcome = (told["secret"] + wish["clientseed"]) % SPACE
        must(outcome, told["outcome"], "outcome")
        multiplier, shown = RULES[game](Roll(outcome, told["salt"]), wish)
        for name, right in shown.items():
            must(right, told[name], f"{game} {name}")
        profit = self.profit(game, multiplier)
        must(profit, Decimal(told["payout"]), "payout")
        self.balance += profit
        must(self.balance, Decimal(told["balance"]), "balance")
        self.hash = told["hash"]
        self.bets += 1

    def profit(self, game: str, multiplier: Fraction) -> Decimal:
        """What is paid is rounded down to the smallest unit; a dice bet wins no more than the house stands for."""
        exact = Fraction(self.wager) * multiplier / Fraction(self.unit)
        paid = (Decimal(exact.numerator // exact.denominator) * self.unit).quantize(self.unit, ROUND_FLOOR)
        won = paid - self.wager
        return min(won, self.most_win) if game == "dice" else won

    def check_user(self, told: Json) -> None:
        must(self.balance, Decimal(told["balance"]), "balance of /user")
        must(self.hash, told["hash"], "hash of /user")

    def check_details(self, game: str, wish: Json, promised: str, bet: Json, details: Json) -> None:
        for name in ("id", "outcome", "secret", "salt", "payout"):
            must(bet[name], details[name], f"{name} of the details")
        must(promised, details["hash"], "hash of the details")
        must(self.wager, Decimal(details["wager"]), "wager of the details")
        for name in ("range", "target", "picked"):
            must(wish.get(name), details.get(name), f"{name} of the details")
        if game == "shell":
            given = [Decimal(weight) for weight in details["weights"]]
            must([Decimal(weight) for weight in wish["weights"][1:]], given[1:], "weights of the details")

    # --- playing ------------------------------------------------------------------------------------------------------
    def play_old(self, game: str) -> None:
        promised, wish = self.hash, self.wish(game)
        bet = self.api.old("POST", f"/games/{game}/bet", **wish)
        self.check(game, wish, bet)
        details = self.api.old("GET", f"/games/{game}/bets/{bet['id']}")
        self.check_details(game, wish, promised, bet, details)
        self.check_user(self.api.old("GET", "/user"))

    def play_new(self, game: str) -> None:
        promised, wish = self.hash, self.wish(game)
        sent = {name: json.dumps(value) if isinstance(value, list) else value for name, value in wish.items()}
        bet = self.api.new("POST", f"/games/{game}/bet", **sent)
        self.check(game, wish, bet)
        details = self.api.new("GET", f"/games/{game}/bets/{bet['id']}")
        self.check_details(game, wish, promised, bet, details)
        self.check_user(self.api.new("GET", "/user"))

    def play_multi(self, games: Sequence[str]) -> None:
        """As many bets in one request, and the balance after them."""
        wishes = [(game, self.wish(game)) for game in games]
        actions = [{"action": f"/games/{game}/bet", **wish} for game, wish in wishes]
        *bets, user, listed = self.api.multi([*actions, {"action": "/user"}, {"action": "/games/bets"}])
        for (game, wish), bet in zip(wishes, bets, strict=True):
            if "error_code" in bet:
                raise Refused(bet["error_code"], bet)
            self.check(game, wish, bet)
        self.check_user(user)
        newest = [row["id"] for row in listed["bets"]][: len(bets)]
        must([bet["id"] for bet in reversed(bets)], newest, "the last bets")

    def renew(self) -> None:
        self.hash = self.api.old("POST", "/new_hash")["hash"]
        self.check_user(self.api.new("GET", "/user"))


def main() -> int:
    parser = argparse.ArgumentParser(description="Plays, and believes nothing.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--bets", type=int, default=5, help="of each game and in each way")
    parser.add_argument("--wager", type=Decimal, default=Decimal("1.25"), help="whole units of the player's currency")
    parser.add_argument("--seed", type=int, help="the same wishes again")
    given = parser.parse_args()
    bot = Bot(Api(given.url, os.environ["API_KEY"]), given.wager, given.seed)
    before = bot.balance
    try:
        for _ in range(given.bets):
            for game in RULES:
                bot.play_old(game)
                bot.play_new(game)
            bot.renew()
            bot.play_multi(list(RULES))
        bot.play_multi([game for game in RULES for _ in range(12)])
    except (Mismatch, Refused) as wrong:
        print(f"after {bot.bets} bets: {wrong}", file=sys.stderr)
        return 1
    print(f"{bot.bets} bets verified, balance {before} -> {bot.balance}, as in our books")
    return 0


if __name__ == "__main__":
    sys.exit(main())
