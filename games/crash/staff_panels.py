"""The small tables beside a game, its rules, a round and a player in the back office."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from accounts.models import User
from casino.ops.backoffice import Panel, link_to, list_url, money, multiplier
from games.crash import queries, reports
from games.crash.models import Bet, ConfigLimit, Game, GameConfig, Round
from games.crash.rules import largest_rounding_loss
from wallet.models import Currency

LARGE_LOSS = Fraction(1, 100)  # of a payout, by rounding: from here on a minimum stake is warned of


def describe(config: GameConfig) -> str:
    """`v3: 95.00 %, high, bonus 5.00 % of rounds, +10 %`."""
    text = f"v{config.version}: {config.rtp_bps / 100:.2f} %, {config.volatility}"
    if config.bonus_probability_bps:
        text += f", bonus in {config.bonus_probability_bps / 100:.2f} % of rounds, +{config.bonus_boost_percent} %"
    return text


def versions_panel(game: Game) -> Panel:
    configs = GameConfig.objects.select_related("author").filter(game=game).order_by("-version")[:10]
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
        more_url=list_url(GameConfig, game__slug__exact=game.pk),
    )


def return_range(config: GameConfig) -> tuple[Fraction, Fraction]:
    """Before rounding: without the bonus's help (cashing out before it) and with all of it."""
    return config.rtp / (1 + config.bonus_probability * config.bonus_boost_percent / 100), config.rtp


def limits_panel(config: GameConfig) -> Panel:
    """Stakes of every currency, with the band of the return that rounding leaves from the minimum on."""
    limits = queries.stake_limits(config)
    low, high = return_range(config)
    rows = [
        (
            limit.currency_id,
            *(
                money(amount, limit.currency.denominator, limit.currency_id)
                for amount in (limit.min_stake_minor, limit.default_stake_minor, limit.max_stake_minor)
            ),
            f"{float(low * (1 - largest_rounding_loss(limit.min_stake_minor))):.2%} to {float(high):.2%}",
            _warning(limit),
        )
        for limit in limits
    ]
    rows += [(code, "–", "–", "–", "–", "not played: no stakes") for code in _without_limits(limits)]
    return Panel(
        title="Stakes",
        headers=("currency", "minimum", "proposed", "maximum", "return after rounding", "note"),
        rows=sorted(rows),
    )


def limit_warnings(config: GameConfig) -> list[str]:
    """What staff should know about the stakes of these rules; not mistakes, so nothing is refused for them."""
    limits = queries.stake_limits(config)
    warnings = [f"{limit.currency_id}: {warning}." for limit in limits if (warning := _warning(limit))]
    missing = _without_limits(limits)
    if missing:
        warnings.append(f"Not played in {', '.join(missing)}, which players may have: no stakes are given.")
    return warnings


def _warning(limit: ConfigLimit) -> str:
    if not limit.currency.enabled:
        return "the currency is off, nobody plays in it"
    loss = largest_rounding_loss(limit.min_stake_minor)
    return f"at the minimum, rounding may take {float(loss):.1%} of a payout" if loss > LARGE_LOSS else ""


def _without_limits(limits: Sequence[ConfigLimit]) -> list[str]:
    with_limits = {limit.currency_id for limit in limits}
    enabled = Currency.objects.filter(enabled=True).order_by("code").values_list("code", flat=True)
    return [code for code in enabled if code not in with_limits]


def round_panels(round_: Round) -> list[Panel]:
    check = reports.check_round(round_)
    claims = [(claim, "✓ holds" if holds else "✗ does not hold") for claim, holds in check.claims] if check else []
    bets = Bet.objects.select_related("player", "currency").filter(round=round_).order_by("-stake_reference_micros")
    return [
        Panel("Recomputed just now", ("claim", "result"), claims, empty="The seed is secret until the crash."),
        bets_panel("Largest bets", list(bets[:20]), list_url(Bet, round__id__exact=round_.pk)),
    ]


def bets_panel(title: str, bets: Sequence[Any], more_url: str) -> Panel:
    """Of any crash table, read with their players and currencies."""
    return Panel(
        title=title,
        headers=("placed (UTC)", "player", "stake", "status", "at", "paid"),
        rows=[
            (
                link_to(bet, f"{bet.placed_at:%Y-%m-%d %H:%M:%S}"),
                bet.player.username + (" (demo)" if bet.is_demo else ""),
                money(bet.stake_minor, bet.currency.denominator, bet.currency_id),
                bet.status.replace("_", " "),
                multiplier(bet.multiplier_hundredths),
                money(bet.payout_minor, bet.currency.denominator, bet.currency_id) if bet.payout_minor else "–",
            )
            for bet in bets
        ],
        more_url=more_url,
    )


def player_bets_panel(player: User) -> Panel:
    bets = Bet.objects.select_related("player", "currency").filter(player=player).order_by("-placed_at")[:10]
    return bets_panel("Last bets", list(bets), list_url(Bet, q=player.username))
