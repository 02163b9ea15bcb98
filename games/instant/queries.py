"""Questions about instant games. Nothing here changes anything."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from casino.lib.ids import is_uuid
from games.instant.kinds import KINDS
from games.instant.models import InstantBet, InstantConfig, InstantGame, InstantLimit
from games.instant.rules import Rules
from wallet.models import Currency


@dataclass(frozen=True, slots=True)
class StakeLimit:
    """Minor units of a currency with that many to its unit."""

    minimum: int
    maximum: int
    default: int
    denominator: int


@dataclass(frozen=True, slots=True)
class InForce:
    """A game under one version of its configuration."""

    rules: Rules
    config_id: int
    version: int
    rtp: Fraction
    table: Mapping[str, Any]
    limits: Mapping[str, StakeLimit]  # by currency


_KEPT = 256
_configs: dict[int, InForce] = {}


def in_force(slugs: Iterable[str]) -> dict[str, tuple[InForce, bool]]:
    """
    The games of these that there are, under their newest configuration; and whether each is switched on.

    Limits are of the currencies that are enabled now.
    """
    newest = InstantConfig.objects.filter(game=OuterRef("pk")).order_by("-version").values("pk")[:1]
    games = InstantGame.objects.filter(pk__in=set(slugs).intersection(KINDS)).annotate(newest=Subquery(newest))
    found = list(games.values_list("pk", "enabled", "newest"))
    configs = under({config_id for _, _, config_id in found})
    currencies = set(Currency.objects.filter(enabled=True).values_list("code", flat=True))
    return {slug: (_played_in(currencies, configs[config_id]), enabled) for slug, enabled, config_id in found}


def newest_configs() -> QuerySet[InstantConfig]:
    """The rules in force, of every game."""
    newest = InstantConfig.objects.filter(game=OuterRef("game")).order_by("-version").values("pk")[:1]
    return InstantConfig.objects.filter(pk=Subquery(newest))


def _played_in(currencies: Collection[str], config: InForce) -> InForce:
    left = {code: limit for code, limit in config.limits.items() if code in currencies}
    return config if len(left) == len(config.limits) else replace(config, limits=left)


def under(config_ids: Iterable[int]) -> dict[int, InForce]:
    """What these versions say. A version never changes, so a process reads each once."""
    wanted = set(config_ids)
    found = {config_id: config for config_id in wanted if (config := _configs.get(config_id))}
    missing = wanted.difference(found)
    if missing:
        if len(_configs) > _KEPT:
            _configs.clear()
        read = _read(missing)
        _configs.update(read)
        found |= read
    return found


def _read(config_ids: Collection[int]) -> dict[int, InForce]:
    limits: dict[int, dict[str, StakeLimit]] = {config_id: {} for config_id in config_ids}
    for limit in InstantLimit.objects.filter(config__in=config_ids).select_related("currency"):
        limits[limit.config_id][limit.currency_id] = StakeLimit(
            limit.min_stake_minor,
            limit.max_stake_minor,
            limit.default_stake_minor,
            limit.currency.denominator,
        )
    return {
        config.pk: InForce(
            KINDS[config.game_id], config.pk, config.version, config.rtp, config.table, limits[config.pk]
        )
        for config in InstantConfig.objects.filter(pk__in=config_ids)
    }


def forget() -> None:
    """Read anew at the next question: where a version's number can come again, in a test that is undone."""
    _configs.clear()


def last_bets(
    account_id: int, *, game: str | None = None, limit: int = 50, before: int | None = None
) -> list[InstantBet]:
    """An account's bets, newest first; `before` continues where the last page ended."""
    bets = InstantBet.objects.filter(account_id=account_id).select_related("currency")
    if game is not None:
        bets = bets.filter(game=game)
    if before is not None:
        bets = bets.filter(pk__lt=before)
    return list(bets.order_by("-pk")[:limit])


def bet_of(account_id: int, game: str, bet_id: int) -> InstantBet | None:
    """The account's own bet of this number at this game; nobody else's."""
    bets = InstantBet.objects.select_related("currency", "config").filter(account_id=account_id, game=game, pk=bet_id)
    return bets.first()


def bet_of_player(player_id: int, game: str, bet_id: int) -> InstantBet | None:
    """The player's own bet of this number at this game, in whichever money; nobody else's."""
    bets = InstantBet.objects.select_related("currency").filter(player_id=player_id, game=game, pk=bet_id)
    return bets.first()


def titles_of(references: Sequence[str]) -> dict[str, str]:
    """The game's title for each of these references of transfers that is an instant bet's."""
    keys = [reference for reference in references if is_uuid(reference)]
    bets = InstantBet.objects.filter(key__in=keys).values_list("key", "game__title")
    return {str(key): title for key, title in bets}
