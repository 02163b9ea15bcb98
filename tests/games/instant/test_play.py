"""Bets from stake to payout: what is taken, decided, paid, kept, and refused."""

import hashlib
from dataclasses import replace
from math import comb
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.protection import operations as protection
from accounts.protection.errors import Excluded, LimitReached
from accounts.protection.rules import Kind, LimitWish, Period, Source, Wish
from games.instant import queries
from games.instant.errors import (
    AboveMaximumWin,
    GameOff,
    HashUsed,
    NoSuchGame,
    NotPlayedInCurrency,
)
from games.instant.fairness import SPACE, outcome_of
from games.instant.intake import choice_of
from games.instant.models import Commitment, InstantGame
from games.instant.operations import (
    DEFAULT_LIMITS,
    change_config,
    next_hash,
    renew,
)
from games.instant.sealed import opened
from tests.games.instant.casino import HALF, Casino, rows, shown, taken, with_hash
from wallet.models import Currency, Transfer

ROYAL = sum(comb(card, k) for card, k in zip((51, 47, 43, 39, 35), range(5, 0, -1), strict=True))  # AsKsQsJsTs
PANDAS = (31 * 32 + 23) * 32 + 10  # where each reel has its panda


def test_every_game_takes_its_stake_and_pays_what_its_outcome_is_worth(casino: Casino) -> None:
    casino.check(f"""
        player      alice  100.00
        dice        alice  10.00  range 2147483648 target 0 rolls 0           -> 19.80
        dice        alice  10.00  range 2147483648 target 0 rolls 2147483647  -> 19.80
        dice        alice  10.00  range 2147483648 target 0 rolls 2147483648  -> 0.00
        dice        alice  10.00  range 2147483648 target 1 rolls 2147483648  -> 19.80
        dice        alice  10.00  range 2147483648 target 1 rolls 2147483647  -> 0.00
        dice        alice  10.00  range 42949672   target 0 rolls 42949671    -> 990.00
        dice        alice  10.00  range 4294967295 target 0 rolls 4294967294  -> 9.90
        dice        alice  10.00  range 4294967295 target 0 rolls 4294967295  -> 0.00
        balance     alice  1079.30
        house       -979.30
        videopoker  alice  10.00  rolls {ROYAL}                                -> 50000.00
        videopoker  alice  10.00  rolls 0                                      -> 2000.00
        shell       alice  10.00  weights 0,1,0,0,0,0,0,0,0 picked 2 rolls 0   -> 20.00
        shell       alice  10.00  weights 0,1,0,0,0,0,0,0,0 picked 2 rolls 4294967295 -> 0.00
        shell       alice  10.00  weights 0,0,0,0,0,0,0,0,1 picked 0 rolls 0   -> 100000.00
        slots       alice  10.00  rolls 0                                      -> 0.00
        slots       alice  10.00  rolls {PANDAS}                               -> 20000.00
        balance     alice  173029.30
        house       -172929.30
    """)


def test_stakes_are_refused_by_name_and_move_nothing(casino: Casino) -> None:
    casino.check("""
        player   alice  100.00
        dice     alice  0.99                       -> BelowMinimum
        dice     alice  5000.01                    -> AboveMaximum
        dice     alice  100.01                     -> InsufficientFunds
        dice     alice  100.00  rolls 4294967295   -> 0.00
        dice     alice  1.00                       -> InsufficientFunds
        balance  alice  0.00
        house    100.00
    """)
    assert len(rows()) == 1


def test_there_is_no_other_game(casino: Casino) -> None:
    casino.player("alice")
    with pytest.raises(NoSuchGame):
        choice_of("roulette", {})
    (answer,) = casino.play(replace(casino.wish("alice"), game="roulette"))
    assert isinstance(answer, NoSuchGame)


# What a bet is held to


