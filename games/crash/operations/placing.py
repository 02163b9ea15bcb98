"""
Placing bets. In batches; a single bet is a batch of one.

One transaction, and an answer per request, in order: a value, or a DomainError as a value. One refused request never
spoils the others. What happened is announced on commit.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from casino.lib.errors import DomainError
from casino.ops.bulk import AnyOf, insert_rows
from casino.ops.locks import take_names
from games.crash import publisher
from games.crash.errors import (
    AboveMaximum,
    AlreadyPlaced,
    BelowMinimum,
    BettingClosed,
    CannotPlace,
    InsufficientFunds,
    InvalidAutoCashout,
    ReferenceInUse,
    ReferenceUsed,
)
from games.crash.models import Bet, ConfigLimit, PartnerBet, Round
from games.crash.operations.locking import lock_accounts, share_waiting_round
from games.crash.operations.values import BetRequest, PlacedBet
from games.crash.rules import CAPS, MAX_IDENTIFIER, MIN_CASHOUT
from wallet import ledger
from wallet.chart import Code, House, Kind, book_of
from wallet.ledger import Result, TransferRequest
from wallet.queries import house_accounts

BET_COLUMNS = (
    "id",
    "round",
    "player",
    "account",
    "config",
    "currency",
    "is_demo",
    "identifier",
    "stake_minor",
    "stake_reference_micros",
    "payout_reference_micros",
    "auto_cashout_hundredths",
    "status",
    "boost_percent",
    "was_auto",
    "payout_minor",
    "balance_before_minor",
    "was_reserved",
    "placed_at",
)
PARTNER_COLUMNS = ("bet", "player", "partner", "environment", "client_reference")


def place_bets(game: str, requests: Sequence[BetRequest], *, now: datetime) -> list[PlacedBet | DomainError]:
    """Take stakes for the game's waiting round, all in one transaction."""
    answers: list[PlacedBet | DomainError | None] = [None] * len(requests)
    with transaction.atomic():
        round_ = share_waiting_round(game)
        limits = _limits(round_, game)
        wanted: list[tuple[int, BetRequest]] = []
        for i, request in enumerate(requests):
            refusal = _refusal(request, limits) or (BettingClosed() if round_ is None else None)
            if refusal is None:
                wanted.append((i, request))
            else:
                answers[i] = refusal
        if round_ is not None and wanted:
            for i, answer in _stake(round_, wanted, limits, now=now):
                answers[i] = answer
            placed = [answer for answer in answers if isinstance(answer, PlacedBet)]
            transaction.on_commit(lambda: publisher.bets_placed(game, round_.pk, placed))
    return [answer for answer in answers if answer is not None]


def _limits(round_: Round | None, game: str) -> dict[str, ConfigLimit]:
    """The round's limits by currency; between rounds, the game's latest, so that a refusal names the right reason."""
    limits = ConfigLimit.objects.select_related("currency", "config")
    if round_ is not None:
        found = limits.filter(config_id=round_.config_id)
    else:
        found = limits.filter(config__game_id=game).order_by("config__version")
    return {limit.currency_id: limit for limit in found}


def _refusal(request: BetRequest, limits: dict[str, ConfigLimit]) -> DomainError | None:
    limit = limits.get(request.currency)
    if limit is None or not limit.currency.enabled:
        return CannotPlace("The bet could not be placed: this game is not played in your currency.")
    if request.stake_minor < limit.min_stake_minor:
        return BelowMinimum(var=limit.min_stake_minor)
    if request.stake_minor > limit.max_stake_minor:
        return AboveMaximum(var=limit.max_stake_minor)
    auto = request.auto_cashout
    if auto is not None and auto < MIN_CASHOUT:
        return InvalidAutoCashout(var=MIN_CASHOUT)
    cap = CAPS[limit.config.volatility]
    if auto is not None and auto > cap:
        return InvalidAutoCashout(var=cap)
    if not 1 <= request.identifier <= MAX_IDENTIFIER:
        return CannotPlace(f"The bet could not be placed: identifier goes from 1 to {MAX_IDENTIFIER}.")
    return None


