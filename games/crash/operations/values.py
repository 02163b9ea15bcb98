"""What the bet verbs take and give: wishes, answers, and bets as they are read under lock."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet

from casino.lib.errors import DomainError
from casino.lib.ids import uuid7
from casino.ops.bulk import AnyOf
from games.crash.models import Bet, PartnerBet, Round
from games.crash.rules import Payout
from wallet.operators.operations import Debit


@dataclass(frozen=True, slots=True)
class FromPartner:
    """Whose player it is, and the partner's own name of the bet, which is unique for ever."""

    partner_id: int
    environment: str
    partner_player_id: int
    external_id: str  # the partner's own name of the player
    client_reference: str | None

    @property
    def reference_name(self) -> str:
        return f"bet:{self.partner_id}:{self.environment}:{self.client_reference}"


@dataclass(frozen=True, slots=True)
class BetRequest:
    """
    A stake in minor units for the next round; `auto_cashout` in hundredths. Who plays is the caller's word.

    `reserve` only sets the stake aside: the bet plays when it is confirmed before betting ends.

    `operator_id` says that the player's money is at an operator. Such a bet is placed with a `debit`, the stake that
    the operator has taken for it, or is `refused`, where it took none (`remote`).
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
    operator_id: int | None = None
    debit: Debit | None = None
    refused: DomainError | None = None


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
    partner: FromPartner | None = None


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
    partner: FromPartner | None = None


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
    partner_id: int | None
    environment: str | None
    partner_player_id: int | None
    external_id: str | None
    client_reference: str | None
    operator_id: int | None  # that holds the player's money
    told_minor: int | None  # the balance that it has told last
    placed_at: datetime | None = None  # where it was asked for

    @property
    def bet_id(self) -> UUID:
        """As the others call it."""
        return self.id

    @property
    def partner(self) -> FromPartner | None:
        if self.partner_id is None or self.environment is None:
            return None
        player_id, name = self.partner_player_id or 0, self.external_id or ""
        return FromPartner(self.partner_id, self.environment, player_id, name, self.client_reference)


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
    "partner_bet__partner_id",
    "partner_bet__environment",
    "partner_bet__player_id",
    "partner_bet__player__external_id",
    "partner_bet__client_reference",
    "account__remote__operator_id",
    "account__remote__balance_minor",
)

Verdict = DomainError | tuple[int, Payout | None]  # refused, or what is paid and why (None: the stake goes back)
Decided = tuple[int, HeldBet, int, Payout | None]


def held_bets(bets: QuerySet[Bet], *, with_times: bool = False) -> list[HeldBet]:
    """Read bets that are under lock. Their times only where needed: reading those costs as much as the rest."""
    columns = (*_HELD_COLUMNS, "placed_at") if with_times else _HELD_COLUMNS
    return [HeldBet(*row) for row in bets.values_list(*columns)]


def partners_bets(round_: Round, *, status: Bet.Status) -> list[tuple[FromPartner, HeldBet]]:
    """The partners' bets of a round that is held alone; one look at an index where there are none."""
    ids = list(PartnerBet.objects.filter(round=round_).values_list("bet_id", flat=True))
    bets = held_bets(Bet.objects.filter(AnyOf(F("pk"), ids), status=status)) if ids else []
    return [(bet.partner, bet) for bet in bets if bet.partner is not None]
