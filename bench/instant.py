"""
(f) Instant bets per second, and (g) what a run of fifty bets by one player takes beside a single one, also over HTTP.

Baseline: a transaction per bet with the ORM, as the tutorial writes it: the account is locked and charged, the secret
opened and decided by the same rules, the account paid, the next secret sealed; the same rows in the same tables.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.bets import run_threads, timed
from bench.table import Row
from bench.world import database, in_process, now, postgres_answers, seat_players

BATCHES = (1, 10, 50, 200)
CALLERS = 50  # threads that each wait for their own bet
RUN = 50  # bets of one player in one call
STAKE = 1_00
WANTED, WANTED_SLOWER = 10.0, 5.0
WISHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dice", {"range": 2**31, "target": 0}),
    ("videopoker", {}),
    ("shell", {"weights": [0, 1, 1, 1, 1, 0, 0, 0, 0], "picked": 1}),
    ("slots", {}),
)
Player = tuple[int, str, int]


def chosen() -> list[tuple[str, Any]]:
    from games.instant.intake import choice_of

    return [(game, choice_of(game, wish)[0]) for game, wish in WISHES]


def wishes(players: Sequence[Player]) -> Iterator[Any]:
    """A bet for each of these players, the four games in turn."""
    from games.instant.operations import PlayRequest

    games = chosen()
    for i, (player_id, _, account_id) in enumerate(players):
        game, choice = games[i % len(games)]
        yield PlayRequest(game, player_id, account_id, "BRL", False, STAKE, choice)


def orm_bet(player: Player, game: Any, choice: Any, house_id: int) -> Any:
    """Lock, check, decide, save, create, create, create. `game` is the version in force, read beforehand."""
    from django.db import transaction

    from casino.lib.ids import uuid7
    from games.instant.fairness import Roll, new_secret, outcome_of, random_client_seed
    from games.instant.models import Commitment, InstantBet
    from games.instant.rules import payout_minor
    from games.instant.sealed import opened, seal
    from wallet.models import Account

    player_id, _, account_id = player
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        assert account.posted_minor is not None
        assert account.posted_minor >= STAKE
        commitment = Commitment.objects.get(pk=account_id)
        secret, seed, key, at = opened(commitment.sealed), random_client_seed(), uuid7(), now()
        outcome = outcome_of(secret.number, seed)
        played = game.rules.play(Roll(outcome, secret.salt), choice, game.table, game.rtp)
        payout = payout_minor(STAKE, played.multiplier)
        before = account.posted_minor
        orm_transfer(f"stake:{key}", "stake", account_id, house_id, STAKE, key, at, debit=before - STAKE)
        if payout:
            after = before - STAKE + payout
            orm_transfer(f"payout:{key}", "payout", house_id, account_id, payout, key, at, credit=after)
        account.posted_minor = before - STAKE + payout
        account.save(update_fields=["posted_minor"])
        following = new_secret()
        commitment.sealed, commitment.hash, commitment.made_at = seal(following), following.hash, at
        commitment.save()
        return InstantBet.objects.create(
            key=key,
            game_id=game.rules.slug,
            config_id=game.config_id,
            player_id=player_id,
            account_id=account_id,
            currency_id="BRL",
            is_demo=False,
            stake_minor=STAKE,
            payout_minor=payout,
            balance_before_minor=before,
            balance_after_minor=account.posted_minor,
            hash=secret.hash,
            secret=secret.number,
            salt=secret.salt,
            client_seed=seed,
            outcome=outcome,
            choice_json=json.dumps(choice),
            shown_json=json.dumps(played.shown),
            played_at=at,
        )


def orm_transfer(
    name: str, code: str, debit_id: int, credit_id: int, amount: int, key: Any, at: Any, **after: int
) -> None:
    from wallet.models import Transfer

    Transfer.objects.create(
        id=name,
        book="BRL",
        kind="posted",
        code=code,
        debit_account_id=debit_id,
        credit_account_id=credit_id,
        amount_minor=amount,
        reference=str(key),
        debit_balance_minor=after.get("debit"),
        credit_balance_minor=after.get("credit"),
        created_at=at,
    )


def measure_orm(players: Sequence[Player], threads: int, count: int) -> float:
    from django.db import connection

    from games.instant.queries import in_force
    from wallet.chart import House
    from wallet.queries import house_accounts

    games = {slug: game for slug, (game, _) in in_force([slug for slug, _ in WISHES]).items()}
    house_id = house_accounts(House.INSTANT, ["BRL"])["BRL"]
    share, choices = count // threads, chosen()

    def work(part: int) -> None:
        for i in range(share):
            game, choice = choices[i % len(choices)]
            orm_bet(players[part * share + i], games[game], choice, house_id)
        connection.close()

    return share * threads / timed(lambda: run_threads(work, threads))


def measure_batches(players: Sequence[Player], size: int, count: int) -> float:
    """`play` in batches of that many players."""
    from games.instant.operations import play

    requests = list(wishes(players[:count]))

    def work() -> None:
        for start in range(0, count, size):
            accepted(play(requests[start : start + size], now=now()), min(size, count - start))

    return count / timed(work)


def measure_callers(players: Sequence[Player], count: int) -> float:
    """Threads that each hand in one bet at a time, as those of a server do; what has come together is one batch."""
    from django.db import connection

    from games.instant.intake import Desk

    desk, share = Desk(), count // CALLERS
    requests = list(wishes(players[: share * CALLERS]))

    def work(part: int) -> None:
        for i in range(share):
            desk.submit_one(requests[part * share + i])
        connection.close()

    return share * CALLERS / timed(lambda: run_threads(work, CALLERS))


def measure_run(player: Player, repeats: int) -> tuple[float, float]:
    """Median seconds of a single bet, and of fifty in one call, in turns."""
    from games.instant.intake import Desk

    desk, one, many = Desk(), [], []
    for _ in range(repeats):
        request = next(wishes([player]))
        one.append(timed(lambda request=request: desk.submit_one(request)))  # type: ignore[misc]
        run = list(wishes([player] * RUN))
        many.append(timed(lambda run=run: accepted(desk.submit(run), RUN)))  # type: ignore[misc]
    return statistics.median(one), statistics.median(many)


def measure_http(player: Player, repeats: int) -> tuple[float, float]:
    """The same through `/api/1` of the WSGI server, with the player's own key: a bet, and a multi of fifty."""
    import httpx

    from accounts import operations as accounts
    from accounts.models import User
    from bench.rest import serving

    headers = {"Authorization": f"Bearer {accounts.issue_player_key(User.objects.get(pk=player[0]), now=now())}"}
    single = [(game, {**wish, "wager": 1, "clientseed": -1}) for game, wish in WISHES]
    bets = [{"action": f"/games/{game}/bet", **wish} for game, wish in single]
    actions = {"actions": (bets * RUN)[:RUN]}
    one, many = [], []
    with serving("ours") as port, httpx.Client(base_url=f"http://127.0.0.1:{port}/api/1", headers=headers) as http:
        for i in range(repeats + 5):  # the first few are for imports and connections
            game, body = single[i % len(single)]
            started = time.perf_counter()
            answer = http.post(f"/games/{game}/bet", json=body)
            between = time.perf_counter()
            answers = http.post("/multi", json=actions)
            ended = time.perf_counter()
            answer.raise_for_status()
            assert not [one for one in answers.raise_for_status().json() if "error_code" in one]
            if i >= 5:
                one.append(between - started)
                many.append(ended - between)
    return statistics.median(one), statistics.median(many)


