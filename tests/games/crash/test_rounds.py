"""Rounds and their engines on the real database: recovery in every phase, fencing, secrets, versions."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from casino.lib.clock import ManualClock
from games.crash import operations, publisher, queries
from games.crash.engine import Announce, Crash, Launch, OpenRound, Settle, Sleep, Step
from games.crash.errors import EngineFenced
from games.crash.models import Bet, Game, Round
from games.crash.runner import Pace, Table
from games.crash.sealed import salt_of
from tests.games.crash.playing import Play, account_of, fate, make_play, money

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def alice(make_player: Callable[..., Any]) -> Any:
    return make_player("alice", real=100_00)


@pytest.fixture
def play(alice: Any, now: datetime) -> Play:
    return make_play(alice, now)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """All that leaves the operations for anybody, at once (nothing commits in these tests)."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(publisher, "publish", lambda topic, event: events.append(event))
    monkeypatch.setattr("django.db.transaction.on_commit", lambda tell: tell())
    return events


def take_over(play: Play, told: list[dict[str, Any]] | None = None) -> Table:
    """A new engine, after the lease of the one before ran out."""
    play.now += timedelta(seconds=30)
    clock = ManualClock(play.now)
    table = Table(play.game, clock=clock, pace=Pace(5000, 200, 300), tell=lambda topic, e: (told or []).append(e))
    table._take_over()
    assert table.lease is not None
    play.epoch = table.lease.epoch
    return table


def settle(table: Table) -> None:
    while not isinstance(step := table.advance(), Settle):
        if isinstance(step, Sleep):
            table.clock.current = step.until  # type: ignore[attr-defined]


# --- recovery ---------------------------------------------------------------------------------------------------------
def test_a_waiting_round_is_voided_and_its_seed_is_played_by_the_next(play: Play, alice: Any) -> None:
    round_ = play.open()
    bet = play.placed(alice, auto=101)
    take_over(play)
    assert fate(bet) == ("refunded", 1000, None)
    assert money(alice) == 100_00
    voided = Round.objects.get(pk=round_.pk)
    assert (voided.state, voided.salt) == ("voided", None)
    heir = operations.open_round(play.game, epoch=play.epoch, now=play.now, wait_ms=5000, tick_ms=200)
    assert heir is not None
    assert (heir.chain_id, heir.chain_index) == (voided.chain_id, voided.chain_index)
    assert (heir.number, salt_of(heir)) == (voided.number + 1, salt_of(voided))


@pytest.mark.parametrize(
    ("policy", "expected"), [("refund", ("refunded", 1000, None)), ("pay", ("cashed_out", 1100, 110))]
)
def test_a_running_round_ends_at_the_last_announced_multiplier(
    play: Play, alice: Any, policy: str, expected: tuple[str, int, int | None]
) -> None:
    play.set_game(interrupted_bets=policy)
    play.open(crash_point=200)
    left, due, later, manual = (
        play.placed(alice, 1),
        play.placed(alice, 2, auto=105),
        play.placed(alice, 3, auto=150),
        play.placed(alice, 4),
    )
    play.launch()
    play.out(alice, left, 5 * 200)
    assert play.round is not None
    round_id = play.round.pk
    operations.announce(play.game, epoch=play.epoch, seq=50, now=play.at(2000), round_id=round_id, tick=10)
    table = take_over(play)
    assert fate(left) == ("cashed_out", 1050, 105)
    assert fate(due) == ("cashed_out", 1050, 105)
    assert fate(later) == fate(manual) == expected
    ended = Round.objects.get(pk=round_id)
    assert (ended.state, ended.interrupted, ended.interrupted_at_hundredths) == ("crashed", True, 110)
    assert ended.salt is not None
    settle(table)
    assert play.out(alice, manual, 2000).socket_code in (1007, 1011)


def test_a_running_round_that_announced_nothing_gives_all_stakes_back_under_either_policy(
    play: Play, alice: Any
) -> None:
    play.set_game(interrupted_bets="pay")
    play.open(crash_point=200)
    bet = play.placed(alice, auto=101)
    play.launch()
    take_over(play)
    assert fate(bet) == ("refunded", 1000, None)