def test_the_answer_reveals_what_the_hash_was_made_of(casino: Casino) -> None:
    casino.player("alice")
    before = next_hash(casino.account("alice"), now=casino.now)
    bet = casino.played("alice", clientseed=123_456_789)
    assert bet.hash == before == hashlib.sha256(f"{bet.secret}|{bet.salt}".encode()).hexdigest()
    assert bet.outcome == outcome_of(bet.secret, 123_456_789) == bet.shown["result"]
    assert bet.next_hash == next_hash(casino.account("alice"), now=casino.now) != before


def test_a_seed_that_is_left_to_the_server_is_another_each_time(casino: Casino) -> None:
    casino.player("alice")
    seeds = {casino.played("alice", stake=1_00).client_seed for _ in range(5)}
    assert len(seeds) == 5


def test_a_bet_that_names_its_hash_is_played_once(casino: Casino) -> None:
    casino.player("alice")
    wish = casino.wish("alice")
    wish = with_hash(wish, next_hash(wish.account_id, now=casino.now))
    first, again = casino.play(wish, replace(wish, key=uuid4()))
    assert taken(first).hash == wish.hash
    assert isinstance(again, HashUsed)
    assert (again.code, again.status) == ("hash_used", 409)
    assert len(rows()) == 1
    assert shown(casino.play(wish)[0]) == "HashUsed", "nor later"


def test_a_refused_bet_leaves_its_hash_good_for_the_next(casino: Casino) -> None:
    casino.player("alice", real=5_00)
    promised = next_hash(casino.account("alice"), now=casino.now)
    for stake in (1, 10_00):
        assert shown(casino.bet("alice", stake=stake)) in ("BelowMinimum", "InsufficientFunds")
    assert casino.played("alice", stake=5_00).hash == promised


def test_a_new_hash_takes_the_place_of_the_one_before(casino: Casino) -> None:
    casino.player("alice")
    account = casino.account("alice")
    old = next_hash(account, now=casino.now)
    new = renew(account, now=casino.now)
    assert new == next_hash(account, now=casino.now) != old
    wish = casino.wish("alice")
    assert [shown(casino.play(with_hash(wish, old))[0]), casino.played("alice").hash] == ["HashUsed", new]


def test_two_bets_of_a_batch_are_held_to_two_secrets_in_their_order(casino: Casino) -> None:
    casino.player("alice")
    promised = next_hash(casino.account("alice"), now=casino.now)
    wishes = [replace(casino.wish("alice", stake=1_00), client_seed=7, key=uuid4()) for _ in range(3)]
    first, second, third = map(taken, casino.play(*wishes))
    assert [first.hash, second.hash, third.hash] == [promised, first.next_hash, second.next_hash]
    assert len({first.secret, second.secret, third.secret}) == 3
    assert third.next_hash == next_hash(casino.account("alice"), now=casino.now)


def test_the_secret_of_the_next_bet_is_nowhere_to_be_read(casino: Casino) -> None:
    casino.player("alice")
    bet = casino.played("alice")
    row = Commitment.objects.get(pk=bet.account_id)
    secret = opened(row.sealed)
    assert secret.hash == row.hash
    assert secret.salt not in row.sealed
    assert secret.text not in row.sealed
    assert str(secret.number) not in repr(row.__dict__)


# Money


def test_a_bet_s_row_has_all_that_a_record_needs(casino: Casino) -> None:
    alice = casino.player("alice")
    bet = casino.played("alice", stake=10_00, outcome=0)
    (row,) = rows()
    assert (row.pk, row.key, row.player_id, row.game_id, row.currency_id) == (bet.id, bet.key, alice.pk, "dice", "BRL")
    assert (row.stake_minor, row.payout_minor, row.profit_minor, bet.profit_minor) == (10_00, 19_80, 9_80, 9_80)
    assert (row.balance_before_minor, row.balance_after_minor, bet.balance_minor) == (100_00, 109_80, 109_80)
    assert (row.choice, row.shown) == ({"range": HALF, "target": 0}, {"result": 0})
    assert (row.config.version, row.played_at) == (1, casino.now)
    moved = Transfer.objects.filter(reference=str(bet.key)).order_by("id")
    assert list(moved.values_list("id", "amount_minor")) == [(f"payout:{bet.key}", 19_80), (f"stake:{bet.key}", 10_00)]


