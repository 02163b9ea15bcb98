"""What the browser computes of a bet is what the server does: the same rules twice, held against each other."""

import json
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from playwright.sync_api import Browser

from games.instant.fairness import SPACE, Roll, Secret
from games.instant.kinds import KINDS
from games.instant.rules import Odds, payout_minor
from games.instant.shell.rules import weight_of_nothing
from tests.browser.conftest import Visitor
from tests.servers import Site

RTP = Fraction(9_731, 10_000)  # no round number, so that nothing fits by chance
PLAY = """async ([slug, bets]) => {
    const { Roll, hashOf, outcomeOf } = await import("/static/games/instant/fairness.js");
    const rules = await import(`/static/games/instant/rules/${slug}.js`);
    return Promise.all(bets.map(async (bet) => {
        const outcome = outcomeOf(bet.secret, bet.seed);
        const { multiplier, shown } = await rules.play(new Roll(outcome, bet.salt), bet.choice, bet.rules);
        const times = `${multiplier.num}/${multiplier.den}`;
        return { hash: await hashOf(bet.secret, bet.salt), outcome, times, shown };
    }));
}"""
ODDS = """async ([slug, cases]) => {
    const { judge, mostStake } = await import("/static/games/instant/odds.js");
    const rules = await import(`/static/games/instant/rules/${slug}.js`);
    const text = ({ num, den }) => `${num}/${den}`;
    return cases.map(({ choice, terms, stake, mostWin, isCapped }) => {
        const odds = rules.odds(choice, terms);
        const found = judge(odds, stake, mostWin, isCapped);
        return {
            rtp: text(found.rtp), here: text(found.rtpHere), top: text(found.top), largest: String(found.largest),
            ways: odds.prizes.map(({ ways }) => String(ways)), most: String(mostStake(odds, mostWin)),
        };
    });
}"""


@pytest.fixture(scope="module")
def sheet(chromium: Browser, table: Site) -> Iterator[Any]:
    """One for all: these tests only compute."""
    visitor = Visitor(chromium.new_context(), table.url)
    yield visitor.go("/rules/")
    visitor.context.close()
    assert visitor.problems == []


