"""
Where instant bets enter, from whatever interface: requests that arrive together in this process are one transaction.

For callers with a thread of their own (pages and the APIs). A run of bets by one player stays together, in its order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from casino.lib.clock import Clock, system_clock
from casino.lib.combiner import Overloaded, ThreadCombiner
from casino.lib.errors import DomainError
from casino.ops.together import release_connection
from games.instant.errors import InvalidBet, NoSuchGame
from games.instant.kinds import KINDS
from games.instant.operations import PlayedBet, PlayRequest, play
from games.instant.operations.remote import with_debits
from games.instant.rules import BadChoice, Choice, client_seed

Run = Sequence[PlayRequest]
Answers = list[PlayedBet | DomainError]
MOST_BETS = 200  # of a batch, about: what is read, locked and written at once
MOST_QUEUED = 1_000  # runs that may wait in this process


class TooManyQueued(DomainError):
    code = "rate_limited"
    status = 429
    message = "Too many bets are waiting already. Try again."


class Desk:
    """The combiner of this process."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.clock = clock
        self._runs: ThreadCombiner[Run, Answers] = ThreadCombiner(
            self._play, max_batch=MOST_BETS, max_queue=MOST_QUEUED, before_waiting=release_connection
        )

    def submit(self, requests: Run) -> Answers:
        """Play them in order; an answer for each. Raises TooManyQueued, with nothing taken on."""
        wanted = with_debits(requests, self.clock)
        try:
            return self._runs.submit(wanted)
        except Overloaded:
            raise TooManyQueued from None

    def submit_one(self, request: PlayRequest) -> PlayedBet:
        """Raises what refuses it."""
        (answer,) = self.submit([request])
        if isinstance(answer, DomainError):
            raise answer
        return answer

    def _play(self, runs: Sequence[Run]) -> list[Answers]:
        answers = iter(play([request for run in runs for request in run], now=self.clock.now()))
        return [[next(answers) for _ in run] for run in runs]


desk = Desk()


def choice_of(game: str, wish: Mapping[str, Any]) -> tuple[Choice, int]:
    """What was chosen and the client seed, in their one written form. Raises NoSuchGame or InvalidBet."""
    rules = KINDS.get(game)
    if rules is None:
        raise NoSuchGame
    try:
        return rules.choice(wish), client_seed(wish.get("clientseed", -1))
    except BadChoice as bad:
        raise InvalidBet(bad.field, str(bad)) from bad
