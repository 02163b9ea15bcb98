"""
Placing bets. In batches; a single bet is a batch of one.

One transaction, and an answer per request, in order: a value, or a DomainError as a value. One refused request never
spoils the others. What happened is announced on commit.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from accounts.protection.queries import asking as asking_standings
from accounts.webhooks.operations import asking as asking_listeners
from casino.lib.errors import DomainError
from casino.ops.bulk import AnyOf, insert_rows, written_together
from casino.ops.composed import Asked, Slot, asked_together, written
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
    OperatorUnavailable,
    ReferenceInUse,
    ReferenceUsed,
)
from games.crash.models import Bet, ConfigLimit, PartnerBet, Round
from games.crash.operations import exposure, partner_events
from games.crash.operations.locking import share_waiting_round, sharing_waiting_round
from games.crash.operations.values import BetRequest, PlacedBet
from games.crash.rules import CAPS, MAX_IDENTIFIER, MIN_CASHOUT
from wallet import ledger
from wallet.chart import Code, House, Kind, book_of
from wallet.ledger import Result, TransferRequest
from wallet.operators import operations as operators
from wallet.protection import refuse_bets
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
Limits = dict[str, ConfigLimit]  # by currency
MOST_KEPT = 64
_kept: dict[UUID, Limits] = {}
PARTNER_COLUMNS = ("bet", "round", "player", "partner", "environment", "client_reference")


def place_bets(game: str, requests: Sequence[BetRequest], *, now: datetime) -> list[PlacedBet | DomainError]:
    """Take stakes for the game's waiting round, all in one transaction."""
    answers: list[PlacedBet | DomainError | None] = [None] * len(requests)
    # Within a larger transaction, what fails here fails all of it.
    with transaction.atomic(savepoint=False), written_together():
        round_ = share_waiting_round(game)
        limits = _limits(round_, game)
        debits = [request.debit for request in requests if request.debit is not None]
        taken = operators.confirm(debits, now=now)
        wanted: list[tuple[int, BetRequest]] = []
        for i, request in enumerate(requests):
            refusal = refused_by_rules(request, limits) or _untimely(request, round_, taken)
            if refusal is None:
                wanted.append((i, request))
            else:
                answers[i] = refusal
        if round_ is not None and wanted:
            with asked_together(*_questions(round_, [request for _, request in wanted], now=now)):
                for i, answer in _stake(round_, wanted, limits, now=now):
                    answers[i] = answer
                placed = [answer for answer in answers if isinstance(answer, PlacedBet)]
                partner_events.bets_placed(game, placed, now=now)
            transaction.on_commit(lambda: publisher.bets_placed(game, round_.pk, placed))
        # What an operator took for a bet that did not come to be goes back.
        unused = [r.debit for r, a in zip(requests, answers, strict=True) if r.debit and isinstance(a, DomainError)]
        operators.refund([debit.transaction_id for debit in unused if debit.transaction_id in taken], now=now)
    return [answer for answer in answers if answer is not None]


def refusals(
    game: str, requests: Sequence[BetRequest], *, now: datetime
) -> tuple[Round | None, list[DomainError | None]]:
    """
    What would stand in the way of these bets now, as far as it can be seen without a lock; and the round they are for.

    Asked before a stake is asked for elsewhere. `place_bets` decides.
    """
    round_ = Round.objects.filter(game_id=game, state=Round.State.WAITING).first()
    limits = _limits(round_, game)
    places = _taken(round_, {request.account_id for request in requests}) if round_ is not None else set()
    found = []
    with transaction.atomic():  # it may tell a partner that a limit was met
        protected = refuse_bets(requests, now)
    for request, protection in zip(requests, protected, strict=True):
        refusal = refused_by_rules(request, limits) or (BettingClosed() if round_ is None else None) or protection
        if refusal is None and (request.account_id, request.identifier) in places:
            refusal = AlreadyPlaced()
        found.append(refusal)
    if round_ is not None and (asked := [i for i, refusal in enumerate(found) if refusal is None]):
        rooms = exposure.rooms(round_, [requests[i] for i in asked], limits)
        for i in asked:
            found[i] = rooms.take(requests[i])
    return round_, found


def denominator(round_: Round, request: BetRequest) -> int:
    """Of a request that is not refused."""
    return _limits(round_, request.game)[request.currency].currency.denominator


def first_questions(requests: Sequence[BetRequest]) -> list[Asked]:
    """
    What `place_bets` asks first, for each game that these bets are in.

    Not the accounts as well: a call that is under way elsewhere holds its player's, and its repetition is to be told so
    at once instead of waiting for it, with all that came along.
    """
    return [sharing_waiting_round(game) for game in dict.fromkeys(request.game for request in requests)]


def _questions(round_: Round, requests: Sequence[BetRequest], *, now: datetime) -> list[Asked]:
    """What is asked of almost every batch, beginning with the lock under which the rest is true."""
    account_ids = {request.account_id for request in requests}
    asked = [
        ledger.locking(account_ids, now=now),
        _held_places.about(accounts=account_ids, rounds=[round_.pk] * len(account_ids)),
        asking_standings({request.player_id for request in requests}, now=now),
        exposure.asking(round_, requests),
        ledger.looking_for(map(_transfer_id, requests)),
    ]
    if partners := {request.partner.partner_id for request in requests if request.partner is not None}:
        asked.append(asking_listeners(partners))
    return asked


def _transfer_id(request: BetRequest) -> str:
    return f"{'hold' if request.reserve else 'stake'}:{request.bet_id}"