def _stake(
    round_: Round, wanted: Sequence[tuple[int, BetRequest]], limits: dict[str, ConfigLimit], *, now: datetime
) -> list[tuple[int, PlacedBet | DomainError]]:
    account_ids = {request.account_id for _, request in wanted}
    lock_accounts(account_ids)
    held = Bet.objects.filter(AnyOf(F("account_id"), account_ids), round=round_).exclude(status=Bet.Status.CANCELLED)
    taken = set(held.values_list("account_id", "identifier"))
    references = _References(wanted)
    answers: list[tuple[int, PlacedBet | DomainError]] = []
    staked: list[tuple[int, BetRequest]] = []
    for i, request in wanted:
        place = (request.account_id, request.identifier)
        if place in taken:
            answers.append((i, AlreadyPlaced()))
        elif refusal := references.take(request):
            answers.append((i, refusal))
        else:
            taken.add(place)
            staked.append((i, request))
    house = house_accounts(House.CRASH, {book_of(r.currency, is_demo=r.is_demo) for _, r in staked})
    outcomes = ledger.post(
        [
            TransferRequest(
                id=f"{'hold' if request.reserve else 'stake'}:{request.bet_id}",
                debit_account_id=request.account_id,
                credit_account_id=house[book_of(request.currency, is_demo=request.is_demo)],
                amount_minor=request.stake_minor,
                code=Code.HOLD if request.reserve else Code.STAKE,
                kind=Kind.PENDING if request.reserve else Kind.POSTED,
                reference=str(request.bet_id),
            )
            for _, request in staked
        ],
        now=now,
    )
    rows = []
    partner_rows = []
    for (i, request), outcome in zip(staked, outcomes, strict=True):
        if outcome.result is Result.INSUFFICIENT_FUNDS:
            answers.append((i, InsufficientFunds()))
            continue
        if outcome.result is not Result.OK:
            answers.append((i, CannotPlace(f"The bet could not be placed: {outcome.result}.")))
            continue
        limit = limits[request.currency]
        balance_minor = outcome.debit_balance_minor or 0
        rows.append(
            (
                request.bet_id,
                round_.pk,
                request.player_id,
                request.account_id,
                round_.config_id,
                request.currency,
                request.is_demo,
                request.identifier,
                request.stake_minor,
                _reference_micros(request.stake_minor, limit),
                0,
                request.auto_cashout,
                str(Bet.Status.RESERVED if request.reserve else Bet.Status.OPEN),
                0,
                False,
                0,
                balance_minor + request.stake_minor,
                request.reserve,
                now,
            )
        )
        if whose := request.partner:
            of_partner = (whose.partner_player_id, whose.partner_id, whose.environment, whose.client_reference)
            partner_rows.append((request.bet_id, *of_partner))
        answers.append((i, _placed(request, round_, limit.currency.denominator, balance_minor, now)))
    insert_rows(Bet, BET_COLUMNS, rows)
    insert_rows(PartnerBet, PARTNER_COLUMNS, partner_rows)
    return answers


class _References:
    """The partners' own names of this batch's bets: each is used once, for ever."""

    def __init__(self, wanted: Sequence[tuple[int, BetRequest]]) -> None:
        whose = [r.partner for _, r in wanted if r.partner is not None and r.partner.client_reference is not None]
        self._held = take_names(partner.reference_name for partner in whose)
        self._used: dict[str, UUID] = {}
        for partner_id, environment in {(partner.partner_id, partner.environment) for partner in whose}:
            used = PartnerBet.objects.filter(
                partner_id=partner_id,
                environment=environment,
                client_reference__in=[p.client_reference for p in whose if p.partner_id == partner_id],
            )
            for bet_id, reference in used.values_list("bet_id", "client_reference"):
                self._used[f"bet:{partner_id}:{environment}:{reference}"] = bet_id

    def take(self, request: BetRequest) -> DomainError | None:
        """A reason where the bet cannot have this name."""
        if request.partner is None or request.partner.client_reference is None:
            return None
        name = request.partner.reference_name
        if name not in self._held:
            return ReferenceInUse()
        if name in self._used:
            return ReferenceUsed(f"client_reference was used already, by the bet {self._used[name]}.")
        self._used[name] = request.bet_id
        return None


def _reference_micros(amount_minor: int, limit: ConfigLimit) -> int:
    return amount_minor * limit.currency.reference_micros // limit.currency.denominator


def _placed(request: BetRequest, round_: Round, denominator: int, balance_minor: int, now: datetime) -> PlacedBet:
    return PlacedBet(
        bet_id=request.bet_id,
        round_id=round_.pk,
        player_id=request.player_id,
        account_id=request.account_id,
        username=request.username,
        currency=request.currency,
        denominator=denominator,
        is_demo=request.is_demo,
        identifier=request.identifier,
        stake_minor=request.stake_minor,
        auto_cashout=request.auto_cashout,
        balance_minor=balance_minor,
        placed_at=now,
        reserved=request.reserve,
    )
