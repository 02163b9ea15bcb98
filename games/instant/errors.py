"""Refusals of the instant games. Nothing has moved, and the hash that was shown stays good for the next bet."""

from casino.lib.errors import DomainError


class InvalidBet(DomainError):
    """A parameter that is not admissible; `field` names it."""

    code = "invalid_request"
    status = 400

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class NoSuchGame(DomainError):
    code = "not_found"
    status = 404
    message = "There is no such game."


class NoSuchBet(DomainError):
    code = "not_found"
    status = 404
    message = "Bet not found."


class GameOff(DomainError):
    code = "temporarily_unavailable"
    status = 503
    message = "This game is switched off at the moment."


class NotPlayedInCurrency(DomainError):
    code = "invalid_request"
    status = 422
    message = "This game is not played in your currency."


class BelowMinimum(DomainError):
    code = "amount_below_minimum"
    status = 422
    message = "The wager is below the minimum."


class AboveMaximum(DomainError):
    code = "amount_above_maximum"
    status = 422
    message = "The wager is above the maximum."


class AboveMaximumWin(DomainError):
    """What the bet could win is more than the house stands for in one bet."""

    code = "amount_above_maximum"
    status = 422
    message = "This bet could win more than the house pays on one bet."


class InsufficientFunds(DomainError):
    code = "insufficient_funds"
    status = 402
    message = "Insufficient funds."


class HashUsed(DomainError):
    """The bet was meant for a hash that another bet has used, or that was renewed."""

    code = "hash_used"
    status = 409
    message = "The bet names a hash that is not the next one (any more)."


class RulesChanged(DomainError):
    """The bet was meant for rules that are not in force any more: its odds would be others than the player saw."""

    code = "rules_changed"
    status = 409
    message = "The rules of this game have just changed. Nothing was played."


class WalletUnavailable(DomainError):
    """Of players whose money is at an operator. Nothing was taken, or it goes back."""

    code = "temporarily_unavailable"
    status = 503
    message = "The player's wallet does not answer."


class PlayerRefused(DomainError):
    code = "player_blocked"
    status = 403
    message = "The player may not play."


class LimitReached(DomainError):
    code = "limit_reached"
    status = 403
    message = "A limit of the player's stands in the way."


class ConfigRefused(DomainError):
    code = "config_refused"
    status = 422
    message = "These rules are not allowed."
