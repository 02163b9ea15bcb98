"""The instant games in a real browser: played, stopped, checked, and never twice for one press."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor, minor
from tests.servers import Site

Visit = Callable[..., Visitor]
GAMES = ["dice", "videopoker", "shell", "slots"]


class Game:
    """A visitor's page of one game, with animations as short as they get."""

    def __init__(self, visitor: Visitor, slug: str) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.page.emulate_media(reduced_motion="reduce")
        self.sent: list[dict[str, Any]] = []
        self.page.on(
            "request", lambda request: request.url.endswith("/bet") and self.sent.append(request.post_data_json)
        )
        visitor.sign_up("alice", then=f"/games/{slug}/")
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("[data-bet=action][data-mode=bet]:enabled")

    def note(self, text: str = "") -> str:
        line = self.page.locator("[data-bet=note]").filter(has_text=text)
        line.wait_for()
        return line.inner_text()

    def play(self) -> str:
        """One bet; what the line below the button then says."""
        with self.page.expect_response("**/bet"):
            self.page.click("[data-bet=action]")
        self.ready()
        return self.note()

    def points(self) -> int:
        return self.page.locator(".scene .point").count()

    def verified(self) -> str:
        """Open the newest bet's check; its verdict."""
        self.page.locator(".scene .point").first.click()
        badge = self.page.locator("#bet-dialog [data-verdict]")
        badge.wait_for()
        assert self.page.locator("#bet-dialog .check[data-state=good]").count() == 4
        return badge.inner_text()


@pytest.mark.parametrize("slug", GAMES)
def test_a_game_is_played_and_its_bet_verified_in_the_browser(slug: str, visit: Visit) -> None:
    game = Game(visit(), slug)
    said = game.play()
    assert said.startswith(("Won ", "Lost 5.00", "Got "))
    assert game.points() == 1
    assert game.verified() == "✓ verified"


@pytest.mark.parametrize("slug", GAMES)
def test_a_phone_shows_all_of_it_without_scrolling_sideways(slug: str, visit: Visit) -> None:
    game = Game(visit(width=360, height=780), slug)
    game.play()
    for tab in ("odds", "mine", "api", "fairness"):
        game.page.click(f"#t-{tab}")
        wide = game.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, tab
    assert game.page.locator("#tab-fairness").is_visible()


def test_two_presses_in_one_breath_play_once(visit: Visit) -> None:
    game = Game(visit(), "dice")
    with game.page.expect_response("**/bet"):
        game.page.evaluate("() => { const b = document.querySelector('[data-bet=action]'); b.click(); b.click(); }")
    game.ready()
    assert len(game.sent) == 1
    assert game.points() == 1


def test_a_list_of_bets_that_was_read_before_a_bet_does_not_take_it_off_the_page(visit: Visit) -> None:
    game = Game(visit(), "dice")
    late: list[tuple[Any, Any]] = []
    game.page.route("**/history.json*", lambda route: late.append((route, route.fetch())), times=1)
    game.page.reload()
    while not late:
        game.page.wait_for_timeout(20)
    game.ready()
    game.play()
    assert game.points() == 1
    with game.page.expect_response("**/history.json*"):
        late[0][0].fulfill(response=late[0][1])
    game.play()
    assert game.points() == 2


def test_the_balance_follows_what_was_paid_and_the_next_bet_has_the_next_hash(visit: Visit) -> None:
    game = Game(visit(), "dice")
    before = minor(game.page.inner_text("[data-part=balance]"))
    first, second = game.play(), game.play()
    paid = sum(9_90 for said in (first, second) if said.startswith("Won"))
    assert minor(game.page.inner_text("[data-part=balance]")) == before - 10_00 + paid
    assert game.sent[0]["hash"] != game.sent[1]["hash"]
    assert game.sent[0]["clientseed"] != game.sent[1]["clientseed"]


def test_an_own_client_seed_is_used_and_a_wrong_one_is_explained_at_its_field(visit: Visit) -> None:
    game = Game(visit(), "slots")
    game.page.click(".next-bet summary")
    game.page.click("[data-bet=own-seed]")
    game.page.fill("[data-bet=seed]", "4294967296")
    game.page.click("[data-bet=action]")
    assert "whole number from 0 to 4,294,967,295" in game.note("client seed")
    assert game.page.get_attribute("[data-bet=seed]", "aria-invalid") == "true"
    assert game.sent == []
    game.page.fill("[data-bet=seed]", "123456789")
    game.play()
    assert game.sent[0]["clientseed"] == 123456789


def test_a_bet_whose_answer_is_lost_is_found_again_and_not_played_twice(visit: Visit) -> None:
    game = Game(visit(), "dice")

    def swallow(route: Any) -> None:
        route.fetch()  # it reaches the server; its answer does not come back
        route.abort()

    game.page.route("**/bet", swallow, times=1)
    game.page.click("[data-bet=action]")
    game.ready()
    assert game.note().startswith(("Won", "Lost"))
    assert game.points() == 1
    assert game.verified() == "✓ verified"
    game.visitor.problems.clear()  # the browser itself reports the failed request


