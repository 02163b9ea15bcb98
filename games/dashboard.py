"""The back office's first page."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from casino.lib.clock import system_clock
from casino.lib.money import format_minor
from casino.ops.backoffice import multiplier
from games.crash import reports
from games.crash.reports import ReturnWatch
from games.instant import reports as instant
from games.instant.kinds import KINDS
from games.instant.staff_panels import describe
from games.solo import reports as solo
from games.totals import Total
from wallet.bankroll.models import Bankroll
from wallet.bankroll.queries import bankrolls
from wallet.models import Currency


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the dashboard's template shows; figures only for those who may see bets."""
    if not request.user.has_perm("crash.view_bet"):
        return context
    now = system_clock.now()
    totals = [*reports.today(now), *solo.today(now), *instant.today(now)]
    last_minute = reports.bets_last_minute(now) + solo.bets_last_minute(now) + instant.bets_last_minute(now)
    context |= {
        "title": "Dashboard",
        "figures_at": now,
        "rounds_today": reports.rounds_today(now),
        "bets_today": sum(total.bets for total in totals),
        "bets_per_second": f"{last_minute / 60:.1f}",
        "bets_last_minute": last_minute,
        "day_totals": _day_rows(totals),
        "live_rounds": [_live_row(round_) for round_ in reports.live_rounds(now)],
        "recent_rounds": _recent_rows(),
        "bankrolls": [_bankroll_row(row) for row in bankrolls()],
        "returns": [_return_row(watch) for watch in reports.watch_returns(now)],
        "instant_returns": [_instant_row(watch) for watch in instant.watch_returns(now)],
    }
    return context


def _day_rows(totals: Iterable[Total]) -> list[dict[str, Any]]:
    """Currency by currency, its games one by one and, where there are several, all of them together."""
    by_currency: dict[str, list[Total]] = {}
    for total in totals:
        by_currency.setdefault(total.currency, []).append(total)
    rows = []
    for _, games in sorted(by_currency.items()):
        rows += [_day_row(total) for total in games]
        if len(games) > 1:
            rows.append(_day_row(_together(games)) | {"game": "all games", "together": True})
    return rows


def _together(games: Sequence[Total]) -> Total:
    return replace(
        games[0],
        bets=sum(total.bets for total in games),
        stake_minor=sum(total.stake_minor for total in games),
        payout_minor=sum(total.payout_minor for total in games),
    )


def _day_row(total: Total) -> dict[str, Any]:
    return {
        "game": KINDS[total.game].title if total.game in KINDS else total.game,
        "currency": total.currency,
        "bets": total.bets,
        "stake": format_minor(total.stake_minor, total.denominator),
        "payout": format_minor(total.payout_minor, total.denominator),
        "ggr": format_minor(total.ggr_minor, total.denominator),
        "loss": total.ggr_minor < 0,
        "rtp": f"{100 * total.payout_minor / total.stake_minor:.2f} %" if total.stake_minor else "–",
    }


def _live_row(round_: reports.LiveRound) -> dict[str, Any]:
    return {
        "game": round_.game,
        "number": round_.number,
        "id": round_.round_id,
        "state": round_.state,
        "multiplier": multiplier(round_.multiplier_hundredths),
        "exposure": [
            {
                "currency": row.currency,
                "bets": row.bets,
                "stake": format_minor(row.stake_minor, row.denominator),
                "owed": format_minor(row.owed_now_minor, row.denominator),
            }
            for row in round_.exposure
        ],
    }


def _bankroll_row(row: Bankroll) -> dict[str, Any]:
    unit, standing = row.currency.denominator, row.standing
    return {
        "book": row.book,
        "bankroll": format_minor(standing.bankroll_minor, unit),
        "gain": format_minor(row.gain_minor, unit),
        "loss": row.gain_minor < 0,
        "max_win": format_minor(standing.max_win_minor, unit),
        "round": format_minor(standing.round_minor, unit),
    }


def _recent_rows() -> list[dict[str, Any]]:
    """Stakes and payouts of several currencies are added up at their reference value, in euro."""
    euro = Currency.objects.get(code="EUR")
    micros_per_minor = euro.reference_micros // euro.denominator
    return [
        {
            "id": round_.pk,
            "game": round_.game.title,
            "number": round_.number,
            "state": "interrupted" if round_.interrupted else round_.state,
            "result": multiplier(round_.result_hundredths),
            "bets": round_.bet_count,  # type: ignore[attr-defined]
            "winners": round_.winners,  # type: ignore[attr-defined]
            "stake": format_minor((round_.staked_micros or 0) // micros_per_minor, euro.denominator),  # type: ignore[attr-defined]
            "payout": format_minor((round_.paid_micros or 0) // micros_per_minor, euro.denominator),  # type: ignore[attr-defined]
            "opened_at": round_.opened_at,
        }
        for round_ in reports.recent_rounds()
    ]


def _return_row(watch: ReturnWatch) -> dict[str, Any]:
    """`low`, `high` and `place` are percent of a bar that is twice as wide as the band."""
    row: dict[str, Any] = {
        "config": watch.config,
        "bets": watch.bets,
        "rounds": watch.rounds,
        "configured": f"{100 * watch.configured:.2f} %",
        "returned": "–" if watch.returned is None else f"{100 * watch.returned:.2f} %",
        "actual": "–",
        "band": "–",
        "state": "nothing to judge yet",
    }
    if watch.actual is not None and watch.band is not None:
        off = (watch.actual - watch.configured) / watch.band if watch.band else 0.0
        row |= {
            "actual": f"{100 * watch.actual:.2f} %",
            "band": f"± {100 * watch.band:.2f} %",
            "place": round(50 + 25 * max(-2.0, min(2.0, off))),
            "state": "outside" if watch.alarm else "within",
        }
    return row


def _instant_row(watch: instant.ReturnWatch) -> dict[str, Any]:
    off = (watch.actual - watch.expected) / watch.band if watch.band else 0.0
    return {
        "config": watch.config,
        "rules": f"{watch.config.game.title}, {describe(watch.config)}",
        "currency": watch.currency,
        "bets": watch.bets,
        "expected": f"{100 * watch.expected:.2f} %",
        "actual": f"{100 * watch.actual:.2f} %",
        "band": f"± {100 * watch.band:.2f} %",
        "place": round(50 + 25 * max(-2.0, min(2.0, off))),
        "state": watch.state,
    }
