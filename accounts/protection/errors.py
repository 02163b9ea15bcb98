"""Refusals that protect a player, with the words of the REST API and the numbers of the socket."""

from datetime import datetime

from accounts.protection.rules import Ban, Exclusion, Kind, Period
from casino.lib.errors import DomainError

SAID = {Ban.COOL_OFF: "a cool-off", Ban.SELF_EXCLUSION: "self-exclusion"}


def said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


class Excluded(DomainError):
    """Of a player who is excluded from play, for a time or for good."""

    code = "player_blocked"
    status = 403
    socket_code = 1005

    def __init__(self, exclusion: Exclusion) -> None:
        self.exclusion = exclusion
        until = "for good" if exclusion.until is None else f"until {said(exclusion.until)}"
        super().__init__(f"Play is blocked {until} by {SAID[exclusion.ban]}.")


class LimitReached(DomainError):
    """An amount that would cross a limit of the player's."""

    code = "limit_reached"
    status = 403
    socket_code = 1005

    def __init__(self, kind: Kind, period: Period, *, limit: str, resets_at: datetime) -> None:
        what = "deposit" if kind is Kind.DEPOSIT else "bet"
        super().__init__(
            f"The {what} was refused: it would cross the {kind} limit of {limit} a {period}, "
            f"which is counted anew from {said(resets_at)}."
        )
