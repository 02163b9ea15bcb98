"""
What protects a player, and when it holds. Pure: no framework.

A *limit* has a kind, for amounts a period, and a source: who has set it. Of several sources the tightest holds, and
smaller is tighter, for amounts, for the length of a session and for the time between reality checks.

    tighter, or none before ──► holds at once, and a change that waited is forgotten
    looser, or lifted       ──► waits 24 hours, then holds by itself: what holds follows from the time it is asked at

Periods are the calendar's, in UTC: days, weeks from Monday, months.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from casino.lib.errors import DomainError


class Kind(StrEnum):
    DEPOSIT = "deposit"
    STAKE = "stake"
    LOSS = "loss"
    SESSION = "session"  # minutes that one game session lasts
    REALITY_CHECK = "reality_check"  # minutes between two of them; a reminder, so no change of it waits


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    NONE = ""  # of kinds that are not counted over time


class Source(StrEnum):
    PLAYER = "player"
    PARTNER = "partner"
    STAFF = "staff"


class Ban(StrEnum):
    COOL_OFF = "cool_off"
    SELF_EXCLUSION = "self_exclusion"


AMOUNTS = (Kind.DEPOSIT, Kind.STAKE, Kind.LOSS)
PERIODS = (Period.DAY, Period.WEEK, Period.MONTH)
WAIT = timedelta(hours=24)
MAX_AMOUNT = 10**15  # as the ledger's
MAX_MINUTES = 24 * 60  # no session is longer
MIN_COOL_OFF_HOURS, MAX_COOL_OFF_HOURS = 24, 6 * 7 * 24
MIN_EXCLUSION_MONTHS, MAX_EXCLUSION_MONTHS = 6, 1200
PERMANENT = "permanent"
Slot = tuple[Kind, Period]
SLOTS: tuple[Slot, ...] = (
    *((kind, period) for kind in AMOUNTS for period in PERIODS),
    (Kind.SESSION, Period.NONE),
    (Kind.REALITY_CHECK, Period.NONE),
)


class Invalid(DomainError):
    """A wish that cannot be; `field` is the one to blame."""

    code = "invalid_request"
    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


# --- limits -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Setting:
    """A limit of one source: what holds (None: nothing), and what takes its place at `next_at`, if that is given."""

    value: int | None = None
    next_value: int | None = None
    next_at: datetime | None = None

    def at(self, now: datetime) -> int | None:
        return self.next_value if self.next_at is not None and self.next_at <= now else self.value

    def waits(self, now: datetime) -> bool:
        return self.next_at is not None and self.next_at > now


def is_tighter(value: int | None, than: int | None) -> bool:
    return value is not None and (than is None or value < than)


def tightest(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def changed(setting: Setting, wanted: int | None, *, kind: Kind, now: datetime) -> Setting:
    """The setting after the wish. To wish for what holds takes a waiting change back; to repeat a wish does nothing."""
    holds = setting.at(now)
    if wanted == holds or kind is Kind.REALITY_CHECK or is_tighter(wanted, holds):
        return Setting(wanted)
    if setting.waits(now) and setting.next_value == wanted:
        return setting
    return Setting(holds, wanted, now + WAIT)


@dataclass(frozen=True, slots=True)
class LimitWish:
    kind: Kind
    period: Period
    value: int | None  # None lifts it

    def check(self, field: str) -> None:
        if (self.kind, self.period) not in SLOTS:
            needed = "day, week or month" if self.kind in AMOUNTS else "null"
            raise Invalid(f"{field}.period", f"For a limit of this kind: {needed}.")
        most, name = (MAX_AMOUNT, "amount") if self.kind in AMOUNTS else (MAX_MINUTES, "minutes")
        if self.value is not None and not 1 <= self.value <= most:
            raise Invalid(f"{field}.{name}", f"From 1 to {most}, or null for no limit.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants changed; what is not named stays."""

    limits: tuple[LimitWish, ...] = ()
    cool_off_hours: int | None = None
    exclusion_months: int | str | None = None  # or PERMANENT

    def check(self) -> None:
        """Raises Invalid."""
        seen: set[Slot] = set()
        for i, limit in enumerate(self.limits):
            limit.check(f"limits.{i}")
            if (limit.kind, limit.period) in seen:
                raise Invalid(f"limits.{i}", "This limit is named twice.")
            seen.add((limit.kind, limit.period))
        hours, months = self.cool_off_hours, self.exclusion_months
        if hours is not None and not MIN_COOL_OFF_HOURS <= hours <= MAX_COOL_OFF_HOURS:
            raise Invalid("cool_off_hours", f"From {MIN_COOL_OFF_HOURS} to {MAX_COOL_OFF_HOURS} (six weeks).")
        if isinstance(months, str) and months != PERMANENT:
            raise Invalid("self_exclusion_months", f'Months, or "{PERMANENT}".')
        if isinstance(months, int) and not MIN_EXCLUSION_MONTHS <= months <= MAX_EXCLUSION_MONTHS:
            least, most = MIN_EXCLUSION_MONTHS, MAX_EXCLUSION_MONTHS
            raise Invalid("self_exclusion_months", f'From {least} to {most}, or "{PERMANENT}".')


