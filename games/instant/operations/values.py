"""What the verbs of the instant games take and give."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from casino.lib.errors import DomainError
from casino.lib.ids import uuid7
from games.instant.fairness import RANDOM_SEED
from games.instant.rules import Choice
from wallet.operators.operations import Debit


@dataclass(frozen=True, slots=True)
class PlayRequest:
    """
    A stake in minor units on a choice that its game's rules have taken (`rules.choice`). Who plays is the caller's
    word.

    `hash` is the one that the player has seen: the bet is refused if another is next, so a bet that is sent twice
    plays once. `version` is of the rules that they have seen, where they have: under others it is refused as well.

    `operator_id` says that the player's money is at an operator. Such a bet is played with a `debit`, the stake that
    the operator has taken for it, or is `refused`, where it took none (`remote`).
    """

    game: str
    player_id: int
    account_id: int
    currency: str
    is_demo: bool
    stake_minor: int
    choice: Choice
    client_seed: int = RANDOM_SEED
    hash: str | None = None
    version: int | None = None
    key: UUID = field(default_factory=uuid7)
    operator_id: int | None = None
    debit: Debit | None = None
    refused: DomainError | None = None


class PlayedBet(NamedTuple):
    """
    A bet that is played, paid and in the books. `payout_minor` includes the stake; `next_hash` is of the account's
    next secret.
    """

    id: int
    key: UUID
    game: str
    account_id: int
    currency: str
    denominator: int
    is_demo: bool
    stake_minor: int
    payout_minor: int
    balance_minor: int
    hash: str
    secret: int
    salt: str
    client_seed: int
    outcome: int
    choice: Choice
    shown: dict[str, Any]
    next_hash: str
    config_version: int
    played_at: datetime

    @property
    def profit_minor(self) -> int:
        return self.payout_minor - self.stake_minor