def _untimely(request: BetRequest, round_: Round | None, taken: Collection[str]) -> DomainError | None:
    """The round is over, or what the operator took for the bet was for another, or was given up in the meantime."""
    if round_ is None:
        return BettingClosed()
    if request.operator_id is None:
        return None
    if request.debit is None or request.debit.transaction_id not in taken:
        return OperatorUnavailable()
    return None if request.debit.round_id == str(round_.pk) else BettingClosed()


def _limits(round_: Round | None, game: str) -> Limits:
    """
    The round's limits by currency; between rounds, the game's latest, so that a refusal names the right reason.

    Those of a round are kept by this process: what staff change holds from the next round on.
    """
    if round_ is not None and round_.pk in _kept:
        return _kept[round_.pk]
    limits = ConfigLimit.objects.select_related("currency", "config")
    if round_ is None:
        return {limit.currency_id: limit for limit in limits.filter(config__game_id=game).order_by("config__version")}
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    found = _kept[round_.pk] = {limit.currency_id: limit for limit in limits.filter(config_id=round_.config_id)}
    return found


def refused_by_rules(request: BetRequest, limits: Limits) -> DomainError | None:
    """What the rules in force say against a bet, whatever the round; `limits` are those of their version."""
    if request.refused is not None:
        return request.refused
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
    round_: Round, wanted: Sequence[tuple[int, BetRequest]], limits: Limits, *, now: datetime
) -> list[tuple[int, PlacedBet | DomainError]]:
    account_ids = {request.account_id for _, request in wanted}
    locked = ledger.lock(account_ids, now=now)
    taken = _taken(round_, account_ids)
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
    refusals = refuse_bets([request for _, request in staked], now)
    answers += [(i, refusal) for (i, _), refusal in zip(staked, refusals, strict=True) if refusal]
    staked = [wish for wish, refusal in zip(staked, refusals, strict=True) if refusal is None]
    rooms = exposure.rooms(round_, [request for _, request in staked], limits)
    played = []
    for i, request in staked:
        # What the ledger will refuse anyway takes no room from others of this batch.
        payable = request.debit is not None or request.stake_minor <= locked.available(request.account_id)
        refusal = rooms.take(request) if payable else None
        if refusal:
            answers.append((i, refusal))
        else:
            played.append((i, request))
    staked = played
    house = house_accounts(House.CRASH, {book_of(r.currency, is_demo=r.is_demo) for _, r in staked})
    from_operators = [
        operators.stake_transfer(
            r.account_id, r.debit.transaction_id, r.stake_minor, currency=r.currency, is_demo=r.is_demo
        )
        for _, r in staked
        if r.debit is not None
    ]
    outcomes = ledger.post(
        [
            *from_operators,
            *(
                TransferRequest(
                    id=_transfer_id(request),
                    debit_account_id=request.account_id,
                    credit_account_id=house[book_of(request.currency, is_demo=request.is_demo)],
                    amount_minor=request.stake_minor,
                    code=Code.HOLD if request.reserve else Code.STAKE,
                    kind=Kind.PENDING if request.reserve else Kind.POSTED,
                    reference=str(request.bet_id),
                )
                for _, request in staked
            ),
        ],
        now=now,
        locked=locked,
    )[len(from_operators) :]
    rows = []
    partner_rows = []
    placed = []
    for (i, request), outcome in zip(staked, outcomes, strict=True):
        assert request.debit is None or outcome.result is Result.OK, "what an operator took is enough for its bet"
        if outcome.result is Result.INSUFFICIENT_FUNDS:
            answers.append((i, InsufficientFunds()))
            continue
        if outcome.result is not Result.OK:
            answers.append((i, CannotPlace(f"The bet could not be placed: {outcome.result}.")))
            continue
        limit = limits[request.currency]
        balance_minor = request.debit.balance_minor if request.debit else outcome.debit_balance_minor or 0
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
        placed.append(request)
        if whose := request.partner:
            of_partner = (whose.partner_player_id, whose.partner_id, whose.environment, whose.client_reference)
            partner_rows.append((request.bet_id, round_.pk, *of_partner))
        answers.append((i, placed_bet(request, round_.pk, limit.currency.denominator, balance_minor, now)))
    insert_rows(Bet, BET_COLUMNS, rows)
    insert_rows(PartnerBet, PARTNER_COLUMNS, partner_rows)
    exposure.count(round_, placed)
    return answers


def _taken(round_: Round, account_ids: Collection[int]) -> set[tuple[int, int]]:
    """The (account, identifier) pairs that these accounts have bets under."""
    if connection.vendor != "postgresql":
        held = Bet.objects.filter(AnyOf(F("account_id"), account_ids), round=round_, cancelled_at=None)
        return set(held.values_list("account_id", "identifier"))
    return set(_held_places(accounts=account_ids, rounds=[round_.pk] * len(account_ids)))


# The planner knows nothing of a round that has just begun, takes it for a small one and would read all its bets for
# each batch. A look-up per account (OFFSET 0 keeps it one) leaves only the unique index to be taken.
_held_places = written(
    lambda: (
        "SELECT b.account_id, b.identifier FROM unnest(%s::bigint[], %s::uuid[]) AS w (account_id, round_id), "
        "LATERAL (SELECT account_id, identifier FROM crash_bet WHERE round_id = w.round_id "
        "AND account_id = w.account_id AND cancelled_at IS NULL OFFSET 0) AS b"
    ),
    Slot("accounts", list),
    Slot("rounds", list),
)


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


def placed_bet(request: BetRequest, round_id: UUID, denominator: int, balance_minor: int, now: datetime) -> PlacedBet:
    return PlacedBet(
        bet_id=request.bet_id,
        round_id=round_id,
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
        partner=request.partner,
    )