def test_a_bet_that_never_arrived_took_nothing(visit: Visit) -> None:
    game = Game(visit(), "dice")
    before = game.page.inner_text("[data-part=balance]")
    game.page.route("**/bet", lambda route: route.abort(), times=1)
    game.page.click("[data-bet=action]")
    assert "nothing was taken" in game.note("The answer was lost")
    assert game.page.inner_text("[data-part=balance]") == before
    assert game.points() == 0
    game.visitor.problems.clear()


def test_a_refusal_is_told_in_its_own_words(visit: Visit) -> None:
    game = Game(visit(), "dice")
    game.page.fill("#stake", "0.50")
    game.page.click("[data-bet=action]")
    assert game.note("smallest") == "The smallest stake is 1.00 BRL."
    assert game.page.get_attribute("#stake", "aria-invalid") == "true"
    game.page.fill("#stake", "1200")
    game.page.click("[data-bet=action]")
    assert game.note("balance") == "The stake is more than your balance."
    assert game.sent == []


def test_another_tab_may_take_the_hash_and_nothing_is_played_unseen(visit: Visit) -> None:
    game = Game(visit(), "dice")
    other = game.visitor.context.new_page()
    other.emulate_media(reduced_motion="reduce")
    other.goto(game.page.url)
    other.wait_for_selector("[data-bet=action][data-mode=bet]:enabled")
    with other.expect_response("**/bet"):
        other.click("[data-bet=action]")
    game.page.click("[data-bet=action]")
    game.note("Another of your bets has used this hash")
    game.page.locator(".scene .point").wait_for()
    game.play()
    assert game.points() == 2
    game.visitor.problems.clear()  # the browser itself reports the 409


def test_a_bet_at_odds_that_are_gone_is_not_played_and_the_new_ones_are_shown(visit: Visit, table: Site) -> None:
    game = Game(visit(), "slots")
    before = game.page.inner_text("[data-part=balance]")
    change = (
        "from accounts.models import User; from casino.lib.clock import system_clock;"
        "from games.instant.models import InstantGame; from games.instant.operations import change_config;"
        "change_config(InstantGame.objects.get(pk='slots'), author=User.objects.get(username='admin'),"
        " now=system_clock.now(), note='the same again')"
    )
    table.manage("shell", "--no-imports", "-c", change)
    with game.page.expect_response("**/seat"):
        game.page.click("[data-bet=action]")
    assert "Nothing was played" in game.note("The rules of this game have just changed")
    assert game.page.inner_text("[data-part=balance]") == before
    game.play()
    assert game.sent[1]["version"] == game.sent[0]["version"] + 1
    assert game.points() == 1
    game.visitor.problems.clear()  # the browser itself reports the 409


# --- the bet's odds ---------------------------------------------------------------------------------------------------
def fact(game: Game, name: str) -> str:
    return game.page.locator(".bet-facts div").filter(has_text=name).locator("dd").inner_text()


def test_chance_and_payout_of_dice_follow_each_other(visit: Visit) -> None:
    game = Game(visit(), "dice")
    game.page.fill("[data-dice=chance]", "10")
    game.page.keyboard.press("Enter")
    assert game.page.input_value("[data-dice=pays]") == "9.9"
    assert (fact(game, "Any win"), fact(game, "Return")) == ("10 %", "98.9999 %")  # a tenth of 2^32, cut off
    game.page.fill("[data-dice=pays]", "2")
    game.page.keyboard.press("Tab")
    assert game.page.input_value("[data-dice=chance]") == "49.5"
    game.page.click("[data-dice=high]")
    game.play()
    assert game.sent[0]["range"] == 2126008811
    assert game.sent[0]["target"] == 1


def test_a_win_that_the_house_holds_back_is_said_with_the_return_that_is_left(visit: Visit) -> None:
    game = Game(visit(), "dice")
    game.page.fill("#stake", "1000")
    game.page.fill("[data-dice=chance]", "0.00000003")
    game.page.keyboard.press("Tab")
    warning = game.page.locator("[data-bet=warning]")
    warning.wait_for()
    assert "and not 99 %" in warning.inner_text()


def test_weights_show_the_houses_own_at_once_and_nonsense_is_explained(visit: Visit) -> None:
    game = Game(visit(), "shell")
    assert game.page.locator("[data-shell=weights] output").inner_text() == "16.202"
    game.page.fill("[aria-label='Weight of 2×']", "x")
    assert "number from 0 to 1,000,000" in game.page.inner_text("[data-shell=trouble]")
    game.page.click("[data-bet=action]")
    game.note("The weight of 2×")
    game.page.click("text=Moonshot")
    game.page.click("[data-shell-at='2']")
    game.play()
    assert game.sent[0]["picked"] == 2
    assert game.sent[0]["weights"] == ["0", "0", "0", "0", "0", "10", "5", "1", "0.1"]


