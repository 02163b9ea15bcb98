"""Refusals of the crash game, with the words of the REST API and the numbers of the socket."""

from casino.lib.errors import DomainError


class BelowMinimum(DomainError):
    code = "amount_below_minimum"
    status = 422
    socket_code = 1001
    message = "The amount is below the minimum bet."


class AboveMaximum(DomainError):
    code = "amount_above_maximum"
    status = 422
    socket_code = 1002
    message = "The amount is above the maximum bet."


class BetNotFound(DomainError):
    code = "not_found"
    status = 404
    socket_code = 1003
    message = "Bet not found."


class AlreadyPlaced(DomainError):
    code = "already_placed"
    status = 409
    socket_code = 1004
    message = "A bet with this identifier is already placed in this round."


class ReferenceUsed(DomainError):
    """The partner's own name of a bet is unique for ever."""

    code = "idempotency_mismatch"
    status = 422
    socket_code = 1004
    message = "client_reference was used already."


class ReferenceInUse(DomainError):
    code = "idempotency_in_progress"
    status = 409
    socket_code = 1004
    message = "A bet with this client_reference is being placed."


class CannotPlace(DomainError):
    code = "limit_reached"
    status = 403
    socket_code = 1005
    message = "The bet could not be placed."


class RoundFull(CannotPlace):
    """With this bet the round could win more than the house puts at risk for it. The message says what still can."""

    code = "amount_above_maximum"
    status = 422
    message = "The bet could not be placed: the bets of this round could win more than the house's limit."


class InsufficientFunds(CannotPlace):
    code = "insufficient_funds"
    status = 402
    message = "The bet could not be placed: insufficient funds."


class OperatorUnavailable(CannotPlace):
    """Of players whose money is at an operator. Nothing was taken, or it goes back."""

    code = "temporarily_unavailable"
    status = 503
    message = "The bet could not be placed: the player's wallet does not answer."


class CannotCancel(DomainError):
    code = "bet_not_open"
    status = 409
    socket_code = 1006
    message = "The bet could not be cancelled: it is not open any more."


class NotReserved(DomainError):
    code = "bet_not_open"
    status = 409
    socket_code = 1006
    message = "The bet could not be confirmed: it is not reserved (any more)."


class CannotCashOut(DomainError):
    code = "bet_not_open"
    status = 409
    socket_code = 1007
    message = "The bet could not be cashed out."


class InvalidAutoCashout(DomainError):
    code = "invalid_auto_cashout"
    status = 422
    socket_code = 1008
    message = "The auto cash-out multiplier is not valid."


class BettingClosed(DomainError):
    code = "round_closed"
    status = 409
    socket_code = 1009
    message = "The game has already started: bets are taken and cancelled only before it."


class RoundCrashed(DomainError):
    code = "round_closed"
    status = 409
    socket_code = 1011
    message = "The game has crashed."


class NoRoundRunning(DomainError):
    code = "round_closed"
    status = 409
    socket_code = 1012
    message = "No round is running."


class EngineFenced(Exception):
    """Another engine holds the game's lease: this one must stop and change nothing."""
