"""The small tables beside a game, its rules, a bet and a player in the back office."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.utils.html import format_html

from accounts.models import User
from casino.ops.backoffice import Panel, link_to, list_url, money
from games.instant.kinds import KINDS
from games.instant.models import InstantBet, InstantConfig, InstantGame
from games.instant.operations import StakeLimits
from games.instant.reports import ReturnWatch, watch_version
from games.instant.rules import Choice, Odds, Rules, payout_minor
from wallet.bankroll.queries import standing
from wallet.chart import book_of
from wallet.models import Currency

RARE = 100_000_000  # a top prize rarer than one in so many must have its odds displayed (GLI-19 4.7.3)
SHOWN_VERSIONS = 10


def percent(value: Fraction | float, decimals: int = 2) -> str:
    """`98.9996 %`, rounded; a share that is not zero never reads as zero."""
    shown = f"{float(value) * 100:.{decimals}f}"
    return f"< {10**-decimals:.{decimals}f} %" if value > 0 and float(shown) == 0 else f"{shown} %"


def one_in(outcomes: int, ways: int) -> str:
    if not ways:
        return "never"
    many = Fraction(outcomes, ways)
    return f"1 in {float(many):,.0f}" if many >= 100 else f"1 in {float(many):,.2f}"


def times(multiplier: Fraction) -> str:
    """`19.8×`: exact where it has few decimals."""
    return f"{float(multiplier):,.4f}".rstrip("0").rstrip(".") + "×"


def describe(config: InstantConfig) -> str:
    return f"v{config.version}: {config.rtp_bps / 100:.2f} %"


def rules_panels(
    slug: str, rtp: Fraction, table: Mapping[str, Any], limits: Mapping[str, StakeLimits], now: datetime
) -> list[Panel]:
    """What rules come to, whether they are in force or only thought of. The table must be a proper one."""
    game = KINDS[slug]
    return [returns_panel(game, rtp, table), odds_panel(game, rtp, table), stakes_panel(game, rtp, table, limits, now)]


def returns_panel(game: Rules, rtp: Fraction, table: Mapping[str, Any]) -> Panel:
    odds = [game.odds(choice, table, rtp) for choice in game.examples()]
    least, most = min(one.rtp for one in odds), max(one.rtp for one in odds)
    exact = percent(least, 4) if least == most else f"{percent(least, 6)} to {percent(most, 6)} over the choices below"
    highest = max(odds, key=lambda one: one.top)
    ways = sum(prize.ways for prize in highest.prizes if prize.multiplier == highest.top)
    rare = highest.outcomes > RARE * ways
    top = f"{times(highest.top)}, {one_in(highest.outcomes, ways)}"
    return Panel(
        title="What it returns",
        headers=("figure", "value"),
        rows=[
            ("configured", percent(rtp)),
            ("exact, before amounts are rounded", exact),
            ("top prize", f"{top} (so rare that its odds must be displayed)" if rare else top),
            ("payouts above the house's maximum win", "held to it" if game.is_capped else "such bets are refused"),
        ],
    )


def odds_panel(game: Rules, rtp: Fraction, table: Mapping[str, Any]) -> Panel:
    """Every prize where there is nothing to choose; else what some choices come to."""
    examples = [(choice, game.odds(choice, table, rtp)) for choice in game.examples()]
    if len(examples) == 1:
        odds = examples[0][1]
        return Panel(
            title="Odds, by counting every outcome",
            headers=("prize", "comes", "pays", "part of the return"),
            rows=[
                (
                    prize.name,
                    one_in(odds.outcomes, prize.ways),
                    times(prize.multiplier),
                    percent(prize.ways * prize.multiplier / odds.outcomes),
                )
                for prize in odds.prizes
            ],
        )
    # Choices with the same odds (a side, a shell) are one line.
    different = list({(odds.outcomes, tuple(odds.prizes)): (choice, odds) for choice, odds in examples[::-1]}.values())
    return Panel(
        title="Odds of some choices",
        headers=("choice", "wins", "at most", "returns"),
        rows=[(chosen(choice), _wins(odds), times(odds.top), percent(odds.rtp, 6)) for choice, odds in different[::-1]],
    )


def chosen(choice: Choice) -> str:
    """`range 2,147,483,648, target 0`."""
    return ", ".join(f"{name} {_value(value)}" for name, value in choice.items()) or "nothing to choose"


def _value(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _wins(odds: Odds) -> str:
    return one_in(odds.outcomes, sum(prize.ways for prize in odds.prizes))


def stakes_panel(
    game: Rules, rtp: Fraction, table: Mapping[str, Any], limits: Mapping[str, StakeLimits], now: datetime
) -> Panel:
    """Stakes of every currency, and what rounding to the smallest unit leaves of the return."""
    currencies = {currency.code: currency for currency in Currency.objects.order_by("code")}
    houses = standing((book_of(code, is_demo=False) for code in currencies), now)
    rows: list[Sequence[Any]] = []
    for code, currency in currencies.items():
        limit = limits.get(code)
        if limit is None:
            if currency.enabled:
                rows.append((code, "–", "–", "–", "–", "–", "not played: no stakes"))
            continue
        least = game.least_return(limit.minimum, table, rtp)
        stakes = (money(amount, currency.denominator, code) for amount in (limit.minimum, limit.default, limit.maximum))
        most = houses[book_of(code, is_demo=False)].max_win_minor
        note = _stakes_note(game, rtp, table, limit, currency, most)
        rows.append((code, *stakes, percent(least, 4), percent(max(rtp - least, Fraction()), 4), note))
    return Panel(
        title="Stakes, and what rounding takes",
        headers=("currency", "minimum", "proposed", "maximum", "least return", "lost to rounding", "note"),
        rows=rows,
    )


def _stakes_note(
    game: Rules, rtp: Fraction, table: Mapping[str, Any], limit: StakeLimits, currency: Currency, most: int
) -> str:
    if not currency.enabled:
        return "the currency is off, nobody plays in it"
    tops = [game.top(choice, table, rtp) for choice in game.examples()]
    win = payout_minor(limit.maximum, max(tops)) - limit.maximum
    if win <= most:
        return ""
    shown = money(most, currency.denominator, currency.code)
    return f"a bet wins {shown} at most: {'more is cut' if game.is_capped else 'larger ones are refused'}"


def versions_panel(game: InstantGame) -> Panel:
    configs = InstantConfig.objects.select_related("author").filter(game=game).order_by("-version")[:SHOWN_VERSIONS]
    return Panel(
        title="Versions of the rules",
        headers=("version", "since (UTC)", "by", "why"),
        rows=[
            (
                link_to(config, describe(config)),
                f"{config.created_at:%Y-%m-%d %H:%M}",
                str(config.author or "–"),
                config.note,
            )
            for config in configs
        ],
        more_url=list_url(InstantConfig, game__slug__exact=game.pk),
    )


def watch_panel(config: InstantConfig) -> Panel:
    """Theory and practice of one version."""
    return Panel(
        title=f"Returned so far under {describe(config)}, real money",
        headers=("currency", "bets", "staked", "paid", "by the odds", "actual", "99 % band", "state"),
        rows=[watch_row(watch) for watch in watch_version(config)],
        empty="No real-money bet has been played under this version.",
    )


def watch_row(watch: ReturnWatch) -> Sequence[Any]:
    state = format_html('<strong class="bo-bad">{}</strong>', watch.state) if watch.alarm else watch.state
    return (
        watch.currency,
        f"{watch.bets:,}",
        money(watch.stake_minor, watch.denominator, watch.currency),
        money(watch.payout_minor, watch.denominator, watch.currency),
        percent(watch.expected),
        percent(watch.actual),
        f"± {percent(watch.band)}",
        state,
    )


def bet_panel(bet: InstantBet, wrong: str | None) -> Panel:
    """What a verifier finds, from the bet's own row."""
    result = "✓ hash, outcome, result and payout follow" if wrong is None else f"✗ {wrong}"
    return Panel(
        title="Recomputed just now",
        headers=("figure", "value"),
        rows=[
            ("result", result if wrong is None else format_html('<strong class="bo-bad">{}</strong>', result)),
            ("sha256 of secret|salt", bet.hash),
            ("secret", bet.secret),
            ("salt", bet.salt),
            ("client seed", bet.client_seed),
            ("outcome: their sum, mod 2^32", bet.outcome),
            *((f"shown: {name}", _value(value)) for name, value in bet.shown.items()),
        ],
    )


def bets_panel(title: str, bets: Sequence[InstantBet], more_url: str) -> Panel:
    return Panel(
        title=title,
        headers=("played (UTC)", "game", "stake", "paid"),
        rows=[
            (
                link_to(bet, f"{bet.played_at:%Y-%m-%d %H:%M:%S}"),
                bet.game.title + (" (demo)" if bet.is_demo else ""),
                money(bet.stake_minor, bet.currency.denominator, bet.currency_id),
                money(bet.payout_minor, bet.currency.denominator, bet.currency_id) if bet.payout_minor else "–",
            )
            for bet in bets
        ],
        more_url=more_url,
    )


def player_bets_panel(player: User) -> Panel:
    bets = InstantBet.objects.select_related("game", "currency").filter(player=player).order_by("-pk")[:10]
    return bets_panel("Last instant bets", list(bets), list_url(InstantBet, q=player.username))
