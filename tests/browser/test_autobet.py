"""Auto bet: its arithmetic as a pure function, and a run at the table that is plainly shown and stops at one tap."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor

Visit = Callable[..., Visitor]
LIMITS = {"minBet": 100, "maxBet": 2000}
PLAY = """async ([plan, rounds, limits]) => {
    const { begin, settle } = await import("/static/games/crash/autobet.js");
    let run = begin(plan);
    const stakes = [];
    for (const multiplier of rounds) {
        if (run.over) break;
        stakes.push(run.stake);
        run = settle(run, { staked: run.stake, paid: run.stake * multiplier / 100 }, limits);
    }
    return { stakes, over: run.over, net: run.net, next: run.stake };
}"""
LOSS, WIN = 0, 200


def plan(**changes: Any) -> dict[str, Any]:
    usual = {"stake": 500, "rounds": None, "onWin": "keep", "onLoss": "keep", "stopProfit": None, "stopLoss": None}
    return {**usual, **changes}


@pytest.fixture
def play(visit: Visit) -> Callable[..., dict[str, Any]]:
    page = visit().go("/rules/")
    return lambda chosen, *rounds: page.evaluate(PLAY, [chosen, list(rounds), LIMITS])


@pytest.fixture
def module(visit: Visit) -> Callable[..., Any]:
    page = visit().go("/rules/")
    call = "async ([name, given]) => (await import('/static/games/crash/autobet.js'))[name](...given)"
    return lambda name, *given: page.evaluate(call, [name, list(given)])


def test_a_kept_stake_is_the_same_in_every_round_and_the_rounds_are_counted(play: Any) -> None:
    assert play(plan(rounds=3), LOSS, WIN, LOSS, WIN) == {
        "stakes": [500, 500, 500],
        "over": "rounds",
        "net": -500,
        "next": 500,
    }


def test_without_a_number_of_rounds_it_goes_on(play: Any) -> None:
    assert play(plan(), *([LOSS] * 50))["over"] is None


def test_a_factor_after_a_loss_stops_growing_at_the_largest_stake_and_a_win_brings_the_first_one_back(
    play: Any,
) -> None:
    run = play(plan(onLoss=200, onWin="reset"), LOSS, LOSS, LOSS, LOSS, WIN, WIN)
    assert run["stakes"] == [500, 1000, 2000, 2000, 2000, 500]


def test_a_factor_below_one_stops_at_the_smallest_stake_and_parts_of_a_cent_are_dropped(play: Any) -> None:
    run = play(plan(stake=333, onWin=50), WIN, WIN, WIN)
    assert run["stakes"] == [333, 166, 100]


def test_it_stops_when_the_profit_is_reached(play: Any) -> None:
    run = play(plan(stopProfit=1000), WIN, WIN, WIN)
    assert (len(run["stakes"]), run["over"], run["net"]) == (2, "profit", 1000)


def test_it_stops_before_a_stake_that_could_lose_more_than_was_allowed(play: Any) -> None:
    run = play(plan(onLoss=200, stopLoss=2000), LOSS, LOSS, LOSS)
    assert run["stakes"] == [500, 1000]  # 2000 more would make 3500
    assert (run["over"], run["net"]) == ("loss", -1500)


def test_a_loss_that_is_exactly_allowed_is_played(play: Any) -> None:
    run = play(plan(stopLoss=1000), LOSS, LOSS, LOSS)
    assert (len(run["stakes"]), run["over"]) == (2, "loss")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rounds": 0}, "rounds"),
        ({"rounds": 10_001}, "rounds"),
        ({"onWin": 0}, "onWin"),
        ({"onLoss": 10_001}, "onLoss"),
        ({"stopProfit": 0}, "stopProfit"),
        ({"stopLoss": 499}, "stopLoss"),
        ({"stake": 99}, "stake"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_at_its_field(module: Any, changes: dict[str, Any], field: str) -> None:
    assert module("problem", plan(**changes), LIMITS)[0] == field


def test_no_stake_is_placed_beyond_the_balance_or_while_nobody_looks(module: Any) -> None:
    run = module("begin", plan())
    assert module("hindrance", run, {"balance": 500, "hiddenMs": 120_000}) is None
    assert module("hindrance", run, {"balance": 499, "hiddenMs": 0}) == "balance"
    assert module("hindrance", run, {"balance": 500, "hiddenMs": 120_001}) == "hidden"


# --- at the table -----------------------------------------------------------------------------------------------------
def start(visitor: Visitor, *, auto: str = "1.10", **fields: str) -> None:
    """Set auto cash-out and the dialog's fields of the first panel, and start."""
    page = visitor.page
    visitor.live()
    visitor.button("bet")
    page.locator("[data-panel='1'] [data-panel-part=auto-on]").check()
    page.fill("[data-panel='1'] [data-panel-part=auto]", auto)
    page.click("[data-panel='1'] [data-autobet=open]")
    for name, value in fields.items():
        page.fill(f"[data-panel='1'] dialog [name={name}]", value)
    page.click("[data-panel='1'] dialog [type=submit]")


def test_two_rounds_are_played_and_it_ends_by_itself_with_the_sum(visit: Visit) -> None:
    alice = visit(width=360, height=780)
    alice.sign_up("alice")
    start(alice, rounds="2")
    line = alice.page.locator("[data-panel='1'] [data-autobet=line]")
    line.filter(has_text="round 1 of 2").wait_for()
    assert alice.page.is_disabled("#stake-1")
    line.filter(has_text="round 2 of 2, +0.50 BRL").wait_for()
    assert "All rounds are played. Won 1.00 BRL." in alice.note("Auto bet is off")
    alice.until_balance(1_000_00 + 1_00)
    assert line.is_hidden()
    alice.button("bet").click()  # the panel is the player's again
    alice.button("placed")


def test_one_tap_stops_it_and_leaves_the_open_bet_to_the_player(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    start(alice, auto="50.00")
    alice.button("cash-out")
    alice.page.click("[data-panel='1'] [data-autobet=open]")
    assert "You stopped it" in alice.note("Auto bet is off")
    alice.button("cash-out").click()
    alice.note("Cashed out")


def test_it_is_off_once_the_connection_is_lost(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    start(alice)
    alice.page.wait_for_selector("[data-panel='1'] [data-autobet=line]:not([hidden])")
    alice.context.set_offline(True)
    alice.note("Auto bet is off. The connection was lost.")
    alice.context.set_offline(False)
    alice.live()
    assert alice.page.is_hidden("[data-panel='1'] [data-autobet=line]")
    alice.problems.clear()  # the browser itself reports the failed connection


def test_taking_a_bet_back_ends_it(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    start(alice)
    alice.button("placed").click()
    alice.note("Auto bet is off. You took the bet back.")
    alice.until_balance(1_000_00)


def test_a_plan_without_sense_is_explained_in_the_dialog(visit: Visit) -> None:
    alice = visit()
    alice.sign_up("alice")
    start(alice, stopLoss="0.01")
    alice.page.locator("[data-panel='1'] [data-autobet=error]").filter(has_text="at least one stake").wait_for()
    assert alice.page.evaluate("document.activeElement.name") == "stopLoss"
    alice.page.keyboard.press("Escape")
    assert alice.page.is_hidden("[data-panel='1'] [data-autobet=line]")