# --- auto-play --------------------------------------------------------------------------------------------------------
def start(game: Game, **fields: str) -> None:
    game.page.click("[data-play=auto]")
    for name, value in fields.items():
        game.page.fill(f"[data-autoplay=form] [name={name}]", value)
    game.page.click("[data-bet=action]")


def lose_always(game: Game) -> None:
    """As near to it as dice goes: one number of 2^32 wins."""
    game.page.fill("[data-dice=chance]", "0.00000003")
    game.page.keyboard.press("Tab")


def test_auto_play_is_off_until_it_is_started_and_ends_when_its_bets_are_played(visit: Visit) -> None:
    game = Game(visit(), "dice")
    assert game.page.is_hidden("[data-autoplay=form]")
    start(game, bets="3")
    said = game.note("Auto-play has ended")
    assert "All bets are played." in said
    assert said.endswith("in 3 bets.")
    assert len(game.sent) == 3


def test_auto_play_stops_before_it_could_lose_more_than_was_allowed(visit: Visit) -> None:
    game = Game(visit(), "dice")
    lose_always(game)
    start(game, bets="50", stopLoss="12")
    said = game.note("Auto-play has ended")
    assert "could lose more than you set. Lost 10.00 BRL in 2 bets." in said


def test_auto_play_raises_the_stake_after_a_loss_and_counts_down(visit: Visit) -> None:
    game = Game(visit(), "dice")
    lose_always(game)
    game.page.click("[data-play=auto]")
    game.page.select_option("[name=onLoss]", "change")
    start(game, bets="3", onLossPercent="100")
    game.page.locator("[data-autoplay=line]").filter(has_text="1 bet left").wait_for()
    game.note("Lost 35.00 BRL in 3 bets")
    assert [bet["stake"] for bet in game.sent] == [5_00, 10_00, 20_00]
    assert game.page.input_value("#stake") == "5.00"


def test_one_tap_stops_it(visit: Visit) -> None:
    game = Game(visit(), "dice")
    start(game, bets="1000")
    game.page.locator("[data-autoplay=line]").filter(has_text="998 bets left").wait_for()
    game.page.click("[data-bet=action][data-mode=placed]")
    assert "You stopped it" in game.note("Auto-play has ended")
    played = len(game.sent)
    game.page.wait_for_timeout(900)
    assert len(game.sent) == played


def test_it_rests_while_nobody_looks_and_goes_on_afterwards(visit: Visit) -> None:
    game = Game(visit(), "dice")
    look = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    start(game, bets="1000")
    game.page.locator("[data-autoplay=line]").filter(has_text="999 bets left").wait_for()
    game.page.evaluate(look, True)
    game.page.locator("[data-autoplay=line]").filter(has_text="Paused").wait_for()
    game.page.wait_for_timeout(1_500)  # the bet that was on its way, and the pause after it
    played = len(game.sent)
    assert played <= 3
    game.page.wait_for_timeout(1_500)
    assert len(game.sent) == played
    game.page.evaluate(look, False)
    game.page.locator("[data-autoplay=line]").filter(has_text=f"{1000 - played - 1} bets left").wait_for()


def test_a_reality_check_stops_it_and_stays_until_it_is_answered(visit: Visit) -> None:
    visitor = visit()
    visitor.page.clock.install()
    game = Game(visitor, "dice")
    game.play()
    start(game, bets="1000")
    game.page.locator("[data-autoplay=line]:not([hidden])").wait_for()
    game.page.clock.fast_forward("01:01:00")
    dialog = game.page.locator("#reality-dialog[open]")
    dialog.wait_for()
    assert "Staked" in dialog.inner_text()
    game.page.keyboard.press("Escape")
    assert dialog.is_visible()
    game.page.click("#reality-dialog [data-go-on]")
    assert "time for a look at the clock" in game.note("Auto-play has ended")


def test_any_error_stops_it(visit: Visit) -> None:
    game = Game(visit(), "dice")
    error = '{"error": {"code": "limit_reached", "message": "A limit stands in the way."}}'
    game.page.route("**/bet", lambda route: route.fulfill(status=403, body=error, content_type="application/json"))
    start(game, bets="10")
    assert "A limit stands in the way." in game.note("Auto-play has ended")
    assert len(game.sent) == 1
    game.visitor.problems.clear()


def test_a_plan_without_sense_is_explained_at_its_field(visit: Visit) -> None:
    game = Game(visit(), "dice")
    start(game, bets="0")
    game.page.locator("[data-autoplay=error]").filter(has_text="1 to 10,000").wait_for()
    assert game.page.evaluate("document.activeElement.name") == "bets"
    assert game.sent == []


# --- visitors ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", GAMES)
def test_a_visitor_sees_the_game_its_odds_and_a_way_in(slug: str, visit: Visit) -> None:
    visitor = visit(width=360, height=780)
    page = visitor.go(f"/games/{slug}/")
    page.get_by_role("link", name="Start playing").wait_for()
    page.locator("#tab-odds tbody tr").nth(6).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