def test_a_tick_announced_for_another_round_is_not_taken_for_this_one(play: Play, alice: Any) -> None:
    first = play.open(crash_point=200)
    play.launch()
    operations.announce(play.game, epoch=play.epoch, seq=9, now=play.at(0), round_id=first.pk, tick=70)
    play.finish()
    play.open(crash_point=200)
    bet = play.placed(alice, auto=150)
    play.launch()
    take_over(play)
    assert fate(bet) == ("refunded", 1000, None)


def test_a_crashed_round_is_settled_by_the_next_engine(play: Play, alice: Any) -> None:
    play.open(crash_point=150)
    won, lost = play.placed(alice, 1, auto=150), play.placed(alice, 2)
    play.launch()
    play.crash()
    settle(take_over(play))
    assert fate(won) == ("cashed_out", 1500, 150)
    assert fate(lost) == ("lost", 0, None)


def test_every_step_may_be_repeated_without_effect(play: Play, alice: Any) -> None:
    round_ = play.open(crash_point=150)
    play.placed(alice, 1, auto=101)
    play.launch()
    started = play.started
    assert operations.launch_round(round_.pk, epoch=play.epoch, now=play.at(9)).started_at == started
    operations.pay_due(round_.pk, epoch=play.epoch, tick=5, now=play.at(1000))
    operations.pay_due(round_.pk, epoch=play.epoch, tick=5, now=play.at(1000))
    play.finish()
    after = money(alice)
    for again in (operations.settle_round, operations.void_round):
        assert again(round_.pk, epoch=play.epoch, now=play.now).state == "settled"
    operations.interrupt_round(round_.pk, epoch=play.epoch, announced_tick=3, now=play.now)
    operations.crash_round(round_.pk, epoch=play.epoch, at=play.now)
    assert money(alice) == after == 100_10


def test_a_round_that_is_live_is_never_undone_while_its_engine_holds_the_lease(play: Play, now: datetime) -> None:
    play.open()
    other = Table(play.game, clock=ManualClock(now + timedelta(seconds=3)), pace=Pace(5000, 200, 300))
    assert isinstance(other.advance(), Sleep)
    assert Round.objects.get(game_id=play.game).state == "waiting"


# --- fencing ----------------------------------------------------------------------------------------------------------
def test_a_fenced_engine_changes_nothing_whatever_it_tries(play: Play, alice: Any) -> None:
    old = play.epoch
    play.open(crash_point=200)
    bet = play.placed(alice, auto=101)
    play.launch()
    round_id = play.round.pk if play.round else None
    assert round_id is not None
    play.now += timedelta(seconds=30)
    lease = operations.take_lease(play.game, holder="new", now=play.now)
    assert lease is not None
    operations.adopt_round(play.game, epoch=lease.epoch)
    now = play.now
    tries: list[Callable[[], Any]] = [
        lambda: operations.open_round(play.game, epoch=old, now=now, wait_ms=1, tick_ms=1),
        lambda: operations.launch_round(round_id, epoch=old, now=now),
        lambda: operations.crash_round(round_id, epoch=old, at=now),
        lambda: operations.settle_round(round_id, epoch=old, now=now),
        lambda: operations.void_round(round_id, epoch=old, now=now),
        lambda: operations.interrupt_round(round_id, epoch=old, announced_tick=60, now=now),
        lambda: operations.adopt_round(play.game, epoch=old),
        lambda: operations.announce(play.game, epoch=old, seq=1000, now=now),
        lambda: operations.renew_lease(play.game, epoch=old, now=now),
    ]
    for attempt in tries:
        with pytest.raises(EngineFenced):
            attempt()
    assert operations.pay_due(round_id, epoch=old, tick=50, now=now) == 0
    operations.release_lease(play.game, epoch=old, now=now)
    assert queries.lease(play.game).holder == "new"
    assert fate(bet)[0] == "open"
    assert Round.objects.get(pk=round_id).state == "running"


