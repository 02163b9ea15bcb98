"""
Kinds of players, and what each of them remembers. Pure: a seeded generator in, wishes out.

A player knows only what the platform told: the answers to requests and the messages sent to the account. The balance
that follows from these must be the one in the ledger.
"""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Character:
    """How somebody plays. Spans are inclusive; multipliers in hundredths; chances in percent."""

    name: str
    bets: int = 1
    autos: Span | None = None  # sets an auto cash-out from this span
    leaves: Span | None = (110, 300)  # cashes out by hand at this multiplier
    cancels: int = 0
    repeats: int = 0  # sends every request so many times more
    loses_answers: int = 0  # does not get the answer, and asks again with the same id
    nonsense: bool = False  # amounts, targets and identifiers that nobody may have
    late: int = 0  # bets while the curve runs
    foreign: int = 0  # acts on the bets of others
    slow: int = 0  # a cash-out arrives in time and is executed after the settlement
    reserves: int = 0  # sets the stake aside first, and may forget to confirm


CHARACTERS = (
    Character("cautious", leaves=(101, 130)),
    Character("greedy", leaves=(500, 5_000)),
    Character("automatic", autos=(101, 400), leaves=None),
    Character("two-bets", bets=2, autos=(101, 250), leaves=(101, 200)),
    Character("canceller", bets=2, cancels=60),
    Character("spammer", bets=2, repeats=3, leaves=(101, 150), cancels=20),
    Character("nonsense", nonsense=True),
    Character("late", late=80, leaves=(105, 200)),
    Character("thief", foreign=80),
    Character("disconnecting", loses_answers=60, autos=(105, 300), leaves=(101, 150), cancels=10),
    Character("slow", slow=70, leaves=(101, 180)),
    Character("reserving", bets=2, reserves=75, autos=(101, 250), leaves=(101, 200), cancels=15, loses_answers=20),
)


@dataclass(slots=True)
class Wager:
    """A bet as its player knows it."""

    bet_id: UUID
    identifier: int
    stake_minor: int
    auto: int | None
    leave_at: int | None
    reserve: bool = False
    placed: bool = False
    closed: bool = False  # paid or given back, as far as the player was told


@dataclass(slots=True)
class Player:
    character: Character
    player_id: int
    username: str
    account_id: int
    is_demo: bool
    expected_minor: int  # what the player should have, by all that was told
    rng: Random
    wagers: list[Wager] = field(default_factory=list)
    history: dict[UUID, Wager] = field(default_factory=dict)

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def plan(self) -> list[Wager]:
        """The bets for a new round."""
        self.wagers = []
        for identifier in range(1, self.character.bets + 1):
            if self.character.nonsense:
                self.wagers.append(self._nonsense())
            elif self.chance(85):
                auto = self.rng.randint(*self.character.autos) if self.character.autos else None
                leave = self.rng.randint(*self.character.leaves) if self.character.leaves else None
                stake = self.rng.randint(100, 5_000)
                reserve = self.chance(self.character.reserves)
                self.wagers.append(Wager(self.new_id(), identifier, stake, auto, leave, reserve))
        self.history.update({wager.bet_id: wager for wager in self.wagers})
        return self.wagers

    def new_id(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def _nonsense(self) -> Wager:
        stake = self.rng.choice([0, -1, -(10**6), 1, 99, 500_001, 10**15, 10**30, 500])
        auto = self.rng.choice([None, 0, 100, -5, 10**9, 150])
        identifier = self.rng.choice([0, -1, 11, 10**6, 1])
        return Wager(self.new_id(), identifier, stake, auto, None)

    # --- what was told ------------------------------------------------------------------------------------------------
    def learn_placed(self, bet_id: UUID) -> None:
        wager = self.history[bet_id]
        if not wager.placed:
            wager.placed = True
            self.expected_minor -= wager.stake_minor

    def learn_closed(self, bet_id: UUID, paid_minor: int) -> None:
        """Once, however often it is told: an answer that was lost may come again as a message."""
        wager = self.history[bet_id]
        if not wager.closed:
            wager.closed = True
            self.expected_minor += paid_minor

    def wants_out(self, current: int) -> list[Wager]:
        return [
            w for w in self.wagers if w.placed and not w.closed and w.leave_at is not None and current >= w.leave_at
        ]