def test_what_a_bet_wins_may_be_staked_by_the_next_one_of_its_batch(casino: Casino) -> None:
    casino.player("alice", real=10_00)
    win = casino.wish("alice", stake=10_00, range=SPACE - 1, outcome=0)
    more = replace(casino.wish("alice", stake=9_90), key=uuid4())
    too_much = replace(casino.wish("alice", stake=9_90 * 3), key=uuid4())
    assert [shown(answer) for answer in casino.play(win, more, too_much)][::2] == ["9.90", "InsufficientFunds"]
    assert casino.findings() == []


def test_one_refused_bet_spoils_nobody_s(casino: Casino) -> None:
    casino.player("alice")
    casino.player("bob", real=5_00)
    wishes = [
        casino.wish("alice", stake=10_00, outcome=0),
        casino.wish("bob", stake=10_00),
        replace(casino.wish("alice"), game="roulette"),
        casino.wish("bob", stake=5_00, outcome=SPACE - 1),
        replace(casino.wish("alice"), currency="EUR", key=uuid4(), stake_minor=1),
    ]
    answers = [shown(answer) for answer in casino.play(*wishes)]
    assert answers == ["19.80", "InsufficientFunds", "NoSuchGame", "0.00", "BelowMinimum"]
    assert (casino.balance("alice"), casino.balance("bob")) == (109_80, 0)
    assert casino.findings() == []


def test_a_batch_costs_as_many_statements_for_many_bets_as_for_two(casino: Casino) -> None:
    for name in "abcdefghijkl":
        casino.player(name)
    casino.played("a")

    def statements(names: str) -> int:
        wishes = [casino.wish(name, stake=1_00, outcome=0) for name in names]
        with CaptureQueriesContext(connection) as captured:
            assert {shown(answer) for answer in casino.play(*wishes)} == {"1.98"}
        return len(captured)

    assert statements("abcdefghijkl") == statements("ab") < 20


def test_demo_money_plays_like_real_money_and_stays_apart(casino: Casino) -> None:
    casino.demo_player("eve")
    bet = casino.played("eve", outcome=0)
    assert (bet.is_demo, bet.balance_minor) == (True, 1009_80)
    assert (casino.house("BRL.demo"), casino.house("BRL")) == (-9_80, 0)
    assert casino.findings() == []


def test_another_currency_has_its_own_limits_and_decimals(casino: Casino) -> None:
    casino.player("dora", real=10_000, currency="BITS")
    casino.player("ada", real=1_000_000, currency="ADA")
    assert casino.played("dora", stake=100, outcome=0).payout_minor == 198
    assert shown(casino.bet("ada", stake=99_999)) == "BelowMinimum"
    assert casino.played("ada", stake=100_001, outcome=0).payout_minor == 198_001


# Who may play what


def test_a_game_that_is_off_takes_no_bet(casino: Casino) -> None:
    staff = User.objects.create(username="staff")
    casino.player("alice")
    casino.switch("dice", on=False, actor=staff)
    answer = casino.bet("alice")
    assert isinstance(answer, GameOff)
    assert answer.status == 503
    assert casino.played("alice", "slots")
    casino.switch("dice", on=True, actor=staff)
    assert casino.played("alice")


def test_a_currency_that_was_switched_off_is_not_played_from_the_next_bet_on(casino: Casino) -> None:
    casino.player("alice")
    casino.played("alice")
    Currency.objects.filter(pk="BRL").update(enabled=False)
    assert isinstance(casino.bet("alice"), NotPlayedInCurrency)
    Currency.objects.filter(pk="BRL").update(enabled=True)
    casino.played("alice")


