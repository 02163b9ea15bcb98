"""What must hold after every round, asked of the database, of the published seeds and of the players' own books."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from games.crash import audit as crash_audit
from games.crash import rules
from games.crash.models import Bet, Round
from games.crash.sealed import course_of, salt_of
from games.crash.simulation.players import Player
from games.crash.simulation.world import World, listening, make_world
from wallet import audit as wallet_audit
from wallet.models import Account

# The audits read all rows from the beginning, so in long runs they are asked now and then; everything else always.
AUDIT_ALL_UP_TO = 50
AUDIT_EVERY = 10


class Violation(Exception):
    """Something that must hold does not. Carries what is needed to see it again."""

    def __init__(self, seed: int, round_number: int, findings: list[str], events: list[str]) -> None:
        self.seed = seed
        self.round_number = round_number
        self.findings = findings
        self.events = events
        super().__init__(f"seed {seed}, round {round_number}: {'; '.join(findings[:5])}")


@dataclass(frozen=True, slots=True)
class Summary:
    seed: int
    rounds: int
    voided: int
    interrupted: int
    bets: int
    engine_deaths: int
    staked_minor: int
    paid_minor: int

    def line(self) -> str:
        return (
            f"seed {self.seed}: {self.rounds} rounds ({self.voided} voided, {self.interrupted} interrupted), "
            f"{self.bets} bets, {self.engine_deaths} engine deaths, staked {self.staked_minor}, "
            f"paid {self.paid_minor}: all checks hold"
        )


def simulate(seed: int, *, rounds: int, players: int = 12, name: str = "") -> Summary:
    """Play and check; raises Violation at the first round after which something does not hold."""
    world = make_world(seed, players=players, rounds=rounds, name=name)
    last_told = (0, 0)
    with listening(world):
        for number in range(1, rounds + 1):
            try:
                round_ = world.play_round()
            except AssertionError as error:
                raise Violation(seed, number, [f"assertion: {error}"], world.log) from error
            findings = [*check_round(world, round_), *check_told(world, last_told)]
            if number % AUDIT_EVERY == 0 or number == rounds or rounds <= AUDIT_ALL_UP_TO:
                findings += wallet_audit.findings(world.clock.now()) + crash_audit.findings(world.clock.now())
            if findings:
                raise Violation(seed, number, findings, world.log)
            if world.told:
                last_told = (world.told[-1].epoch, world.told[-1].seq)
    played = Round.objects.filter(game_id=world.game)
    bets = Bet.objects.filter(round__game_id=world.game)
    return Summary(
        seed,
        rounds,
        played.filter(state="voided").count(),
        played.filter(interrupted=True).count(),
        bets.count(),
        world.deaths,
        sum(bets.values_list("stake_minor", flat=True)),
        sum(bets.values_list("payout_minor", flat=True)),
    )


def check_round(world: World, round_: Round) -> Iterator[str]:
    live = Round.objects.filter(game_id=world.game, state__in=Round.LIVE).count()
    if live > 1:
        yield f"{live} rounds are live at once"
    yield from _commitment(round_)
    for bet in Bet.objects.filter(round=round_):
        yield from _bet(round_, bet)
    for player in world.players:
        yield from _books_of(player)


def _books_of(player: Player) -> Iterator[str]:
    account = Account.objects.get(pk=player.account_id)
    if account.available_minor != player.expected_minor:
        yield (
            f"{player.username} was told things that make {player.expected_minor}, "
            f"the ledger says {account.available_minor}"
        )


def _commitment(round_: Round) -> Iterator[str]:
    if round_.state == Round.State.VOIDED:
        if round_.salt is not None:
            yield f"{round_} was voided and shows its seed"
        return
    if round_.salt is None:
        yield f"{round_} is over and hides its seed"
        return
    text = f"{round_.previous_result}{round_.salt}{round_.result_hundredths}"
    if sha256(text.encode()).hexdigest() != round_.hash:
        yield f"{round_}: the hash does not match what was revealed"
    played = Round.objects.filter(chain=round_.chain_id, salt__isnull=False, chain_index=round_.chain_index - 1).first()
    above = played.salt if played is not None and played.salt else round_.chain.terminal_hash
    if round_.chain_index and played is None:
        yield f"{round_}: the seed before its own was never played"
    wanted = sha256(bytes.fromhex(round_.salt)).hexdigest()
    if wanted != above:
        yield f"{round_}: its seed does not hash to the one before"
    previous = Round.objects.filter(game_id=round_.game_id, number__lt=round_.number, salt__isnull=False)
    last = previous.order_by("-number").first()
    if round_.previous_result != (last.result_hundredths if last else 0):
        yield f"{round_}: previousResult is not the last result"
    if salt_of(round_) != round_.salt:
        yield f"{round_}: another seed was revealed than was sealed"


def _bet(round_: Round, bet: Bet) -> Iterator[str]:
    """Each fate with what the rules allow, computed again without the code that paid."""
    course = course_of(round_)
    status = Bet.Status
    if bet.config_id != round_.config_id:
        yield f"bet {bet.pk}: another version of the rules than its round"
    if round_.state == Round.State.VOIDED:
        if bet.status not in (status.CANCELLED, status.REFUNDED):
            yield f"bet {bet.pk}: {bet.status} in a round that was voided"
        return
    if bet.status == status.OPEN:
        yield f"bet {bet.pk}: still open after the round"
    if bet.status == status.REFUNDED and not round_.interrupted:
        yield f"bet {bet.pk}: refunded in a round that was not interrupted"
    reached = round_.interrupted_at_hundredths if round_.interrupted else course.crash_point
    auto = bet.auto_cashout_hundredths
    due = auto is not None and auto <= (reached or 0)
    if due and bet.status in (status.LOST, status.REFUNDED):
        yield f"bet {bet.pk}: its auto cash-out at {auto} was reached and not paid"
    if bet.status != status.CASHED_OUT:
        return
    multiplier = bet.multiplier_hundredths or 0
    if not rules.MIN_CASHOUT <= multiplier <= course.crash_point:
        yield f"bet {bet.pk}: paid at {multiplier}, the round crashed at {course.crash_point}"
    if bet.was_auto and auto is not None and multiplier != auto:
        yield f"bet {bet.pk}: its auto cash-out at {auto} was paid at {multiplier}"
    if auto is not None and multiplier > auto:
        yield f"bet {bet.pk}: paid at {multiplier}, above its auto cash-out at {auto}"
    bonus = course.shown_bonus_tick
    boosts = {0} if bonus is None else {0, course.boost_percent}
    if bet.boost_percent not in boosts:
        yield f"bet {bet.pk}: a boost of {bet.boost_percent} % that the round did not give"
    if bet.payout_minor != bet.stake_minor * multiplier * (100 + bet.boost_percent) // 10_000:
        yield f"bet {bet.pk}: paid {bet.payout_minor} for {bet.stake_minor} at {multiplier}"


def check_told(world: World, last: tuple[int, int]) -> Iterator[str]:
    """Sequence numbers rise by one under one engine, and go on rising under the next."""
    epoch, seq = last
    for told in world.told:
        if told.epoch < epoch:
            yield f"epoch {told.epoch} after {epoch}"
        elif told.seq <= seq:
            yield f"number {told.seq} after {seq}"
        elif told.epoch == epoch and told.seq != seq + 1:
            yield f"number {told.seq} right after {seq} of the same engine"
        epoch, seq = told.epoch, told.seq
