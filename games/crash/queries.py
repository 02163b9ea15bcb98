"""Questions about the crash game. Nothing here changes anything; nothing here shows what a live round hides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, F, Sum

from casino.lib.clock import elapsed_ms, iso
from casino.lib.ids import is_uuid
from games.crash import messages
from games.crash.messages import MULTIPLIER_DENOMINATOR, Message
from games.crash.models import Bet, ConfigLimit, EngineLease, Game, GameConfig, Round, SeedChain, TopWin
from games.crash.rules import CAPS, CURVE, MAX_IDENTIFIER, MIN_CASHOUT, MIN_CRASH_POINT, tick_at
from games.crash.sealed import course_of
from games.social.queries import recent_messages
from wallet.models import Account, Currency
from wallet.queries import shown_minor

FINISHED = (Round.State.CRASHED, Round.State.SETTLED)
TOP_WINS = 20
TOP_WIN_PERIODS = {"day": timedelta(days=1), "month": timedelta(days=30), "year": timedelta(days=365)}
BET_HISTORY_LIMIT = 500
LARGEST_BETS = 100
SHOWN_STATUSES = (Bet.Status.OPEN, Bet.Status.CASHED_OUT, Bet.Status.LOST)  # cancelled and refunded ones left the table


# --- games and rounds -------------------------------------------------------------------------------------------------
def games() -> list[Game]:
    return list(Game.objects.order_by("title"))


def game_by_slug(slug: str) -> Game | None:
    return Game.objects.select_related("display_currency").filter(slug=slug).first()


def titles_of(references: Sequence[str]) -> dict[str, str]:
    """The game's title for each of these references of transfers that is a bet's of a crash game."""
    keys = [reference for reference in references if is_uuid(reference)]
    bets = Bet.objects.filter(pk__in=keys).values_list("pk", "round__game__title")
    return {str(key): title for key, title in bets}


def current_config(game: Game) -> GameConfig:
    """The rules of the next round, with their limits."""
    configs = GameConfig.objects.select_related("game").filter(game=game).prefetch_related("limits__currency")
    return configs.latest("version")


def live_round(slug: str) -> Round | None:
    rounds = Round.objects.select_related("config", "chain")
    return rounds.filter(game_id=slug, state__in=Round.LIVE).first()


def last_round(slug: str) -> Round | None:
    """The last finished one."""
    rounds = Round.objects.select_related("config", "chain")
    return rounds.filter(game_id=slug, state__in=FINISHED).order_by("-opened_at").first()


def lease(slug: str) -> EngineLease:
    return EngineLease.objects.get(pk=slug)


def recent_results(game: str, limit: int) -> list[dict[str, Any]]:
    """Finished rounds, newest first: `roundId`, `multiplier` (hundredths), `bonus`."""
    rounds = Round.objects.filter(game_id=game, state__in=FINISHED).order_by("-opened_at")[:limit]
    return [
        {"roundId": str(pk), "multiplier": result, "bonus": bonus}
        for pk, result, bonus in rounds.values_list("pk", "result_hundredths", "had_bonus")
    ]


def crash_points(game: str, limit: int) -> list[int]:
    """Newest first."""
    rounds = Round.objects.filter(game_id=game, state__in=FINISHED).order_by("-opened_at")
    return [result or 0 for result in rounds.values_list("result_hundredths", flat=True)[:limit]]


def fairness_terms(config: GameConfig, chain: SeedChain | Any | None) -> Message:
    """What, together with a salt, decides a result."""
    rtp, probability = config.rtp, config.bonus_probability
    return {
        "clientSeed": chain.client_seed if chain else None,
        "terminalHash": chain.terminal_hash if chain else None,
        "rtp": {"num": rtp.numerator, "den": rtp.denominator},
        "bonusProbability": {"num": probability.numerator, "den": probability.denominator},
        "boostPercent": config.bonus_boost_percent,
        "maxCrashPoint": CAPS[config.volatility],
    }


def fairness_record(round_id: UUID) -> dict[str, Any] | None:
    """All that anyone needs to recompute a round; `salt` and `result` are null while it is live."""
    round_ = Round.objects.select_related("config", "chain").filter(pk=round_id).first()
    return None if round_ is None else {**proof_of(round_), "interruptedAt": round_.interrupted_at_hundredths}


def proof_of(round_: Any) -> dict[str, Any]:
    """Of a round of any crash table, read with its chain and rules."""
    return {
        "roundId": str(round_.pk),
        "game": round_.game_id,
        "number": round_.number,
        "state": round_.state,
        "interrupted": round_.interrupted,
        "hash": round_.hash,
        "salt": round_.salt,
        "previousResult": round_.previous_result,
        "result": round_.result_hundredths,
        "bonus": round_.had_bonus if round_.salt else None,
        "bonusAt": round_.bonus_hundredths,
        "chainId": round_.chain_id,
        "chainIndex": round_.chain_index,
        "chainLength": round_.chain.length,
        "announcedAt": iso(round_.chain.announced_at),
        "clientSeedSource": round_.chain.client_seed_source,
        "clientSeedAt": iso(round_.chain.client_seed_at) if round_.chain.client_seed_at else None,
        "openedAt": iso(round_.opened_at),
        "crashedAt": iso(round_.crashed_at) if round_.crashed_at else None,
        **fairness_terms(round_.config, round_.chain),
    }


# --- what everyone is told before a start -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class BetView:
    """A bet in the shape that `messages` shows."""

    bet_id: UUID
    username: str
    stake_minor: int
    identifier: int
    currency: str
    denominator: int
    is_demo: bool
    multiplier: int | None = None
    paid_minor: int = 0


def bet_view(bet: Any) -> BetView:
    """Of a bet of any crash table, read with its player and currency."""
    return BetView(
        bet.pk,
        bet.player.username,
        bet.stake_minor,
        bet.identifier,
        bet.currency_id,
        bet.currency.denominator,
        bet.is_demo,
        bet.multiplier_hundredths,
        bet.payout_minor,
    )


def table_bets(round_: Round | None) -> list[Message]:
    """The 100 largest bets of a round, open and ended: what somebody who comes in the middle of it has missed."""
    if round_ is None:
        return []
    bets = Bet.objects.select_related("player", "currency").filter(round=round_, status__in=SHOWN_STATUSES)
    return [messages.table_line(bet_view(bet)) for bet in bets.order_by("-stake_reference_micros")[:LARGEST_BETS]]


def waiting_bets(round_: Round) -> Message:
    """
    The open bets of a round: the 100 largest, how many there are, and what they amount to.

    `totalAmount` is in the game's display currency (bets in other currencies at their reference value); `totals` are
    exact, by currency.
    """
    open_bets = Bet.objects.filter(round=round_, status=Bet.Status.OPEN)
    largest = open_bets.select_related("player", "currency").order_by("-stake_reference_micros")[:LARGEST_BETS]
    totals: list[Any] = list(
        open_bets.values("currency_id", denominator=F("currency__denominator"))
        .annotate(bets=Count("pk"), amount=Sum("stake_minor"), reference=Sum("stake_reference_micros"))
        .order_by("currency_id")
    )
    game = Game.objects.select_related("display_currency").get(pk=round_.game_id)
    shown = game.display_currency
    return {
        "bets": messages.bet_lines([bet_view(bet) for bet in largest]),
        "totalBets": sum(total["bets"] for total in totals),
        "totalAmount": sum(_in_currency(total, shown) for total in totals),
        "totalCurrency": shown.code,
        "totalDenominator": shown.denominator,
        "players": open_bets.aggregate(players=Count("account_id", distinct=True))["players"],
        "totals": [
            {
                "currency": total["currency_id"],
                "denominator": total["denominator"],
                "bets": total["bets"],
                "amount": total["amount"],
            }
            for total in totals
        ],
    }


def _in_currency(total: dict[str, Any], shown: Currency) -> int:
    if total["currency_id"] == shown.code:
        return int(total["amount"])
    return int(total["reference"]) * shown.denominator // shown.reference_micros


# --- what a player asks -----------------------------------------------------------------------------------------------
def wallet_message(account_id: int, game: str, *, now: datetime) -> Message:
    """The answer to `wallet`: the player, the money, the rules and where the round is, whenever it is asked."""
    account = account_with_owner(account_id)
    table = Game.objects.get(pk=game)
    config = current_config(table)
    round_ = live_round(game) or last_round(game)
    return {
        **wallet_terms(account, table, config, recent_results(game, 27), now=now),
        "currentBets": current_bets(account, round_),
        "bets": table_bets(round_),
        "chat": recent_messages(game),
        "provablyFair": messages.fairness(round_) if round_ else None,
        "fairness": fairness_terms(config, round_.chain if round_ else None),
        "round": round_view(round_, now=now),
    }


def account_with_owner(account_id: int) -> Account:
    return Account.objects.select_related("owner", "currency", "remote").get(pk=account_id)


def wallet_terms(
    account: Account, table: Game, config: GameConfig, history: list[dict[str, Any]], *, now: datetime
) -> Message:
    """Of that answer what every way to play a game has: who plays, the money, the rules, and past results."""
    assert account.owner is not None
    limit = next((row for row in config.limits.all() if row.currency_id == account.currency_id), None)
    cap = CAPS[config.volatility]
    return {
        "messageType": "wallet",
        "username": account.owner.username,
        "balance": shown_minor(account),
        "denominator": account.currency.denominator,
        "currency": account.currency_id,
        "symbol": account.currency.symbol,
        "isDemo": account.is_demo,
        "multiplierHistory": [result["multiplier"] for result in history[:10]],
        "bonusHistory": [result["bonus"] for result in history[:10]],
        "history": history,
        "maxBet": limit.max_stake_minor if limit else 0,
        "minBet": limit.min_stake_minor if limit else 0,
        "defaultBet": limit.default_stake_minor if limit else 0,
        "rtp": config.rtp_text,
        "volatility": config.volatility,
        "limitValues": {
            "minMultiplier": MIN_CRASH_POINT // MULTIPLIER_DENOMINATOR,
            "maxMultiplier": cap // MULTIPLIER_DENOMINATOR,
            "minCrashPoint": MIN_CRASH_POINT,
            "MaxCrashPoint": cap,
            "minAutoCashout": MIN_CASHOUT,
        },
        "maxIdentifier": MAX_IDENTIFIER,
        "gameEnabled": table.enabled,
        "serverTime": iso(now),
    }


def current_bets(account: Account, round_: Round | None) -> list[Message]:
    """The account's open bets of the live round."""
    if round_ is None:
        return []
    bets = Bet.objects.filter(round=round_, account=account, status=Bet.Status.OPEN).order_by("identifier")
    return [current_bet(bet, account) for bet in bets]