# --- periods ----------------------------------------------------------------------------------------------------------
def starts(now: datetime) -> dict[Period, datetime]:
    """When the periods of this moment began."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        Period.DAY: day,
        Period.WEEK: day - timedelta(days=day.weekday()),
        Period.MONTH: day.replace(day=1),
    }


def resets_at(period: Period, now: datetime) -> datetime:
    """When the period of this moment ends and counting begins anew."""
    start = starts(now)[period]
    if period is Period.MONTH:
        return add_months(start, 1)
    return start + timedelta(days=7 if period is Period.WEEK else 1)


def add_months(moment: datetime, months: int) -> datetime:
    """The same day that many months on; the month's last day where it has no such day."""
    year, month = divmod(moment.month - 1 + months, 12)
    first = moment.replace(year=moment.year + year, month=month + 1, day=1)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first.replace(day=min(moment.day, (following - timedelta(days=1)).day))


# --- what holds for a player ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Exclusion:
    """No stake, no deposit, no game session until then; None: for ever."""

    ban: Ban
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """All that holds for a player at a moment. `reached`: limits that are known to be met, by slot, money and start."""

    limits: Mapping[Slot, int] = field(default_factory=dict)
    exclusion: Exclusion | None = None
    reached: frozenset[tuple[Kind, Period, bool, datetime]] = frozenset()

    @property
    def session_minutes(self) -> int | None:
        return self.limits.get((Kind.SESSION, Period.NONE))

    @property
    def reality_check_minutes(self) -> int | None:
        return self.limits.get((Kind.REALITY_CHECK, Period.NONE))

    def amounts(self, *kinds: Kind) -> list[tuple[Slot, int]]:
        return [(slot, limit) for slot, limit in self.limits.items() if slot[0] in kinds]

    def with_limit(self, slot: Slot, value: int | None) -> "Standing":
        """With one more source's setting."""
        tight = tightest((self.limits.get(slot), value))
        return self if tight is None else replace(self, limits={**self.limits, slot: tight})

    def with_exclusion(self, exclusion: Exclusion) -> "Standing":
        """The one that lasts longest counts."""
        held = self.exclusion
        if held is not None and (held.until is None or (exclusion.until is not None and exclusion.until <= held.until)):
            return self
        return replace(self, exclusion=exclusion)


# --- play that fits ---------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Tally:
    """What one account has done since the periods began, each by period."""

    staked: dict[Period, int] = field(default_factory=dict)  # less what was given back
    won: dict[Period, int] = field(default_factory=dict)
    deposited: dict[Period, int] = field(default_factory=dict)

    def used(self, kind: Kind, period: Period) -> int:
        """Never below zero: who is ahead may lose the limit, and not what they have won on top of it."""
        amount = self.deposited if kind is Kind.DEPOSIT else self.staked
        used = amount.get(period, 0)
        if kind is Kind.LOSS:
            used -= self.won.get(period, 0)
        return max(0, used)

    def stake(self, amount_minor: int) -> None:
        for period in PERIODS:
            self.staked[period] = self.staked.get(period, 0) + amount_minor

    def deposit(self, amount_minor: int) -> None:
        for period in PERIODS:
            self.deposited[period] = self.deposited.get(period, 0) + amount_minor

    def crossed(self, standing: Standing, amount_minor: int, *kinds: Kind, now: datetime) -> tuple[Slot, int] | None:
        """The limit that this amount would cross; of several, the one that stands in the way for longest."""
        over = [(slot, limit) for slot, limit in standing.amounts(*kinds) if self.used(*slot) + amount_minor > limit]
        return max(over, key=lambda found: resets_at(found[0][1], now), default=None)
