"""Questions about limits and exclusions: what holds for players at a moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from accounts.models import AuditEntry, User
from accounts.protection import rules
from accounts.protection.models import Exclusion, Limit, Reached
from accounts.protection.rules import Ban, Kind, Period, Setting, Slot, Source, Standing
from casino.ops.bulk import AnyOf
from casino.ops.composed import Asked, Given, composed

LIMIT, EXCLUSION, REACHED = "limit", "exclusion", "reached"
CHANGES = "protection."  # how the audit trail's actions about this begin


def standings(player_ids: Collection[int], *, now: datetime) -> dict[int, Standing]:
    """
    What holds for those of the players for whom anything does. One query, however many are asked for.

    Three tables as one answer, since most players are in none of them.
    """
    if not player_ids:
        return {}
    found: dict[int, Standing] = {}
    met: dict[int, set[tuple[Kind, Period, bool, datetime]]] = {}
    for table, player_id, word, period, value, next_value, at in asking(player_ids, now=now).answer():
        if table == REACHED:
            assert at is not None
            met.setdefault(player_id, set()).add((Kind(word), Period(period), bool(value), at))
            continue
        standing = found.get(player_id, Standing())
        if table == LIMIT:
            held = Setting(value, next_value, at).at(now)
            standing = standing.with_limit((Kind(word), Period(period)), held)
        else:
            standing = standing.with_exclusion(rules.Exclusion(Ban(word), at))
        found[player_id] = standing
    return {
        player_id: Standing(standing.limits, standing.exclusion, frozenset(met.get(player_id, ())))
        for player_id, standing in found.items()
        if standing.limits or standing.exclusion
    }


def asking(player_ids: Collection[int], *, now: datetime) -> Asked:
    """What `standings` asks."""
    starts = rules.starts(now)
    return _held_rows.about(ids=set(player_ids), now=now, begun=min(starts[Period.MONTH], starts[Period.WEEK]))


@composed
def _held_rows() -> "QuerySet[Limit, tuple[str, int, str, str, int | None, int | None, datetime | None]]":
    over = Q(ends_at__isnull=True) | Q(ends_at__gt=Given("now", DateTimeField()))
    limits = _rows(Limit.objects.all(), LIMIT, F("kind"), F("period"))
    exclusions = _rows(Exclusion.objects.filter(over), EXCLUSION, F("ban"), Value(""), at=F("ends_at"))
    reached = _rows(
        Reached.objects.filter(since__gte=Given("begun", DateTimeField())),
        REACHED,
        F("kind"),
        F("period"),
        value=Case(When(is_demo=True, then=1), default=0, output_field=BigIntegerField()),
        at=F("since"),
    )
    return limits.union(exclusions, reached, all=True)


def _rows(
    of: "QuerySet[Limit] | QuerySet[Exclusion] | QuerySet[Reached]",
    table: str,
    word: F,
    period: F | Value,
    *,
    value: F | Case | None = None,
    at: F | None = None,
) -> "QuerySet[Limit, tuple[str, int, str, str, int | None, int | None, datetime | None]]":
    number, time = BigIntegerField(null=True), DateTimeField(null=True)
    is_limit = table == LIMIT
    rows = of.filter(AnyOf(F("player_id"), Given("ids"))).annotate(
        a_table=Value(table, output_field=CharField()),
        a_word=Cast(word, CharField()),
        a_period=Cast(period, CharField()),
        a_value=F("value") if is_limit else value or Cast(Value(None), number),
        a_next=F("next_value") if is_limit else Cast(Value(None), number),
        a_time=F("next_at") if is_limit else at or Cast(Value(None), time),
    )
    return rows.values_list("a_table", "player_id", "a_word", "a_period", "a_value", "a_next", "a_time")  # type: ignore[return-value]


def standing(player_id: int, *, now: datetime) -> Standing:
    return standings([player_id], now=now).get(player_id, Standing())


def exists_exclusion(*, now: datetime) -> Exists:
    """Whether a user of a query is excluded from play."""
    over = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    return Exists(Exclusion.objects.filter(over, player=OuterRef("pk")))


def reality_check_every(standing: Standing) -> timedelta | None:
    """The time between two: the shortest that anyone has set, else the house's. None: there are none."""
    minutes: int = standing.reality_check_minutes or settings.REALITY_CHECK_MINUTES
    return timedelta(minutes=minutes) if minutes else None


# --- as the player, the partner and staff see it ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class HeldLimit:
    """
    A limit over all its sources. `value` holds now; where that will change, `next_value` does from `next_at` on.
    `sources`: each source's own setting.
    """

    kind: Kind
    period: Period
    value: int | None
    next_value: int | None
    next_at: datetime | None
    sources: dict[Source, Setting]

    @property
    def slot(self) -> Slot:
        return self.kind, self.period


def held_limits(player_id: int, *, now: datetime) -> dict[Slot, HeldLimit]:
    """Every limit of a player that holds or has a change waiting, in the order of `rules.SLOTS`."""
    by_slot: dict[Slot, dict[Source, Setting]] = {}
    for row in Limit.objects.filter(player_id=player_id):
        slot = Kind(row.kind), Period(row.period)
        setting = row.setting if row.setting.waits(now) else Setting(row.setting.at(now))
        if setting.value is not None:
            by_slot.setdefault(slot, {})[Source(row.source)] = setting
    return {slot: _held(slot, by_slot[slot], now) for slot in rules.SLOTS if slot in by_slot}


def _held(slot: Slot, sources: dict[Source, Setting], now: datetime) -> HeldLimit:
    value = rules.tightest(setting.at(now) for setting in sources.values())
    for at in sorted(setting.next_at for setting in sources.values() if setting.next_at is not None):
        later = rules.tightest(setting.at(at) for setting in sources.values())
        if later != value:
            return HeldLimit(*slot, value, later, at, sources)
    return HeldLimit(*slot, value, None, None, sources)


@dataclass(frozen=True, slots=True)
class HeldExclusions:
    """Until when; None where there is none, or none that ends."""

    cool_off_until: datetime | None
    excluded_until: datetime | None
    excluded_permanently: bool

    @property
    def any(self) -> bool:
        return bool(self.cool_off_until or self.excluded_until or self.excluded_permanently)


def held_exclusions(player_id: int, *, now: datetime) -> HeldExclusions:
    rows = Exclusion.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), player_id=player_id)
    ends: dict[str, list[datetime | None]] = {Ban.COOL_OFF.value: [], Ban.SELF_EXCLUSION.value: []}
    for ban, ends_at in rows.values_list("ban", "ends_at"):
        ends[ban].append(ends_at)
    permanently = None in ends[Ban.SELF_EXCLUSION]
    latest = {ban: max((end for end in found if end is not None), default=None) for ban, found in ends.items()}
    return HeldExclusions(
        latest[Ban.COOL_OFF], None if permanently else latest[Ban.SELF_EXCLUSION], excluded_permanently=permanently
    )


def changes(player: User, *, limit: int = 50) -> list[AuditEntry]:
    """What was changed in a player's protection, newest first, whoever did it."""
    entries = AuditEntry.objects.select_related("actor").filter(subject=f"player:{player.pk}")
    return list(entries.filter(action__startswith=CHANGES).order_by("-at", "-id")[:limit])
