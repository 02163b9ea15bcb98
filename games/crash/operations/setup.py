"""What staff do to a game: set it up, change its rules (always as a new version), turn it on and off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from casino.lib.errors import DomainError
from games.crash.models import ConfigLimit, EngineLease, Game, GameConfig
from games.crash.rules import CAPS
from wallet.models import Currency


class ConfigRefused(DomainError):
    code = "config_refused"
    status = 422
    message = "These rules are not allowed."


@dataclass(frozen=True, slots=True)
class StakeLimits:
    """Minor units: minimum, maximum, and what the page proposes."""

    minimum: int
    maximum: int
    default: int


# About 1 to 5,000 in each money; never below a hundred minor units, so that rounding takes less than 1 % of a payout.
DEFAULT_LIMITS: dict[str, StakeLimits] = {
    "BRL": StakeLimits(100, 500_000, 500),
    "EUR": StakeLimits(100, 100_000, 100),
    "USD": StakeLimits(100, 100_000, 100),
    "GBP": StakeLimits(100, 100_000, 100),
    "BTC": StakeLimits(200, 1_000_000, 1_000),
    "BITS": StakeLimits(200, 1_000_000, 1_000),
    "ADA": StakeLimits(500_000, 2_000_000_000, 2_000_000),
    "COIN": StakeLimits(1_000, 100_000_000, 10_000),
}


@transaction.atomic
def ensure_game(*, slug: str, title: str, now: datetime) -> Game:
    """The table with its first configuration, made when it is not there yet; nothing changes when it is."""
    game, created = Game.objects.get_or_create(
        slug=slug, defaults={"title": title, "display_currency": Currency.objects.get(code="BRL")}
    )
    if created:
        EngineLease.objects.create(game=game, expires_at=now)
        _add_version(
            game,
            rtp_bps=9500,
            volatility=GameConfig.Volatility.HIGH,
            bonus_probability_bps=0,
            bonus_boost_percent=10,
            limits=DEFAULT_LIMITS,
            author=None,
            note="first version",
            now=now,
        )
    return game


@transaction.atomic
def change_config(
    game: Game,
    *,
    author: User,
    now: datetime,
    note: str = "",
    rtp_bps: int | None = None,
    volatility: str | None = None,
    bonus_probability_bps: int | None = None,
    bonus_boost_percent: int | None = None,
    limits: Mapping[str, StakeLimits] | None = None,
) -> GameConfig:
    """
    New rules from the next round on, as a new version that names its author; what is not given stays as it is.

    `limits` by currency replaces all of them. Bets keep the version they were accepted under.
    """
    Game.objects.select_for_update(no_key=True).get(pk=game.pk)  # one change at a time: versions have no gaps
    current = GameConfig.objects.filter(game=game).latest("version")
    if limits is None:
        limits = {
            row.currency_id: StakeLimits(row.min_stake_minor, row.max_stake_minor, row.default_stake_minor)
            for row in current.limits.all()
        }
    config = _add_version(
        game,
        rtp_bps=current.rtp_bps if rtp_bps is None else rtp_bps,
        volatility=current.volatility if volatility is None else volatility,
        bonus_probability_bps=current.bonus_probability_bps if bonus_probability_bps is None else bonus_probability_bps,
        bonus_boost_percent=current.bonus_boost_percent if bonus_boost_percent is None else bonus_boost_percent,
        limits=limits,
        author=author,
        note=note,
        now=now,
    )
    changes = {
        name: [getattr(current, name), getattr(config, name)]
        for name in ("rtp_bps", "volatility", "bonus_probability_bps", "bonus_boost_percent")
        if getattr(current, name) != getattr(config, name)
    }
    audit.record(
        "game.config_changed", f"game:{game.pk}", actor=author, now=now, version=config.version, changes=changes
    )
    return config


@transaction.atomic
def set_enabled(game: Game, *, enabled: bool, actor: User, now: datetime) -> None:
    """Off: the running round ends as usual and no new one opens."""
    if Game.objects.filter(pk=game.pk, enabled=not enabled).update(enabled=enabled):
        audit.record("game.enabled" if enabled else "game.disabled", f"game:{game.pk}", actor=actor, now=now)


def _add_version(
    game: Game,
    *,
    rtp_bps: int,
    volatility: str,
    bonus_probability_bps: int,
    bonus_boost_percent: int,
    limits: Mapping[str, StakeLimits],
    author: User | None,
    note: str,
    now: datetime,
) -> GameConfig:
    if not 5000 <= rtp_bps <= 9999:
        raise ConfigRefused("The return to player is between 0.5000 and 0.9999.")
    if volatility not in CAPS:
        raise ConfigRefused("Volatility is low, medium or high.")
    if not 0 <= bonus_probability_bps <= 10_000 or not 0 <= bonus_boost_percent <= 100:
        raise ConfigRefused("The bonus has a probability of 0 to 1 and a boost of 0 to 100 %.")
    for code, limit in limits.items():
        if not 1 <= limit.minimum <= limit.default <= limit.maximum <= 10**12:
            raise ConfigRefused(f"The limits of {code} must be in order: 1 <= minimum <= default <= maximum.")
    last = GameConfig.objects.filter(game=game).order_by("-version").first()
    config = GameConfig.objects.create(
        game=game,
        version=last.version + 1 if last else 1,
        rtp_bps=rtp_bps,
        volatility=volatility,
        bonus_probability_bps=bonus_probability_bps,
        bonus_boost_percent=bonus_boost_percent,
        author=author,
        note=note,
        created_at=now,
    )
    ConfigLimit.objects.bulk_create(
        ConfigLimit(
            config=config,
            currency_id=code,
            min_stake_minor=limit.minimum,
            max_stake_minor=limit.maximum,
            default_stake_minor=limit.default,
        )
        for code, limit in limits.items()
    )
    return config
