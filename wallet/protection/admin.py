"""Protection on a player's page of the back office: what holds, and the form by which staff change their part of it."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.protection import operations
from accounts.protection.models import Limit
from accounts.protection.rules import Setting, Source, Wish
from casino.lib.clock import system_clock
from casino.ops.backoffice import Panel, form_page, list_url
from wallet.protection import describe, queries
from wallet.protection.forms import COOL_OFFS, EXCLUSIONS, BreakForm, LimitsForm
from wallet.protection.queries import Overview

INTRO = (
    "Limits of our staff, beside those of the player and of the partner: the tightest holds. A tighter one holds at "
    "once, a looser one after 24 hours. Cool-off and self-exclusion end sessions at once, and nobody ends them early."
)


class StaffForm(LimitsForm):
    """The staff's limits of a player, a break where one is chosen, and why."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget = UnfoldAdminTextInputWidget(attrs=field.widget.attrs)
        for name, label, choices in (("cool_off", "Cool-off", COOL_OFFS), ("exclusion", "Self-exclusion", EXCLUSIONS)):
            self.fields[name] = forms.ChoiceField(
                label=label, choices=[("", "none"), *choices], required=False, widget=UnfoldAdminSelectWidget
            )
        self.fields["reason"] = forms.CharField(
            max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Kept in the audit trail, with your name."
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("cool_off") and cleaned.get("exclusion"):
            self.add_error("exclusion", "Choose one of the two.")
        return cleaned

    def wish(self) -> Wish:
        limits = super().wish().limits
        chosen = {name: self.cleaned_data[name] for name in ("cool_off", "exclusion")}
        if not any(chosen.values()):
            return Wish(limits)
        form = BreakForm(chosen)
        assert form.is_valid(), "its choices are this form's"
        return replace(form.wish(), limits=limits)


def protect(admin: Any, request: HttpRequest, player: User) -> HttpResponse:
    now = system_clock.now()
    found = queries.overview(player, is_demo=player.is_demo, now=now)
    own = {slot: held.sources.get(Source.STAFF, Setting()) for slot, held in found.limits.items()}
    form = StaffForm(request.POST or None, own=own, denominator=found.denominator, now=now)

    def perform(data: dict[str, Any]) -> str:
        assert isinstance(request.user, User)
        noted = {"reason": data["reason"]}
        operations.change(player, form.wish(), source=Source.STAFF, actor=request.user, now=now, noted=noted)
        return f"The protection of {player} is changed."

    title = f"Limits and exclusions of {player} ({found.currency})"
    return form_page(request, admin, player, title=title, form=form, perform=perform, button="Save", intro=INTRO)


def protection_panel(player: User) -> Panel:
    found = queries.overview(player, is_demo=player.is_demo, now=system_clock.now())
    return Panel(
        title="Limits and exclusions",
        headers=("what", "in force", "set by", "used", "changes to"),
        rows=[*_exclusions(found), *_limits(found)],
        more_url=list_url(Limit, q=player.username),
    )


def _exclusions(found: Overview) -> list[tuple[str, ...]]:
    held = found.exclusions
    rows: list[tuple[str, ...]] = []
    if held.excluded_permanently or held.excluded_until:
        until = "for good" if held.excluded_until is None else f"until {held.excluded_until:%Y-%m-%d %H:%M}"
        rows.append(("Self-exclusion", until, "", "", ""))
    if held.cool_off_until:
        rows.append(("Cool-off", f"until {held.cool_off_until:%Y-%m-%d %H:%M}", "", "", ""))
    return rows


def _limits(found: Overview) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for slot, held in found.limits.items():
        shown = {
            name: describe.value(held.kind, number, denominator=found.denominator, currency=found.currency)
            for name, number in (("now", held.value), ("used", found.used.get(slot)), ("next", held.next_value))
        }
        name = describe.name(slot)
        waits = f"{shown['next']} at {held.next_at:%Y-%m-%d %H:%M}" if held.next_at else ""
        used = shown["used"] if slot in found.used else ""
        rows.append((name, shown["now"], ", ".join(held.sources), used, waits))
    return rows