def current_bet(bet: Any, account: Account) -> Message:
    """An own open bet of any crash table."""
    return {
        "betID": str(bet.pk),
        "createdAt": iso(bet.placed_at),
        "amount": bet.stake_minor,
        "denominator": account.currency.denominator,
        "currency": account.currency_id,
        "isDemo": bet.is_demo,
        "identifier": bet.identifier,
        "isAutoCashout": bet.auto_cashout_hundredths is not None,
        "autoCashoutMultiplier": bet.auto_cashout_hundredths,
        "roundId": str(bet.round_id),
    }


def round_view(round_: Round | None, *, now: datetime) -> Message:
    """Where the round is. Computed from its start and the time, never beyond its crash."""
    if round_ is None:
        return {"state": "none"}
    view: Message = {
        "roundId": str(round_.pk),
        "number": round_.number,
        "state": round_.state,
        "tickMs": round_.tick_ms,
        "hash": round_.hash,
        "timeLeftMs": max(0, -elapsed_ms(round_.starts_at, now)) if round_.state == Round.State.WAITING else 0,
        "boostPercent": round_.config.bonus_boost_percent,
        "bonus": False,
    }
    if round_.state == Round.State.RUNNING and round_.started_at is not None:
        course = course_of(round_)
        # Past its crash, which the engine is about to announce, it stands still at the last value before it.
        elapsed = min(max(0, elapsed_ms(round_.started_at, now)), course.crash_ms - 1)
        tick = tick_at(elapsed, round_.tick_ms)
        bonus = course.shown_bonus_tick
        view |= {
            "startedAt": iso(round_.started_at),
            "elapsedMs": elapsed,
            "tick": tick,
            "multiplier": CURVE[tick],
            "bonus": bonus is not None and tick >= bonus,
        }
    elif round_.result_hundredths is not None:
        view |= {"multiplier": round_.result_hundredths, "bonus": round_.had_bonus}
    return view


