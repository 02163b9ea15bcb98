"""What the bet verbs take and give: wishes, answers, and bets as they are read under lock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from casino.lib.errors import DomainError
from casino.lib.ids import uuid7
from games.crash.models import Bet
from games.crash.rules import Payout


@dataclass(frozen=True, slots=True)
class FromPartner:
    """Whose player it is, and the partner's own name of the bet, which is unique for ever."""

    partner_id: int
    environment: str
    partner_player_id: int
    client_reference: str | None

    @property
    def reference_name(self) -> str:
        return f"bet:{self.partner_id}:{self.environment}:{self.client_reference}"


@dataclass(frozen=True, slots=True)
class BetRequest:
    """
    A stake in minor units for the next round; `auto_cashout` in hundredths. Who plays is the caller's word.

    `reserve` only sets the stake aside: the bet plays when it is confirmed before betting ends.
    """

    game: str
    player_id: int
    username: str
    account_id: int
    currency: str
    is_demo: bool
    stake_minor: int
    identifier: int
    auto_cashout: int | None
    bet_id: UUID = field(default_factory=uuid7)
    reserve: bool = False
    partner: FromPartner | None = None


class PlacedBet(NamedTuple):
    bet_id: UUID
    round_id: UUID
    player_id: int
    account_id: int
    username: str
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    auto_cashout: int | None
    balance_minor: int
    placed_at: datetime
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class BetAction:
    """A confirmation, cancel or cash-out of an own bet. `received_at` is when this platform got it, and decides."""

    player_id: int
    account_id: int
    bet_id: UUID
    received_at: datetime
    cashout_at: int | None = None


class ClosedBet(NamedTuple):
    """
    A bet that was cancelled or paid; `paid_minor` went to the player, `balance_minor` is available after it.

    A tuple like the others here that a settlement makes a hundred thousand of.
    """

    game: str
    bet_id: UUID
    round_id: UUID
    player_id: int
    account_id: int
    username: str
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    paid_minor: int
    balance_minor: int
    multiplier: int | None = None
    boost_percent: int = 0
    auto: bool = False
    reserved: bool = False  # it was set aside only, and had not been confirmed
    closed_at: datetime | None = None


class HeldBet(NamedTuple):
    """A bet read under lock. A tuple, since a settlement reads a hundred thousand of them."""

    id: UUID
    game: str
    round_id: UUID
    player_id: int
    username: str
    account_id: int
    currency: str
    denominator: int
    is_demo: bool
    identifier: int
    stake_minor: int
    stake_reference_micros: int
    auto_cashout: int | None
    status: str
    placed_at: datetime


_HELD_COLUMNS = (
    "pk",
    "round__game_id",
    "round_id",
    "player_id",
    "player__username",
    "account_id",
    "currency_id",
    "currency__denominator",
    "is_demo",
    "identifier",
    "stake_minor",
    "stake_reference_micros",
    "auto_cashout_hundredths",
    "status",
    "placed_at",
)

Verdict = DomainError | tuple[int, Payout | None]  # refused, or what is paid and why (None: the stake goes back)
Decided = tuple[int, HeldBet, int, Payout | None]


def held_bets(bets: QuerySet[Bet]) -> list[HeldBet]:
    return [HeldBet._make(row) for row in bets.values_list(*_HELD_COLUMNS)]
