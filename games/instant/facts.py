"""What visitors are told about the games: on the lobby, the rules page, the fairness page and beside each game."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from casino.lib.money import format_minor
from games.instant import words
from games.instant.kinds import KINDS
from games.instant.queries import InForce, in_force

# What a card of the lobby says; a game without a line has its return alone.
TEASERS = {
    "dice": "Set the odds yourself, from a near certainty to one in billions.",
    "videopoker": "Five cards, one deal. A pair of jacks already pays.",
    "shell": "Weigh nine prizes up to 10,000×, pick a shell, follow the pearl.",
    "slots": "Three reels whose every stop is published.",
}


def games_of(slugs: Iterable[str] = KINDS) -> list[dict[str, Any]]:
    """Cards of those of the games that are set up, in the order of `KINDS`."""
    found = in_force(slugs)
    return [card(*found[slug]) for slug in KINDS if slug in found]


def card(game: InForce, enabled: bool) -> dict[str, Any]:
    rules = game.rules
    return {
        "slug": rules.slug,
        "title": rules.title,
        "enabled": enabled,
        "teaser": TEASERS.get(rules.slug, ""),
        "rtp": words.percent(exact_return(game)),
        "art": f"games/instant/art/{rules.slug}.svg",
    }


def exact_return(game: InForce) -> Fraction:
    """Of a pay table its own, a little below what is configured; elsewhere that, whatever the player chooses."""
    return game.rtp if game.rules.fields else game.rules.odds({}, game.table, game.rtp).rtp


def facts(game: InForce) -> dict[str, Any]:
    """The exact return, every prize where there is one list of them, and what rounding costs at the smallest stake."""
    rules, table, rtp = game.rules, game.table, game.rtp
    odds = None if rules.fields else rules.odds({}, table, rtp)
    exact = exact_return(game)
    return {
        "slug": rules.slug,
        "title": rules.title,
        "version": game.version,
        "configured": words.percent(rtp),
        "rtp": words.percent(exact),
        "rtp_ends": words.ends_within(exact),
        "rtp_exact": f"{exact.numerator:,} ÷ {exact.denominator:,}",
        "table": table,
        "outcomes": f"{odds.outcomes:,}" if odds else None,
        "prizes": [
            {
                "name": prize.name,
                "ways": f"{prize.ways:,}",
                "chance": words.one_in(prize.ways, odds.outcomes),
                "pays": words.times(prize.multiplier),
            }
            for prize in odds.prizes
        ]
        if odds
        else [],
        "limits": [
            {
                "currency": code,
                "min": format_minor(limit.minimum, limit.denominator),
                "max": format_minor(limit.maximum, limit.denominator),
                "least": words.percent(rules.least_return(limit.minimum, table, rtp)),
            }
            for code, limit in sorted(game.limits.items())
        ],
    }


def all_facts() -> list[dict[str, Any]]:
    found = in_force(KINDS)
    return [facts(found[slug][0]) for slug in KINDS if slug in found]