def bet_history(account_id: int, game: str, *, now: datetime) -> list[Message]:
    """From the previous day's start (UTC) until now, newest first."""
    since = yesterday(now)
    bets = (
        Bet.objects.select_related("round", "currency")
        .filter(account_id=account_id, round__game_id=game, placed_at__gte=since)
        .order_by("-placed_at")[:BET_HISTORY_LIMIT]
    )
    return [history_line(bet) for bet in bets]


def yesterday(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)


def history_line(bet: Any) -> Message:
    """Of a bet of any crash table, read with its round and currency."""
    multiplier = bet.multiplier_hundredths
    difference = 0 if bet.status == Bet.Status.OPEN else bet.payout_minor - bet.stake_minor
    taken = -bet.stake_minor if bet.status == Bet.Status.OPEN else difference
    return {
        "betID": str(bet.pk),
        "roundId": str(bet.round_id),
        "createdAt": bet.placed_at.strftime("%Y-%m-%d %H:%M:%S"),
        "amount": bet.stake_minor,
        "balanceBeforeBet": bet.balance_before_minor,
        "balanceAfterBet": bet.balance_before_minor + taken,
        "winAmount": bet.payout_minor,
        "difference": difference,
        "withdrawMultiplier": f"{multiplier // 100}.{multiplier % 100:02d}x" if multiplier else None,
        "multiplier": multiplier,
        "status": bet.status,
        "isAutoCashout": bet.auto_cashout_hundredths is not None,
        "denominator": bet.currency.denominator,
        "currency": bet.currency_id,
        "isDemo": bet.is_demo,
        "provablyFair": messages.fairness(bet.round),
    }