def said(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def shape(odds: Odds) -> dict[str, Any]:
    return {
        "outcomes": odds.outcomes,
        "prizes": [
            {"name": p.name, "ways": p.ways, "pays": {"num": p.multiplier.numerator, "den": p.multiplier.denominator}}
            for p in odds.prizes
        ],
    }


def terms(slug: str) -> dict[str, Any]:
    rules = KINDS[slug]
    odds = None if rules.fields else shape(rules.odds({}, rules.default_table, RTP))
    return {"rtp": {"num": RTP.numerator, "den": RTP.denominator}, "table": dict(rules.default_table), "odds": odds}


def bets(slug: str) -> list[dict[str, Any]]:
    """Every kind of choice with outcomes from all over, the borders and those that are passed over among them."""
    draw = random.Random(f"vectors of {slug}")
    edges = [0, 1, 999, 2_598_959, 2_598_960, SPACE - 1_485_376 - 1, SPACE - 1_485_376, SPACE - 2, SPACE - 1]
    found = []
    for choice in KINDS[slug].examples():
        for outcome in [*edges, *(draw.randrange(SPACE) for _ in range(400 // len(KINDS[slug].examples())))]:
            seed = draw.randrange(SPACE)
            salt = f"{draw.getrandbits(128):032x}"
            secret = (outcome - seed) % SPACE
            found.append({"secret": secret, "seed": seed, "salt": salt, "choice": dict(choice), "rules": terms(slug)})
    if slug == "dice":
        for border in (choice["range"] for choice in KINDS[slug].examples()):
            for outcome in (border - 1, border, SPACE - border - 1, SPACE - border):
                for target in (0, 1):
                    bet = {"secret": outcome % SPACE, "seed": 0, "salt": "0" * 32, "rules": terms(slug)}
                    found.append({**bet, "choice": {"range": border, "target": target}})
    return found


@pytest.mark.parametrize("slug", KINDS)
def test_the_browser_makes_of_every_outcome_what_the_server_does(slug: str, sheet: Any) -> None:
    played = bets(slug)
    rules = KINDS[slug]
    expected = []
    for bet in played:
        secret = Secret(bet["secret"], bet["salt"])
        outcome = (bet["secret"] + bet["seed"]) % SPACE
        done = rules.play(Roll(outcome, bet["salt"]), bet["choice"], rules.default_table, RTP)
        expected.append({"hash": secret.hash, "outcome": outcome, "times": said(done.multiplier), "shown": done.shown})
    assert sheet.evaluate(PLAY, [slug, played]) == json.loads(json.dumps(expected))


@pytest.mark.parametrize("slug", KINDS)
def test_the_odds_beside_the_button_are_the_servers(slug: str, sheet: Any) -> None:
    rules = KINDS[slug]
    cases, expected = [], []
    for choice in rules.examples():
        odds = rules.odds(choice, rules.default_table, RTP)
        for stake, most_win in ((1, 10**10), (137, 10**10), (500_000, 10**10), (500_00, 1_000_00)):
            case = {"choice": dict(choice), "terms": terms(slug), "stake": stake, "mostWin": most_win}
            cases.append({**case, "isCapped": rules.is_capped})
            most = stake + most_win if rules.is_capped else None
            largest = max(payout_minor(stake, prize.multiplier, most) for prize in odds.prizes if prize.ways)
            bearable = int(most_win / (odds.top - 1)) if odds.top > 1 else None
            expected.append(
                {
                    "rtp": said(odds.rtp),
                    "here": said(odds.rtp_at(stake, most)),
                    "top": said(odds.top),
                    "largest": str(largest),
                    "ways": [str(prize.ways) for prize in odds.prizes],
                    "most": "null" if bearable is None else str(bearable),
                }
            )
    assert sheet.evaluate(ODDS, [slug, cases]) == expected


def test_the_weight_that_the_house_fills_in_is_the_servers(sheet: Any) -> None:
    shell = KINDS["shell"]
    call = """async ([all, rtp]) => {
        const { weightOfNothing } = await import("/static/games/instant/rules/shell.js");
        return all.map((weights) => { const { num, den } = weightOfNothing(weights, rtp); return `${num}/${den}`; });
    }"""
    all_weights = [choice["weights"] for choice in shell.examples()]
    shown = sheet.evaluate(call, [all_weights, {"num": RTP.numerator, "den": RTP.denominator}])
    assert shown == [said(weight_of_nothing(tuple(weights), RTP)) for weights in all_weights]
    # The example of the contract: [_, 1, 1, 1, 1, 0, 0, 0, 0] at 0.99 gives 16.202.
    (example,) = sheet.evaluate(call, [[["0", "1", "1", "1", "1", "0", "0", "0", "0"]], {"num": 99, "den": 100}])
    assert example == "1604/99"


# --- auto-play's arithmetic -------------------------------------------------------------------------------------------
AUTOPLAY = """async ([plan, payouts, limits]) => {
    const { begin, settle } = await import("/static/games/instant/autoplay.js");
    let run = begin(plan);
    const stakes = [];
    for (const percent of payouts) {
        if (run.over) break;
        stakes.push(run.stake);
        run = settle(run, { stake: run.stake, payout: Math.floor(run.stake * percent / 100) }, limits);
    }
    return { stakes, over: run.over, net: run.net };
}"""
LIMITS = {"minimum": 100, "maximum": 2_000}
PLAN = {
    "stake": 500,
    "bets": 100,
    "onWin": "keep",
    "onLoss": "keep",
    "stopProfit": None,
    "stopLoss": None,
    "stopWin": None,
}


@pytest.mark.parametrize(
    ("changes", "payouts", "stakes", "over", "net"),
    [
        ({"bets": 2}, [0, 0, 0], [500, 500], "bets", -1000),
        ({"onLoss": 100}, [0, 0, 0, 0], [500, 1000, 2000, 2000], None, -5500),
        ({"onLoss": 100, "onWin": "reset"}, [0, 200, 0], [500, 1000, 500], None, 0),
        ({"onWin": -50}, [200, 200, 200, 200], [500, 250, 125, 100], None, 975),
        ({"onWin": 100, "onLoss": 100}, [100, 100], [500, 500], None, 0),
        ({"stopProfit": 500}, [200, 200], [500], "profit", 500),
        ({"stopLoss": 1000}, [0, 0, 0], [500, 500], "loss", -1000),
        ({"stopLoss": 1200, "onLoss": 100}, [0, 0], [500], "loss", -500),
        ({"stopWin": 500}, [200, 201], [500, 500], "win", 1005),
        ({"onLoss": 33}, [99, 0], [500, 665], None, -670),
    ],
)
def test_auto_play_changes_stakes_and_stops_as_it_was_told(
    sheet: Any, changes: dict[str, Any], payouts: list[int], stakes: list[int], over: str | None, net: int
) -> None:
    run = sheet.evaluate(AUTOPLAY, [{**PLAN, **changes}, payouts, LIMITS])
    assert run == {"stakes": stakes, "over": over, "net": net}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"bets": 0}, "bets"),
        ({"bets": 10_001}, "bets"),
        ({"onWin": -100}, "onWin"),
        ({"onLoss": 1_001}, "onLoss"),
        ({"stopProfit": 0}, "stopProfit"),
        ({"stopLoss": 499}, "stopLoss"),
        ({"stopWin": 0}, "stopWin"),
    ],
)
def test_a_plan_without_sense_is_refused_at_its_field(sheet: Any, changes: dict[str, Any], field: str) -> None:
    call = "async (plan) => (await import('/static/games/instant/autoplay.js')).problem(plan)"
    assert sheet.evaluate(call, {**PLAN, **changes})[0] == field
    assert sheet.evaluate(call, PLAN) is None
