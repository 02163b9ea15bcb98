"""The page's state as a pure function of messages, in the awkward orders that real connections produce."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor

Message = dict[str, Any]
ROUND = "0198c1d2-3e4f-7a5b-8c6d-7e8f9a0b1c2d"
NEXT_ROUND = "0198c1d2-3e4f-7a5b-8c6d-7e8f9a0b1c2e"

REDUCE = """async (messages) => {
    const { initial, reduce, openBet, shownMultiplier } = await import("/static/games/crash/state.js");
    let state = initial();
    let at = 1000;
    for (const message of messages) {
        at = message.at ?? at;
        state = reduce(state, message, at);
    }
    return {
        phase: state.round.phase, round: state.round.id, balance: state.player?.balance,
        open: openBet(state, 1)?.betID ?? null,
        mine: [...state.mine.values()].map((bet) => [bet.betID, bet.status]),
        bets: [...state.bets.values()].map((bet) => [bet.betID, bet.multiplier ?? null]),
        shown: shownMultiplier(state.round, at), history: state.history.map((row) => row.multiplier),
    };
}"""


@pytest.fixture
def reduce(visit: Callable[..., Visitor]) -> Callable[..., dict[str, Any]]:
    page = visit().go("/rules/")
    return lambda *messages: page.evaluate(REDUCE, list(messages))


def wallet(state: str = "running", *, bets: tuple[str, ...] = (), balance: int = 1000, **fields: Any) -> Message:
    view = {"roundId": ROUND, "number": 7, "state": state, "timeLeftMs": 3000, "tickMs": 200, "hash": "h"}
    if state == "running":
        view |= {"elapsedMs": 2000, "tick": 10, "multiplier": 110}
    return {
        "messageType": "wallet",
        "username": "alice",
        "balance": balance,
        "denominator": 100,
        "currency": "BRL",
        "isDemo": True,
        "currentBets": [bet(name) for name in bets],
        "minBet": 1,
        "maxBet": 1000,
        "defaultBet": 10,
        "limitValues": {"MaxCrashPoint": 10_000},
        "round": view,
        **fields,
    }


def bet(name: str, identifier: int = 1) -> Message:
    shape = {"betID": name, "identifier": identifier, "amount": 500, "denominator": 100, "currency": "BRL"}
    return {**shape, "isDemo": True, "roundId": ROUND, "autoCashoutMultiplier": None}


def win(name: str, balance: int) -> Message:
    return {"messageType": "win", **bet(name), "balance": balance, "multiplier": 120, "winAmount": 600}


def crash(**fields: Any) -> Message:
    return {
        "messageType": "crash",
        "roundId": ROUND,
        "multiplier": 140,
        "provablyFair": {"currentResult": 140},
        **fields,
    }


def test_a_page_that_joins_in_the_middle_has_its_open_bet_and_the_running_multiplier(reduce: Any) -> None:
    state = reduce(wallet(bets=("B1",)))
    assert (state["phase"], state["open"], state["shown"]) == ("running", "B1", 110)


def test_a_page_that_joins_in_the_middle_has_everyones_bets_and_how_they_ended(reduce: Any) -> None:
    taken = {**bet("B2"), "username": "bob", "multiplier": 105, "winAmount": 525}
    joined = wallet()
    joined["bets"] = [bet("B1"), taken]
    assert reduce(joined)["bets"] == [["B1", None], ["B2", 105]]


def test_the_multiplier_stays_near_the_last_tick_heard_when_ticks_stop(reduce: Any) -> None:
    state = reduce(wallet(), {"messageType": "balance", "balance": 1, "isDemo": True, "at": 60_000})
    assert state["shown"] == 113  # three ticks on, not where the clock would be


def test_an_answer_that_is_older_than_the_end_of_a_bet_does_not_open_it_again(reduce: Any) -> None:
    state = reduce(wallet(bets=("B1",)), win("B1", 1600), wallet(bets=("B1",), balance=1600))
    assert state["open"] is None
    assert state["mine"] == [["B1", "cashed_out"]]


def test_a_win_that_is_told_after_the_crash_still_counts(reduce: Any) -> None:
    lost = reduce(wallet(bets=("B1",)), crash())
    assert lost["mine"] == [["B1", "lost"]]
    won = reduce(wallet(bets=("B1",)), crash(), win("B1", 1600))
    assert won["mine"] == [["B1", "cashed_out"]]
    assert won["balance"] == 1600


def test_an_interrupted_round_takes_no_bet_for_lost(reduce: Any) -> None:
    refund = {"messageType": "refund", **bet("B1"), "balance": 1500}
    state = reduce(wallet(bets=("B1",)), crash(interrupted=True), refund)
    assert state["mine"] == [["B1", "refunded"]]
    assert state["balance"] == 1500


def test_deltas_of_another_round_are_ignored_and_cancelled_bets_leave_the_table(reduce: Any) -> None:
    late = {"messageType": "bets", "roundId": NEXT_ROUND, "bets": [bet("B9")]}
    placed = {"messageType": "bets", "roundId": ROUND, "bets": [bet("B1"), bet("B2")]}
    cancelled = {"messageType": "bets", "roundId": ROUND, "bets": [{**bet("B2"), "cancelled": True}]}
    out = {
        "messageType": "cashouts",
        "roundId": ROUND,
        "cashouts": [{"betID": "B1", "multiplier": 111, "winAmount": 555}],
    }
    assert reduce(wallet(), late, placed, cancelled, out)["bets"] == [["B1", 111]]


def test_a_new_round_begins_with_an_empty_table_and_the_last_result_in_the_strip(reduce: Any) -> None:
    fair = {"messageType": "provablyFair", "roundId": NEXT_ROUND, "number": 8, "provablyFair": {"hash": "n"}}
    state = reduce(wallet(bets=("B1",), history=[{"roundId": "r", "multiplier": 222, "bonus": False}]), crash(), fair)
    assert (state["phase"], state["round"]) == ("waiting", NEXT_ROUND)
    assert state["mine"] == state["bets"] == []
    assert state["history"] == [140, 222]


def test_demo_and_real_balances_are_not_mixed(reduce: Any) -> None:
    state = reduce(wallet(), {"messageType": "balance", "balance": 99, "isDemo": False})
    assert state["balance"] == 1000
