"""
One game, its players and its mishaps, driven by a seed through the real engine, operations and database.

Mishaps: engines that die between any two steps and between a step's write and its announcement, a second engine while
the first one still tries, clock jumps, the game switched off and on, new rules between rounds, lost answers, cash-outs
received before the crash and executed after the settlement.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.models import User
from casino.lib.clock import ManualClock
from games.crash import fairness, operations, publisher
from games.crash.engine import Announce, AnnounceBonus, OpenRound, Settle, Sleep, Step
from games.crash.errors import AlreadyPlaced
from games.crash.models import Game, Round, SeedChain
from games.crash.operations import BetAction, BetRequest, ClosedBet, PlacedBet
from games.crash.runner import Pace, Table
from games.crash.sealed import sealer
from games.crash.simulation.players import CHARACTERS, Player, Wager
from wallet import operations as wallet

START = datetime(2026, 1, 1, tzinfo=UTC)
PACE = Pace(wait_ms=5000, tick_ms=200, grace_ms=300)
LEASE_OVER = timedelta(seconds=5)
FUNDS = 50_000_00


class EngineDied(Exception):
    """The process of an engine ends here: nothing it meant to do afterwards is done."""


@dataclass(slots=True)
class Told:
    """An event for everyone, as the players got it."""

    epoch: int
    seq: int
    message: dict[str, Any]


@dataclass
class World:
    game: str
    rng: Random
    clock: ManualClock
    staff: User
    players: list[Player]
    mishaps: bool = True
    told: list[Told] = field(default_factory=list)  # of the round at hand
    log: list[str] = field(default_factory=list)  # of the round at hand
    rounds_seen: int = 0
    deaths: int = 0
    slow: list[tuple[Player, BetAction]] = field(default_factory=list)
    table: Table = field(init=False)
    fenced: Table | None = None
    die_at_telling: bool = False
    current: int = 100

    def __post_init__(self) -> None:
        self.table = self.new_table()

    def new_table(self) -> Table:
        return Table(self.game, clock=self.clock, pace=PACE, tell=self._tell)

    def note(self, text: str) -> None:
        self.log.append(f"{self.clock.now():%H:%M:%S.%f} {text}")

    # --- what the platform tells --------------------------------------------------------------------------------------
    def _tell(self, topic: str, event: dict[str, Any]) -> None:
        if self.die_at_telling:
            self.die_at_telling = False
            raise EngineDied
        message = event["message"]
        if event["kind"] == "aside":  # for partners' feeds only, which are told again by the next round
            return
        self.told.append(Told(event["epoch"], event["seq"], message))
        self.note(f"told {event['epoch']}/{event['seq']} {message['messageType']} {message.get('multiplier', '')}")

    def hear(self, topic: str, event: dict[str, Any]) -> None:
        """What is sent to single accounts: autos that were paid, stakes that were given back."""
        if event["kind"] != "direct" or event["channel"] is not None:
            return
        for player in self.players:
            for message in event["to"].get(str(player.account_id), ()):
                bet_id = UUID(message["betID"])
                paid = message["winAmount"] if message["messageType"] == "win" else message["amount"]
                player.learn_closed(bet_id, paid)
                self.note(f"{player.username} is told {message['messageType']} {bet_id} {paid}")

    # --- a round ------------------------------------------------------------------------------------------------------
    def play_round(self) -> Round:
        """Until a round is settled or voided; answers that round."""
        self.told, self.log = [], []
        before = Round.objects.filter(game_id=self.game).order_by("-number").values_list("number", flat=True).first()
        if self.mishaps:
            self._change_something()
        for player in self.players:
            player.plan()
        while True:
            step = self._step()
            ended = Round.objects.filter(game_id=self.game, state__in=["settled", "voided"])
            last = ended.order_by("-number").first() if not isinstance(step, Announce | AnnounceBonus) else None
            if last is not None and last.number > (before or 0):
                self._execute_slow()
                self.rounds_seen += 1
                return last

    def _step(self) -> Step:
        running = self.table.view is not None and self.table.view.state == Round.State.RUNNING
        if self.mishaps and self.rng.randrange(300 if running else 60) == 0:
            self._engine_dies(at_telling=self.rng.random() < 0.5)
        try:
            step = self.table.advance()
        except EngineDied:
            self.note("engine died between a write and its announcement")
            return self._replace_engine()
        if self.fenced is not None and self.rng.randrange(3) == 0:
            self._let_fenced_try()
        match step:
            case OpenRound():
                self.current = 100
                self._place()
            case Announce():
                self.current = step.multiplier
                self._act()
            case Sleep():
                self._wait(step.until)
        return step

    def _wait(self, until: datetime) -> None:
        jump = self.rng.randrange(3000) if self.mishaps and self.rng.randrange(40) == 0 else 0
        late = self.rng.randrange(700) if self.rng.randrange(2) else self.rng.randrange(20)
        self.clock.current = max(self.clock.current, until) + timedelta(milliseconds=late + jump)

    # --- mishaps ------------------------------------------------------------------------------------------------------
    def _engine_dies(self, *, at_telling: bool) -> None:
        self.deaths += 1
        if at_telling:
            self.die_at_telling = True
        else:
            self.note("engine died between two steps")
            self._replace_engine()

    def _replace_engine(self) -> Step:
        """The dead engine never runs again; or it only hung, and goes on trying beside its successor."""
        self.fenced = self.table if self.rng.random() < 0.5 else None
        self.table = self.new_table()
        self.clock.current += LEASE_OVER
        return Settle()

    def _let_fenced_try(self) -> None:
        assert self.fenced is not None
        before = len(self.told)
        if self.fenced.lease is not None:
            self.fenced.advance()
        if self.fenced.lease is None:
            self.fenced = None
        assert len(self.told) == before, "a fenced engine told something"

    def _change_something(self) -> None:
        game = Game.objects.get(pk=self.game)
        choice = self.rng.randrange(12)
        if choice == 0:
            rules: dict[str, Any] = {
                "rtp_bps": self.rng.choice([5000, 9000, 9500, 9700, 9999]),
                "volatility": self.rng.choice(["low", "medium", "high"]),
                "bonus_probability_bps": self.rng.choice([0, 2500, 10_000]),
                "bonus_boost_percent": self.rng.choice([0, 10, 100]),
            }
            operations.change_config(game, author=self.staff, now=self.clock.now(), **rules)
            self.note(f"new rules {rules}")
        elif choice == 1:
            operations.set_enabled(game, enabled=False, actor=self.staff, now=self.clock.now())
            for _ in range(5):
                self._wait_if_sleeping(self.table.advance())
            operations.set_enabled(game, enabled=True, actor=self.staff, now=self.clock.now())
            self.note("game was off")

    def _wait_if_sleeping(self, step: Step) -> None:
        if isinstance(step, Sleep):
            self.clock.current = max(self.clock.current, step.until)

    # --- what players do ----------------------------------------------------------------------------------------------
    def _place(self) -> None:
        for player in self.players:
            for wager in player.wagers:
                self._bet(player, wager)
                if wager.reserve and wager.placed and player.chance(60):
                    self._confirm(player, wager)
        for player in self.players:
            for wager in player.wagers:
                if wager.placed and not wager.closed and player.chance(player.character.cancels):
                    self._close(operations.cancel_bets, player, wager)
            self._attack(operations.cancel_bets, player)

    def _bet(self, player: Player, wager: Wager) -> None:
        times = 1 + player.character.repeats
        if player.chance(player.character.loses_answers):
            self._ask_bet(player, wager, heard=False)
        for _ in range(times):
            self._ask_bet(player, wager, heard=True)

    def _ask_bet(self, player: Player, wager: Wager, *, heard: bool) -> None:
        request = BetRequest(
            self.game,
            player.player_id,
            player.username,
            player.account_id,
            "BRL",
            player.is_demo,
            wager.stake_minor,
            wager.identifier,
            wager.auto,
            wager.bet_id,
            wager.reserve,
        )
        (answer,) = operations.place_bets(self.game, [request], now=self.clock.now())
        self.note(f"{player.username} bets {wager.bet_id} {wager.stake_minor} auto {wager.auto}: {answer!r:.60}")
        if heard and isinstance(answer, PlacedBet | AlreadyPlaced):
            player.learn_placed(wager.bet_id)

    def _confirm(self, player: Player, wager: Wager) -> None:
        action = BetAction(player.player_id, player.account_id, wager.bet_id, self.clock.now())
        answers = operations.confirm_bets([action] * (1 + player.chance(30)), now=self.clock.now())
        self.note(f"{player.username} confirms {wager.bet_id}: {[repr(a)[:40] for a in answers]}")
        assert sum(isinstance(answer, PlacedBet) for answer in answers) <= 1, "a reservation was confirmed twice"

    def _act(self) -> None:
        """While the curve runs, after each multiplier that was told."""
        for player in self.players:
            for wager in player.wants_out(self.current):
                if player.chance(player.character.slow):
                    action = BetAction(player.player_id, player.account_id, wager.bet_id, self.clock.now())
                    self.slow.append((player, action))
                    wager.leave_at = None
                else:
                    self._close(operations.cash_outs, player, wager)
            if player.character.late and player.chance(5):
                late = Wager(player.new_id(), 9, 500, 101, None)
                player.history[late.bet_id] = late
                self._ask_bet(player, late, heard=True)
                assert not late.placed, "a bet was taken while the curve ran"
            if player.chance(5):
                self._attack(operations.cash_outs, player)

    def _close(self, verb: Any, player: Player, wager: Wager) -> None:
        action = BetAction(player.player_id, player.account_id, wager.bet_id, self.clock.now())
        lost = player.chance(player.character.loses_answers)
        times = 1 + player.character.repeats + lost
        batch = player.chance(50)
        answers = verb([action] * times, now=self.clock.now()) if batch else []
        answers = answers or [verb([action], now=self.clock.now())[0] for _ in range(times)]
        paid = [answer for answer in answers if isinstance(answer, ClosedBet)]
        assert len(paid) <= 1, f"{len(paid)} of the same requests were paid"
        self.note(f"{player.username} {verb.__name__} {wager.bet_id}: {[repr(a)[:40] for a in answers]}")
        for answer in paid:
            player.learn_closed(answer.bet_id, answer.paid_minor)

    def _attack(self, verb: Any, thief: Player) -> None:
        """Acts on a bet of somebody else, under each identity that could be claimed."""
        victims = [(p, w) for p in self.players if p is not thief for w in p.wagers if w.placed]
        if not victims or not thief.chance(thief.character.foreign):
            return
        victim, wager = victims[thief.rng.randrange(len(victims))]
        for player_id, account_id in (
            (thief.player_id, thief.account_id),
            (victim.player_id, thief.account_id),
            (thief.player_id, victim.account_id),
        ):
            (answer,) = verb([BetAction(player_id, account_id, wager.bet_id, self.clock.now())], now=self.clock.now())
            assert not isinstance(answer, ClosedBet), "somebody else's bet was closed"

    def _execute_slow(self) -> None:
        """Requests that were received in time reach the database only now."""
        for player, action in self.slow:
            (answer,) = operations.cash_outs([action], now=self.clock.now())
            self.note(f"{player.username} late cash-out {action.bet_id}: {answer!r:.60}")
            if isinstance(answer, ClosedBet):
                player.learn_closed(answer.bet_id, answer.paid_minor)
        self.slow = []


def make_world(seed: int, *, players: int = 12, rounds: int = 100, mishaps: bool = True, name: str = "") -> World:
    """A new game with funded players and a chain of seeds that follow from `seed`; `name` keeps runs apart."""
    rng = Random(seed)  # noqa: S311 a simulation must be repeatable
    game = f"Sim{name or seed}"
    clock = ManualClock(START)
    operations.ensure_game(slug=game, title=game, now=START)
    _make_chain(game, seed, length=4 * rounds + settings.CRASH_CHAIN_LENGTH // 10 + 50)
    staff = User.objects.create(username=f"{game}-staff", currency_code="BRL", is_staff=True)
    people = [_make_player(game, i, rng) for i in range(players)]
    return World(game, rng, clock, staff, people, mishaps)


def _make_chain(game: str, seed: int, *, length: int) -> None:
    root = sha256(f"simulation:{seed}:{game}".encode()).digest()
    terminal = fairness.terminal_hash(root, length=length)
    sealed = sealer().seal(root.hex())
    chain = SeedChain.objects.create(
        game_id=game, length=length, terminal_hash=terminal, root_sealed=sealed, announced_at=START
    )
    operations.set_client_seed(chain, f"client {seed}", source="simulation", now=START, actor=None)


def _make_player(game: str, number: int, rng: Random) -> Player:
    character = CHARACTERS[number % len(CHARACTERS)]
    demo = number % 4 == 3
    user = User.objects.create(username=f"{game}-{character.name}-{number}", currency_code="BRL", is_demo=demo)
    account = wallet.open_account(user, is_demo=demo, now=START)
    if not demo:
        wallet.deposit(user, FUNDS, reference=f"sim:{user.username}", now=START)
        account.refresh_from_db()
    own = Random(rng.getrandbits(64))  # noqa: S311 a simulation must be repeatable
    return Player(character, user.pk, user.username, account.pk, demo, account.posted_minor or 0, own)


@contextmanager
def listening(world: World) -> Iterator[World]:
    """The world stands where the sockets would: it gets what is sent to players."""
    before = publisher.publish
    publisher.publish = world.hear
    try:
        yield world
    finally:
        publisher.publish = before
