"""The player's page about playing safely: limits, breaks, self-exclusion, and what was changed."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.protection import operations
from accounts.protection import queries as protection
from accounts.protection.rules import AMOUNTS, Kind, LimitWish, Period, Setting, Slot, Source, Wish
from casino.lib.clock import system_clock
from wallet.protection import describe, queries
from wallet.protection.forms import COOL_OFFS, EXCLUSIONS, BreakForm, KeepForm, LimitsForm, SureForm
from wallet.protection.queries import Overview
from wallet.queries import player_account

ABOUT = {
    Kind.DEPOSIT: "What you pay in.",
    Kind.STAKE: "What you bet, whether it wins or not. Cancelled and returned bets do not count.",
    Kind.LOSS: "What you bet less what you win.",
}


def _player(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _own(found: Overview) -> dict[Slot, Setting]:
    """What the player has set, beside whatever others have."""
    return {slot: held.sources[Source.PLAYER] for slot, held in found.limits.items() if Source.PLAYER in held.sources}


def _form(found: Overview, data: Any = None) -> LimitsForm:
    return LimitsForm(data, own=_own(found), denominator=found.denominator, now=found.now)


def _overview(player: User, now: datetime) -> Overview:
    """With what was used in real money, once there is any."""
    is_demo = player.is_demo or player_account(player, is_demo=False) is None
    return queries.overview(player, is_demo=is_demo, now=now)


@require_http_methods(["GET", "POST"])
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "protection/about.html", {"house_minutes": settings.REALITY_CHECK_MINUTES})
    player, now = _player(request), system_clock.now()
    found = _overview(player, now)
    form = _form(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        wish = form.wish()
        operations.change(player, wish, source=Source.PLAYER, actor=player, now=now)
        messages.success(request, _told(wish, _own(_overview(player, now))))
        return redirect("play-safe")
    context = _context(player, found, form)
    return render(request, "protection/overview.html", context)


def _told(wish: Wish, own: dict[Slot, Setting]) -> str:
    """What came of it: some of the wishes may have to wait."""
    if not wish.limits:
        return "Nothing was changed."
    waiting = sum(own.get((limit.kind, limit.period), Setting()).next_at is not None for limit in wish.limits)
    if not waiting:
        return "Your limits are set, from this moment on."
    if waiting == len(wish.limits):
        return "Looser limits take effect in 24 hours. Until then you can take the change back."
    return "Tighter limits hold from this moment on. Looser ones take effect in 24 hours."


@require_POST
@login_required
def keep(request: HttpRequest) -> HttpResponse:
    """Take a waiting change back: the limit stays what it is."""
    player, now = _player(request), system_clock.now()
    form = KeepForm(request.POST)
    own = _own(_overview(player, now)).get(form.slot) if form.is_valid() else None
    if own is not None and own.waits(now):
        wish = Wish((LimitWish(*form.slot, own.at(now)),))
        operations.change(player, wish, source=Source.PLAYER, actor=player, now=now)
        messages.success(request, "The limit stays as it is.")
    return redirect("play-safe")


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def take_break(request: HttpRequest) -> HttpResponse:
    """Shown with the length that was chosen; done when it is sent with the player's word that they are sure."""
    player, now = _player(request), system_clock.now()
    chosen = BreakForm(request.GET)
    if not chosen.is_valid():
        return redirect("play-safe")
    form = SureForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        operations.change(player, chosen.wish(), source=Source.PLAYER, actor=player, now=now)
        messages.success(request, "It is done. Your game sessions have ended; take care of yourself.")
        return redirect("play-safe")
    is_exclusion = bool(chosen.cleaned_data["exclusion"])
    context = {"form": form, "length": chosen.length, "is_exclusion": is_exclusion, "target": request.get_full_path()}
    return render(request, "protection/confirm.html", context)


def _context(player: User, found: Overview, form: LimitsForm) -> dict[str, Any]:
    def words(slot: Slot, number: int | None) -> str:
        return describe.value(slot[0], number, denominator=found.denominator, currency=found.currency)

    def state(slot: Slot) -> dict[str, Any]:
        """Beside a field: how much is used, what waits, and who else has set it."""
        held, own = found.limits.get(slot), _own(found).get(slot)
        tighter = held is not None and held.value != (own.at(found.now) if own else None)
        return {
            "limit": words(slot, held.value) if held else "",
            "tighter": tighter,
            "by": ", ".join(describe.BY[s] for s in held.sources if s is not Source.PLAYER) if held else "",
            "used": words(slot, found.used[slot]) if slot in found.used else "",
            "used_minor": found.used.get(slot),
            "limit_minor": held.value if held else None,
            "resets_at": found.resets_at(slot),
            "waits": own is not None and own.waits(found.now),
            "next": words(slot, own.next_value) if own else "",
            "next_at": own.next_at if own else None,
        }

    time = {name: (Kind(name), Period.NONE) for name in (Kind.SESSION.value, Kind.REALITY_CHECK.value)}
    return {
        "form": form,
        "currency": found.currency,
        "is_demo": found.is_demo,
        "groups": [
            {
                "kind": kind.value,
                "name": describe.NAMES[kind],
                "about": ABOUT[kind],
                "fields": [{"field": field, "period": slot[1], "kind": kind, **state(slot)} for slot, field in fields],
            }
            for kind, fields in form.groups()
        ],
        "time": {name: {"field": form[name], "kind": name, "period": "", **state(slot)} for name, slot in time.items()},
        "house_minutes": settings.REALITY_CHECK_MINUTES,
        "exclusions": found.exclusions,
        "cool_offs": COOL_OFFS,
        "lengths": EXCLUSIONS,
        "changes": [
            describe.line(entry, denominator=found.denominator, currency=found.currency)
            for entry in protection.changes(player)
        ],
        "any_limit": any(slot[0] in AMOUNTS for slot in found.limits),
    }
