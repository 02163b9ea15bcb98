"""Games and the versions of their configuration. Each change names its author and is audited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User
from games.instant.errors import ConfigRefused
from games.instant.kinds import KINDS
from games.instant.models import InstantConfig, InstantGame, InstantLimit
from games.instant.rules import LEAST_RETURN, BadTable, check_fixed_table

DEFAULT_RTP_BPS = 9_900


@dataclass(frozen=True, slots=True)
class StakeLimits:
    """Minor units: minimum, maximum, and what the page proposes."""

    minimum: int
    maximum: int
    default: int


DEFAULT_LIMITS: dict[str, StakeLimits] = {
    "BRL": StakeLimits(100, 500_000, 500),
    "EUR": StakeLimits(100, 100_000, 100),
    "USD": StakeLimits(100, 100_000, 100),
    "GBP": StakeLimits(100, 100_000, 100),
    "BTC": StakeLimits(100, 10_000_000, 1_000),
    "BITS": StakeLimits(100, 10_000_000, 1_000),
    "ADA": StakeLimits(100_000, 2_000_000_000, 2_000_000),
    "COIN": StakeLimits(100, 1_000_000_000, 1_000_000),
}


@transaction.atomic
def ensure_games(*, now: datetime) -> None:
    """Every kind of game with its first configuration, made where it is not there yet; nothing changes where it is."""
    for slug, rules in KINDS.items():
        game, created = InstantGame.objects.get_or_create(slug=slug, defaults={"title": rules.title})
        if created:
            _add_version(
                game,
                rtp_bps=DEFAULT_RTP_BPS,
                table=rules.default_table,
                limits=DEFAULT_LIMITS,
                author=None,
                note="first version",
                now=now,
            )


@transaction.atomic
def change_config(
    game: InstantGame,
    *,
    author: User,
    now: datetime,
    note: str = "",
    rtp_bps: int | None = None,
    table: Mapping[str, Any] | None = None,
    limits: Mapping[str, StakeLimits] | None = None,
) -> InstantConfig:
    """
    New rules from the next bet on, as a new version that names its author; what is not given stays as it is.

    `limits` by currency replaces all of them. Bets keep the version they were played under. Raises ConfigRefused.
    """
    InstantGame.objects.select_for_update(no_key=True).get(pk=game.pk)  # one change at a time: versions have no gaps
    current = InstantConfig.objects.filter(game=game).latest("version")
    if limits is None:
        limits = {
            row.currency_id: StakeLimits(row.min_stake_minor, row.max_stake_minor, row.default_stake_minor)
            for row in current.limits.all()
        }
    config = _add_version(
        game,
        rtp_bps=current.rtp_bps if rtp_bps is None else rtp_bps,
        table=current.table if table is None else table,
        limits=limits,
        author=author,
        note=note,
        now=now,
    )
    changes: dict[str, Any] = {}
    if config.rtp_bps != current.rtp_bps:
        changes["rtp_bps"] = [current.rtp_bps, config.rtp_bps]
    if config.table != current.table:
        changes["table"] = [current.table, config.table]
    before, after = _shown(current), _shown(config)
    if before != after:
        changes["limits"] = [before, after]
    audit.record(
        "game.config_changed",
        f"game:{game.pk}",
        actor=author,
        now=now,
        version=config.version,
        changes=changes,
        note=note,
    )
    return config


@transaction.atomic
def set_enabled(game: InstantGame, *, enabled: bool, actor: User, now: datetime) -> None:
    """Off: the next bet is refused. There is never one under way."""
    if InstantGame.objects.filter(pk=game.pk, enabled=not enabled).update(enabled=enabled):
        audit.record("game.enabled" if enabled else "game.disabled", f"game:{game.pk}", actor=actor, now=now)


def _shown(config: InstantConfig) -> dict[str, list[int]]:
    rows = config.limits.order_by("currency")
    return {row.currency_id: [row.min_stake_minor, row.max_stake_minor, row.default_stake_minor] for row in rows}


def _add_version(
    game: InstantGame,
    *,
    rtp_bps: int,
    table: Mapping[str, Any],
    limits: Mapping[str, StakeLimits],
    author: User | None,
    note: str,
    now: datetime,
) -> InstantConfig:
    check_rules(game.pk, rtp_bps=rtp_bps, table=table, limits=limits)
    last = InstantConfig.objects.filter(game=game).order_by("-version").first()
    config = InstantConfig.objects.create(
        game=game,
        version=last.version + 1 if last else 1,
        rtp_bps=rtp_bps,
        table=table,
        author=author,
        note=note,
        created_at=now,
    )
    InstantLimit.objects.bulk_create(
        InstantLimit(
            config=config,
            currency_id=code,
            min_stake_minor=limit.minimum,
            max_stake_minor=limit.maximum,
            default_stake_minor=limit.default,
        )
        for code, limit in limits.items()
    )
    return config


def check_rules(slug: str, *, rtp_bps: int, table: Mapping[str, Any], limits: Mapping[str, StakeLimits]) -> None:
    """Would these rules be taken? Raises ConfigRefused where they would cheat one side or the other."""
    rules, rtp = KINDS[slug], Fraction(rtp_bps, 10_000)
    if not 7500 <= rtp_bps <= 9999:
        raise ConfigRefused("The return to player is between 0.7500 and 0.9999.")
    try:
        rules.check_table(table)
        if rules.default_table:
            check_fixed_table(rules.odds(rules.examples()[0], table, rtp), rtp)
    except BadTable as bad:
        raise ConfigRefused(str(bad)) from bad
    for code, limit in limits.items():
        if not 1 <= limit.minimum <= limit.default <= limit.maximum <= 10**12:
            raise ConfigRefused(f"The limits of {code} must be in order: 1 <= minimum <= default <= maximum.")
        least = rules.least_return(limit.minimum, table, rtp)
        if least < LEAST_RETURN:
            raise ConfigRefused(
                f"With a smallest stake of {limit.minimum} minor units in {code}, rounding could leave a return of "
                f"only {float(least):.2%}; it must be {float(LEAST_RETURN):.0%} at least."
            )