def accepted(answers: Sequence[Any], expected: int) -> None:
    from games.instant.operations import PlayedBet

    played = [answer for answer in answers if isinstance(answer, PlayedBet)]
    assert len(played) == len(answers) == expected, [a for a in answers if not isinstance(a, PlayedBet)][:3]


def measure(quick: bool) -> dict[str, Any]:
    """Everything on the database of this process."""
    import django

    django.setup()
    from casino.ops.process import quiet_gc
    from games.instant.operations import ensure_games, play

    scale = 10 if quick else 1
    ensure_games(now=now())
    players = seat_players(10_000 // scale)
    for start in range(0, len(players), 500):
        play(list(wishes(players[start : start + 500])), now=now())  # everybody has a next secret, as they would
    quiet_gc()  # as the serving processes do
    random.Random(1).shuffle(players)  # accounts are not met in the order in which they lie
    result: dict[str, Any] = {"orm": {}, "batch": {}}
    for threads in (1, 8):
        result["orm"][threads] = measure_orm(players, threads, 1_600 // scale)
    for size in BATCHES:
        result["batch"][size] = measure_batches(players, size, {1: 500, 10: 3_000}.get(size, 10_000) // scale)
    result["callers"] = measure_callers(players, 10_000 // scale)
    result["one"], result["run"] = measure_run(players[0], 40 // scale or 4)
    result["http one"], result["http run"] = measure_http(players[0], 40 // scale or 4)
    return result


def run(quick: bool = False) -> list[Row]:
    if not postgres_answers():
        return []
    with database("postgresql") as url:
        result = json.loads(in_process("bench.instant", url, *(["--quick"] if quick else [])))
    return _rows(result)


def _rows(result: dict[str, Any]) -> list[Row]:
    best = max(result["orm"].values())
    baseline = "ORM, a transaction per instant bet"

    def rated(name: str, rate: float, *, wanted: bool) -> Row:
        ratio = rate / best
        target = f">= {WANTED:g}x" if wanted else None
        return Row(name, rate, "bets/s", ratio, baseline, target, ratio >= WANTED if wanted else None)

    def slower(name: str, run: float, one: float) -> Row:
        target = f"< {WANTED_SLOWER:g}x"
        return Row(name, run * 1000, "ms", run / one, "a single one", target, run / one < WANTED_SLOWER)

    return [
        *(
            Row(f"{baseline}, {threads} thread{'s' if threads != '1' else ''}", rate, "bets/s")
            for threads, rate in result["orm"].items()
        ),
        *(
            rated(f"instant bets, batches of {size}", rate, wanted=int(size) == max(BATCHES))
            for size, rate in result["batch"].items()
        ),
        rated(f"instant bets, {CALLERS} threads with one bet each at a time", result["callers"], wanted=False),
        rated(f"instant bets, runs of {RUN} by one player", RUN / result["run"], wanted=False),
        Row("a single instant bet through the desk", result["one"] * 1000, "ms"),
        slower(f"{RUN} instant bets of one player in one call", result["run"], result["one"]),
        Row("POST /api/1/games/…/bet", result["http one"] * 1000, "ms"),
        slower(f"POST /api/1/multi with {RUN} bets", result["http run"], result["http one"]),
    ]


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
