"""Verbs of the instant games: playing, the secrets that bets are held to, and the games' configuration."""

from games.instant.operations.commitments import next_hash, renew
from games.instant.operations.playing import play
from games.instant.operations.setup import (
    DEFAULT_LIMITS,
    DEFAULT_RTP_BPS,
    StakeLimits,
    change_config,
    check_rules,
    ensure_games,
    set_enabled,
)
from games.instant.operations.values import PlayedBet, PlayRequest

__all__ = [
    "DEFAULT_LIMITS",
    "DEFAULT_RTP_BPS",
    "PlayRequest",
    "PlayedBet",
    "StakeLimits",
    "change_config",
    "check_rules",
    "ensure_games",
    "next_hash",
    "play",
    "renew",
    "set_enabled",
]
