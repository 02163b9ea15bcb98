"""Refusals that only solo play has; all others are those of `games.crash.errors`."""

from casino.lib.errors import DomainError
from games.crash.errors import BettingClosed, CannotCancel, CannotPlace


class RoundRuns(BettingClosed):
    message = "Your round is running: one at a time."


class NotFinished(DomainError):
    code = "round_not_finished"
    status = 409
    socket_code = 1010
    message = "The game is not finished: your last round is being settled. Try again in a moment."


class RoundStillRuns(NotFinished):
    message = "The game is not finished: a client seed can be brought between two rounds."


class SeedNotPlayed(NotFinished):
    message = "Finish a round with your last client seed before you bring another one."


class StartedAtOnce(BettingClosed):
    message = "The game has started: a solo bet starts its round at once and cannot be cancelled."


class AlreadyOver(CannotCancel):
    message = "The bet could not be cancelled: it is over. (Solo bets start their round at once.)"


class GamePaused(CannotPlace):
    message = "The bet could not be placed: the game is paused."


class NoChat(DomainError):
    code = "invalid_request"
    socket_code = 400
    message = "There is no chat in solo play: nobody else is here."


class BadClientSeed(DomainError):
    code = "invalid_request"
    status = 422
    socket_code = 400
    message = "A client seed is a text of 1 to 64 printable ASCII characters."