def top_wins(game: str, period: str, *, now: datetime) -> list[Message]:
    """`largest_wins`, kept for a few seconds."""
    key = f"crash.top.{game}.{period}"
    cached: list[Message] | None = cache.get(key)
    if cached is not None:
        return cached
    lines = largest_wins(game, period, now=now)
    cache.set(key, lines, timeout=2)
    return lines


def largest_wins(game: str, period: str, *, now: datetime) -> list[Message]:
    """The largest wins of the last day, month (30 days) or year; real money only."""
    wins = (
        TopWin.objects.select_related("bet__player", "bet__currency")
        .filter(game=game, won_at__gte=now - TOP_WIN_PERIODS[period])
        .order_by("-payout_reference_micros", "won_at")[:TOP_WINS]
    )
    return [
        {
            "date": win.won_at.strftime("%Y-%m-%d %H:%M:%S"),
            "bet_amount": win.bet.stake_minor,
            "value_cash_out": win.bet.multiplier_hundredths,
            "winning_amount": win.bet.payout_minor,
            "username": win.bet.player.username,
            "denominator": win.bet.currency.denominator,
            "currency": win.bet.currency_id,
        }
        for win in wins
    ]


def stake_limits(config: GameConfig) -> Sequence[ConfigLimit]:
    return list(config.limits.select_related("currency").order_by("currency_id"))
