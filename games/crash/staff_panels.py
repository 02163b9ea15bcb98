"""The small tables beside a game, its rules, a round and a player in the back office."""

from accounts.models import User
from casino.ops.backoffice import Panel, link_to, list_url, money, multiplier
from games.crash import queries, reports
from games.crash.models import Bet, Game, GameConfig, Round


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


def limits_panel(config: GameConfig) -> Panel:
    return Panel(
        title="Stakes",
        headers=("currency", "minimum", "proposed", "maximum"),
        rows=[
            (
                limit.currency_id,
                *(
                    money(amount, limit.currency.denominator, limit.currency_id)
                    for amount in (limit.min_stake_minor, limit.default_stake_minor, limit.max_stake_minor)
                ),
            )
            for limit in queries.stake_limits(config)
        ],
    )


def round_panels(round_: Round) -> list[Panel]:
    check = reports.check_round(round_)
    claims = [(claim, "✓ holds" if holds else "✗ does not hold") for claim, holds in check.claims] if check else []
    bets = Bet.objects.select_related("player", "currency").filter(round=round_).order_by("-stake_reference_micros")
    return [
        Panel("Recomputed just now", ("claim", "result"), claims, empty="The seed is secret until the crash."),
        bets_panel("Largest bets", list(bets[:20]), list_url(Bet, round__id__exact=round_.pk)),
    ]


def bets_panel(title: str, bets: list[Bet], more_url: str) -> Panel:
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
