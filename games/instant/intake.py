"""
Where instant bets enter, from whatever interface: requests that arrive together in this process are one transaction.

For callers with a thread of their own (pages and the APIs). A run of bets by one player stays together, in its order.
"""

from collections.abc import Iterator, Mapping, Sequence
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
MOST_BETS = 200  # of a transaction: what is read, locked and written at once
MOST_QUEUED = 1_000  # runs that may wait in this process


class TooManyQueued(DomainError):
    code = "rate_limited"
    status = 429
    message = "Too many bets are waiting already. Try again."


class Desk:
    """The combiner of this process."""

    def __init__(self, clock: Clock = system_clock) -> None:
        self.clock = clock
        self._runs: ThreadCombiner[Run, Answers | Exception] = ThreadCombiner(
            self._play, max_batch=MOST_BETS, max_queue=MOST_QUEUED, before_waiting=release_connection
        )

    def submit(self, requests: Run) -> Answers:
        """Play them in order; an answer for each. Raises TooManyQueued, with nothing taken on."""
        wanted = with_debits(requests, self.clock)
        try:
            answers = self._runs.submit(wanted)
        except Overloaded:
            raise TooManyQueued from None
        if isinstance(answers, Exception):
            raise answers
        return answers

    def submit_one(self, request: PlayRequest) -> PlayedBet:
        """Raises what refuses it."""
        (answer,) = self.submit([request])
        if isinstance(answer, DomainError):
            raise answer
        return answer

    def _play(self, runs: Sequence[Run]) -> list[Answers | Exception]:
        answers: list[Answers | Exception] = []
        for together in _batches(runs):
            try:
                played = iter(play([request for run in together for request in run], now=self.clock.now()))
                answers += [[next(played) for _ in run] for run in together]
            except Exception as failed:  # of this transaction alone; the others are played and stay so
                answers += [failed] * len(together)
        return answers


def _batches(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """The runs in their order, as many to a transaction as make up the most bets of one; a run is never divided."""
    together: list[Run] = []
    for run in runs:
        if together and sum(map(len, together)) + len(run) > MOST_BETS:
            yield together
            together = []
        together.append(run)
    if together:
        yield together


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
