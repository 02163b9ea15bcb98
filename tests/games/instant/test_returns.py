"""
The return of every game is what its odds say, exactly: by closed form, or by counting every outcome that there is.

Nothing here is a sample that might have been lucky, but for Hypothesis, which looks for choices that break a rule.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import comb, prod
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from games.instant.dice.rules import GAME as DICE
from games.instant.dice.rules import HIGH, LOW
from games.instant.fairness import SPACE, Roll
from games.instant.kinds import KINDS
from games.instant.rules import LEAST_RETURN, TABLE_TOLERANCE, BadChoice, BadTable, Rules, payout_minor
from games.instant.shell.rules import FIELDS, weight_of_nothing
from games.instant.shell.rules import GAME as SHELL
from games.instant.slots.rules import ANY, stops_of
from games.instant.slots.rules import GAME as SLOTS
from games.instant.videopoker.rules import GAME as VIDEO_POKER
from games.instant.videopoker.rules import HANDS, WAYS, count_hands, hand_of, name_of, written

RTP = Fraction(99, 100)
SALT = "5f" * 16
SHELL_LOSS = Fraction(sum(FIELDS), SPACE)  # a field's share is rounded down by less than one outcome
widths = st.integers(1, SPACE - 1)
outcomes = st.integers(0, SPACE - 1)
returns = st.integers(7_500, 9_999).map(lambda bps: Fraction(bps, 10_000))
weights = st.lists(
    st.one_of(st.integers(0, 1_000_000), st.decimals("0.000001", "1000000", places=6), st.just(0)),
    min_size=8,
    max_size=8,
)


def every_example() -> list[Any]:
    return [
        pytest.param(game, choice, id=f"{game.slug}-{choice}") for game in all_games() for choice in game.examples()
    ]


def all_games() -> Sequence[Rules]:
    return list(KINDS.values())


def paid_for(game: Rules, outcome: int, choice: Mapping[str, Any], *, rtp: Fraction = RTP) -> Fraction:
    return game.play(Roll(outcome, SALT), choice, game.default_table, rtp).multiplier


# What holds for every game


@pytest.mark.parametrize(("game", "choice"), every_example())
def test_the_return_is_the_configured_one_or_a_hair_less(game: Rules, choice: Mapping[str, Any]) -> None:
    odds = game.odds(choice, game.default_table, RTP)
    assert RTP - TABLE_TOLERANCE <= odds.rtp <= RTP
    assert sum(prize.ways for prize in odds.prizes) <= odds.outcomes


@pytest.mark.parametrize(("game", "choice"), every_example())
def test_what_is_chosen_is_kept_in_a_form_that_is_chosen_again_as_it_is(game: Rules, choice: Any) -> None:
    assert game.choice(choice) == choice


@pytest.mark.parametrize(("game", "choice"), every_example())
@given(outcome=outcomes)
@settings(max_examples=25)
def test_nothing_pays_more_than_the_top_prize(game: Rules, choice: Mapping[str, Any], outcome: int) -> None:
    assert paid_for(game, outcome, choice) <= game.top(choice, game.default_table, RTP)


@pytest.mark.parametrize(("game", "choice"), every_example())
def test_the_top_prize_is_the_largest_of_the_odds(game: Rules, choice: Mapping[str, Any]) -> None:
    assert game.top(choice, game.default_table, RTP) == game.odds(choice, game.default_table, RTP).top


@given(
    stake=st.integers(1, 10**12), multiplier=st.fractions(0, 10**10), most=st.one_of(st.none(), st.integers(0, 10**14))
)
def test_a_payout_is_rounded_once_and_toward_the_house(stake: int, multiplier: Fraction, most: int | None) -> None:
    paid = payout_minor(stake, multiplier, most)
    assert 0 <= paid <= stake * multiplier
    assert paid > stake * multiplier - 1 or paid == most
    assert most is None or paid <= most


@given(stake=st.integers(1, 10_000), choice=st.sampled_from([(g, c) for g in KINDS.values() for c in g.examples()]))
def test_rounding_takes_less_than_one_smallest_unit_of_a_win(stake: int, choice: Any) -> None:
    game, chosen = choice
    odds = game.odds(chosen, game.default_table, RTP)
    wins = Fraction(sum(prize.ways for prize in odds.prizes), odds.outcomes)
    assert odds.rtp - wins / stake < odds.rtp_at(stake) <= odds.rtp


@pytest.mark.parametrize("game", all_games(), ids=lambda game: game.slug)
@pytest.mark.parametrize("stake", [*range(1, 40), 99, 100, 101, 199, 1_000])
def test_no_choice_and_no_larger_stake_returns_less_than_the_least_return(game: Rules, stake: int) -> None:
    """Of dice also the widths at which a payout has most to lose: the narrowest that pays one unit no more."""
    choices = list(game.examples())
    if game is DICE:
        widest = int(stake * RTP)
        paid = [*range(max(widest - 1, 0), widest + 4), 2 * stake, 50 * stake]
        narrow = [int(stake * RTP * SPACE / (units + 1)) + 1 for units in paid]
        choices = [{"range": width, "target": LOW} for width in narrow if 0 < width < SPACE]
    least = game.least_return(stake, game.default_table, RTP)
    larger = [stake, stake + 1, stake + 13, stake + 99, 3 * stake + 1]
    found = min(game.odds(c, game.default_table, RTP).rtp_at(s) for c in choices for s in larger)
    assert least <= found
    if game is DICE:
        assert found - least < Fraction(1, 10**6), "nor is it less than there can be"
    if game is SLOTS or game is VIDEO_POKER:
        (choice,) = choices
        odds = game.odds(choice, game.default_table, RTP)
        assert least == min(odds.rtp_at(s) for s in range(stake, stake + 400)), "and it is reached"


def test_a_stake_that_loses_nothing_does_not_hide_the_next_one_that_loses_a_third() -> None:
    """Two thirds of the stake, nearly always: nothing is lost at 50, and much at 2."""
    odds = SLOTS.odds({}, almost_always(66), RTP)
    assert odds.rtp == Fraction(66, 100)
    assert odds.rtp_at(50) == odds.rtp
    assert odds.least_rtp_from(50) < odds.rtp_at(50)
    assert odds.least_rtp_from(1) == odds.rtp_at(1) == 0
    assert odds.least_rtp_from(2) == odds.rtp_at(3) == Fraction(1, 3)


def almost_always(pays: int) -> dict[str, Any]:
    """A table that pays this on every stop: a hundred of them."""
    names = {str(n): f"S{n}" for n in range(1, 7)}
    return {"strips": [[1] * 10, [1] * 10, [1]], "symbols": names, "lines": [{"symbols": [1, ANY, ANY], "pays": pays}]}


# Dice: closed form


@given(width=widths, rtp=returns, target=st.sampled_from([LOW, HIGH]))
def test_dice_returns_exactly_what_is_configured_at_every_width(width: int, rtp: Fraction, target: int) -> None:
    choice = DICE.choice({"range": width, "target": target})
    assert DICE.odds(choice, {}, rtp).rtp == rtp


@given(width=widths)
def test_dice_wins_on_exactly_as_many_outcomes_as_the_interval_is_wide(width: int) -> None:
    """The winning outcomes are one stretch, from an end of the space to where these four lie."""
    low, high = DICE.choice({"range": width, "target": LOW}), DICE.choice({"range": str(width), "target": "1"})
    wins = [paid_for(DICE, outcome, low) > 0 for outcome in (0, width - 1, width, SPACE - 1)]
    assert wins == [True, True, False, False]
    wins = [paid_for(DICE, outcome, high) > 0 for outcome in (0, SPACE - width - 1, SPACE - width, SPACE - 1)]
    assert wins == [False, False, True, True]


# Shell: shares of the space, rounded down


@given(others=weights, rtp=returns, picked=st.integers(0, 2))
def test_shell_returns_what_is_configured_less_a_few_outcomes_of_the_space(
    others: list[Decimal], rtp: Fraction, picked: int
) -> None:
    choice = shell(others, picked)
    odds = SHELL.odds(choice, {}, rtp)
    assert rtp - SHELL_LOSS < odds.rtp <= rtp
    assert odds.rtp_at(1) == odds.rtp, "payouts are whole multiples of the stake"
    assert SHELL.least_return(1, {}, rtp) <= odds.rtp


@given(others=weights, picked=st.integers(0, 2))
def test_the_picked_shell_has_each_field_on_as_many_outcomes_as_its_odds_say(
    others: list[Decimal], picked: int
) -> None:
    """The outcomes are handed out in stretches, one a field: both ends of each are looked at."""
    choice = shell(others, picked)
    odds = SHELL.odds(choice, {}, RTP)
    begins = [sum(prize.ways for prize in odds.prizes[:i]) for i in range(len(odds.prizes) + 1)]
    for prize, (begin, end) in zip(odds.prizes, pairwise(begins), strict=True):
        assert {paid_for(SHELL, outcome, choice) for outcome in (begin, end - 1)} == {prize.multiplier}
    if begins[-1] < SPACE:
        assert {paid_for(SHELL, outcome, choice) for outcome in (begins[-1], SPACE - 1)} == {0}


def shell(others: Sequence[Any], picked: int) -> Mapping[str, Any]:
    try:
        return SHELL.choice({"weights": [0, *others], "picked": picked})
    except BadChoice:
        assume(False)
        raise


def test_the_weight_of_nothing_is_that_of_the_contract() -> None:
    assert round(float(weight_of_nothing(("0", *"11110000"), RTP)), 3) == 16.202


def test_what_the_player_writes_for_the_weight_of_nothing_changes_nothing() -> None:
    """Taken as sent, this example would pay five times the stake."""
    sent = {"weights": [0, 1, 1, 1, 1, 0, 0, 0, 0], "picked": 0}
    assert SHELL.choice(sent) == SHELL.choice(sent | {"weights": [999, 1, 1, 1, 1, 0, 0, 0, 0]})
    assert SHELL.odds(SHELL.choice(sent), {}, RTP).rtp <= RTP


# Video poker: every hand


def test_all_2598960_hands_are_counted() -> None:
    assert count_hands() == WAYS
    assert sum(WAYS.values()) == HANDS == 2_598_960


def test_the_first_and_the_last_hand_are_those_of_the_order_of_the_deck() -> None:
    assert written(hand_of(0)) == "3c2s2h2d2c"
    assert written(hand_of(HANDS - 1)) == "AsAhAdAcKs"


@given(number=st.integers(0, HANDS - 1))
def test_a_hand_is_its_number_and_no_other(number: int) -> None:
    """The number comes back from the cards, so no two numbers share a hand; and there are as many of both."""
    cards = hand_of(number)
    assert sorted(cards, reverse=True) == list(cards)
    assert len(set(cards)) == 5
    assert 0 <= cards[-1] <= cards[0] < 52
    assert sum(comb(card, 5 - place) for place, card in enumerate(cards)) == number


@pytest.mark.parametrize(
    ("cards", "name"),
    [
        ("AsKsQsJsTs", "Royal Flush"),
        ("KsQsJsTs9s", "Straight Flush"),
        ("As5s4s3s2s", "Straight Flush"),
        ("AsKsQsJs9s", "Flush"),
        ("As5h4s3s2s", "Straight"),
        ("AsKhQsJsTs", "Straight"),
        ("AsKhQsJs2s", "High Card"),
        ("As4h3s2s2c", "Low Pair"),
        ("AsTsThTd2c", "Three of a Kind"),
        ("JsJh4s3s2c", "Jacks or Better"),
        ("TsTh4s3s2c", "Low Pair"),
        ("AsAhKsKh2c", "Two Pair"),
        ("AsAhAdKhKs", "Full House"),
        ("AsKsKhKdKc", "Four of a Kind"),
    ],
)
def test_a_hand_has_its_name(cards: str, name: str) -> None:
    numbers = ["23456789TJQKA".index(cards[i]) * 4 + "cdhs".index(cards[i + 1]) for i in range(0, 10, 2)]
    assert name_of(sorted(numbers, reverse=True)) == name


@given(number=st.integers(0, HANDS - 1), whole=st.integers(0, SPACE // HANDS - 1))
def test_a_hand_is_paid_by_its_name(number: int, whole: int) -> None:
    played = VIDEO_POKER.play(Roll(number + whole * HANDS, SALT), {}, VIDEO_POKER.default_table, RTP)
    assert played.shown == {"cards": written(hand_of(number)), "name": name_of(hand_of(number))}
    assert played.multiplier == Fraction(VIDEO_POKER.default_table["pays"].get(played.shown["name"], 0), 100)


# Slots: every stop


def counted(table: Mapping[str, Any]) -> Counter[int]:
    """How often each line comes, by playing every stop of every reel once."""
    stops = prod(len(strip) for strip in table["strips"])
    return Counter(SLOTS.play(Roll(stop, SALT), {}, table, RTP).shown["result"] for stop in range(stops))


def test_slots_pays_each_line_as_often_as_its_odds_say_over_all_32768_stops() -> None:
    table, odds = SLOTS.default_table, SLOTS.odds({}, SLOTS.default_table, RTP)
    found = counted(table)
    assert odds.outcomes == found.total() == 32_768
    assert [prize.ways for prize in odds.prizes] == [found[line] for line in range(1, len(table["lines"]) + 1)]


lines = st.lists(st.sampled_from([1, 2, 3, ANY]), min_size=3, max_size=3).filter(any)
strips = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@given(
    reels=st.lists(strips, min_size=3, max_size=3),
    pays=st.lists(st.tuples(lines, st.integers(1, 900)), min_size=1, max_size=5),
)
@settings(max_examples=60)
def test_slots_odds_are_those_of_counting_whatever_the_table(reels: Any, pays: Any) -> None:
    names = {str(n): f"S{n}" for n in range(1, 7)}
    table = {"strips": reels, "symbols": names, "lines": [{"symbols": row, "pays": value} for row, value in pays]}
    SLOTS.check_table(table)
    odds, found = SLOTS.odds({}, table, RTP), counted(table)
    assert [prize.ways for prize in odds.prizes] == [found[line] for line in range(1, len(pays) + 1)]
    assert odds.outcomes == found.total()


@given(number=st.integers(0, 29))
def test_stops_are_digits_of_the_number_the_first_reel_the_slowest(number: int) -> None:
    first, second, third = stops_of(number, [[1] * 2, [1] * 3, [1] * 5])
    assert (first * 3 + second) * 5 + third == number


# Tables that staff may not make


def slots_table(**changes: Any) -> dict[str, Any]:
    return {**SLOTS.default_table, **changes}


def poker_table(**changes: Any) -> dict[str, Any]:
    return {"pays": {**VIDEO_POKER.default_table["pays"], **changes}}


@pytest.mark.parametrize(
    ("game", "table"),
    [
        (DICE, {"pays": 1}),
        (SHELL, {"fields": [1]}),
        (VIDEO_POKER, {}),
        (VIDEO_POKER, poker_table(Pair=100)),
        (VIDEO_POKER, {"pays": {"Royal Flush": 100}}),
        (VIDEO_POKER, poker_table(Flush=0)),
        (VIDEO_POKER, poker_table(Flush=-1)),
        (VIDEO_POKER, poker_table(Flush=2.5)),
        (VIDEO_POKER, poker_table(Flush=True)),
        (VIDEO_POKER, poker_table(Flush=10**9)),
        (SLOTS, {}),
        (SLOTS, slots_table(strips=[[1], [1]])),
        (SLOTS, slots_table(strips=[[1], [1], []])),
        (SLOTS, slots_table(strips=[[1], [1], [7]])),
        (SLOTS, slots_table(strips=[[1], [1], [1] * 65])),
        (SLOTS, slots_table(lines=[])),
        (SLOTS, slots_table(lines=[{"symbols": [ANY, ANY, ANY], "pays": 100}])),
        (SLOTS, slots_table(lines=[{"symbols": [1, 1], "pays": 100}])),
        (SLOTS, slots_table(lines=[{"symbols": [1, 1, 9], "pays": 100}])),
        (SLOTS, slots_table(lines=[{"symbols": [1, 1, 1], "pays": 0}])),
        (SLOTS, slots_table(lines=[{"symbols": [1, 1, 1], "pays": 100}] * 51)),
        (SLOTS, slots_table(symbols={"1": "Leaf"})),
    ],
)
def test_a_table_that_is_not_one_is_refused(game: Rules, table: Any) -> None:
    game.check_table(game.default_table)
    with pytest.raises(BadTable):
        game.check_table(table)


def test_the_least_return_that_is_demanded_is_kept_at_the_first_limits() -> None:
    from games.instant.operations import DEFAULT_LIMITS

    for game in all_games():
        for code, limit in DEFAULT_LIMITS.items():
            assert game.least_return(limit.minimum, game.default_table, RTP) >= LEAST_RETURN, (game.slug, code)
