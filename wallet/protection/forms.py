"""What a player (or staff, for one) asks of a page: limits as amounts of whole units, and breaks by their names."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms

from accounts.protection import rules
from accounts.protection.rules import AMOUNTS, PERIODS, PERMANENT, Kind, LimitWish, Period, Setting, Slot, Wish
from wallet.protection import describe

COOL_OFFS = (
    ("24", "24 hours"),
    ("72", "3 days"),
    ("168", "1 week"),
    ("336", "2 weeks"),
    ("672", "4 weeks"),
    ("1008", "6 weeks"),
)
EXCLUSIONS = (("6", "6 months"), ("12", "1 year"), ("24", "2 years"), ("60", "5 years"), (PERMANENT, "For good"))


def field_name(slot: Slot) -> str:
    kind, period = slot
    return f"{kind}_{period}" if period else str(kind)


def _text(mode: str) -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": mode, "placeholder": "None", "autocomplete": "off"})


class LimitsForm(forms.Form):
    """One field per limit of one source; empty is no limit."""

    def __init__(self, *args: Any, own: dict[Slot, Setting], denominator: int, now: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = {slot: own.get(slot, Setting()).at(now) for slot in rules.SLOTS}
        self.denominator = denominator
        digits = len(str(denominator)) - 1
        for slot, value in self.own.items():
            if slot[0] in AMOUNTS:
                field: forms.Field = forms.DecimalField(
                    label=describe.name(slot),
                    required=False,
                    min_value=Decimal(1) / denominator,
                    max_value=Decimal(rules.MAX_AMOUNT) / denominator,
                    decimal_places=digits,
                    widget=_text("decimal"),
                )
                self.initial[field_name(slot)] = None if value is None else f"{Decimal(value) / denominator:.{digits}f}"
            else:
                field = forms.IntegerField(
                    label=f"{describe.name(slot)}, minutes",
                    required=False,
                    min_value=1,
                    max_value=rules.MAX_MINUTES,
                    widget=_text("numeric"),
                )
                self.initial[field_name(slot)] = value
            self.fields[field_name(slot)] = field

    def groups(self) -> Iterator[tuple[Kind, list[tuple[Slot, forms.BoundField]]]]:
        """The amounts by kind, for the page."""
        for kind in AMOUNTS:
            yield kind, [((kind, period), self[field_name((kind, period))]) for period in PERIODS]

    def wish(self) -> Wish:
        """Those limits whose field differs from what the source has set."""
        wishes = []
        for slot, held in self.own.items():
            typed = self.cleaned_data[field_name(slot)]
            wanted = None if typed is None else int(typed * self.denominator) if slot[0] in AMOUNTS else int(typed)
            if wanted != held:
                wishes.append(LimitWish(*slot, wanted))
        return Wish(tuple(wishes))


class KeepForm(forms.Form):
    """Which limit's waiting change is taken back."""

    kind = forms.ChoiceField(choices=[(str(kind), str(kind)) for kind in Kind])
    period = forms.ChoiceField(choices=[(str(period), str(period)) for period in Period], required=False)

    @property
    def slot(self) -> Slot:
        return Kind(self.cleaned_data["kind"]), Period(self.cleaned_data["period"])


class BreakForm(forms.Form):
    """How long to stay away. Asked twice: to choose, and then with `sure`, to do it."""

    cool_off = forms.ChoiceField(label="Take a break of", choices=COOL_OFFS, required=False)
    exclusion = forms.ChoiceField(label="Exclude me for", choices=EXCLUSIONS, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("cool_off")) == bool(cleaned.get("exclusion")):
            raise forms.ValidationError("Choose one length.")
        return cleaned

    @property
    def length(self) -> str:
        """In words."""
        data = self.cleaned_data
        return dict(COOL_OFFS)[data["cool_off"]] if data["cool_off"] else dict(EXCLUSIONS)[data["exclusion"]]

    def wish(self) -> Wish:
        hours, months = self.cleaned_data["cool_off"], self.cleaned_data["exclusion"]
        if hours:
            return Wish(cool_off_hours=int(hours))
        return Wish(exclusion_months=months if months == PERMANENT else int(months))


class SureForm(forms.Form):
    sure = forms.BooleanField(label="I understand that nobody can end this early, not even your staff.")