# --- secrets ----------------------------------------------------------------------------------------------------------
def test_nothing_told_before_the_crash_lets_anyone_derive_the_result(
    alice: Any, make_player: Callable[..., Any], now: datetime, told: list[dict[str, Any]]
) -> None:
    """All broadcasts, all messages to players and all that can be asked, up to the crash and past a first cash-out."""
    charlie = make_player("charlie", real=100_00)
    play = make_play(alice, now)
    table = Table(
        play.game,
        clock=ManualClock(now + timedelta(minutes=1)),
        pace=Pace(5000, 200, 300),
        tell=lambda _, e: told.append(e),
    )
    seen, salt, bet = "", "", None
    while True:
        step: Step = table.advance()
        if isinstance(step, Crash):
            if bet is not None and Bet.objects.filter(pk=bet, status="cashed_out").exists():
                break
            bet = None
        live = table.round
        if isinstance(step, OpenRound) and live is not None:
            told.clear()
            seen, salt = "", salt_of(live)
            play.now = table.clock.now()
            bet = play.placed(alice, 1, stake=1000)
            play.placed(alice, 2, stake=100, auto=98_765)
        if isinstance(step, Launch | OpenRound | Announce) and live is not None:
            seen += json.dumps([queries.wallet_message(account_of(charlie), play.game, now=play.now)], default=str)
            seen += json.dumps([queries.fairness_record(live.pk), queries.round_view(live, now=play.now)], default=str)
            seen += json.dumps(
                [queries.waiting_bets(live), queries.bet_history(account_of(charlie), play.game, now=play.now)],
                default=str,
            )
        if isinstance(step, Announce) and step.tick >= 1 and live is not None and live.started_at and bet:
            play.started = live.started_at
            play.out(alice, bet, (step.tick * 200) + 1)
        if isinstance(step, Sleep):
            table.clock.current = step.until  # type: ignore[attr-defined]
    public = [e for e in told if e.get("message", {}).get("messageType") != "crash"]
    seen += json.dumps([e for e in public if e["kind"] != "direct"], default=str)
    assert "multiplier" in seen
    assert salt not in seen
    assert salt[:16] not in seen
    assert "98765" not in seen  # the auto target of another player
    for name in ("crash_point", 'crashPoint"', "crash_tick", "bonus_tick", "sealed", "root"):
        assert name not in seen
    for event in public:
        fair = event.get("message", {}).get("provablyFair")
        assert fair is None or fair["salt"] is fair["currentResult"] is None


def test_what_is_sealed_is_not_readable_in_the_row(play: Play) -> None:
    round_ = play.open(crash_point=12_345)
    row = json.dumps(list(Round.objects.filter(pk=round_.pk).values()), default=str)
    assert salt_of(round_) not in row
    assert "12345" not in row


# --- versions, on and off ---------------------------------------------------------------------------------------------
def test_new_rules_begin_with_the_next_round_and_bets_keep_theirs(play: Play, alice: Any) -> None:
    play.open(crash_point=150)
    first = play.placed(alice)
    game = Game.objects.get(pk=play.game)
    operations.change_config(game, author=alice, now=play.now, rtp_bps=9700, volatility="low")
    assert play.round is not None
    old = play.round.config_id
    play.placed(alice, 2, auto=1_000_00)  # still allowed by the round's own version
    play.launch()
    play.finish()
    play.open()
    second = play.placed(alice)
    assert Bet.objects.get(pk=first).config_id == old != Bet.objects.get(pk=second).config_id == play.config().pk
    assert play.bet(alice, 2, auto=100_01).socket_code == 1008


def test_a_game_that_is_switched_off_finishes_its_round_and_opens_no_other(play: Play, alice: Any) -> None:
    play.open(crash_point=150)
    bet = play.placed(alice, auto=120)
    operations.set_enabled(Game.objects.get(pk=play.game), enabled=False, actor=alice, now=play.now)
    play.launch()
    play.finish()
    assert fate(bet) == ("cashed_out", 1200, 120)
    assert operations.open_round(play.game, epoch=play.epoch, now=play.now, wait_ms=1, tick_ms=1) is None
    operations.set_enabled(Game.objects.get(pk=play.game), enabled=True, actor=alice, now=play.now)
    assert play.open().previous_result == 150
