"""
The player's bet starts their round. In batches, as everywhere: one transaction, an answer per request, in order.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from casino.lib.errors import DomainError
from casino.ops.bulk import AnyOf, insert_rows, update_rows
from games.crash.errors import InsufficientFunds, OperatorUnavailable
from games.crash.models import ConfigLimit, Game
from games.crash.operations import BetRequest, PlacedBet
from games.crash.operations.exposure import Room, Rooms, terms_of
from games.crash.operations.placing import Limits, placed_bet, refused_by_rules
from games.crash.operations.remote import Wanted, stake_wish
from games.solo import publisher
from games.solo.errors import GamePaused, NotFinished, RoundRuns
from games.solo.models import Bet, Round
from games.solo.operations.locking import Place, live_rounds, own_live_rounds
from games.solo.operations.values import PREFIX
from wallet import ledger
from wallet.bankroll import queries as bankroll
from wallet.chart import Code, House, book_of
from wallet.ledger import Result, TransferRequest
from wallet.operators import operations as operators
from wallet.operators.operations import StakeCall
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
    "auto_cashout_hundredths",
    "status",
    "boost_percent",
    "was_auto",
    "payout_minor",
    "balance_before_minor",
    "placed_at",
)
Staked = tuple[int, BetRequest, Round]


def start_rounds(requests: Sequence[BetRequest], *, now: datetime) -> list[PlacedBet | DomainError]:
    """Take each stake and start the round that waits for it; its curve begins now."""
    answers: list[PlacedBet | DomainError | None] = [None] * len(requests)
    with transaction.atomic():
        rounds = own_live_rounds({request.account_id for request in requests})
        found = _Refusals(requests, rounds, now=now)
        taken = operators.confirm([request.debit for request in requests if request.debit is not None], now=now)
        wanted: list[Staked] = []
        for i, request in enumerate(requests):
            round_ = rounds.get(_place(request))
            answers[i] = found.of(request) or _untimely(request, round_, taken)
            if answers[i] is None and round_ is not None:
                del rounds[_place(request)]  # a second bet of this batch finds no round that waits
                wanted.append((i, request, round_))
        for i, answer in _stake(wanted, found.limits, now=now) if wanted else ():
            answers[i] = answer
        placed = [_place(r) for r, a in zip(requests, answers, strict=True) if isinstance(a, PlacedBet)]
        transaction.on_commit(lambda: publisher.moved(placed))
        # What an operator took for a bet that did not come to be goes back.
        unused = [r.debit for r, a in zip(requests, answers, strict=True) if r.debit and isinstance(a, DomainError)]
        operators.refund([debit.transaction_id for debit in unused if debit.transaction_id in taken], now=now)
    return [answer for answer in answers if answer is not None]


def ask_for_stakes(wishes: Sequence[Wanted], *, now: datetime) -> list[StakeCall | DomainError]:
    """Of players whose money is at an operator: which stakes to ask for, or why the bet would be refused anyway."""
    requests = [wish.request for wish in wishes]
    rounds = live_rounds({request.account_id for request in requests})
    found = _Refusals(requests, rounds, now=now)
    with transaction.atomic():  # it may tell a partner that a limit was met
        protected = refuse_bets(requests, now)
    answers: list[StakeCall | DomainError | None] = []
    asked = []
    for wish, protection in zip(wishes, protected, strict=True):
        round_ = rounds.get(_place(wish.request))
        refusal = found.of(wish.request) or _not_waiting(round_) or protection
        answers.append(refusal)
        if refusal is None and round_ is not None:
            denominator = found.limits[round_.config_id][wish.request.currency].currency.denominator
            asked.append(stake_wish(wish, round_.pk, denominator))
    calls = iter(operators.request_stakes(asked, now=now) if asked else ())
    return [next(calls) if answer is None else answer for answer in answers]


class _Refusals:
    """
    What can be said against bets from the rules of the rounds that wait for them, and from what the house risks for a
    single bet. Two queries for all of them.
    """

    def __init__(self, requests: Sequence[BetRequest], rounds: dict[Place, Round], *, now: datetime) -> None:
        self._rounds = dict(rounds)
        self._risked = bankroll.standing({_book(request) for request in requests}, now)
        self._paused = set(
            Game.objects.filter(pk__in={r.game for r in requests}, enabled=False).values_list("pk", flat=True)
        )
        limits = ConfigLimit.objects.select_related("currency", "config")
        self.limits: dict[int, Limits] = {}
        for limit in limits.filter(AnyOf(F("config_id"), {round_.config_id for round_ in rounds.values()})):
            self.limits.setdefault(limit.config_id, {})[limit.currency_id] = limit

    def of(self, request: BetRequest) -> DomainError | None:
        if request.refused is not None:
            return request.refused
        if request.game in self._paused:
            return GamePaused()
        round_ = self._rounds.get(_place(request))
        if round_ is None:
            return NotFinished()
        limits = self.limits.get(round_.config_id, {})
        return refused_by_rules(request, limits) or self._too_much(request, limits)

    def _too_much(self, request: BetRequest, limits: Limits) -> DomainError | None:
        """A round of one bet: it may win what a single bet may."""
        book = _book(request)
        room = Room(self._risked[book].max_win_minor, 0)
        return Rooms(terms_of(limits[request.currency].config), limits, {book: room}).take(request)


def _book(request: BetRequest) -> str:
    return book_of(request.currency, is_demo=request.is_demo)


def _place(request: BetRequest) -> Place:
    return request.game, request.account_id


def _not_waiting(round_: Round | None) -> DomainError | None:
    return None if round_ is not None and round_.state == Round.State.WAITING else RoundRuns()


def _untimely(request: BetRequest, round_: Round | None, taken: Collection[str]) -> DomainError | None:
    """No round waits, or what the operator took for the bet was for another, or was given up in the meantime."""
    if refusal := _not_waiting(round_):
        return refusal
    if request.operator_id is None:
        return None
    if request.debit is None or request.debit.transaction_id not in taken:
        return OperatorUnavailable()
    return None if round_ is not None and request.debit.round_id == str(round_.pk) else NotFinished()


def _stake(
    wanted: Sequence[Staked], limits: dict[int, Limits], *, now: datetime
) -> list[tuple[int, PlacedBet | DomainError]]:
    locked = ledger.lock({request.account_id for _, request, _ in wanted}, now=now)
    answers: list[tuple[int, PlacedBet | DomainError]] = []
    staked: list[Staked] = []
    for wish, refusal in zip(wanted, refuse_bets([request for _, request, _ in wanted], now), strict=True):
        if refusal is None:
            staked.append(wish)
        else:
            answers.append((wish[0], refusal))
    outcomes = _post(staked, locked, now=now)
    bets: list[tuple[object, ...]] = []
    for (i, request, round_), outcome in zip(staked, outcomes, strict=True):
        assert request.debit is None or outcome.result is Result.OK, "what an operator took is enough for its bet"
        if outcome.result is not Result.OK:
            answers.append((i, InsufficientFunds()))
            continue
        balance_minor = request.debit.balance_minor if request.debit else outcome.debit_balance_minor or 0
        bets.append(_row(request, round_, balance_minor, now))
        denominator = limits[round_.config_id][request.currency].currency.denominator
        answers.append((i, placed_bet(request, round_.pk, denominator, balance_minor, now)))
    changed = update_rows(
        Round,
        "id",
        ("state",),
        [(bet[1], Round.State.RUNNING.value) for bet in bets],
        same={"started_at": now},
        where="t.state = 'waiting'",
    )
    assert changed == len(bets), "rounds changed under their lock"
    insert_rows(Bet, BET_COLUMNS, bets)
    return answers


def _post(staked: Sequence[Staked], locked: ledger.Locked, *, now: datetime) -> list[ledger.Outcome]:
    house = house_accounts(House.CRASH, {_book(r) for _, r, _ in staked})
    from_operators = [
        operators.stake_transfer(
            r.account_id, r.debit.transaction_id, r.stake_minor, currency=r.currency, is_demo=r.is_demo
        )
        for _, r, _ in staked
        if r.debit is not None
    ]
    stakes = [
        TransferRequest(
            id=f"stake:{PREFIX}{request.bet_id}",
            debit_account_id=request.account_id,
            credit_account_id=house[_book(request)],
            amount_minor=request.stake_minor,
            code=Code.STAKE,
            reference=f"{PREFIX}{request.bet_id}",
        )
        for _, request, _ in staked
    ]
    return ledger.post([*from_operators, *stakes], now=now, locked=locked)[len(from_operators) :]


def _row(request: BetRequest, round_: Round, balance_minor: int, now: datetime) -> tuple[object, ...]:
    """In the order of BET_COLUMNS."""
    return (
        request.bet_id,
        round_.pk,
        request.player_id,
        request.account_id,
        round_.config_id,
        request.currency,
        request.is_demo,
        request.identifier,
        request.stake_minor,
        request.auto_cashout,
        Bet.Status.OPEN.value,
        0,
        False,
        0,
        balance_minor + request.stake_minor,
        now,
    )