def test_a_currency_without_limits_is_not_played(casino: Casino) -> None:
    staff = User.objects.create(username="staff")
    casino.player("alice")
    euro = {"EUR": DEFAULT_LIMITS["EUR"]}
    change_config(InstantGame.objects.get(pk="dice"), author=staff, now=casino.now, limits=euro)
    assert isinstance(casino.bet("alice"), NotPlayedInCurrency)


def test_an_excluded_player_does_not_play_and_a_limited_one_up_to_the_limit(casino: Casino) -> None:
    alice, bob = casino.player("alice"), casino.player("bob")
    protection.change(alice, Wish(cool_off_hours=24), source=Source.PLAYER, actor=alice, now=casino.now)
    cap = Wish((LimitWish(Kind.STAKE, Period.DAY, 15_00),))
    protection.change(bob, cap, source=Source.PLAYER, actor=bob, now=casino.now)
    wishes = [
        casino.wish("alice"),
        casino.wish("bob", stake=10_00, outcome=0),
        replace(casino.wish("bob", stake=10_00), key=uuid4()),
        replace(casino.wish("bob", stake=5_00), key=uuid4()),
    ]
    answers = casino.play(*wishes)
    assert isinstance(answers[0], Excluded)
    assert isinstance(answers[2], LimitReached)
    assert [shown(answers[1]), type(answers[3]).__name__] == ["19.80", "PlayedBet"]
    assert casino.balance("alice") == 100_00


# What the house stands for


def test_a_bet_that_could_win_too_much_is_refused_before_its_outcome_is_looked_at(casino: Casino) -> None:
    casino.player("alice", real=1000_00)
    promised = next_hash(casino.account("alice"), now=casino.now)
    casino.may_win(1999_00)
    assert shown(casino.bet("alice", "slots", stake=1_01)) == "AboveMaximumWin"
    answer = casino.bet("alice", "videopoker", stake=1_00)
    assert isinstance(answer, AboveMaximumWin)
    assert (answer.code, answer.status, answer.var) == ("amount_above_maximum", 422, 1999_00)
    one = ["0", *"00000001"]
    assert shown(casino.bet("alice", "shell", stake=1_00, weights=one, picked=0)) == "AboveMaximumWin"
    bet = casino.played("alice", "slots", stake=1_00)
    assert bet.hash == promised, "none of the refused ones has used it"


def test_dice_pays_no_more_than_the_maximum_win_and_says_so_in_its_row(casino: Casino) -> None:
    casino.player("alice", real=1000_00)
    casino.may_win(50_00)
    bet = casino.played("alice", stake=10_00, range=HALF // 1000, outcome=0)
    assert (bet.payout_minor, bet.profit_minor) == (60_00, 50_00)
    bet = casino.played("alice", stake=10_00, range=HALF, outcome=0)
    assert bet.payout_minor == 19_80
    assert {row.most_payout_minor for row in rows()} == {60_00}
    assert casino.findings() == []


def test_nothing_is_taken_where_nothing_may_be_won(casino: Casino) -> None:
    casino.player("alice")
    casino.may_win(0)
    for game in ("dice", "slots", "videopoker"):
        assert shown(casino.bet("alice", game)) == "AboveMaximumWin"


# History


def test_an_account_s_bets_are_its_own_newest_first_and_in_pages(casino: Casino) -> None:
    casino.player("alice")
    casino.player("charlie")
    mine = [casino.played("alice", game, stake=1_00) for game in ("dice", "slots", "dice")]
    account, other = casino.account("alice"), casino.account("charlie")
    assert [bet.pk for bet in queries.last_bets(account)] == [mine[2].id, mine[1].id, mine[0].id]
    assert [bet.pk for bet in queries.last_bets(account, game="dice")] == [mine[2].id, mine[0].id]
    assert [bet.pk for bet in queries.last_bets(account, limit=1, before=mine[2].id)] == [mine[1].id]
    assert queries.last_bets(other) == []
    assert queries.bet_of(account, "dice", mine[0].id) is not None
    assert queries.bet_of(account, "slots", mine[0].id) is None
    assert queries.bet_of(other, "dice", mine[0].id) is None
